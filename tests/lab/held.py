"""Real holders by a real nursery, and a client that checks every byte's place."""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

from supervisor.terminal import Order, calling, wire

T = TypeVar("T", bound=wire.Message)

ROOT = Path(__file__).parents[2]


class Caller:
    """A client of one holder: gathers output, and insists that none is missing or doubled."""

    def __init__(self, line: calling.Line, hello: wire.Hello | None = None) -> None:
        """*line*: somebody answers there, or has answered with *hello*."""
        self.line = line
        self.hello = hello or line.greeted()
        self.output = bytearray()
        self.offset: int | None = None
        self.others: list[wire.Message] = []
        self._take(line.early())

    def hear(self, until: Callable[[], object], seconds: float = 60.0) -> Self:
        """Take in what comes until that is so; AssertionError after *seconds*."""
        deadline = time.monotonic() + seconds
        while not until():
            self.line.connection.settimeout(max(0.01, deadline - time.monotonic()))
            heard = self.line.hear()
            assert heard is not None, f"gone or too late; {bytes(self.output[-500:])!r} {self.others}"
            self._take(heard)
        return self

    def listen(self) -> Self:
        """Take in what has come."""
        while select.select([self.line.connection], [], [], 0)[0]:
            heard = self.line.hear()
            assert heard is not None, "gone"
            self._take(heard)
        return self

    def wait_for(self, words: bytes) -> Self:
        """Take in what comes until these were printed."""
        return self.hear(lambda: words in self.output)

    def code(self) -> int:
        """Take in all that comes until the end; the exit code."""
        self.hear(lambda: self.told(wire.Exit))
        return self.told(wire.Exit)[0].code

    def told(self, kind: type[T]) -> list[T]:
        """What was said of that kind."""
        return [message for message in self.others if isinstance(message, kind)]

    def answer(self, asked: wire.Message, kind: type[T]) -> T:
        """Say this, and wait for one more message of that kind; the newest."""
        before = len(self.told(kind))
        self.say(asked)
        self.hear(lambda: len(self.told(kind)) > before)
        return self.told(kind)[-1]

    def type(self, keys: bytes, input_id: bytes = b"") -> None:
        """Press these keys."""
        self.line.say(wire.Input(input_id, keys))

    def say(self, *messages: wire.Message) -> None:
        """Say these."""
        self.line.say(*messages)

    def state(self) -> wire.State:
        """How things are there now: all that was said before has been obeyed."""
        return self.answer(wire.Ask(), wire.State)

    def take(self) -> int:
        """Take the turn to type from afar; its number."""
        self.say(wire.Take())
        return self.state().turn

    def close(self) -> None:
        """Hang up."""
        self.line.connection.close()

    def _take(self, heard: Sequence[wire.Message]) -> None:
        for message in heard:
            if isinstance(message, wire.Output):
                assert self.offset in (None, message.offset), "output is missing or doubled"
                self.offset = message.offset + len(message.text)
                self.output += message.text
            else:
                if isinstance(message, wire.Gap):
                    self.offset = message.end
                elif isinstance(message, wire.Returned):
                    self.offset = message.offset
                self.others.append(message)


class Held:
    """A folder of holders with its nursery; a context manager that leaves nothing running."""

    def __init__(self) -> None:
        """Nothing runs yet. The folder's name is short: names of sockets have a limit."""
        self._folder = tempfile.TemporaryDirectory(prefix="held-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self._nurseries: list[subprocess.Popen[bytes]] = []
        self._lines: list[calling.Line] = []
        #: Where a nursery was killed, its holders are nobody's children.
        self._holders: list[psutil.Process] = []

    @property
    def nursery(self) -> psutil.Process:
        """The running nursery."""
        return psutil.Process(self._nurseries[-1].pid)

    def run(
        self, *argv: str, looks: bool = True, size: tuple[int, int] = (24, 80), **environment: str
    ) -> Caller:
        """Hold a command, and be its first client."""
        return self.hold(self.order(*argv, **environment), looks=looks, size=size)

    def hold(self, order: Order, *, looks: bool = True, size: tuple[int, int] = (24, 80)) -> Caller:
        """Hold what is ordered, and be its first client."""
        said = wire.Attach(wire.VERSION, -1, 0, 0) if looks else wire.Watch(wire.VERSION)
        line, hello = calling.hold(self.folder, self.start, calling.start(order, *size), said)
        self._lines.append(line)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._holders.append(psutil.Process(hello.holder))
        return Caller(line, hello)

    def nursery_line(self) -> calling.Line:
        """A bare line to the nursery."""
        line = calling.nursery(self.folder, self.start)
        self._lines.append(line)
        return line

    def order(self, *argv: str, **environment: str) -> Order:
        """A command in this folder."""
        everything = {**os.environ, "TERM": "xterm-256color", **environment}
        return Order(argv=argv, cwd=str(self.folder), environment=tuple(everything.items()), name="named")

    def attach(self, caller: Caller, offset: int = -1, size: tuple[int, int] = (0, 0)) -> Caller:
        """Be another screen of the same terminal."""
        return self.call(caller, wire.Attach(wire.VERSION, offset, *size))

    def view(self, caller: Caller, offset: int = -1) -> Caller:
        """Look at the same terminal, and be no screen."""
        return self.call(caller, wire.View(wire.VERSION, offset))

    def watch(self, caller: Caller) -> Caller:
        """Be a supervisor of the same terminal."""
        return self.call(caller, wire.Watch(wire.VERSION))

    def look_at(self, terminal: str) -> Caller:
        """Look at the terminal of that id."""
        return self._call(terminal, wire.View(wire.VERSION, -1))

    def call(self, caller: Caller, *said: wire.Message) -> Caller:
        """Be another client of the same holder, who begins with that."""
        return self._call(caller.hello.id.decode(), *said)

    def _call(self, terminal: str, *said: wire.Message) -> Caller:
        line = calling.holder(self.folder, terminal)
        self._lines.append(line)
        line.say(*said)
        return Caller(line)

    def start(self, end: int) -> None:
        """Start a nursery with that as its standard input."""
        self._nurseries.append(
            subprocess.Popen(
                [sys.executable, "-P", "-m", "supervisor", "nursery"],
                stdin=end,
                start_new_session=True,
                # Windows: a console of its own, without a window.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        )

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Nothing is left."""
        for line in self._lines:
            line.connection.close()
        for holder in self._holders:
            if holder.is_running():
                end(holder.pid)
        for nursery in self._nurseries:
            end(nursery.pid)
            nursery.wait()
        self._folder.cleanup()


def end(pid: int) -> None:
    """End a process and all below it."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended with those before it
            process.kill()
