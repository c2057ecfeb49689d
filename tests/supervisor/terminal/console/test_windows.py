"""The screen of a held terminal in a console of Windows: one holds what the other shows."""

import sys

assert sys.platform == "win32"

from tests.contracts.test_held import ECHO, seen, wait_for
from tests.lab.held import Held

ATTACH = (
    "import sys; from pathlib import Path; from supervisor import terminal; "
    "parted = terminal.attach(Path(sys.argv[1]), sys.argv[2], detach_key='ctrl-\\\\'); "
    "print('left', parted.left, 'code', parted.code, '.', flush=True); sys.exit(parted.code)"
)


def test_a_console_shows_the_terminal_and_types_into_it(held: Held) -> None:
    """All that was printed, every key, and the exit code."""
    inner = wait_for(held.run(sys.executable, "-u", "-c", ECHO), "ready")

    outer = held.run(sys.executable, "-c", ATTACH, str(held.folder), inner.hello.id.decode())

    wait_for(outer, "ready")
    outer.type("größe\r".encode())
    wait_for(outer, "<größe>")
    outer.type(b"end 5\r")
    wait_for(outer, "left False code 5 .")
    assert outer.code() == 5


def test_a_key_pressed_twice_leaves_it(held: Held) -> None:
    """The command goes on, and the console is as it was: what is typed is shown again."""
    inner = wait_for(held.run(sys.executable, "-u", "-c", ECHO), "ready")
    outer = held.run(sys.executable, "-c", ATTACH, str(held.folder), inner.hello.id.decode())
    wait_for(outer, "ready")

    outer.type(b"\x1c\x1c")

    wait_for(outer, "left True code 0 .")
    assert outer.code() == 0
    inner.type(b"still\r")
    wait_for(inner, "<still>")


def test_a_terminal_is_not_attached_within_itself(held: Held) -> None:
    """It would show itself for ever."""
    inside = (
        "import os, sys; from pathlib import Path; from supervisor import terminal; "
        "terminal.attach(Path(sys.argv[1]), os.environ['WAKELINE_TERMINAL'], detach_key='')"
    )

    caller = held.run(sys.executable, "-c", inside, str(held.folder))

    assert caller.code() == 1
    assert "This is that terminal itself." in seen(caller)


def test_what_comes_from_a_file_is_typed(held: Held) -> None:
    """A screen without a console: its input ends as one at a console does."""
    inner = wait_for(held.run(sys.executable, "-u", "-c", ECHO), "ready")
    piped = (
        "import subprocess, sys; "
        "command = [sys.executable, '-c', *sys.argv[1:]]; "
        "done = subprocess.run(command, input=b'end 4\\r', capture_output=True); "
        "print('ended', done.returncode, b'ready' in done.stdout, '.', flush=True)"
    )

    outer = held.run(sys.executable, "-c", piped, ATTACH, str(held.folder), inner.hello.id.decode())

    wait_for(outer, "ended 4 True .")
