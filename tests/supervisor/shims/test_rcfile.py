"""A shell's file is changed by a block and nothing else, and is the same byte for byte without it."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import shims
from supervisor.core.errors import Failed, Refused, WrongUse
from supervisor.shims import Program, State

#: What people have in such files, and what they should not have.
LINES = st.sampled_from(
    [
        b"",
        b"export A=1",
        b"alias ll='ls -l'",
        b"\xff\xfe odd \x00 bytes",
        b"# >>> conda >>>",
        "\u00e9 \U0001f680".encode(),
    ]
)
ENDS = st.sampled_from([b"", b"\n", b"\r\n"])
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda lines, end: b"\n".join(lines) + end, st.lists(LINES), ENDS),
)
OURS = b"wakeline >>>"


def whole(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@given(CONTENT, st.sampled_from(shims.SHELLS))
def test_without_the_block_every_byte_is_as_it_was(content: bytes, shell: str) -> None:
    """Whatever is in the file: put in, put in again, taken out; no backup is left."""
    with tempfile.TemporaryDirectory() as name:
        rc = Path(name) / "rc"
        rc.write_bytes(content)
        try:
            first = shims.install(shell, rc)
        except Refused:
            assert content.startswith((b"\xff\xfe", b"\xfe\xff"))
            return
        again = shims.install(shell, rc)
        standing = shims.status(shell, rc).state
        backup = first.backup.read_bytes() if first.backup else None
        removed = shims.remove(shell, rc)
        once_more = shims.remove(shell, rc)

        assert (first.changed, again.changed, removed.changed, once_more.changed) == (
            True,
            False,
            True,
            False,
        )
        assert standing is State.INSTALLED
        assert backup == content
        assert whole(Path(name)) == {"rc": content}


@given(st.lists(LINES), st.lists(LINES, min_size=1), st.lists(LINES), st.booleans())
def test_what_the_user_wrote_around_it_stays(
    before: list[bytes], above: list[bytes], below: list[bytes], ended: bool
) -> None:
    """Lines above and below the block, written after it, are all that is left of the edit."""
    with tempfile.TemporaryDirectory() as name:
        rc = Path(name) / "rc"
        content = b"first\n" + b"\n".join(before) + (b"\n" if ended else b"")
        rc.write_bytes(content)
        shims.install("bash", rc)
        begin = rc.read_bytes().index(b"# >>> wakeline")
        head, tail = rc.read_bytes()[:begin], rc.read_bytes()[begin:]
        added = b"".join(line + b"\n" for line in above)
        rc.write_bytes(head + added + tail + b"\n".join(below) + b"last")
        shims.remove("bash", rc)

        assert rc.read_bytes() == head + added + b"\n".join(below) + b"last"


def test_a_file_that_was_not_there_is_gone_again(tmp_path: Path) -> None:
    """And so are the folders that were made for it; another file in them keeps them."""
    rc = tmp_path / "config" / "fish" / "config.fish"

    made = shims.install("fish", rc)
    shims.remove("fish", rc)
    gone = list(tmp_path.iterdir())
    shims.install("fish", rc)
    (rc.parent / "fish_variables").write_text("")
    shims.remove("fish", rc)

    assert (made.changed, made.backup) == (True, None)
    assert gone == []
    assert list(whole(tmp_path)) == [str(Path("config", "fish", "fish_variables"))]


def test_a_file_that_was_made_for_it_stays_with_what_the_user_added(tmp_path: Path) -> None:
    """It is the user's file by then."""
    rc = tmp_path / ".bashrc"
    shims.install("bash", rc)
    rc.write_bytes(rc.read_bytes() + b"export A=1\n")

    shims.remove("bash", rc)

    assert whole(tmp_path) == {".bashrc": b"export A=1\n"}


def test_an_old_block_is_replaced_where_it_is(tmp_path: Path) -> None:
    """Other agents, another version, a block twice: one is left, in the place of the first."""
    rc = tmp_path / ".zshrc"
    rc.write_bytes(b"first\nno end")
    shims.install("zsh", rc, [Program(name="old")])
    block = rc.read_bytes().removeprefix(b"first\nno end\n")
    rc.write_bytes(rc.read_bytes() + b"between\n" + block + b"last\n")

    before = shims.status("zsh", rc).state
    change = shims.install("zsh", rc)
    lines = rc.read_bytes().splitlines()

    assert before is State.OUTDATED
    assert (change.changed, shims.status("zsh", rc).state) == (True, State.INSTALLED)
    assert (lines[:2], lines[-2:]) == ([b"first", b"no end"], [b"between", b"last"])
    assert sum(OURS in line for line in lines) == 1
    shims.remove("zsh", rc)
    assert rc.read_bytes() == b"first\nno end\nbetween\nlast\n"


@pytest.mark.parametrize("damage", ["# >>> wakeline >>>", "# <<< wakeline <<<"])
def test_a_damaged_block_is_left_alone(tmp_path: Path, damage: str) -> None:
    """Where a mark is missing nobody knows what is ours: it is said, and nothing is changed."""
    rc = tmp_path / ".bashrc"
    rc.write_text("mine\n")
    shims.install("bash", rc)
    damaged = b"".join(
        line for line in rc.read_bytes().splitlines(keepends=True) if not line.startswith(damage.encode())
    )
    rc.write_bytes(damaged)

    for deed in (shims.install, shims.remove):
        with pytest.raises(Refused, match="without the other"):
            deed("bash", rc)

    assert shims.status("bash", rc).state is State.DAMAGED
    assert rc.read_bytes() == damaged


def test_lines_end_as_they_do_in_the_file(tmp_path: Path) -> None:
    """Files of Windows keep their line ends, and UTF-16 stays UTF-16."""
    crlf, wide = tmp_path / "crlf.ps1", tmp_path / "wide.ps1"
    crlf.write_bytes(b"one\r\ntwo")
    wide.write_bytes("\ufeff$a = 'é'\r\n".encode("utf-16-le"))
    before = crlf.read_bytes(), wide.read_bytes()

    for rc in (crlf, wide):
        shims.install("powershell", rc)
    after = crlf.read_bytes(), wide.read_bytes()
    for rc in (crlf, wide):
        shims.remove("powershell", rc)

    assert after[0].count(b"\n") == after[0].count(b"\r\n") > 10
    assert "function global:claude" in after[1].decode("utf-16")
    assert (crlf.read_bytes(), wide.read_bytes()) == before


def test_a_name_that_no_shell_takes_is_wrong_use(tmp_path: Path) -> None:
    """Nothing that is not plain is written into a file that a shell runs."""
    rc = tmp_path / "rc"
    for program in (
        Program(name="a b"),
        Program(name="-x"),
        Program(name="x", verbs=("a'b",)),
        Program(name="x", options=("-p;rm",)),
        Program(name="x\n"),
    ):
        for shell in shims.SHELLS:
            with pytest.raises(WrongUse, match="cannot stand"):
                shims.install(shell, rc, [program])
    with pytest.raises(WrongUse, match="no shell called"):
        shims.install("tcsh", rc)

    assert not rc.exists()


if sys.platform != "win32":

    def test_a_linked_file_is_edited_where_it_is(tmp_path: Path) -> None:
        """A repository of dotfiles gets the block; the link stays a link, and the backup lies beside it."""
        home, dotfiles = tmp_path / "home", tmp_path / "dotfiles"
        home.mkdir()
        dotfiles.mkdir()
        (dotfiles / "bashrc").write_text("mine\n")
        (home / ".bashrc").symlink_to("../dotfiles/bashrc")

        change = shims.install("bash", home / ".bashrc")
        linked = (home / ".bashrc").is_symlink()
        inside = list(dotfiles.iterdir())
        shims.remove("bash", home / ".bashrc")

        assert linked
        assert change.rc == (dotfiles / "bashrc").resolve()
        assert change.backup == home / ".bashrc.before-wakeline"
        assert inside == [dotfiles / "bashrc"]
        assert whole(tmp_path) == {"dotfiles/bashrc": b"mine\n", "home/.bashrc": b"mine\n"}

    def test_modes_stay(tmp_path: Path) -> None:
        """What only its user could read, only its user can read, the backup included."""
        rc = tmp_path / ".bashrc"
        rc.write_text("export TOKEN=x\n")
        rc.chmod(0o600)

        change = shims.install("bash", rc)
        assert change.backup is not None
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (rc, change.backup)]
        shims.remove("bash", rc)

        assert [*modes, stat.S_IMODE(rc.stat().st_mode)] == [0o600] * 3

    def test_kill_9_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
        """Never half of one; what it left beside is gone after the next time."""
        rc = tmp_path / ".bashrc"
        old = b"mine\nno end"
        for deed in ("install", "remove"):
            for step in range(1, 100):
                rc.write_bytes(old)
                whole_ones = [old, _installed(rc)]
                if deed == "install":
                    rc.write_bytes(old)
                if not _killed(deed, rc, step):
                    break
                assert rc.read_bytes() in whole_ones
                shims.install("bash", rc)
                shims.remove("bash", rc)
                assert whole(tmp_path) == {".bashrc": old}
            else:
                pytest.fail("it never came to an end")

    def _installed(rc: Path) -> bytes:
        shims.install("bash", rc)
        return rc.read_bytes()

    #: Kills itself at its n-th dealing with a file.
    KILLED = """
import os, signal, sys
from pathlib import Path
from supervisor import shims
FILES = {"open", "os.rename", "os.remove", "os.chmod", "os.utime", "os.chown", "os.listdir", "os.mkdir"}
left = int(sys.argv[3])
def look(event, arguments):
    global left
    if event in FILES:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
getattr(shims, sys.argv[1])("bash", Path(sys.argv[2]))
"""

    def _killed(deed: str, rc: Path, step: int) -> bool:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, deed, str(rc), str(step)],
            check=False,
            cwd=Path(__file__).parents[3],
        )
        assert done.returncode in (0, -signal.SIGKILL)
        return done.returncode != 0

    def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
        """Folders, pipes and devices; nothing is opened that would wait."""
        os.mkfifo(tmp_path / "pipe")

        for place in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
            with pytest.raises(Refused, match="no shell's file"):
                shims.install("bash", place)

    def test_a_file_that_is_changed_meanwhile_is_not_overwritten(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody saved it in an editor between our look and our write."""
        rc = tmp_path / ".bashrc"
        rc.write_text("mine\n")
        read = shims.rcfile.read

        def read_slowly(place: Path) -> shims.rcfile.File:
            file = read(place)
            place.write_text("mine, and newer\n")
            return file

        monkeypatch.setattr(shims.rcfile, "read", read_slowly)

        with pytest.raises(Failed, match="somebody else"):
            shims.install("bash", rc)

        assert whole(tmp_path) == {".bashrc": b"mine, and newer\n"}
