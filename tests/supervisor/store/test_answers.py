"""A repeated mutation gets the first answer."""

from pathlib import Path

from supervisor.store import answers
from supervisor.store.database import open_database


def test_the_first_answer_stays_across_a_restart(tmp_path: Path) -> None:
    """Nothing is done twice because the supervisor crashed in between."""
    database = open_database(tmp_path / "state.db")
    answers.keep(database, "d1", "key", "hash", 202, b"{}")
    answers.keep(database, "d1", "key", "other", 500, b"no")
    database.close()

    again = open_database(tmp_path / "state.db")

    assert answers.given(again, "d1", "key") == ("hash", 202, b"{}")
    assert answers.given(again, "d2", "key") is None
