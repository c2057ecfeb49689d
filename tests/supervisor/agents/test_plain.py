"""Any other command."""

from pathlib import Path

from supervisor.agents import plain
from supervisor.agents.base import History
from supervisor.core.model import EntryKind, Resume, Transcript


def test_a_command_starts_again_where_it_ran() -> None:
    """The same words in the same folder; without a folder it is not guessed."""
    known, unknown = plain.again(["make", "all"], "/src"), plain.again(["make"], None)

    assert known == Resume(argv=("make", "all"), cwd="/src")
    assert unknown is None


def test_its_history_says_that_there_is_none() -> None:
    """Whoever asks for a transcript is told to look at the screen, once."""
    transcript = Transcript(agent="plain", session_id="x", where="", changed_at=0, size=0)
    history = plain.open(transcript, _no_lines)

    first, second = history.page(None, 10), history.page(0, 10)

    assert [entry.kind for entry in first.entries] == [EntryKind.NOTICE]
    assert first.before is None
    assert not second.entries
    assert history.recent().entries == tuple(first.entries)
    assert not history.more()


def _no_lines(path: Path, reader: object) -> History:
    raise AssertionError((path, reader))
