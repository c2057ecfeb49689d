"""OpenCode's log: runs, their sessions, and what they asked for."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.opencode.log import Asked, Log

LINES = (
    "timestamp=2026-11-21T08:00:00.000Z level=INFO run=0a1b2c3d"
    ' message="creating instance" directory="/a b"\n'
    "timestamp=2026-11-21T08:00:01.000Z level=INFO run=0a1b2c3d message=loop session.id=ses_1 step=0\n"
    "timestamp=2026-11-21T08:00:02.000Z level=INFO run=0a1b2c3d message=asking id=per_1 permission=bash"
    ' patterns="[\\"a \\\\\\"b\\\\\\"\\",\\"c\\"]"\n'
)


def test_the_recorded_log_is_understood(home: Path, logged: Path) -> None:
    """The run of the recording served one session in one folder and asked twice."""
    runs = Log(home / "log" / "opencode.log").read()

    (run,) = runs.values()
    assert logged.exists()
    assert list(run.sessions) == ["ses_e02dc9a07ffexCccv43pS8cPw8"]
    assert run.directories == {"/home/user/projects/alpha"}
    assert [asked.words for asked in run.asked] == ["bash: sleep 2, touch g1.txt", "bash: touch g2.txt"]


def test_a_growing_log_is_read_on(tmp_path: Path) -> None:
    """However the lines arrive, in halves or at once, they are understood when they are whole."""
    path = tmp_path / "opencode.log"
    log = Log(path)
    for byte in LINES.encode():
        with path.open("ab") as file:
            file.write(bytes([byte]))
        log.read()

    (run,) = log.read().values()

    assert run.directories == {"/a b"}
    assert run.asked == [Asked(at=1_795_248_002.0, permission="bash", patterns='a "b", c')]


def test_a_log_that_began_anew_is_forgotten(tmp_path: Path) -> None:
    """When the log is emptied, replaced or removed, nothing is known any more of what stood in it."""
    path = tmp_path / "opencode.log"
    path.write_text(LINES)
    log = Log(path)
    first = len(log.read())
    path.write_text("")
    emptied = len(log.read())
    (tmp_path / "other").write_text(LINES * 2)
    (tmp_path / "other").replace(path)
    replaced = len(log.read())
    path.unlink()

    assert (first, emptied, replaced, len(log.read())) == (1, 0, 1, 0)


def test_a_log_that_is_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    """Links out of the folder are not followed, and nothing that is no file is waited for."""
    (tmp_path / "real").write_text(LINES)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    getattr(os, "mkfifo", Path.mkdir)(tmp_path / "pipe")

    found = [Log(tmp_path / name).read() for name in ("link", "pipe", "missing")]

    assert found == [{}, {}, {}]


@given(st.lists(st.binary(max_size=80)), st.binary(max_size=40))
def test_any_line_is_borne(lines: list[bytes], value: bytes) -> None:
    """Whatever is written into the log, reading it goes on."""
    log = Log(Path("unused"))
    start = b"timestamp=2026-11-21T08:00:02.000Z level=INFO run=0a1b2c3d "
    telling = [start + b"message=asking permission=" + value + b" patterns=" + value, start + value, *lines]

    for line in log._lines(b"\n".join(telling) + b"\n"):
        log._take(line)

    assert len(log.runs) <= 1 + len(lines)
