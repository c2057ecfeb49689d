"""The copy in memory that stands in for the state file."""

from pathlib import Path

import pytest

from supervisor.core.errors import Failed
from supervisor.core.model import Device, Scope, Session, State
from supervisor.core.steering import Prompt, PromptState
from supervisor.store import devices, notes, prompts, sessions
from supervisor.store.database import MIGRATIONS, Unkept, open_database
from supervisor.store.spare import open_or_stand_in, stand_in

ILL = Failed("The disk is full.", "Make room.")
PHONE = Device(id="d1", label="My phone", scope=Scope.VIEW, public_key=b"\x04" * 91, paired_at=1.0)
PROMPT = Prompt(
    id="p1",
    session_id="s",
    agent="claude",
    text="x",
    when="idle",
    by="desk",
    at=1.0,
    state=PromptState.WAITING,
)


def test_it_knows_what_can_be_read_and_opens_no_door(tmp_path: Path) -> None:
    """Sessions and notes; no phone and no prompt: those wait in the file, as they were."""
    file, nearby = tmp_path / "state" / "wakeline.db", tmp_path / "run"
    nearby.mkdir()
    database = open_database(file)
    sessions.save(database, Session(id="s", agent="claude", state=State.IDLE, since=1.0))
    notes.write(database, "boot", "b")
    notes.write(database, "phones", "{}")
    devices.add(database, PHONE)
    prompts.keep(database, PROMPT)

    # Beside a writer that has not come to its end: what it wrote last lies in a second file.
    spare = stand_in(file, [tmp_path / "nowhere", nearby], ILL)

    assert [one.id for one in sessions.load(spare, 0.0)] == ["s"]
    assert (notes.read(spare, "boot"), notes.read(spare, "phones")) == ("b", None)
    assert (devices.all_devices(spare), prompts.load(spare)) == ([], [])
    assert list(nearby.iterdir()) == []
    assert len(devices.all_devices(database)) == 1
    for one in (database, spare):
        one.close()


def test_nothing_is_promised_by_it(tmp_path: Path) -> None:
    """What must be on disk is refused; what may be lost is remembered for this life."""
    spare = stand_in(tmp_path / "none.db", [tmp_path], ILL)

    with pytest.raises(Unkept, match="The disk is full"):
        devices.add(spare, PHONE)
    with pytest.raises(Unkept, match="The disk is full"):
        spare.check_room()
    sessions.save(spare, Session(id="s", agent="claude", state=State.IDLE, since=1.0))

    assert [one.id for one in sessions.load(spare, 0.0)] == ["s"]
    assert not (tmp_path / "none.db").exists()
    spare.close()


def test_a_place_that_is_no_place_is_stood_in_for(tmp_path: Path) -> None:
    """And one that is well is used itself."""
    (tmp_path / "file").write_text("")

    spare, file = (
        open_or_stand_in(tmp_path / "file" / "db", [tmp_path]),
        open_or_stand_in(tmp_path / "db", []),
    )

    assert spare.trouble is not None
    assert file.trouble is None
    for one in (spare, file):
        one.close()


def test_a_damaged_file_is_not_read(tmp_path: Path) -> None:
    """It stays where it is, and this life begins with nothing."""
    file = tmp_path / "db"
    file.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 20)

    spare = stand_in(file, [tmp_path], ILL)

    assert spare.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert sessions.load(spare, 0.0) == []
    assert [path.name for path in tmp_path.iterdir()] == ["db"]
    spare.close()
