"""Terminals, commands and sockets of the system."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

assert sys.platform != "win32"

from supervisor.terminal import posix


def test_a_terminal_takes_a_size() -> None:
    """Rows and columns, on both sides."""
    ours, theirs = posix.open_terminal()

    posix.resize(ours, 50, 132)

    assert (posix.size(ours), posix.size(theirs)) == ((50, 132), (50, 132))
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
