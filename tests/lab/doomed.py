"""Clients of a holder in processes of their own, to be killed at any moment.

What a client hears it passes on as it came, so that all that it had heard is known when it is gone.
"""

import itertools
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

assert sys.platform != "win32"

from supervisor.terminal import calling, wire

PassOn: TypeAlias = Callable[[bytes], None]
Life: TypeAlias = Callable[[PassOn], None]


class Doomed:
    """A running client. Owner: the test."""

    def __init__(self, life: Life) -> None:
        """*life*: what it does; given how it passes on what it hears."""
        self._reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._reading)
            try:
                life(lambda heard: _write(writing, heard))
            finally:
                os._exit(0)
        os.close(writing)

    def kill(self, after: float) -> Sequence[wire.Message]:
        """kill -9 when it has lived so many seconds; all that it had heard."""
        frames = wire.Frames()
        heard = _until(self._reading, after)
        os.kill(self._pid, signal.SIGKILL)
        while chunk := os.read(self._reading, 65_536):
            heard += chunk
        os.close(self._reading)
        os.waitpid(self._pid, 0)
        return tuple(frames.feed(heard))


def _until(reading: int, seconds: float) -> bytes:
    """What is passed on meanwhile."""
    heard, deadline = b"", time.monotonic() + seconds
    while (rest := deadline - time.monotonic()) > 0 and select.select([reading], [], [], rest)[0]:
        if not (chunk := os.read(reading, 65_536)):
            break
        heard += chunk
    return heard


def _write(number: int, text: bytes) -> None:
    while text:
        text = text[os.write(number, text) :]


def screen(folder: Path, terminal: str, offset: int, first: int) -> Life:
    """Shows what is printed from *offset* on, and types numbered lines from *first* on."""

    def life(pass_on: PassOn) -> None:
        line = calling.holder(folder, terminal)
        line.say(wire.Attach(wire.VERSION, offset, 0, 0))
        for number in itertools.count(first):
            line.say(wire.Input(b"s%d" % number, b"s%d\n" % number))
            _hear_until(line, pass_on, lambda m: isinstance(m, wire.Written))

    return life


def supervisor(folder: Path, terminal: str, first: int) -> Life:
    """Takes the turn and types numbered lines from *first* on; when it loses it, it takes it again."""

    def life(pass_on: PassOn) -> None:
        line = calling.holder(folder, terminal)
        line.say(wire.Watch(wire.VERSION))
        number = first
        while True:
            line.say(wire.Take(), wire.Ask())
            state = _hear_until(line, pass_on, lambda m: isinstance(m, wire.State))
            assert isinstance(state, wire.State)
            line.say(wire.Remote(b"w%d" % number, state.turn, b"w%d\n" % number))
            answer = _hear_until(line, pass_on, lambda m: isinstance(m, wire.Written | wire.Refused))
            number += isinstance(answer, wire.Written)

    return life


def _hear_until(
    line: calling.Line, pass_on: PassOn, is_answer: Callable[[wire.Message], bool]
) -> wire.Message:
    """Pass on all that is heard; the first message that is an answer."""
    while heard := line.connection.recv(65_536):
        pass_on(heard)
        for message in line.understand(heard):
            if is_answer(message):
                return message
    raise EOFError
