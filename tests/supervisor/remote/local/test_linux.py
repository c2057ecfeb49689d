"""Linux: who calls on the local socket."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("asks Linux who calls", allow_module_level=True)
assert sys.platform == "linux"

from supervisor.client import Client
from supervisor.core.errors import Failed, Refused
from supervisor.remote.local import linux
from tests.fakes.house import House


def test_the_kernel_says_who_calls() -> None:
    """This user, and this process."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = linux.peer(ours, "")

    assert peer
    assert (peer.pid, peer.proved) == (os.getpid(), True)


def test_another_user_is_nobody(house: House) -> None:
    """Whatever the file's mode says: another user's process gets no answer."""
    if os.getuid() != 0:
        pytest.skip("needs root to be another user")
    for folder in [house.socket.parent, *house.socket.parent.parents]:
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    house.socket.chmod(0o666)

    heard = _as_another_user(house.socket)

    assert heard == b"cut"
    assert Client(house.socket).get("/api/machine")["id"] == "m-1"


def _as_another_user(path: Path) -> bytes:
    """What a process of another user hears."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.setresuid(12345, 12345, 12345)
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(str(path))
                line.sendall(b"GET /api/machine HTTP/1.1\r\nHost: localhost\r\n\r\n")
                os.write(writing, line.recv(100) or b"cut")
        except ConnectionError:
            os.write(writing, b"cut")
        except OSError as trouble:
            os.write(writing, str(trouble).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A place that was prepared for us is a trap."""
    if os.getuid() != 0:
        pytest.skip("needs root to make a folder of another user")
    (tmp_path / "run").mkdir()
    os.chown(tmp_path / "run", 12345, 12345)

    with pytest.raises(Refused, match="another user"):
        linux.listen(tmp_path / "run" / "api.sock")


def test_a_folder_that_is_too_open_is_closed(tmp_path: Path) -> None:
    """Mended, not trusted."""
    (tmp_path / "run").mkdir(mode=0o777)

    door = linux.listen(tmp_path / "run" / "api.sock")
    door.listening.close()

    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_a_file_in_the_way_is_not_removed(tmp_path: Path) -> None:
    """It may be somebody's work."""
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "api.sock").write_text("mine")

    with pytest.raises(Refused, match="in the way"):
        linux.listen(tmp_path / "run" / "api.sock")

    assert (tmp_path / "run" / "api.sock").read_text() == "mine"


def test_a_path_that_is_too_long_says_what_to_do(tmp_path: Path) -> None:
    """Unix sockets have short names; the error knows a way."""
    with pytest.raises(Failed) as failed:
        linux.listen(tmp_path / ("x" * 120) / "api.sock")

    assert "WAKELINE_HOME" in failed.value.hint
