"""Files and folders arrive whole, and replace nothing."""

import errno
import os
import sys
from pathlib import Path

import pytest

from supervisor.store import carry

if sys.platform == "win32":
    pytest.skip("links and modes are those of POSIX", allow_module_level=True)


def test_nothing_is_replaced(tmp_path: Path) -> None:
    """Neither a file, nor a link to nowhere, nor a folder with something in it."""
    (tmp_path / "file").write_text("new")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in").write_text("new")
    (tmp_path / "old").write_text("old")
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "in").write_text("old")

    for source, target in (("file", "old"), ("file", "nowhere"), ("folder", "full"), ("folder", "old")):
        with pytest.raises(OSError, match=r"exists|Not a directory|not empty"):
            carry.carry(tmp_path / source, tmp_path / target)

    assert (tmp_path / "old").read_text() == (tmp_path / "full" / "in").read_text() == "old"
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "in").read_text() == "new"


@pytest.mark.parametrize("why", [errno.EPERM, errno.ENOTSUP])
def test_where_files_have_one_name_only_nothing_is_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    """Some filesystems, and files of other users, take no second name."""

    def no_link(*_names: object, **_more: object) -> None:
        raise OSError(why, os.strerror(why))

    monkeypatch.setattr(os, "link", no_link)
    (tmp_path / "file").write_text("new")
    (tmp_path / "old").write_text("old")

    with pytest.raises(FileExistsError):
        carry.carry(tmp_path / "file", tmp_path / "old")
    is_copy = carry.carry(tmp_path / "file", tmp_path / "deep" / "er" / "file")

    assert not is_copy
    assert (tmp_path / "deep" / "er" / "file").read_text() == "new"
    assert not (tmp_path / "file").exists()


def test_a_copy_is_whole_before_it_has_its_name(tmp_path: Path, elsewhere: Path) -> None:
    """What an interrupted copy left is made anew; the old one stays until it is removed."""
    source = tmp_path / "folder"
    source.mkdir()
    (source / "file").write_bytes(os.urandom(3_000_000))
    half = elsewhere / "folder.wakeline-part"
    half.mkdir()
    (half / "file").write_bytes(b"half")

    is_copy = carry.carry(source, elsewhere / "folder")

    assert is_copy
    assert (elsewhere / "folder" / "file").read_bytes() == (source / "file").read_bytes()
    assert not half.exists()


def test_a_part_and_the_whole_are_told_apart(tmp_path: Path) -> None:
    """By names, kinds, sizes and times: more, less and other are each seen."""
    inside = Path("folder")
    folder = tmp_path / inside
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_text(name)
    known = list(carry.items(tmp_path, inside))

    def judged() -> tuple[bool, bool]:
        return carry.is_part(tmp_path, inside, known), carry.is_whole(tmp_path, inside, known)

    all_of_it = judged()
    (folder / "three").write_text("three")
    more = judged()
    (folder / "three").unlink()
    (folder / "one").unlink()
    less = judged()
    (folder / "one").write_text("two")
    other = judged()

    assert (all_of_it, more, less, other) == ((True, True), (False, True), (True, False), (False, False))
