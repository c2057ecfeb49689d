"""A home of the real Codex, and its daemon as we hear it."""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

assert sys.platform == "linux"

import psutil

from supervisor.agents import codex
from supervisor.agents.codex.line import DaemonLine
from supervisor.agents.codex.rollout import Rollout
from supervisor.core.model import Sighting, Sign
from supervisor.core.steering import Approval
from tests.lab import homes, servers
from tests.lab.hearing import Ear
from tests.lab.processes import Below
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

T = TypeVar("T")
Start = Callable[[homes.Launch], Terminal]

#: Seconds after which the daemon puts a session away that no terminal looks at; it is 60 by itself.
PUT_AWAY_AFTER = 2


@dataclass
class Home:
    """A home of Codex, and what is asked of it."""

    folder: Path
    launch: homes.Launch
    fake: servers.Server
    #: The daemon leaves the family of who started it, so all processes must be in view.
    processes: Below = field(default_factory=lambda: Below(1))

    @property
    def codex(self) -> Path:
        """Where it keeps its files."""
        return codex.home(self.launch.env, self.folder)

    def seen(self) -> Sequence[Sighting]:
        """Who is alive or was left behind."""
        return codex.look(self.codex, self.processes)

    def all(self, count: int, *, alive: bool = True) -> Sequence[Sighting]:
        """Wait until there are exactly so many sessions, all alive or all left behind."""

        def found() -> Sequence[Sighting]:
            seen = self.seen()
            fitting = [each for each in seen if each.alive is alive and each.session_id]
            return fitting if len(fitting) == len(seen) == count else []

        return until(found, saying=f"{count} sessions, {alive=}")

    def only(self, *, alive: bool = True) -> Sighting:
        """Wait until exactly one session is there, in this way."""
        return self.all(1, alive=alive)[0]

    def written(self, session_id: str | None) -> Sign | None:
        """The last sign in the transcript of a session."""
        found = codex.find(self.codex, session_id or "")
        if found is None:
            return None
        read, last = Rollout(), None
        for line in Path(found.where).read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                last = read(json.loads(line)).sign or last
        return last

    def asked(self) -> Sequence[dict[str, Any]]:
        """What the model was asked."""
        asked: list[dict[str, Any]] = self.fake.ask("/__state")
        return asked

    def start_daemon(self) -> None:
        """Start the daemon, so that it is no child of whichever terminal comes first."""
        start = (*self.launch.argv, "app-server", "daemon", "start")
        subprocess.run(start, env=dict(self.launch.env), check=True, capture_output=True, timeout=60)

    def end_all(self) -> None:
        """End the daemon, and whatever else lives in this home."""
        stop = (*self.launch.argv, "app-server", "daemon", "stop")
        subprocess.run(stop, env=dict(self.launch.env), capture_output=True, timeout=60)
        for process in psutil.process_iter():
            if environment(process).get("HOME") == str(self.folder):
                process.kill()


def environment(process: psutil.Process) -> dict[str, str]:
    """The environment of a process, or nothing."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


@contextmanager
def a_home() -> Iterator[Home]:
    """A clean home with a short name, because a socket lies in it, and a fake model."""
    with tempfile.TemporaryDirectory(prefix="wl") as name, servers.serve("openai") as fake:
        folder = Path(name).resolve()
        home = Home(folder, homes.codex(folder, folder / "project", fake.url), fake)
        config = home.codex / "config.toml"
        first = f"thread_unload_delay_secs = {PUT_AWAY_AFTER}\n"
        # Plug-ins are looked for on the network; questions are usually asked in another mode only.
        features = "[features]\nplugins = false\ndefault_mode_request_user_input = true\n"
        config.write_text(f"{first}{config.read_text()}{features}")
        subprocess.run(["git", "init", "--quiet", str(home.launch.cwd)], check=True)
        try:
            yield home
        finally:
            home.end_all()


class Feed:
    """The line to the daemon in a thread of its own: what it tells is gathered, what it is asked is done."""

    def __init__(self, home: Home) -> None:
        """Begin to listen."""
        self.ear = Ear()
        self.told = self.ear.turns
        self.line = DaemonLine(home.codex)
        self.ended = False
        self._started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)
        self.thread.start()
        assert self._started.wait(10)

    async def _listen(self) -> None:
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        listening = asyncio.create_task(self.line.listen(self.ear))
        listening.add_done_callback(self._has_ended)
        self._started.set()
        await self._enough.wait()
        listening.cancel()
        await asyncio.wait([listening])

    def _has_ended(self, _: object) -> None:
        self.ended = True

    def close(self) -> None:
        """Listen no more."""
        if self.thread.is_alive():
            self._loop.call_soon_threadsafe(self._enough.set)
            self.thread.join(10)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this on its loop; what it raises is raised here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def wait_for(self, sign: Sign, since: int = 0) -> tuple[str, Sign, str | None]:
        """Wait until this sign is told, and return it with its session."""
        return until(lambda: [told for told in self.told[since:] if told[1] is sign], saying=sign)[0]

    def question(self, besides: Collection[str] = ()) -> Approval:
        """Wait until something is asked, and return it."""
        return until(
            lambda: [a for name, a in self.ear.asked.items() if name not in besides], saying="asked"
        )[0]


def ready(terminal: Terminal) -> None:
    """Wait until the terminal takes a prompt."""
    terminal.wait_for("fake-model", seconds=60)
    terminal.settle()


def leave(terminal: Terminal) -> None:
    """Quit, as a person does: once more where the first key only ended what was still going on."""
    terminal.settle()
    terminal.press("\x03")
    try:
        terminal.wait(3)
    except subprocess.TimeoutExpired:
        terminal.press("\x03")
        terminal.wait()
