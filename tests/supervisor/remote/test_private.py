"""User-only files."""

import os
import stat
import sys
from pathlib import Path

import pytest

from supervisor.core.errors import Refused
from supervisor.remote import private


def test_what_is_written_is_read_and_nobody_else_reads_it(tmp_path: Path) -> None:
    """A whole file, for this user, and nothing left beside it."""
    private.write(tmp_path / "key", b"one")
    private.write(tmp_path / "key", b"two")

    assert private.read(tmp_path / "key") == b"two"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_writing_never_follows_a_link(tmp_path: Path) -> None:
    """A link in the way is replaced; what it pointed to is untouched."""
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "key").symlink_to(tmp_path / "other")

    private.write(tmp_path / "key", b"new")

    assert (tmp_path / "other").read_bytes() == b"mine"
    assert not (tmp_path / "key").is_symlink()


@pytest.mark.parametrize("kind", ["link", "folder", *([] if sys.platform == "win32" else ["pipe"])])
def test_only_plain_files_are_read(tmp_path: Path, kind: str) -> None:
    """A link, a folder or a pipe is no key, and no reason to wait."""
    place = tmp_path / "key"
    if kind == "link":
        place.symlink_to("/etc/hostname")
    elif kind == "folder":
        place.mkdir()
    elif sys.platform != "win32":
        os.mkfifo(place)

    with pytest.raises(Refused):
        private.read(place)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Nobody chooses for us where keys go."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(Refused):
        private.folder(tmp_path / "link")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Half a key is never there."""
    private.write(tmp_path / "key", b"old")
    (tmp_path / "taken").mkdir()

    with pytest.raises(OSError, match="taken"):
        private.write(tmp_path / "taken", b"new")

    assert private.read(tmp_path / "key") == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "taken"]
