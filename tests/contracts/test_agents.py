"""What every agent of the catalog promises, whatever lies in its folder."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from supervisor.agents import AGENTS as PROGRAMS
from supervisor.agents.base import Agent, Concern, History, Processes, Reader
from supervisor.agents.catalog import AGENTS
from supervisor.core.model import Page, Process, Record, Run, Sighting, Transcript
from tests.lab.hearing import Ear

#: Files that agents look for, relative to the user's home, and what never should be in one.
PLACES = (
    ".claude/sessions/1.json",
    ".claude/projects/-a/11111111-2222-4333-8444-555555555555.jsonl",
    ".claude/projects/-a/../../escape.jsonl",
    ".codex/sessions/2026/11/21/rollout-2026-11-21T00-00-00-11111111-2222-4333-8444-555555555555.jsonl",
    ".codex/state_5.sqlite",
    ".codex/thread-writer-locks/11111111-2222-4333-8444-555555555555.lock",
    ".codex/app-server-daemon/daemon.pid",
    ".copilot/session-state/11111111-2222-4333-8444-555555555555/events.jsonl",
    ".copilot/session-state/11111111-2222-4333-8444-555555555555/inuse.1.lock",
    ".copilot/session-state/11111111-2222-4333-8444-555555555555/workspace.yaml",
    ".gemini/tmp/a/.project_root",
    ".gemini/tmp/a/chats/session-2026-11-21T00-00-11111111.jsonl",
    ".gemini/tmp/a/chats/session-2026-11-21T00-01-11111111.jsonl",
    ".kimi-code/config.toml",
    ".kimi-code/sessions/a/session_11111111-2222-4333-8444-555555555555/state.json",
    ".kimi-code/sessions/a/session_11111111-2222-4333-8444-555555555555/agents/main/wire.jsonl",
    ".local/share/opencode/opencode.db",
    ".local/share/opencode/log/opencode.log",
    ".qwen/sessions/1.json",
    ".qwen/projects/-a/chats/11111111-2222-4333-8444-555555555555.jsonl",
    ".qwen/wakeline/0123456789abcdef.in.jsonl",
    ".qwen/wakeline/0123456789abcdef.out.jsonl",
    ".qwen/settings.json",
)
CONTENTS: Mapping[str, bytes] = {
    "empty": b"",
    "zeros": b"\0" * 70_000,
    "not text": bytes(range(256)) * 40,
    "torn": b'{"type":"user","sessionId":"1',
    "deep": b"[" * 100_000 + b"\n",
    "wrong types": b'{"pid":"x","sessionId":[1],"type":{},"timestamp":1e999,"payload":7,"message":null}\n'
    * 3,
    "surrogates": b'{"type":"user","message":{"role":"user","content":"\\ud800"},"cwd":"\\udfff"}\n',
}
IDS = (
    "",
    ".",
    "..",
    "../../../etc/passwd",
    "/etc/passwd",
    "a\0b",
    "\ud800",
    "x" * 5000,
    "11111111-2222-4333-8444-555555555555",
    "ses_e02dc9a07ffexCccv43pS8cPw8",
    "%",
    "*",
)


class World:
    """Processes of every agent's name, with odd arguments."""

    def running(self) -> Sequence[Process]:
        argvs = (
            *((), ("",), ("claude",), ("codex", "resume", "x"), ("opencode", "-s"), ("\udcff", "--\0")),
            *(
                ("node",),
                ("node", "--x", "/bin/qwen", "--resume"),
                ("gemini", "-r", "\udcff"),
                ("copilot", "-i"),
                ("kimi-code",),
                ("kimi", "-r", "\udcff"),
                ("python3", "-", "/bin/aider", "--"),
                *(
                    ("goose", "session", "-r"),
                    ("crush", "-s"),
                    ("amp", "t", "c", ""),
                    ("cursor-agent", "--resume"),
                ),
            ),
        )
        return [
            Process(run=Run(4_000_000 + i, float(i)), parent_pid=1, argv=argv, cwd=None if i % 2 else "/a")
            for i, argv in enumerate(argvs)
        ]

    def find(self, pid: int) -> Process | None:
        return next((process for process in self.running() if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        return run.pid >= 4_000_000

    def environment(self, pid: int) -> Mapping[str, str]:
        return {"HOME": "\udcff", "PID": str(pid)}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        return ((), (("127.0.0.1", 1), ("no address", -1)))[pid % 2]

    def lock_owner(self, path: Path) -> int | None:
        return 1 if path.name.startswith("1") else None


class Lines:
    """Stands for how a file of lines is read, which is no agent's business."""

    def recent(self) -> Record:
        return Record()

    def more(self) -> Sequence[Record]:
        return ()

    def is_behind(self) -> bool:
        return False

    def replaced(self) -> bool:
        return False

    def page(self, before: int | None, limit: int) -> Page:
        del before, limit
        return Page(entries=(), before=None)

    def close(self) -> None:
        pass


def open_lines(path: Path, reader: Callable[[], Reader]) -> History:
    """Read a record of nothing, and one of nonsense, as the reader must bear."""
    del path
    read = reader()
    read({})
    read({"type": "user", "message": [], "payload": "x", "timestamp": {}, "uuid": 7})
    return Lines()


@pytest.fixture(params=AGENTS.values(), ids=list(AGENTS))
def agent(request: pytest.FixtureRequest) -> Agent:
    """Each agent of the catalog."""
    return request.param  # type: ignore[no-any-return]  # pytest's params are untyped


def _home(agent: Agent, user_home: Path) -> Path:
    return agent.home({}, user_home)


def _everything(agent: Agent, home: Path) -> tuple[Sequence[Sighting], list[Transcript]]:
    """Ask for all there is, open it, and close it again."""
    processes: Processes = World()
    seen, stored = agent.look(home, processes), list(agent.transcripts(home))
    for transcript in stored[:20]:
        history = agent.open(transcript, open_lines)
        history.recent()
        history.page(None, 5)
        history.more()
        history.close()
    for session_id in IDS:
        agent.find(home, session_id)
        agent.resume(session_id, None)
    return seen, stored


def test_the_catalog_goes_by_name(agent: Agent) -> None:
    """Each agent is found by its own name, has a name for people, and keeps to its own module."""
    assert AGENTS[agent.name] is agent
    assert agent.title
    assert agent.name.isidentifier()


def test_a_home_that_is_not_there_holds_nothing(agent: Agent, tmp_path: Path) -> None:
    """Without any file no session is left behind, and no conversation is stored; nothing is created."""
    home = _home(agent, tmp_path / "nobody")

    seen, stored = _everything(agent, home)

    assert [sighting for sighting in seen if not sighting.alive] == []
    assert stored == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_nonsense_in_files_is_borne(agent: Agent, tmp_path: Path, content: bytes) -> None:
    """Empty, torn, binary or deeply nested files are no reason to fail."""
    for place in PLACES:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    seen, stored = _everything(agent, _home(agent, tmp_path))

    assert all(sighting.agent == agent.name for sighting in seen)
    assert all(transcript.agent == agent.name for transcript in stored)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_things_that_are_no_files_are_passed_over(agent: Agent, tmp_path: Path) -> None:
    """Folders, pipes and links in circles in place of files neither block nor fail."""
    for number, place in enumerate(PLACES):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        _odd(path, number)

    seen, _ = _everything(agent, _home(agent, tmp_path))

    assert all(sighting.agent == agent.name for sighting in seen)


def _odd(path: Path, number: int) -> None:
    if number % 3 == 0:
        path.mkdir()
    elif number % 3 == 1:
        path.symlink_to(path)
    else:
        getattr(os, "mkfifo", Path)(path)


def test_a_database_of_another_shape_is_borne(agent: Agent, tmp_path: Path) -> None:
    """Tables with other columns, and values of unexpected kinds, are no reason to fail."""
    for place in (place for place in PLACES if place.endswith((".db", ".sqlite"))):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path) as database:
            for table in ("session", "threads", "thread_turns", "message", "part", "event"):
                database.execute(
                    f"CREATE TABLE {table} (id, time_created, time_updated, directory, rollout_path)"
                )
                database.execute(f"INSERT INTO {table} VALUES (x'ff00', 'x', 1e300, 7, NULL)")
        database.close()

    seen, _ = _everything(agent, _home(agent, tmp_path))

    assert all(sighting.agent == agent.name for sighting in seen)


def test_ids_that_are_none_find_nothing(agent: Agent, tmp_path: Path) -> None:
    """An id that is a path, a pattern or no text that can be written finds nothing and resumes nothing."""
    home = _home(agent, tmp_path)

    found = [agent.find(home, session_id) for session_id in IDS]
    resumed = [agent.resume(session_id, str(tmp_path)) for session_id in IDS[:8]]

    assert found == [None] * len(IDS)
    assert resumed == [None] * 8


def test_a_change_elsewhere_is_no_concern(agent: Agent, tmp_path: Path) -> None:
    """The change of a file that is none of the agent's means nothing, and never raises."""
    home = _home(agent, tmp_path)

    concerns = [agent.concern(home, path)[0] for path in _strange_paths(home, tmp_path)]

    assert set(concerns) == {Concern.NOTHING}


def _strange_paths(home: Path, outside: Path) -> Iterator[Path]:
    yield outside / "elsewhere.jsonl"
    yield Path("/")
    yield home / "no such folder" / "\udcff"


@pytest.mark.anyio
@pytest.mark.parametrize("content", [None, b"", b"\0" * 5000], ids=["nothing", "empty", "zeros"])
async def test_nobody_to_listen_to_is_no_error(agent: Agent, tmp_path: Path, content: bytes | None) -> None:
    """Where no agent speaks, listening ends by itself, with nothing told."""
    for place in PLACES if content is not None else ():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or b"")
    ear = Ear()

    await agent.steering.line(_home(agent, tmp_path), World()).listen(ear)

    assert (ear.turns, ear.asked) == ([], {})


def test_the_folders_to_watch_are_its_own(agent: Agent, tmp_path: Path) -> None:
    """Only folders in or around the agent's home are watched."""
    home = _home(agent, tmp_path)

    watched = agent.watched(home)

    assert all(each.folder.is_relative_to(tmp_path) for each in watched)


def test_every_agent_is_known_by_its_programs_name() -> None:
    """What is started by name gets its own hooks and channels: the short list is the catalog's."""
    assert {name for name in AGENTS if name != "plain"} == PROGRAMS
