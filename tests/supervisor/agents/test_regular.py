"""Opening only what may be opened."""

import os
import sys
from pathlib import Path

import pytest

from supervisor.agents.regular import opened


def test_a_file_is_read_byte_by_byte(tmp_path: Path) -> None:
    """As it is, on Windows as well: no line ends are changed, and a ^Z is no end."""
    content = bytes(range(256)) + b"\r\n\x1a\r\nend"
    (tmp_path / "file").write_bytes(content)

    with opened(tmp_path / "file") as file:
        assert file.read() == content


@pytest.mark.parametrize(
    "name",
    ["nothing", "file/below", "folder", "a\0b", "a\ud800b", "x" * 5000],
    ids=["nothing", "below a file", "a folder", "a zero", "half a character", "too long"],
)
def test_what_is_no_file_is_not_opened(tmp_path: Path, name: str) -> None:
    """All that can be wrong with a path is one kind of error."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError), opened(tmp_path / name):  # noqa: PT011  each system has words of its own
        pass


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link could lead anywhere."""
    (tmp_path / "file").touch()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "file")
    except OSError:
        pytest.skip("making links needs a right of its own on this system")

    with pytest.raises(OSError, match="link"), opened(tmp_path / "link"):
        pass


@pytest.mark.parametrize("swapped_for", ["a link", "a pipe"])
def test_what_is_swapped_at_the_last_moment_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped_for: str
) -> None:
    """Between looking and opening there is time enough for somebody else."""
    if sys.platform == "win32":
        pytest.skip("pipes in folders are a matter of Unix")
    file = tmp_path / "file"
    file.touch()
    seen = file.lstat()
    file.unlink()
    if swapped_for == "a link":
        file.symlink_to("/etc/hostname")
    else:
        os.mkfifo(file)
    monkeypatch.setattr(Path, "lstat", lambda _: seen)

    with pytest.raises(OSError, match="file"), opened(file):
        pass


def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    """A pipe would never answer, and a device never end."""
    if sys.platform == "win32":
        pytest.skip("pipes and devices in folders are a matter of Unix")
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="no regular file"), opened(path):
            pass
