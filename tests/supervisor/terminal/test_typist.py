"""Typing into a terminal that takes it slowly or not at all."""

import os
import socket
import sys
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

assert sys.platform != "win32"

from supervisor.terminal import posix
from supervisor.terminal.clients import Client
from supervisor.terminal.typist import Typist


@dataclass
class Desk:
    """A terminal, two clients, and what was confirmed."""

    terminal: int
    theirs: int
    near: Client
    far: Client
    written: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Somebody types."""
        self.typist = Typist(lambda _, own_id: self.written.append(own_id))
        self.typist.write = partial(os.write, self.terminal)

    def read(self) -> bytes:
        """All that the program is given, when it reads as fast as it can."""
        found = b""
        while self.typist.waiting:
            found += os.read(self.theirs, 65_536)
            self.typist.go_on()
        os.set_blocking(self.theirs, False)
        try:
            while True:
                found += os.read(self.theirs, 65_536)
        except BlockingIOError:
            return found


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A raw terminal with nobody reading."""
    ours, theirs = posix.open_terminal()
    tty.setraw(theirs)
    one, other = socket.socketpair()
    with one, other:
        yield Desk(ours, theirs, Client(one), Client(other))
    os.close(ours)
    os.close(theirs)


def test_input_is_confirmed_when_it_is_in_the_terminal(desk: Desk) -> None:
    """Not before: a program that does not read holds it up, and its sender with it."""
    large = b"x" * 50_000
    desk.typist.take(desk.near, b"1", b"small")
    desk.typist.take(desk.near, b"2", large)
    assert desk.written == [b"1"]
    assert 0 < desk.near.waiting <= len(large)

    assert desk.read() == b"small" + large

    assert desk.written == [b"1", b"2"]
    assert desk.near.waiting == 0


def test_what_was_typed_is_known(desk: Desk) -> None:
    """It is confirmed again; what still waits is known and not confirmed."""
    desk.typist.take(desk.near, b"1", b"x")
    desk.typist.take(desk.near, b"2", b"x" * 50_000)

    assert [desk.typist.knows(desk.near, own_id) for own_id in (b"1", b"2", b"3")] == [True, True, False]
    assert desk.written == [b"1", b"1"]


def test_what_waits_from_afar_is_dropped_but_what_has_begun(desk: Desk) -> None:
    """A paste is not left without its end; what is dropped may come again."""
    desk.typist.take(desk.far, b"1", b"f" * 50_000, remote=True)
    desk.typist.take(desk.near, b"2", b"n", remote=False)
    desk.typist.take(desk.far, b"3", b"g" * 50_000, remote=True)

    assert desk.typist.drop_remote() == [(desk.far, b"3")]

    assert desk.read() == b"f" * 50_000 + b"n"
    assert desk.far.waiting == 0
    assert not desk.typist.knows(desk.far, b"3")


def test_at_the_end_nothing_waits(desk: Desk) -> None:
    """And nobody is held up."""
    desk.typist.take(desk.near, b"1", b"x" * 50_000)

    desk.typist.clear()

    assert not desk.typist.waiting
    assert (desk.near.waiting, desk.written) == (0, [])
