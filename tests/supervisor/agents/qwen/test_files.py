"""What is stored of Qwen Code."""

from pathlib import Path

from supervisor.agents import qwen
from tests.supervisor.agents.qwen.test_registry import SESSION, store


def test_its_home_is_told_by_its_environment(tmp_path: Path) -> None:
    """Else it is in the user's."""
    assert qwen.home({"QWEN_HOME": "/elsewhere"}, tmp_path) == Path("/elsewhere")
    assert qwen.home({"QWEN_HOME": "~/mine"}, tmp_path) == tmp_path / "mine"
    assert qwen.home({}, tmp_path) == tmp_path / ".qwen"


def test_a_conversation_is_found_in_whatever_project(tmp_path: Path) -> None:
    """By its id; a link to somewhere else is none."""
    stored = store(tmp_path, project="-somewhere")
    link = tmp_path / "projects" / "-somewhere" / "chats" / "11111111-2222-4333-8444-555555555555.jsonl"
    link.symlink_to(stored)

    (listed,) = qwen.transcripts(tmp_path)

    assert (listed.session_id, listed.where) == (SESSION, str(stored))
    assert qwen.find(tmp_path, SESSION) == listed
    assert qwen.find(tmp_path, "11111111-2222-4333-8444-555555555555") is None
