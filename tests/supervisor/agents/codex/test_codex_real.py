"""Codex itself in a terminal: when a session counts as alive, asking, ended or left behind."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("needs a system that says who holds a lock", allow_module_level=True)
assert sys.platform == "linux"

import asyncio
import json
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from supervisor.agents import codex
from supervisor.agents.codex import daemon as daemons
from supervisor.agents.codex.rollout import Rollout
from supervisor.core.model import Sighting, Sign
from tests.lab import homes, servers
from tests.lab.hearing import Ear
from tests.lab.processes import Below
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

Start = Callable[[homes.Launch], Terminal]

pytestmark = [pytest.mark.usefixtures("needs_codex"), pytest.mark.timeout(180)]

#: Seconds after which the daemon puts a session away that no terminal looks at; it is 60 by itself.
PUT_AWAY_AFTER = 2


@dataclass
class Home:
    """A home of Codex, and what is asked of it."""

    folder: Path
    launch: homes.Launch
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
        home = Home(folder, homes.codex(folder, folder / "project", fake.url))
        config = home.codex / "config.toml"
        first = f"thread_unload_delay_secs = {PUT_AWAY_AFTER}\n"
        # Plug-ins are looked for on the network.
        config.write_text(f"{first}{config.read_text()}[features]\nplugins = false\n")
        subprocess.run(["git", "init", "--quiet", str(home.launch.cwd)], check=True)
        try:
            yield home
        finally:
            home.end_all()


@pytest.fixture
def home() -> Iterator[Home]:
    """A home of one test."""
    with a_home() as home:
        yield home


@pytest.fixture(scope="module")
def daemon_home() -> Iterator[Home]:
    """A home with a daemon: Codex puts 400 MB of itself into it at the first start."""
    with a_home() as home:
        yield home


class Feed:
    """What the daemon tells, gathered in a thread of its own."""

    def __init__(self, home: Home) -> None:
        """Begin to listen."""
        self.ear = Ear()
        self.told = self.ear.turns
        self.thread = threading.Thread(target=self._listen, args=(home.codex,), daemon=True)
        self.thread.start()

    def _listen(self, folder: Path) -> None:
        asyncio.run(daemons.listen(folder, self.ear))

    def wait_for(self, sign: Sign, since: int = 0) -> tuple[str, Sign, str | None]:
        """Wait until this sign is told, and return it with its session."""
        return until(lambda: [told for told in self.told[since:] if told[1] is sign], saying=sign)[0]


def ready(terminal: Terminal) -> None:
    """Wait until the terminal takes a prompt."""
    terminal.wait_for("fake-model", seconds=60)
    terminal.settle()


def test_a_terminal_of_its_own_serves_its_session_until_it_ends(home: Home, in_terminal: Start) -> None:
    """Alive before the first word, working while it works, and gone without a trace after a clean end."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    before = home.only()

    terminal.prompt("hello %%slow:3%%")
    until(lambda: home.written(before.session_id) is Sign.WORKING)
    working = home.only()
    until(lambda: home.written(before.session_id) is Sign.IDLE)
    until(lambda: home.only().facts.title == "hello %%slow:3%%")
    terminal.press("\x03")
    terminal.wait()

    assert before.run.pid == terminal.pid
    assert before.facts.cwd == str(home.launch.cwd)
    assert (working.session_id, working.run) == (before.session_id, before.run)
    assert working.transcript == before.transcript
    assert Path(str(working.transcript)).is_file()
    assert working.facts.agent_version == "0.169.0"
    assert home.seen() == []


@pytest.mark.parametrize("prompt", ["hello %%slow:30%%", "hello"], ids=["at work", "at rest"])
def test_a_killed_terminal_leaves_its_session_behind(prompt: str, home: Home, in_terminal: Start) -> None:
    """Whether it worked or rested, a killed Codex could not take its lock away."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    session_id = home.only().session_id
    terminal.prompt(prompt)
    last = Sign.WORKING if "slow" in prompt else Sign.IDLE
    until(lambda: home.written(session_id) is last)

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert home.only(alive=False).session_id == session_id
    assert home.written(session_id) is last


def test_a_terminal_killed_before_the_first_word_leaves_nothing(home: Home, in_terminal: Start) -> None:
    """There is nothing to recover where nothing was said."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    home.only()

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert home.seen() == []


def test_a_terminal_that_asks_for_a_login_has_no_session_yet(home: Home, in_terminal: Start) -> None:
    """It is seen all the same, and known by its process until there is one."""
    (home.codex / "config.toml").write_text("[features]\nplugins = false\n")
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    terminal.wait_for("Sign in", seconds=60)

    seen = home.seen()

    assert [(each.session_id, each.run.pid, each.alive) for each in seen] == [(None, terminal.pid, True)]


def test_a_run_without_a_terminal_is_seen_until_it_ends(home: Home) -> None:
    """``codex exec`` serves its session itself and ends with its turn."""
    arguments = home.launch.plus("exec", "hello %%slow:3%%")

    with subprocess.Popen(
        arguments.argv, env=dict(arguments.env), cwd=arguments.cwd, stdin=subprocess.DEVNULL
    ) as run:
        seen = home.only()
        code = run.wait(30)

    assert (seen.run.pid, code) == (run.pid, 0)
    assert home.written(seen.session_id) is Sign.IDLE
    assert home.seen() == []


def test_a_killed_run_without_a_terminal_is_left_behind(home: Home) -> None:
    """Its turn never ends in the transcript, and its lock stays."""
    arguments = home.launch.plus("exec", "hello %%slow:30%%")
    with subprocess.Popen(
        arguments.argv, env=dict(arguments.env), cwd=arguments.cwd, stdin=subprocess.DEVNULL
    ) as run:
        session_id = home.only().session_id
        until(lambda: home.written(session_id) is Sign.WORKING)

        run.kill()

    assert home.only(alive=False).session_id == session_id
    assert home.written(session_id) is Sign.WORKING


def test_the_daemon_tells_when_a_session_needs_its_user(daemon_home: Home, in_terminal: Start) -> None:
    """Working, asking, answered, at rest; when its terminal has gone, the session ends a little later."""
    terminal = in_terminal(daemon_home.launch)
    ready(terminal)
    before = daemon_home.only()
    feed = Feed(daemon_home)
    feed.wait_for(Sign.IDLE)

    terminal.prompt("please %%tool:echo ESC%%")
    asking = feed.wait_for(Sign.ASKING)
    terminal.wait_for("Would you like to run")
    place, answered_at = terminal.mark(), len(feed.told)
    terminal.press("y")
    feed.wait_for(Sign.WORKING, answered_at)
    feed.wait_for(Sign.IDLE, answered_at)
    terminal.wait_for("Finished tool", since=place)
    terminal.press("\x03")
    terminal.wait()

    assert asking == (before.session_id, Sign.ASKING, "approval")
    assert {session_id for session_id, _, _ in feed.told} == {before.session_id}
    assert before.run.pid != terminal.pid
    until(lambda: daemon_home.seen() == [])
    assert daemon_home.written(before.session_id) is Sign.IDLE
    assert feed.thread.is_alive()


def test_a_session_of_the_daemon_outlives_its_killed_terminal(daemon_home: Home, in_terminal: Start) -> None:
    """Killing the window does not stop the turn; it ends first, and then the session."""
    terminal = in_terminal(daemon_home.launch)
    ready(terminal)
    session = daemon_home.only()
    terminal.prompt("hello %%slow:5%%")
    until(lambda: daemon_home.written(session.session_id) is Sign.WORKING)

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert daemon_home.only().run == session.run
    until(lambda: daemon_home.seen() == [])
    assert daemon_home.written(session.session_id) is Sign.IDLE


def test_a_killed_daemon_leaves_all_its_sessions_behind(daemon_home: Home, in_terminal: Start) -> None:
    """The feed ends, every session of it is left behind, and the terminals that wait are no new ones."""
    one, two = in_terminal(daemon_home.launch), in_terminal(daemon_home.launch)
    for terminal in (one, two):
        ready(terminal)
    alive = daemon_home.all(2)
    for terminal in (one, two):
        terminal.prompt("hello %%slow:30%%")
    until(lambda: all(daemon_home.written(each.session_id) is Sign.WORKING for each in alive))
    feed = Feed(daemon_home)
    feed.wait_for(Sign.WORKING)

    psutil.Process(alive[0].run.pid).kill()

    feed.thread.join(10)
    assert not feed.thread.is_alive()
    left = daemon_home.all(2, alive=False)
    assert len({each.run for each in alive}) == 1
    assert {each.session_id for each in left} == {each.session_id for each in alive}
