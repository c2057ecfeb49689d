"""Where conversations are stored, and which of them is a session's."""

import os
from pathlib import Path

from supervisor.agents.claude import files
from tests.supervisor.agents.claude.recorded import SESSION, store


def test_stored_conversations_are_listed_by_their_names_alone(tmp_path: Path) -> None:
    """Files of sub-agents, folders and links are no conversations of their own."""
    path = store(tmp_path)
    (path.parent / "agent-12.jsonl").write_text("{}")
    (path.parent / "11111111-75e1-4bad-9b35-f3dd7052f367.jsonl").mkdir()
    (path.parent / "22222222-75e1-4bad-9b35-f3dd7052f367.jsonl").symlink_to(path)
    (tmp_path / "projects" / "linked").symlink_to(path.parent)

    found = list(files.transcripts(tmp_path))

    assert [(each.session_id, each.where, each.size) for each in found] == [
        (SESSION, str(path), path.stat().st_size)
    ]
    assert list(files.transcripts(tmp_path / "nowhere")) == []


def test_of_two_copies_of_a_conversation_the_newer_one_counts(tmp_path: Path) -> None:
    """A session that went on in another folder is found where it went on."""
    old, new = store(tmp_path), store(tmp_path, project="-elsewhere")
    os.utime(old, (1, 1))

    found = files.find(tmp_path, SESSION)

    assert found is not None
    assert found.where == str(new)
