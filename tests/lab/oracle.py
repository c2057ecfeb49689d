"""What tmux makes of a program's output: a terminal that is not ours, to compare with."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.lab.homes import environment
from tests.lab.waiting import until

#: One character and how it looks: colours (``None``: the usual one) and flags.
Look = tuple[int | str | None, int | str | None, frozenset[str]]
Cell = tuple[str, Look]
PLAIN: Final[Look] = (None, None, frozenset())

_FLAGS: Final = {1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "inverse", 8: "hidden", 9: "strike"}
_PIECE: Final = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\]8;.*?\x1b\\|\x0e|\x0f|(.)", re.DOTALL)
#: Says where the cursor is, and what was asked of the terminal.
_ABOUT: Final = (
    "#{cursor_y} #{cursor_x} #{cursor_flag} #{alternate_on} #{keypad_cursor_flag} #{mouse_any_flag}"
    " #{history_size} #{pane_title}"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on a screen."""

    rows: list[list[Cell]]
    cursor: tuple[int, int, bool]
    alternate: bool
    application_cursor: bool
    mouse: bool
    title: str

    @property
    def text(self) -> list[str]:
        """Without looks."""
        return ["".join(char for char, _ in row) for row in self.rows]


class Oracle:
    """One tmux with one pane, into which bytes are poured as they are. A context manager."""

    def __init__(self, rows: int, columns: int) -> None:
        """Start it; its terminal is raw, so that nothing is translated on the way."""
        self._folder = tempfile.TemporaryDirectory(prefix="oracle-")
        place = Path(self._folder.name)
        self._socket, self._copy = place / "tmux", place / "copy"
        fifo = place / "fifo"
        os.mkfifo(fifo)
        (place / "conf").write_text(
            "set -g status off\nset -g history-limit 5000\nset -g allow-rename off\n"
            "set -g default-terminal tmux-256color\nset -g remain-on-exit on\n"
        )
        self._environment = {**environment(place), "TMUX_TMPDIR": str(place)}
        pouring = f"stty raw -echo; exec cat {fifo}"
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("-f", str(place / "conf"), "new-session", "-d", *size, pouring)
        try:
            self._tmux("resize-window", *size)
            self._tmux("pipe-pane", f"exec cat > {self._copy}")
            until(self._copy.exists)
            self._pour = os.open(fifo, os.O_WRONLY)
        except BaseException:
            self._end()
            raise
        self._poured = 0

    def feed(self, text: bytes) -> None:
        """The program prints this; returns when tmux has taken it in."""
        left = memoryview(text)
        while left:
            left = left[os.write(self._pour, left) :]
        self._poured += len(text)
        until(lambda: self._copy.stat().st_size >= self._poured, saying="tmux takes it in")

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has this size now."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def seen(self) -> Seen:
        """What stands on its screen."""
        about = self._tmux("display-message", "-p", _ABOUT).split(" ", 7)
        y, x, visible, alternate, keys, mouse, _ = map(int, about[:7])
        shown = self._tmux("capture-pane", "-p", "-e", "-N").split("\n")[:-1]
        return Seen(
            rows=[_stripped(list(_cells(row))) for row in _looks_go_on(shown)],
            cursor=(y, x, bool(visible)),
            alternate=bool(alternate),
            application_cursor=bool(keys),
            mouse=bool(mouse),
            title=about[7].rstrip("\n"),
        )

    def history(self) -> list[str]:
        """The lines above the screen, as text."""
        count = int(self._tmux("display-message", "-p", "#{history_size}"))
        return self._tmux("capture-pane", "-p", "-S", "-", "-E", "-1").split("\n")[:-1] if count else []

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", str(self._socket), *arguments]
        done = subprocess.run(
            command, env=self._environment, check=True, capture_output=True, timeout=60, encoding="utf-8"
        )
        return done.stdout

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Leave nothing running."""
        os.close(self._pour)
        self._end()

    def _end(self) -> None:
        try:
            self._tmux("kill-server")
        finally:
            self._folder.cleanup()


def is_there() -> bool:
    """Whether this machine has a tmux."""
    return sys.platform != "win32" and shutil.which("tmux") is not None


def _looks_go_on(rows: list[str]) -> Iterator[str]:
    """What tmux has said of looks in one row holds in the next one too."""
    last = ""
    for row in rows:
        yield last + row
        last = "".join(found.group() for found in re.finditer(r"\x1b\[[0-9;:]*m", last + row))


def _cells(row: str) -> Iterator[Cell]:
    look, lines = PLAIN, False
    for found in _PIECE.finditer(row):
        if found[2]:
            yield (_LINES.get(found[2], found[2]) if lines else found[2]), look
        elif found[1] is not None:
            look = _after(look, found[1])
        elif found.group() in "\x0e\x0f":
            lines = found.group() == "\x0e"


def _stripped(row: list[Cell]) -> list[Cell]:
    while row and row[-1] == (" ", PLAIN):
        del row[-1]
    return row


def _after(look: Look, said: str) -> Look:
    front, back, flags = look[0], look[1], set(look[2])
    # tmux writes 4:3 and 5:3 for 43 and 53; what kind of a line below it is, is all one to us.
    plain = re.sub(r"\b58[;:]+[25][;:\d]*", "", re.sub(r"\b4:\d", "4", said.replace("5:3", "53")))
    numbers = [int(each) for each in re.split("[;:]", plain or "0") if each]
    while numbers:
        match number := numbers.pop(0):
            case 0:
                front, back, flags = None, None, set()
            case 38 | 48:
                kind = numbers.pop(0)
                taken, numbers = numbers[: 1 if kind == 5 else 3], numbers[1 if kind == 5 else 3 :]
                colour = taken[0] if kind == 5 else "#{:02x}{:02x}{:02x}".format(*taken)
                front, back = (colour, back) if number == 38 else (front, colour)
            case 39:
                front = None
            case 49:
                back = None
            case _ if 30 <= number <= 37 or 90 <= number <= 97:
                front = number - 30 if number < 90 else number - 82
            case _ if 40 <= number <= 47 or 100 <= number <= 107:
                back = number - 40 if number < 100 else number - 92
            case _ if number in _FLAGS:
                flags.add(_FLAGS[number])
            case _:
                pass
    return front, back, frozenset(flags)


#: tmux says box drawing in the old way.
_LINES: Final = dict(zip("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
