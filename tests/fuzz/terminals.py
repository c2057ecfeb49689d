"""What a program could print, by the grammar of terminals and then broken; and frames for a real holder."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

import psutil

from supervisor.terminal import wire
from supervisor.terminal.modes import Modes
from supervisor.terminal.titles import Titles
from supervisor.terminal.turn import Draft
from tests.fuzz import malform
from tests.fuzz.transcripts import RECORDED
from tests.fuzz.wires import frame
from tests.lab.held import Caller, Held

_FINALS: Final = b"@ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstuvwxyz{|}~"
_NUMBERS: Final = (
    b"",
    b"0",
    b"1",
    b"2",
    b"7",
    b"25",
    b"1049",
    b"2004",
    b"2026",
    b"65535",
    b"999999999",
    b"9" * 50,
)
_STRINGS: Final = (
    b"]0;",
    b"]2;",
    b"]8;;http://",
    b"]52;c;",
    b"]9;",
    b"]1337;File=:",
    b"P+q",
    b"Pq",
    b"_G",
    b"^",
    b"X",
)
_ENDS: Final = (b"\x07", b"\x1b\\", b"\x9c", b"\x18", b"")
_TEXTS: Final = (
    *(b"plain", b"\r\n", b"\t", b"\x08" * 5, b"\xf0\x9f\x91\xa9\xe2\x80\x8d", b"a\xcc\x81\xcc\x81\xcc\x81"),
    *("日本語".encode(), b"\xed\xa0\x80", b"\xff\xfe", b"\0\0", b"\x07" * 10, b"\x0e\x0f", "\u202e".encode()),
)


def output(dice: Random, recorded: Sequence[bytes]) -> bytes:
    """A little of what a program prints."""
    parts = [_part(dice) for _ in range(dice.randrange(1, 8))]
    if dice.random() < 0.3:
        stream = dice.choice(recorded)
        begin = dice.randrange(len(stream))
        parts.append(stream[begin : begin + dice.randrange(1, 2000)])
    whole = b"".join(parts)
    return malform.noise(dice, whole) if dice.random() < 0.4 else whole


def _part(dice: Random) -> bytes:
    match dice.randrange(5):
        case 0:
            return dice.choice(_TEXTS) * dice.choice((1, 1, 3, 100))
        case 1:
            private = dice.choice((b"", b"?", b">", b"<", b"=", b"!", b"$"))
            numbers = dice.choice((b";", b":")).join(dice.choice(_NUMBERS) for _ in range(dice.randrange(5)))
            between = dice.choice((b"", b"", b" ", b"$", b"'"))
            return b"\x1b[" + private + numbers + between + bytes([dice.choice(_FINALS)])
        case 2:
            words = dice.choice((b"x", b"x" * 3000, b"\x1b[31m", b";" * 50, b"aGk=", b"\xff"))
            return b"\x1b" + dice.choice(_STRINGS) + words + dice.choice(_ENDS)
        case 3:
            return b"\x1b" + bytes([dice.randrange(256)]) + bytes([dice.randrange(256)])
        case _:
            return dice.randbytes(dice.randrange(1, 20))


def _streams() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((RECORDED / "streams").glob("*.stream"))]


def emulator(_folder: Path) -> Callable[[Random], None]:
    """A terminal as a phone is shown it."""
    from supervisor.terminal.view.emulator import Emulator

    recorded, shown = _streams(), Emulator(24, 80)

    def take(dice: Random) -> None:
        for piece in malform.pieces(dice, output(dice, recorded)):
            shown.feed(piece)
        match dice.randrange(12):
            case 0:
                shown.resize(
                    dice.choice((-1, 0, 1, 24, 300, 70_000)), dice.choice((-1, 0, 1, 80, 500, 70_000))
                )
            case 1:
                shown.start_again(b"\x1b[?1049h")
            case 2:
                shown.lines(dice.choice((0, 1, 2**40)), 100)
            case _:
                pass
        picture, rows = shown.picture(), shown.changed()
        assert 1 <= picture.size[0] <= 1000
        assert all(0 <= row < picture.size[0] for row in rows)
        picture.title.encode()

    return take


def bookkeeping(_folder: Path) -> Callable[[Random], None]:
    """What holders and screens note of an output and of keys."""
    recorded, modes, titles, draft = _streams(), Modes(), Titles(), Draft()

    def take(dice: Random) -> None:
        made = output(dice, recorded)
        for piece in malform.pieces(dice, made):
            modes.feed(piece)
            titles.feed(piece)
            draft.feed(piece[:200])
        assert len(modes.restored()) < 4096
        modes.undone()
        titles.say("x")

    return take


@contextlib.contextmanager
def holder(_folder: Path) -> Iterator[Callable[[Random], None]]:
    """A real holder, to whom somebody of this user says nonsense; now and then it is asked how it is."""
    with Held() as held:
        # Keys go to a program that takes all of them for text.
        owner = held.run("sh", "-c", "stty raw -echo; echo ready; exec cat >/dev/null").wait_for(b"ready")
        stranger = Stranger(held, owner)
        yield stranger.take
        stranger.close()
        growth = psutil.Process(owner.hello.holder).memory_full_info().uss - stranger.uss
        assert growth < 2 * 2**20, f"the holder has grown by {growth} bytes"


class Stranger:
    """Somebody who knows the frames of a holder and breaks them. Owner: one life of a fuzzed part."""

    def __init__(self, held: Held, owner: Caller) -> None:
        """Nothing is said yet."""
        self._place = str(held.folder / f"{owner.hello.id.decode()}.sock")
        self._owner = owner
        self._line = self._called()
        self._said = wire.Frames()
        self._count = 0
        #: The holder's private memory after the first words, in bytes.
        self.uss = 2**60

    def take(self, dice: Random) -> None:
        """Say one thing; whoever is cut off calls again."""
        made = frame(dice)
        if (said := _understood(self._said, made)) is None:
            return
        try:
            self._line.sendall(made)
            self._said = said
        except OSError:
            self.close()
            self._line, self._said = self._called(), wire.Frames()
        self._count += 1
        if self._count % 100 == 0:
            self._owner.answer(wire.Ask(), wire.State)
            self._owner.others.clear()
        if self._count == 200:
            self.uss = psutil.Process(self._owner.hello.holder).memory_full_info().uss

    def close(self) -> None:
        """Say no more."""
        self._line.close()

    def _called(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._place)
        return line


def _understood(before: wire.Frames, made: bytes) -> wire.Frames | None:
    """What the holder has in hand after that; ``None`` for what it would rightly obey, and end."""
    after = wire.Frames()
    after.rest = before.rest
    try:
        if any(isinstance(message, wire.Signal | wire.Taken) for message in after.feed(made)):
            return None
    except wire.Broken:
        return wire.Frames()
    return after
