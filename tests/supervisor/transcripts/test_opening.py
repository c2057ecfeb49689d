"""Only a regular file of this user is opened."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("these are POSIX file kinds", allow_module_level=True)
assert sys.platform != "win32"  # says the same to the type checker

from supervisor.transcripts.opening import opened


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """A folder's one honest transcript."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n')
    return path


def refused(path: Path, root: Path | None = None) -> str:
    """Say why *path* is not opened; no descriptor may be left."""
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(OSError, match=r".") as problem, opened(path, root):
        pass
    assert len(list(Path("/dev/fd").iterdir())) == before
    return str(problem.value)


def test_a_regular_file_is_read_in_parts(transcript: Path) -> None:
    """Size and any part are there; beyond the end there is nothing."""
    with opened(transcript) as file:
        assert file.size == 8
        assert file.read(1, 3) == b'"n"'
        assert file.read(6, 100) == b"}\n"
        assert file.read(9, 100) == b""


def test_an_open_file_is_not_handed_down(transcript: Path) -> None:
    """Programs that are started meanwhile do not get the descriptor."""
    with opened(transcript) as file:
        assert not os.get_inheritable(file.descriptor)


def test_a_fifo_is_refused_without_being_opened(tmp_path: Path) -> None:
    """A FIFO named like a transcript blocks nobody, and its writer sees no reader."""
    fifo = tmp_path / "f.jsonl"
    os.mkfifo(fifo)

    assert "no regular file" in refused(fifo)

    with pytest.raises(OSError, match="No such device"):
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


def test_a_socket_a_device_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Nothing but a regular file is a transcript."""
    path = tmp_path / "s.jsonl"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))

        assert "no regular file" in refused(path)
    assert "no regular file" in refused(Path("/dev/zero"))
    assert "no regular file" in refused(tmp_path)


def test_a_link_to_a_secret_is_refused(tmp_path: Path, transcript: Path) -> None:
    """A symbolic link named like a transcript is not followed, wherever it leads."""
    link = tmp_path / "b.jsonl"
    link.symlink_to(transcript)

    assert "link" in refused(link)


def test_a_hard_link_is_refused(tmp_path: Path, transcript: Path) -> None:
    """A second name of a private file elsewhere does not make it a transcript."""
    (tmp_path / "b.jsonl").hardlink_to(transcript)

    assert "hard link" in refused(transcript)


def test_a_file_that_everybody_may_write_is_refused(transcript: Path) -> None:
    """Who could have written anything into it is not shown as the agent."""
    transcript.chmod(transcript.stat().st_mode | stat.S_IWOTH)

    assert "everybody" in refused(transcript)


def test_a_file_of_another_user_is_refused(transcript: Path) -> None:
    """Only this user's own files are transcripts."""
    if os.geteuid() == 0:
        os.chown(transcript, 65534, 65534)
    else:
        transcript = Path("/etc/passwd")

    assert "another user" in refused(transcript)


def test_below_a_root_plain_folders_are_passed(tmp_path: Path) -> None:
    """The ordinary case: folders in the agent's home."""
    path = tmp_path / "projects" / "p" / "a.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}\n")

    with opened(path, tmp_path) as file:
        assert file.read(0, 3) == b"{}\n"


def test_below_a_root_no_folder_may_be_a_link(tmp_path: Path) -> None:
    """A linked folder does not lead out of the agent's home."""
    home, secret = tmp_path / "home", tmp_path / "secret"
    home.mkdir()
    secret.mkdir()
    (secret / "a.jsonl").write_bytes(b"{}\n")
    (home / "projects").symlink_to(secret)

    assert "link" in refused(home / "projects" / "a.jsonl", home)


def test_a_path_out_of_the_root_is_refused(tmp_path: Path, transcript: Path) -> None:
    """Neither another folder nor dots lead out of the agent's home."""
    home = tmp_path / "home"
    home.mkdir()

    assert "outside" in refused(transcript, home)
    assert "outside" in refused(home / ".." / "a.jsonl", home)


def test_the_root_itself_may_be_reached_by_a_link(tmp_path: Path, transcript: Path) -> None:
    """Who keeps the agent's home elsewhere has chosen that."""
    home = tmp_path / "home"
    home.symlink_to(transcript.parent)

    with opened(home / "a.jsonl", home) as file:
        assert file.size == 8


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    """A zero byte or a name of 5,000 letters is refused like any other."""
    assert "zero byte" in refused(tmp_path / "a\0b")
    assert "too long" in refused(tmp_path / ("a" * 5000)).lower()
