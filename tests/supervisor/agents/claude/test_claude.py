"""Claude Code as one of the agents: what is whose, and how a session is opened and brought back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents import claude
from supervisor.agents.base import Agent, Concern, History
from supervisor.core.model import Page, Record, Transcript
from tests.supervisor.agents.claude.recorded import SESSION, recorded, store

HOME = Path("/home/user/.claude")


def test_the_module_has_the_shape_of_an_agent() -> None:
    """Claude Code is one of the agents."""
    agent: Agent = claude

    assert (agent.name, agent.title) == ("claude", "Claude Code")


def test_its_home_is_where_its_own_variable_says() -> None:
    """CLAUDE_CONFIG_DIR moves everything; unset or empty it changes nothing."""
    named = claude.home({"CLAUDE_CONFIG_DIR": "/elsewhere"}, Path("/home/user"))
    unnamed = claude.home({"CLAUDE_CONFIG_DIR": ""}, Path("/home/user"))

    assert named == Path("/elsewhere")
    assert unnamed == HOME


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("sessions", (Concern.LIVE, None)),
        ("sessions/4805.json", (Concern.LIVE, None)),
        ("sessions/4805.0a0a.key", (Concern.NOTHING, None)),
        ("jobs/040d8fa9/state.json", (Concern.LIVE, None)),
        ("jobs/040d8fa9/timeline.jsonl", (Concern.NOTHING, None)),
        (f"projects/-home-user-project/{SESSION}.jsonl", (Concern.TRANSCRIPT, SESSION)),
        ("projects/-home-user-project/agent-12.jsonl", (Concern.NOTHING, None)),
        (f"projects/-home-user-project/{SESSION}", (Concern.NOTHING, None)),
        ("projects/-home-user-project", (Concern.ALL_TRANSCRIPTS, None)),
        ("history.jsonl", (Concern.NOTHING, None)),
        ("../elsewhere", (Concern.NOTHING, None)),
    ],
)
def test_a_changed_file_concerns_what_it_is_about(path: str, meaning: tuple[Concern, str | None]) -> None:
    """Only files that tell something cause work."""
    assert claude.concern(HOME, HOME / path) == meaning
    assert claude.concern(Path("/other"), HOME / path) == (Concern.NOTHING, None)


def test_what_changes_is_watched(tmp_path: Path) -> None:
    """The registry and the conversations by project, but not the files of each conversation."""
    depths = {watched.folder.name: watched.depth for watched in claude.watched(tmp_path)}

    assert depths == {"sessions": 0, "projects": 1, "jobs": 1}


@pytest.mark.parametrize(
    "session_id", ["", "..", "../../etc/passwd", f"{SESSION}\n", SESSION[:-1], f"*{SESSION[1:]}"]
)
def test_an_id_that_is_none_finds_nothing(tmp_path: Path, session_id: str) -> None:
    """Ids from outside never become paths or commands unless they look like ids."""
    store(tmp_path)

    assert claude.find(tmp_path, session_id) is None
    assert claude.resume(session_id, "/") is None


def test_a_session_comes_back_by_the_agents_own_command() -> None:
    """Resuming needs the id alone."""
    command = claude.resume(SESSION, "/home/user/project")

    assert command is not None
    assert (command.argv, command.cwd) == (("claude", "--resume", SESSION), "/home/user/project")


@pytest.mark.parametrize(("parent_id", "read_entries"), [(None, 0), (SESSION, 5)])
def test_a_conversation_opens_with_a_reader_of_its_kind(parent_id: str | None, read_entries: int) -> None:
    """The file of a sub-agent is read as one; in a main conversation such lines are skipped."""
    transcript = Transcript(
        agent="claude", session_id=SESSION, where="/x.jsonl", changed_at=0.0, size=0, parent_id=parent_id
    )
    opened: list[Path] = []

    class Read:
        """A history that reads the recorded lines of a sub-agent."""

        def __init__(self, path: Path, reader: Any) -> None:
            opened.append(path)
            reading = reader()
            self.records = [reading(line) for line in recorded("background.subagent")]

        def recent(self) -> Record:
            return Record(entries=tuple(entry for record in self.records for entry in record.entries))

        def more(self) -> Sequence[Record]:
            return ()

        def is_behind(self) -> bool:
            return False

        def replaced(self) -> bool:
            return False

        def page(self, before: int | None, limit: int) -> Page:
            return Page(entries=(), before=before if limit else None)

        def close(self) -> None: ...

    history: History = claude.open(transcript, Read)

    assert opened == [Path("/x.jsonl")]
    assert len(history.recent().entries) == read_entries
