"""Terminals, commands and sockets of the system."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

assert sys.platform != "win32"

from supervisor.terminal import posix


def test_a_terminal_has_its_size_and_takes_another() -> None:
    """Rows and columns; nothing told means the usual 24 by 80."""
    ours, theirs = posix.open_terminal(0, 0)
    usual = posix.size(theirs)
    posix.resize(ours, 50, 132)

    assert (usual, posix.size(theirs)) == ((24, 80), (50, 132))
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("argv", "cwd", "what"),
    [([b"no-such-program"], b"/", b"no-such-program"), ([b"true"], b"/no/such/folder", b"/no/such/folder")],
)
def test_what_keeps_a_command_from_starting_is_named(argv: list[bytes], cwd: bytes, what: bytes) -> None:
    """The program or the folder, whichever it is."""
    ours, theirs = posix.open_terminal(24, 80)

    with pytest.raises(FileNotFoundError) as raised:
        posix.spawn(argv, [b"PATH=/bin:/usr/bin"], cwd=cwd, umask=0o22, terminal=theirs)

    assert raised.value.filename == what
    os.close(ours)
    os.close(theirs)


def test_the_other_end_is_asked_for_by_the_kernel() -> None:
    """A socket of our own process is ours; one without an owner is nobody's."""
    one, other = socket.socketpair()
    nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    with one, other, nobody:
        assert posix.is_me(one)
        assert not posix.is_me(nobody)


def test_a_socket_appears_when_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For this user only, under its name from the first moment on."""
    monkeypatch.chdir(tmp_path)

    with posix.listen("x.sock"), socket.socket(socket.AF_UNIX) as caller:
        caller.connect("x.sock")
        assert stat.S_IMODE(Path("x.sock").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["x.sock"]
