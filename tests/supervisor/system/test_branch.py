"""The git branch of a folder, against real repositories and hostile ones."""

import os
import shutil
import string
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.system.branch import _FORBIDDEN, _name, git_branch

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="install git")

HASH = "0123456789abcdef0123456789abcdef01234567"


def _git(folder: Path, *arguments: str) -> str:
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        identity |= {f"GIT_{who}_NAME": "n", f"GIT_{who}_EMAIL": "e@example.org"}
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | identity, check=True, capture_output=True, text=True
    ).stdout.strip()


def _repository(folder: Path) -> Path:
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


@needs_git
def test_a_branch_is_seen_from_a_folder_below(tmp_path: Path) -> None:
    """The branch of a repository holds for all folders in it, slashes in its name included."""
    repository = _repository(tmp_path / "a")
    _git(repository, "checkout", "-q", "-b", "feature/ünïcode#1")
    (repository / "deep" / "down").mkdir(parents=True)

    branch = git_branch(str(repository / "deep" / "down"))

    assert branch == "feature/ünïcode#1"


@needs_git
def test_a_repository_without_commits_has_a_branch(tmp_path: Path) -> None:
    """A branch that is not born yet is shown."""
    _git(tmp_path, "init", "-q", "-b", "young")

    assert git_branch(str(tmp_path)) == "young"


@needs_git
def test_a_detached_head_is_a_short_hash(tmp_path: Path) -> None:
    """Where no branch is checked out, the beginning of the commit's hash stands for it."""
    repository = _repository(tmp_path / "a")
    _git(repository, "checkout", "-q", "--detach")

    branch = git_branch(str(repository))

    assert branch == _git(repository, "rev-parse", "HEAD")[:7]


@needs_git
def test_a_worktree_has_its_own_branch(tmp_path: Path) -> None:
    """A second worktree of a repository shows its branch, not that of the first."""
    repository = _repository(tmp_path / "a")
    _git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "b"))

    branches = git_branch(str(repository)), git_branch(str(tmp_path / "b"))

    assert branches == ("main", "other")


@needs_git
def test_a_submodule_has_its_own_branch(tmp_path: Path) -> None:
    """In a submodule, whose repository is named by a relative path, the submodule's branch counts."""
    inner, outer = _repository(tmp_path / "inner"), _repository(tmp_path / "outer")
    _git(outer, "submodule", "add", "-q", str(inner), "sub")
    _git(outer / "sub", "checkout", "-q", "-b", "below")

    branches = git_branch(str(outer)), git_branch(str(outer / "sub"))

    assert branches == ("main", "below")


def _with_head(folder: Path, head: bytes) -> str:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / ".git" / "HEAD").write_bytes(head)
    return str(folder)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"ref: refs/heads/",
        b"ref: refs/heads/../../etc",
        b"ref: refs/heads/a b\n",
        b"ref: refs/heads/one\nref: refs/heads/two\n",
        b"ref: refs/heads/\x1b[2Jgone",
        "ref: refs/heads/a\u202eb".encode(),
        b"ref: refs/heads/\xff\xfe",
        b"ref: refs/heads/.invalid",
        b"ref: refs/heads/x.lock",
        b"ref: refs/heads/" + b"a" * 100_000,
        b"ref: main",
        HASH[:39].encode(),
        b"\0" * 100,
    ],
)
def test_a_head_that_git_would_not_write_is_no_branch(tmp_path: Path, head: bytes) -> None:
    """Nonsense, control characters and huge names in HEAD are never shown as a branch."""
    assert git_branch(_with_head(tmp_path, head)) is None


@given(st.binary(max_size=60))
@example(HASH.encode())
def test_any_head_is_a_clean_name_or_none(content: bytes) -> None:
    """Whatever stands in HEAD, what comes out can be printed."""
    name = _name(os.fsdecode(b"ref: refs/heads/" + content))

    assert name is None or (name.isprintable() and name)


@needs_git
@settings(deadline=None)
@given(st.text(st.sampled_from(string.ascii_letters + "./@{}-_~^:?*[\\ #"), min_size=1, max_size=8))
def test_what_git_forbids_we_forbid(name: str) -> None:
    """A branch name that git accepts is accepted, and no other (but for ``@`` and a leading minus)."""
    accepted = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0

    assert (not _FORBIDDEN.search(name)) == accepted


@pytest.mark.parametrize(
    "folder", [None, "", "relative/path", "/nul\0byte", "/nowhere/at/all", "/" + "a" * 5000]
)
def test_a_folder_that_cannot_be_has_no_branch(folder: str | None) -> None:
    """A folder that is unknown, relative, impossible or gone has no branch."""
    assert git_branch(folder) is None


def test_a_git_file_that_leads_nowhere_is_no_branch(tmp_path: Path) -> None:
    """A .git file that names itself, a missing folder or another machine gives nothing."""
    answers = []
    for target in ("gitdir: .git", "gitdir: gone", "gitdir: //server/share/x", "gitdir: ", "x" * 20_000, ""):
        (tmp_path / ".git").write_text(target)
        answers.append(git_branch(str(tmp_path)))

    assert answers == [None] * 6


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    """A .git or HEAD that is a pipe is passed over instead of waited for."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / ".git").mkdir(parents=True)
    pipes = [tmp_path / "a" / ".git", tmp_path / "b" / ".git" / "HEAD"]
    subprocess.run(["mkfifo", *pipes], check=True)

    answers = git_branch(str(tmp_path / "a")), git_branch(str(tmp_path / "b"))

    assert answers == (None, None)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")
def test_links_of_old_repositories_are_understood(tmp_path: Path) -> None:
    """A HEAD that is a link names the branch; a .git that is a link leads to the repository."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "HEAD").symlink_to("refs/heads/linked")
    (tmp_path / ".git").symlink_to("store")

    assert git_branch(str(tmp_path)) == "linked"


def test_network_paths_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network file system nothing is read, and there is no branch; the same holds for //server."""
    folder = _with_head(tmp_path, b"ref: refs/heads/main\n")
    before = git_branch(folder)
    mount = SimpleNamespace(device="s:/x", mountpoint=str(tmp_path), fstype="nfs4", opts="")

    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [mount])
    monkeypatch.setattr(Path, "lstat", _touched)

    assert before == "main"
    assert git_branch(folder) is None
    assert git_branch("//server/share/repository") is None


def _touched(path: Path) -> os.stat_result:
    raise AssertionError(f"{path} was touched")
