"""kill -9 of everybody but the holder, at any moment: nothing is lost and nothing comes twice."""

import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

assert sys.platform != "win32"

from supervisor.terminal import wire
from tests.lab import doomed
from tests.lab.held import Held

KILLS = 200
FILLERS = 30
#: So many inputs of each are confirmed at least.
FEWEST = 10
#: Says every line back, with much more behind it: there is always something to miss.
PARROT = (
    "import os, sys, tty; tty.setraw(0); os.write(1, b'ready.');"
    f"[os.write(1, line + b''.join(b'after %d: ' % n + line for n in range({FILLERS})))"
    " for line in iter(sys.stdin.buffer.readline, b'')]"
)


@dataclass
class Known:
    """What survives of all that died: what was shown, and what was confirmed."""

    shown: bytearray = field(default_factory=bytearray)
    confirmed: dict[bytes, int] = field(default_factory=lambda: {b"s": 0, b"w": 0})

    def learn(self, heard: Iterable[wire.Message]) -> None:
        """Somebody had heard this before it was killed."""
        for message in heard:
            if isinstance(message, wire.Output):
                assert message.offset == len(self.shown), "output is missing or doubled"
                self.shown += message.text
            elif isinstance(message, wire.Written):
                who, number = message.id[:1], int(message.id[1:])
                assert number <= self.confirmed[who], "an input is confirmed that was never typed"
                self.confirmed[who] = number + 1
            else:
                assert not isinstance(message, wire.Gap | wire.Exit)


def said(shown: bytes) -> list[bytes]:
    """The lines that were typed, in order; each must be answered in full."""
    lines = shown.removeprefix(b"ready.").splitlines()
    for place, line in enumerate(lines):
        if place % (FILLERS + 1):
            assert line == b"after %d: " % (place % (FILLERS + 1) - 1) + lines[place // 31 * 31]
    return lines[:: FILLERS + 1]


def test_two_hundred_kills_lose_nothing_and_double_nothing(held: Held) -> None:
    """Screens, supervisors that type from afar, and the nursery, while there is input and output."""
    chance = random.Random(7)
    parrot = held.run(sys.executable, "-I", "-S", "-c", PARROT)
    parrot.wait_for(b"ready.")
    terminal, known = parrot.hello.id.decode(), Known()
    parrot.close()

    round_ = 0
    # On a slow machine most die before they get to type: then it takes more of them.
    while round_ < KILLS // 2 or min(known.confirmed.values()) <= FEWEST:
        round_ += 1
        lives = 0.02 * (1 + round_ // (KILLS // 2))
        screen = doomed.Doomed(doomed.screen(held.folder, terminal, len(known.shown), known.confirmed[b"s"]))
        watcher = doomed.Doomed(doomed.supervisor(held.folder, terminal, known.confirmed[b"w"]))
        known.learn(watcher.kill(chance.random() * lives))
        known.learn(screen.kill(chance.random() * lives))
        if round_ % 25 == 0:
            held.nursery.kill()
            assert held.run("true").code() == 0  # by a new one

    last = held.attach(parrot, offset=len(known.shown))
    wanted = {b"s": known.confirmed[b"s"], b"w": known.confirmed[b"w"]}
    last.type(b"over\n")
    last.wait_for(b"after %d: over\n" % (FILLERS - 1))
    typed = said(bytes(known.shown + last.output))
    assert typed.pop() == b"over"
    for who, count in wanted.items():
        own = [int(line[1:]) for line in typed if line[:1] == who]
        assert own[:count] == list(range(count)), f"{who!r}: {count} are confirmed"
        assert count > FEWEST, "nobody got to type"
        assert own[count:] in ([], [count])  # the last one may have been typed
