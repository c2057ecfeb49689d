"""What people were told, over a restart."""

from pathlib import Path

from supervisor.core.notice import Level, Notice, NoticeKind
from supervisor.store import notes, notices
from supervisor.store.database import open_database


def test_what_was_told_is_known_after_a_restart(tmp_path: Path) -> None:
    """All of it, in its order."""
    first = Notice(id="a", kind=NoticeKind.LOST, at=1.0, members=("x", "y"), urgent=True)
    second = Notice(
        id="b", kind=NoticeKind.NEEDS_YOU, at=2.0, session_id="x", detail="rm \ud800", level=Level.FULL
    )
    database = open_database(tmp_path / "wakeline.db")

    notices.save(database, (first, second))
    database.close()

    again = open_database(tmp_path / "wakeline.db")
    assert notices.load(again) == (first, second)
    again.close()


def test_what_nobody_understands_is_left_out(tmp_path: Path) -> None:
    """A later version may have written it, or nobody at all."""
    database = open_database(tmp_path / "wakeline.db")
    empty = notices.load(database)
    notes.write(database, "notices", '[{"id": "a", "kind": "birthday"}, 5]')
    odd = notices.load(database)
    notes.write(database, "notices", "{")

    assert (empty, odd, notices.load(database)) == ((), (), ())
    database.close()
