"""OpenCode itself in a clean home with a fake model, and what our module sees, hears and says of it."""

import sys

assert sys.platform != "win32"

import asyncio
import json
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from supervisor.agents import opencode
from supervisor.agents.base import History
from supervisor.core.model import Kind, Session, Sighting
from supervisor.core.steering import DESK, Launch, Prompt
from supervisor.system.processes import Processes
from tests.lab import homes, servers
from tests.lab.hearing import Ear
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

T = TypeVar("T")
Start = Callable[[homes.Launch], Terminal]

#: OpenCode takes seconds to start, and longer on a busy machine.
PATIENCE = 60.0


class Bench:
    """One home of OpenCode with its model, and what our module sees of it."""

    def __init__(self, folder: Path, fake: servers.Server, start: Start) -> None:
        """Nothing runs yet."""
        self.launch = homes.opencode(folder / "home", folder / "project", fake.url)
        self.home = opencode.home({}, folder / "home")
        self.fake = fake
        self.processes = Processes(below=os.getpid())
        self.looked = threading.Event()
        self._start = start

    def ask_before(self, *tools: str) -> None:
        """Let these tools ask for permission."""
        path = self.home.parents[2] / ".config" / "opencode" / "opencode.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps(config | {"permission": dict.fromkeys(tools, "ask")}))

    def terminal(self, *arguments: str) -> Terminal:
        """OpenCode, ready for a prompt."""
        return self._ready(self.launch.plus(*arguments))

    def ours(self, *arguments: str, **environment: str) -> Terminal:
        """OpenCode as it is started in a terminal of ours, ready for a prompt."""
        wanted = self.launch.plus(*arguments, **environment)
        asked = Launch(argv=wanted.argv, environment=wanted.env, cwd=str(wanted.cwd))
        made = opencode.steering.prepare(asked, ())
        return self._ready(homes.Launch(argv=made.argv, env=made.environment, cwd=Path(made.cwd)))

    def _ready(self, launch: homes.Launch) -> Terminal:
        terminal = self._start(launch)
        terminal.wait_for("fake", PATIENCE)
        terminal.wait_for("ctrl+p commands", PATIENCE)
        terminal.settle(1.0)
        return terminal

    def look(self) -> Sequence[Sighting]:
        """What is seen now."""
        seen = opencode.look(self.home, self.processes)
        self.looked.set()
        return seen

    def wait(self, fits: Callable[[Sighting], Any]) -> Sighting:
        """Wait for a sighting."""
        found = until(lambda: [seen for seen in self.look() if fits(seen)], PATIENCE)
        return found[0]

    def history(self, session_id: str) -> History:
        """The conversation of a session."""
        transcript = opencode.find(self.home, session_id)
        assert transcript is not None
        return opencode.open(transcript, _no_lines)

    def said(self, session_id: str) -> list[str]:
        """All texts of a conversation."""
        return [entry.text for entry in self.history(session_id).page(None, 100).entries]

    @contextmanager
    def listening(self) -> "Iterator[Listener]":
        """Our channel, listened to as the supervisor does."""
        listener = Listener(self)
        try:
            yield listener
        finally:
            listener.close()


class Listener:
    """The channel in a loop of its own. Owns the thread."""

    def __init__(self, bench: Bench) -> None:
        """Listen from now on."""
        self.ear = Ear()
        self.line = opencode.steering.line(bench.home, bench.processes)
        self._bench = bench
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)

    async def _listen(self) -> None:
        while True:
            self._bench.looked.clear()
            await self.line.listen(self.ear)
            await asyncio.to_thread(self._bench.looked.wait, PATIENCE)

    def do(self, deed: Coroutine[Any, Any, T]) -> T:
        """Do it on the loop, and wait for what comes of it."""
        return asyncio.run_coroutine_threadsafe(deed, self._loop).result(PATIENCE)

    def until(self, question: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Ask until the answer is true; the files are looked at meanwhile, as after each of their changes."""

        def looked() -> T:
            self._bench.look()
            return question()

        return until(looked, seconds, saying=f"heard: {self.ear.turns[-5:]} {self.ear.asked}")

    def reached(self, terminal: Terminal) -> Session:
        """The session of this terminal, when there is one and it can be reached."""
        fits = lambda seen: seen.run.pid == terminal.pid and self.line.reaches(seen)  # noqa: E731
        return session(self._bench.wait(fits))

    def prompt(self, to: Session, text: str, name: str = "1", **more: Any) -> bool:
        """Give a prompt."""
        return self.do(self.line.prompt(to, prompt(to, text, name, **more)))

    def close(self) -> None:
        """Listen no more."""
        self._listening.cancel()
        self._bench.looked.set()
        asyncio.run_coroutine_threadsafe(_ended(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


async def _ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


def session(seen: Sighting) -> Session:
    """What the desk makes of a sighting."""
    assert seen.session_id is not None
    return Session(
        id=seen.session_id, agent="opencode", kind=Kind.SEEN, run=seen.run, cwd=seen.facts.cwd, argv=seen.argv
    )


def prompt(to: Session, text: str, name: str = "1", at: float = 1_795_000_000.0, **more: Any) -> Prompt:
    """A prompt for a session; the same *name* is the same prompt."""
    fields: Mapping[str, Any] = {"when": "now", "by": "device", **more}
    return Prompt(id=name, session_id=to.id, agent="opencode", text=text, at=at, **fields)


def _no_lines(path: Path, reader: object) -> History:
    raise AssertionError((path, reader))


__all__ = ["DESK", "PATIENCE", "Bench", "Listener", "Start", "prompt", "session"]
