"""One supervisor for each user, in a folder that nobody else may enter."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.core.errors import Failed, Refused
from supervisor.system.instance import Instance, private

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights of this kind are POSIX")

HOLDING = """
import sys
from pathlib import Path
from supervisor.system.instance import Instance
instance = Instance(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def _rights(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_the_second_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    """While one supervisor lives a second is refused; kill -9 of the first leaves nothing in the way."""
    runtime = tmp_path / "run"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(runtime)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    assert first.stdout.readline().strip() == b"held"

    with pytest.raises(Refused):
        Instance(runtime)
    first.kill()
    first.communicate()

    with Instance(runtime):
        pass


def test_released_is_free(tmp_path: Path) -> None:
    """After its release another may take it; releasing twice does no harm."""
    first = Instance(tmp_path / "run")
    first.release()
    first.release()

    with Instance(tmp_path / "run"), pytest.raises(Refused):
        Instance(tmp_path / "run")


@posix
def test_a_child_does_not_inherit_the_right(tmp_path: Path) -> None:
    """A program that we start does not keep the lock when we are gone."""
    instance = Instance(tmp_path / "run")
    program = [sys.executable, "-c", "print('ready', flush=True); input()"]
    child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    assert child.stdout is not None
    child.stdout.readline()
    instance.release()

    free = _free(tmp_path / "run")

    child.communicate(b"enough")
    assert free


def _free(runtime: Path) -> bool:
    try:
        Instance(runtime).release()
    except Refused:
        return False
    return True


@posix
def test_a_lock_file_that_was_swept_away_is_made_again(tmp_path: Path) -> None:
    """When a cleaner removes the lock file, the next supervisor locks the file that is there."""
    runtime = tmp_path / "run"
    Instance(runtime).release()
    (runtime / "lock").unlink()

    with Instance(runtime), pytest.raises(Refused):
        Instance(runtime)


@posix
def test_the_folder_is_ours_alone(tmp_path: Path) -> None:
    """The folder is made for us alone, whatever the umask."""
    before = os.umask(0)
    try:
        private(tmp_path / "deep" / "run")
    finally:
        os.umask(before)

    assert _rights(tmp_path / "deep" / "run") == 0o700


@posix
def test_loosened_rights_are_repaired(tmp_path: Path) -> None:
    """Our own folder that was opened to others is closed again."""
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)

    private(folder)

    assert _rights(folder) == 0o700


@posix
def test_a_link_is_refused(tmp_path: Path) -> None:
    """A link in place of the folder is refused, and what it leads to stays as it was."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / "run").symlink_to("elsewhere")

    with pytest.raises(Refused):
        private(tmp_path / "run")

    assert _rights(tmp_path / "elsewhere") == 0o755


@posix
def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    """A link to nowhere is refused, and nothing is made at its target."""
    (tmp_path / "run").symlink_to("nowhere")

    with pytest.raises(Refused):
        private(tmp_path / "run")

    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is refused."""
    (tmp_path / "run").write_text("")

    with pytest.raises(Refused):
        private(tmp_path / "run")


@posix
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to give a folder away"
)
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """A folder that somebody else put there is refused, however private it looks."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, 65534, 65534)

    with pytest.raises(Refused):
        private(folder)


@posix
def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link in place of the lock file is no lock, and what it leads to is not made."""
    private(tmp_path / "run")
    (tmp_path / "run" / "lock").symlink_to(tmp_path / "victim")

    with pytest.raises(Failed):
        Instance(tmp_path / "run")

    assert not (tmp_path / "victim").exists()


def test_a_folder_that_cannot_be_made_has_failed(tmp_path: Path) -> None:
    """Below a file there can be no folder: it is said in a sentence."""
    (tmp_path / "file").write_text("")

    with pytest.raises((Failed, Refused)) as caught:
        private(tmp_path / "file" / "run")

    assert str(tmp_path) in caught.value.title
