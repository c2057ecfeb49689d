"""The trash: whole sessions go in and come back, whatever happens in between."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("kills, mounts and forbids as POSIX does", allow_module_level=True)

import os
import time
from pathlib import Path

from supervisor.core.errors import Failed, Refused
from supervisor.core.steering import Remains
from supervisor.store import trash
from tests.lab.remains import SESSION, others, picture, put, remains

DAY = 86_400.0


def test_a_session_goes_into_the_trash_and_comes_back_as_it_was(home: Path, folder: Path) -> None:
    """Content, modes, times, links and empty folders; the files of other sessions stay where they are."""
    before = picture(home)

    put_in = put(folder, home)
    left = picture(home)
    brought_back = trash.restore(folder, put_in.id)

    assert left.keys() == {*others(before), "tasks"}
    assert brought_back == put_in
    assert picture(home) == before
    assert picture(folder) == {}


def test_what_is_in_the_trash_is_told(home: Path, folder: Path) -> None:
    """Whose it is, what it was called, when it was put there, and how much it is."""
    put_in = put(folder, home)

    (told,) = trash.listed(folder)

    assert told == put_in
    assert told.id == f"20270115T080000Z-claude-{SESSION}"
    assert (told.agent, told.session_id, told.title, told.cwd) == (
        "claude",
        SESSION,
        "a title",
        "/home/me/project",
    )
    assert (told.files, told.size, told.complete) == (8, 31_004, True)
    assert trash.listed(folder / "nowhere") == []


def test_an_export_is_kept_with_it(home: Path, folder: Path) -> None:
    """What lies in a database goes along as the agent exported it."""
    put_in = put(folder, home, export=b"exported \0 \xff")

    assert put_in.has_export
    assert trash.export(folder, put_in.id) == b"exported \0 \xff"


def test_a_session_without_files_is_its_export(home: Path, folder: Path) -> None:
    """Nothing but an export is enough; nothing at all is an error."""
    only = Remains(agent="opencode", session_id="ses_1", root=str(home), export=b"{}")
    nothing = Remains(agent="opencode", session_id="ses_2", root=str(home))

    put_in = trash.put(folder, only, title=None, cwd=None)
    with pytest.raises(Failed, match="Nothing is stored"):
        trash.put(folder, nothing, title=None, cwd=None)

    assert trash.export(folder, put_in.id) == b"{}"
    assert len(trash.listed(folder)) == 1


def test_an_odd_name_stays_in_the_trash(home: Path, folder: Path) -> None:
    """A session id from a file never leads anywhere else."""
    odd = Remains(agent="../..", session_id="../../../x\n", root=str(home), export=b"1")

    put_in = trash.put(folder, odd, title=None, cwd=None)

    assert (folder / put_in.id).is_dir()
    assert (put_in.agent, put_in.session_id) == ("../..", "../../../x\n")
    for bad in ("../agent", "", ".", f"{put_in.id}/files", "nothing"):
        with pytest.raises(Refused, match="Nothing in the trash"):
            trash.restore(folder, bad)


def test_the_same_session_twice_in_a_second_lies_there_twice(home: Path, folder: Path) -> None:
    """Brought back to life and removed again: neither replaces the other."""
    first = put(folder, home)
    furnish_again = home / "projects" / "-home-me-project" / f"{SESSION}.jsonl"
    furnish_again.write_text("a new life")

    second = put(folder, home)

    assert first.id != second.id
    assert {one.id for one in trash.listed(folder)} == {first.id, second.id}


def test_what_is_there_again_is_not_replaced(home: Path, folder: Path) -> None:
    """Neither a file nor a folder with something in it; nothing is moved then."""
    put_in = put(folder, home)
    again = home / "projects" / "-home-me-project" / SESSION
    again.mkdir()
    (again / "new").write_text("new")
    before = picture(home), picture(folder)

    with pytest.raises(Refused, match="is there again"):
        trash.restore(folder, put_in.id)

    assert (picture(home), picture(folder)) == before
    (again / "new").unlink()
    again.rmdir()
    trash.restore(folder, put_in.id)
    assert (home / "tasks" / SESSION / "1.json").exists()


@pytest.mark.parametrize("how", ["outside", "dots", "root", "through a link", "a link", "a pipe", "relative"])
def test_only_files_and_folders_below_the_agents_home_are_moved(home: Path, folder: Path, how: str) -> None:
    """What an agent's files point to is not followed, and nothing is moved when one of them is refused."""
    secret = home.parent / "secret"
    secret.mkdir()
    (secret / "key").write_text("key")
    (home / "link").symlink_to(secret)
    (home / "linked.jsonl").symlink_to(secret / "key")
    os.mkfifo(home / "pipe")
    bad = {
        "outside": str(secret / "key"),
        "dots": f"{home}/../secret/key",
        "root": str(home),
        "through a link": str(home / "link" / "key"),
        "a link": str(home / "linked.jsonl"),
        "a pipe": str(home / "pipe"),
        "relative": "secret/key",
    }[how]
    good = remains(home)
    before = picture(home)

    with pytest.raises(Refused):
        trash.put(
            folder,
            Remains(agent="claude", session_id=SESSION, root=good.root, paths=(*good.paths, bad)),
            title=None,
            cwd=None,
        )

    assert picture(home) == before
    assert (secret / "key").read_text() == "key"
    assert trash.listed(folder) == []


def test_an_agents_home_may_itself_be_a_link(home: Path, folder: Path, tmp_path: Path) -> None:
    """A home that was moved to another disk is a home."""
    linked = tmp_path / "linked"
    linked.symlink_to(home)
    before = picture(home)

    put_in = trash.put(folder, remains(linked), title=None, cwd=None)
    gone = picture(home)
    trash.restore(folder, put_in.id)

    assert gone.keys() == {*others(before), "tasks"}
    assert picture(home) == before


def test_what_was_there_for_thirty_days_goes_for_good(home: Path, folder: Path) -> None:
    """And what is younger does not; read-only folders are no obstacle."""
    old = put(folder, home)
    (folder / old.id / "files" / "tasks" / SESSION).chmod(0o500)
    furnish_path = home / "projects" / "-home-me-project" / f"{SESSION}.jsonl"
    furnish_path.write_text("young")
    young = trash.put(folder, remains(home), title=None, cwd=None, at=1.8e9 + DAY)

    deleted = trash.purge(folder, 1.8e9 + DAY)

    assert deleted == 1
    assert [one.id for one in trash.listed(folder)] == [young.id]
    assert list(folder.iterdir()) == [folder / young.id]


def test_a_damaged_manifest_costs_only_itself(home: Path, folder: Path) -> None:
    """Its files stay, for a rescue; the others are told."""
    damaged = put(folder, home)
    (home / "projects" / "-home-me-project" / f"{SESSION}.jsonl").write_text("second")
    well = put(folder, home)
    (folder / damaged.id / "manifest.json").write_text("{")

    told = trash.listed(folder)
    deleted = trash.purge(folder, 9e9)

    assert [one.id for one in told] == [well.id]
    assert deleted == 1
    assert (folder / damaged.id / "files").is_dir()


def test_a_thousand_files_are_moved_in_a_moment(home: Path, folder: Path, elsewhere: Path) -> None:
    """As a folder, one by one, and to another disk."""
    many = home / "projects" / "-home-me-project" / SESSION / "many"
    many.mkdir()
    for number in range(1000):
        (many / f"{number}").write_text(f"{number}")
    before = picture(home)
    singly = Remains(
        agent="claude",
        session_id="singly",
        root=str(home),
        paths=tuple(str(many / f"{number}") for number in range(1000)),
    )
    began = time.monotonic()

    for place, what in ((folder, remains(home)), (folder, singly), (elsewhere / "trash", remains(home))):
        put_in = trash.put(place, what, title=None, cwd=None)
        trash.restore(place, put_in.id)

    assert picture(home) == before
    assert time.monotonic() - began < 30


def test_another_disk_is_reached_by_copies(home: Path, elsewhere: Path) -> None:
    """Content, modes and times are the same after both ways."""
    before = picture(home)

    put_in = put(elsewhere / "trash", home)
    gone = picture(home)
    lies = picture(elsewhere / "trash" / put_in.id / "files")
    trash.restore(elsewhere / "trash", put_in.id)

    assert gone.keys() == {*others(before), "tasks"}
    assert lies == {name: what for name, what in before.items() if SESSION in name}
    assert picture(home) == before
    assert picture(elsewhere) == {"trash": ("folder", b"", 0, 0)}
