"""A pseudo-console and the command in it, on a real Windows or in wine."""

import ctypes
import os
import select
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

assert sys.platform == "win32"

from supervisor.terminal import windows
from supervisor.terminal.windows import Child, Pane, exit_code
from tests.contracts.test_held import HARD, seen
from tests.lab.held import Held
from tests.lab.waiting import until

ASK = "import sys; print('ready', flush=True); sys.exit(int(input()))"
PRINT = "import sys; sys.stdout.reconfigure(encoding='utf-8'); print(ascii(sys.argv[1:]))"


@pytest.fixture
def pane() -> Iterator[Pane]:
    """One of the usual size."""
    opened = Pane(24, 80)
    yield opened
    opened.close()


def spawn(pane: Pane, *arguments: str) -> Child:
    """This Python in it."""
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    return pane.spawn([sys.executable, *arguments], cwd=str(Path.cwd()), environment=environment)


def wait_for(pane: Pane, words: bytes) -> bytes:
    """Read until these words were printed."""
    printed = b""
    while words not in printed:
        assert select.select([pane.number], [], [], 60)[0], printed
        printed += pane.read()
    return printed


def wait_for_end(child: Child) -> int:
    """How it ends."""
    assert select.select([child.number], [], [], 60)[0]
    change = child.change()
    assert change
    assert change[0]
    return change[1]


def test_keys_go_in_and_the_exit_code_comes_out(pane: Pane) -> None:
    """Nothing ever blocks; before the end there is no change."""
    child = spawn(pane, "-c", ASK)
    wait_for(pane, b"ready")
    assert (pane.read(), child.change()) == (b"", None)

    pane.write(b"300\r")

    assert wait_for_end(child) == 300
    assert psutil.pid_exists(child.pid) is False or not psutil.Process(child.pid).is_running()


def test_what_is_to_end_is_ended(pane: Pane) -> None:
    """Asked by the number that asks for it elsewhere; other numbers mean nothing here."""
    child = spawn(pane, "-c", ASK)
    wait_for(pane, b"ready")

    child.signal(18)
    assert child.change() is None
    child.signal(15)

    assert wait_for_end(child) == 15


def test_what_is_in_it_ends_with_it() -> None:
    """As in a window that is closed."""
    opened = Pane(24, 80)
    child = spawn(opened, "-c", ASK)
    wait_for(opened, b"ready")

    opened.close()

    wait_for_end(child)


@pytest.mark.parametrize(
    ("status", "code"), [(0, 0), (7, 7), (0xC000013A, -2), (0xC0000005, -6), (0xC0000374, -6)]
)
def test_an_end_by_windows_is_like_one_by_a_signal(status: int, code: int) -> None:
    """Ctrl-C is an interruption; a crash is one."""
    assert exit_code(status) == code


def test_a_script_is_given_its_arguments_as_they_are(held: Held) -> None:
    """npm brings agents as scripts: nothing in a prompt is obeyed by their interpreter."""
    script = held.folder / "an agent.cmd"
    script.write_text(f'@echo off\n"{sys.executable}" -c "{PRINT}" %*\n')

    # The interpreter in wine knows less of percent signs.
    hard = [text for text in HARD if "%" not in text or not hasattr(ctypes.windll.ntdll, "wine_get_version")]

    told = held.run(str(script), *hard)

    assert told.code() == 0
    assert ascii(hard) in seen(told)


def test_a_program_is_found_by_the_path_that_it_is_given(held: Held) -> None:
    """Not by ours; and its ending need not be said."""
    (held.folder / "my-agent.cmd").write_text(f'@echo off\n"{sys.executable}" -c "{PRINT}" %1\n')

    told = held.run("my-agent", "x", PATH=str(held.folder))

    assert told.code() == 0
    assert "['x']" in seen(told)


class Console:
    """Stands for a console that asks first."""

    pid = 1

    def __init__(self, *said: str) -> None:
        """What it says."""
        self.said = list(said)
        self.heard: list[str] = []

    def read(self, blocking: bool) -> str:
        """The next of it; nothing at the end."""
        assert blocking
        return self.said.pop(0) if self.said else ""

    def write(self, to_write: str) -> int:
        """Take note."""
        self.heard.append(to_write)
        return len(to_write)


def test_what_a_console_asks_at_its_start_is_answered_by_us(pane: Pane) -> None:
    """Nobody else may be there; what is asked later is the program's, and for the screens."""
    console = Console("\x1b[c\x1b[?9001h\x1b[?1004h", "x" * 600, "\x1b[c")
    pane._pty = console  # type: ignore[assignment]  # as much of it as is used

    reading = threading.Thread(target=pane._read_on)
    reading.start()
    reading.join()

    assert wait_for(pane, b"x\x1b[c") == b"\x1b[?1004h" + b"x" * 600 + b"\x1b[c"
    assert console.heard == [windows._PLAIN_TERMINAL]
    del console.said, pane._pty
    pane._pty = windows.winpty.PTY(80, 24, backend=0)


def test_a_character_in_pieces_is_typed_whole(pane: Pane) -> None:
    """A key may come in two writes."""
    child = spawn(pane, "-c", "print('ready', flush=True); print(ascii(input()))")
    wait_for(pane, b"ready")

    pane.write("ä".encode()[:1])
    pane.write("ä".encode()[1:] + b"\r")

    wait_for(pane, b"'\\xe4'")
    until(lambda: wait_for_end(child) == 0)
