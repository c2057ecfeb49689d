"""A history of nothing."""

from supervisor.agents.silent import Silent
from supervisor.core.model import EntryKind


def test_it_says_one_thing_once() -> None:
    """On the first page that is asked for, and never again."""
    history = Silent("Nothing is kept")

    newest, older = history.page(None, 10), history.page(0, 10)

    assert [(entry.kind, entry.text) for entry in newest.entries] == [(EntryKind.NOTICE, "Nothing is kept")]
    assert (older.entries, older.before, newest.before) == ((), None, None)
