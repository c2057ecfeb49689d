"""What is stored of Copilot CLI."""

from pathlib import Path

from supervisor.agents import copilot
from supervisor.agents.copilot import files
from tests.supervisor.agents.copilot.test_live import SESSION, say, use


def test_its_home_is_told_by_its_environment(tmp_path: Path) -> None:
    """Else it is in the user's."""
    assert copilot.home({"COPILOT_HOME": "/elsewhere"}, tmp_path) == Path("/elsewhere")
    assert copilot.home({}, tmp_path) == tmp_path / ".copilot"


def test_all_conversations_are_listed(tmp_path: Path) -> None:
    """Those in which something was said."""
    folder = use(tmp_path)
    before = list(copilot.transcripts(tmp_path))
    stored = say(folder)

    (listed,) = copilot.transcripts(tmp_path)

    assert before == []
    assert (listed.session_id, listed.where) == (SESSION, str(stored))
    assert copilot.find(tmp_path, SESSION) == listed


def test_a_description_that_is_none_says_nothing(tmp_path: Path) -> None:
    """Lines that are not of the known kind are passed over."""
    folder = use(tmp_path)
    (folder / "workspace.yaml").write_bytes(b"cwd: /a\n\xff\n- x\nname:\n  nested: 1\n")

    assert files.described(folder) == {"cwd": "/a"}


def test_what_is_stored_of_a_session_goes_into_the_trash(tmp_path: Path) -> None:
    """Its whole folder."""
    say(use(tmp_path))

    remains = copilot.steering.remains(tmp_path, SESSION)

    assert remains is not None
    assert remains.paths == (f"session-state/{SESSION}",)
    assert copilot.steering.remains(tmp_path, "..") is None
