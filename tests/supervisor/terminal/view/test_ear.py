"""What is heard of a held command: all of it in daily life, enough of a flood, and always the end."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import selectors
import time
from collections.abc import Callable, Iterator

import psutil

from supervisor.terminal import calling, wire
from supervisor.terminal.view.ear import Ear, Unheard
from tests.lab.held import Caller, Held

MEGABYTE = 2**20
Listen = Callable[[Caller], "Listener"]


class Listener:
    """Looks at what an ear hears, as fast as it can."""

    def __init__(self, ear: Ear, selector: selectors.BaseSelector) -> None:
        """It has heard nothing."""
        self.ear = ear
        self._selector = selector
        self.text = bytearray()
        self.largest = 0
        self.others: list[wire.Message] = []

    def hear_until(self, words: bytes, seconds: float = 60) -> None:
        """Take in what comes until these have come."""
        deadline = time.monotonic() + seconds
        while words not in self.text[-MEGABYTE:]:
            assert time.monotonic() < deadline, f"no {words!r}; last: {bytes(self.text[-200:])!r}"
            self.hear()

    def hear(self) -> None:
        """Take in what comes now."""
        wait = 0 if self.ear.is_waited_for else self.ear.deaf_for()
        for key, _ in self._selector.select(0.1 if wait is None else wait):
            key.data()
        self.ear.hear_again()
        message = self.ear.next()
        if isinstance(message, wire.Output):
            self.text += message.text
            self.largest = max(self.largest, len(message.text))
        elif message:
            self.others.append(message)


@pytest.fixture
def listen(held: Held) -> Iterator[Listen]:
    """Have an ear for a client's terminal."""
    ears: list[Ear] = []

    def begin(caller: Caller) -> Listener:
        selector = selectors.DefaultSelector()
        ears.append(Ear(lambda: calling.holder(held.folder, caller.hello.id.decode()), selector))
        return Listener(ears[-1], selector)

    yield begin
    for ear in ears:
        ear.close()


def printed(held: Held, count: int) -> Caller:
    """A command that prints so many bytes when a key is pressed."""
    flood = f"head -c {count} /dev/zero | tr '\\0' x"
    script = f"stty raw -echo; printf ready; head -c 1 >/dev/null; {flood}; printf end; cat"
    return held.run("sh", "-c", script).wait_for(b"ready")


def test_all_is_heard_of_what_an_agent_prints_at_once(held: Held, listen: Listen) -> None:
    """A long conversation that is painted again is no flood; it comes in small parts."""
    caller = printed(held, MEGABYTE)
    listener = listen(caller)
    listener.ear.listen(None)

    caller.type(b"x")
    caller.wait_for(b"end")
    listener.hear_until(b"xend")

    assert bytes(listener.text) == b"ready" + b"x" * MEGABYTE + b"end"
    assert listener.largest <= 16_384
    assert listener.ear.offset == len(listener.text)


def test_a_flood_is_heard_in_part_and_its_end_whole(held: Held, listen: Listen) -> None:
    """What is missing is told, and nothing is missing without being told."""
    caller = printed(held, 64 * MEGABYTE)
    caller.close()
    listener = listen(caller)
    listener.ear.listen(None)
    listener.hear_until(b"ready")

    typing = held.watch(caller)
    typing.type(b"x")
    listener.hear_until(b"xend", 60)

    missing = [message for message in listener.others if isinstance(message, wire.Gap)]
    assert len(listener.text) + sum(gap.end - gap.begin for gap in missing) == 64 * MEGABYTE + 8
    assert listener.ear.offset == 64 * MEGABYTE + 8


def test_who_comes_late_may_hear_the_last_part_only(held: Held, listen: Listen) -> None:
    """The state comes first: it tells the modes that the rest is meant for."""
    caller = held.run("sh", "-c", "printf '\\033[?2004hlong ago, just now'; cat").wait_for(b"now")
    listener = listen(caller)

    listener.ear.listen(8)
    listener.hear_until(b"now")

    assert bytes(listener.text) == b"just now"
    state = next(message for message in listener.others if isinstance(message, wire.State))
    assert b"2004" in state.modes


def test_listening_again_forgets_what_was_not_looked_at(held: Held, listen: Listen) -> None:
    """Who is too far behind begins anew."""
    caller = held.run("sh", "-c", "printf 'one two'; cat").wait_for(b"two")
    listener = listen(caller)
    listener.ear.listen(None)

    listener.ear.listen(3)
    listener.hear_until(b"two")

    assert bytes(listener.text) == b"two"


def test_what_can_be_asked_for_is_said_to_the_holder(held: Held, listen: Listen) -> None:
    """Such as a new picture."""
    caller = held.run("bash", "-c", "trap 'echo painted' WINCH; printf ready; while :; do sleep 0.05; done")
    listener = listen(caller.wait_for(b"ready"))
    listener.ear.listen(None)

    listener.ear.say(wire.Nudge())

    listener.hear_until(b"painted")


def test_the_end_of_a_holder_is_told_once(held: Held, listen: Listen) -> None:
    """After all that was heard before; to say something then does no harm."""
    caller = held.run("sh", "-c", "printf ready; cat").wait_for(b"ready")
    listener = listen(caller)
    listener.ear.listen(None)
    listener.hear_until(b"ready")

    psutil.Process(caller.hello.holder).kill()
    with pytest.raises(Unheard, match="gone"):
        listener.hear_until(b"never")
    listener.hear()
    listener.ear.say(wire.Nudge())

    assert not listener.ear.is_open
