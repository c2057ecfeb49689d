"""Copies of what agents store: whole, as much as is wanted, and put back only where something is missing."""

import os
import sys
from pathlib import Path

import pytest

from supervisor.core.errors import Refused
from supervisor.core.steering import Remains
from supervisor.store import copies

PLENTY = 1 << 30


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An agent's folder with a session: a file, and a folder of its sub-agents."""
    folder = tmp_path / "agent"
    (folder / "projects" / "shop" / "s1").mkdir(parents=True)
    (folder / "projects" / "shop" / "s1.jsonl").write_text("one\n")
    (folder / "projects" / "shop" / "s1" / "sub.jsonl").write_text("two\n")
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where copies are."""
    return tmp_path / "copies"


def remains(home: Path, session_id: str = "s1") -> Remains:
    """What is stored of it."""
    paths = tuple(f"projects/shop/{session_id}{end}" for end in (".jsonl", ""))
    return Remains(agent="claude", session_id=session_id, root=str(home), paths=paths)


def delete(home: Path, session_id: str = "s1") -> None:
    """As an agent's own clean-up does."""
    (home / "projects" / "shop" / f"{session_id}.jsonl").unlink()


def test_what_an_agent_has_deleted_comes_back_as_it_was(home: Path, kept: Path) -> None:
    """Its time included: agents sort by that. What is there is left alone."""
    main = home / "projects" / "shop" / "s1.jsonl"
    os.utime(main, (1_000_000, 1_000_000))
    copies.keep(copies.Room(kept, PLENTY), remains(home))
    (home / "projects" / "shop" / "s1" / "sub.jsonl").write_text("changed\n")
    delete(home)

    was_missing = copies.put_back(kept, "claude", "s1", home)

    assert was_missing
    assert (main.read_text(), main.stat().st_mtime) == ("one\n", 1_000_000)
    assert (home / "projects" / "shop" / "s1" / "sub.jsonl").read_text() == "changed\n"
    assert not copies.put_back(kept, "claude", "s1", home)


def test_a_copy_follows_what_is_written(home: Path, kept: Path) -> None:
    """The newest state is what counts, and nobody else may read it."""
    copies.keep(copies.Room(kept, PLENTY), remains(home))
    with (home / "projects" / "shop" / "s1.jsonl").open("a") as more:
        more.write("more\n")

    copies.keep(copies.Room(kept, PLENTY), remains(home))

    copy = kept / "claude" / "s1" / "projects" / "shop" / "s1.jsonl"
    assert copy.read_text() == "one\nmore\n"
    if sys.platform != "win32":
        assert copy.parent.stat().st_mode & 0o077 == 0


def test_the_oldest_sessions_go_when_there_are_too_many(home: Path, kept: Path) -> None:
    """Whole ones, never the one that is just copied."""
    for number in range(2, 6):
        file = home / "projects" / "shop" / f"s{number}.jsonl"
        file.write_bytes(b"x" * 1000)
        os.utime(file, (number, number))
        copies.keep(copies.Room(kept, 2500), remains(home, f"s{number}"))

    assert [copies.has(kept, "claude", f"s{number}") for number in range(2, 6)] == [False, False, True, True]
    copies.keep(copies.Room(kept, 1), remains(home, "s4"))
    assert copies.has(kept, "claude", "s4")


def test_each_copy_measures_only_itself(home: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of copies from before are measured once, not at each copy; the limit holds all the same."""
    sessions = [f"s{number}" for number in range(2, 10)]
    for number, session_id in enumerate(sessions, start=1):
        file = home / "projects" / "shop" / f"{session_id}.jsonl"
        file.write_bytes(b"x" * 1000)
        os.utime(file, (number, number))
    for session_id in sessions[:4]:
        copies.keep(copies.Room(kept, PLENTY), remains(home, session_id))
    measured: list[Path] = []
    measure = copies._measured

    def counted(place: Path) -> tuple[float, int]:
        measured.append(place)
        return measure(place)

    monkeypatch.setattr(copies, "_measured", counted)
    room = copies.Room(kept, 3500)

    for session_id in sessions[4:]:
        copies.keep(room, remains(home, session_id))
    copies.forget(room, "claude", "s9")
    copies.keep(room, remains(home, "s9"))

    assert [session_id for session_id in sessions if copies.has(kept, "claude", session_id)] == sessions[5:]
    assert len(measured) == 5 + 1 + 4


def test_what_was_thrown_away_is_not_kept(home: Path, kept: Path) -> None:
    """Who removes a conversation means all of it."""
    copies.keep(copies.Room(kept, PLENTY), remains(home))

    copies.forget(copies.Room(kept, PLENTY), "claude", "s1")

    assert not copies.has(kept, "claude", "s1")
    assert not copies.put_back(kept, "claude", "s1", home)


def test_the_name_of_a_session_leads_nowhere_else(home: Path, kept: Path) -> None:
    """Whatever an agent calls it."""
    odd = Remains(agent="claude", session_id="../../out", root=str(home), paths=("projects/shop/s1.jsonl",))

    copies.keep(copies.Room(kept, PLENTY), odd)

    assert [folder.name for folder in (kept / "claude").iterdir()] == ["%2E%2E%2F%2E%2E%2Fout"]
    assert copies.has(kept, "claude", "../../out")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_no_link_is_followed_either_way(home: Path, kept: Path, tmp_path: Path) -> None:
    """Neither out of the agent's folder, nor by what stands where a file is to come back."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "s9.jsonl").write_text("secret")
    (home / "projects" / "link").symlink_to(outside)
    leading = Remains(agent="claude", session_id="s9", root=str(home), paths=("projects/link/s9.jsonl",))

    with pytest.raises(Refused):
        copies.keep(copies.Room(kept, PLENTY), leading)
    copies.keep(copies.Room(kept, PLENTY), remains(home))
    (home / "projects" / "shop" / "s1.jsonl").unlink()
    (home / "projects" / "shop").rename(home / "projects" / "moved")
    (home / "projects" / "shop").symlink_to(outside)
    with pytest.raises(Refused):
        copies.put_back(kept, "claude", "s1", home)

    assert not copies.has(kept, "claude", "s9")
    assert sorted(file.name for file in outside.iterdir()) == ["s9.jsonl"]
