"""Any other command."""

from pathlib import Path

from supervisor.agents import plain
from supervisor.agents.base import History
from supervisor.core.model import EntryKind, Hosted, Resume, Run, Sign, Transcript


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


def test_a_held_command_is_a_session_of_its_own() -> None:
    """It works from its start to its end; its words are its title."""
    make = Hosted(id="a1", run=Run(7, 1.0), argv=("make", "all the things"), cwd="/src", name="build")

    (seen,) = plain.commands([make], ["claude"])

    assert (seen.session_id, seen.terminal, seen.run, seen.name) == ("a1", "a1", Run(7, 1.0), "build")
    assert (seen.facts.title, seen.facts.cwd) == ("make 'all the things'", "/src")
    assert seen.sign is Sign.WORKING


def test_a_held_agent_shows_its_own_session() -> None:
    """And no second one for its command, wherever its program lies."""
    held = Hosted(id="a1", run=Run(7, 1.0), argv=("/opt/bin/claude", "-c"), cwd="/src")

    assert plain.commands([held], ["claude", "codex"]) == ()


def _no_lines(path: Path, reader: object) -> History:
    raise AssertionError((path, reader))
