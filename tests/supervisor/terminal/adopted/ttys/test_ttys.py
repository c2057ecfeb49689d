"""What is told of terminals: by /proc, and by ps as on other systems."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from supervisor.core.model import Run
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.ttys import anywhere, linux
from tests.lab.fixtures import do_without
from tests.lab.homes import Launch, environment
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

Start = Callable[[Launch], Terminal]

IN_ANOTHER_DEVPTS = """
import os, pty, sys
ours, theirs = pty.openpty()
pid = os.fork()
if pid == 0:
    os.login_tty(theirs)
    os.execvp("sleep", ["sleep", "600"])
print(pid, os.ttyname(theirs), flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=[linux, anywhere], ids=["proc", "ps"])
def system(request: pytest.FixtureRequest) -> ModuleType:
    """Both ways, on this machine."""
    if request.param is anywhere and shutil.which("ps") is None:
        do_without("needs ps: apt install procps")
    return request.param  # type: ignore[no-any-return]  # pytest's params are untyped


def run_of(pid: int) -> Run:
    """With its start."""
    return Run(pid, psutil.Process(pid).create_time())


def shell(home: Path, script: str, **variables: str) -> Launch:
    """A small program for a terminal."""
    return Launch(argv=("/bin/sh", "-c", script), env={**environment(home), **variables}, cwd=home)


def test_the_first_process_of_a_terminal_leads_it(
    system: ModuleType, tmp_path: Path, in_terminal: Start
) -> None:
    """With its device, and who started it; what it started is in the same terminal."""
    terminal = in_terminal(shell(tmp_path, "echo ready; sleep 600; true", MARK="of-mine"))
    terminal.wait_for("ready")
    below = until(lambda: psutil.Process(terminal.pid).children())[0]

    tty = system.terminal_of(terminal.pid)
    leader = system.leader(tty)

    assert tty.startswith("/dev/pts/")
    assert system.terminal_of(below.pid) == tty
    assert (leader.pid, leader.tty, leader.parent) == (terminal.pid, tty, os.getpid())
    assert leader.parent_name == psutil.Process().name()
    assert leader in list(system.leaders())
    assert system.environment(terminal.pid)["MARK"] == "of-mine"


def test_who_has_no_terminal_has_none(system: ModuleType) -> None:
    """Neither has who is not there."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as alone:
        tty, leads = system.terminal_of(alone.pid), [each.pid for each in system.leaders()]
        front = system.in_front(run_of(alone.pid), "/dev/pts/0")
        alone.kill()

    assert tty is None
    assert alone.pid not in leads
    assert not front
    assert system.terminal_of(2**22 + 1) is None
    assert system.leader("/dev/pts/99999") is None
    assert system.environment(2**22 + 1) == {}
    assert not system.in_front(Run(2**22 + 1, 0.0), "/dev/pts/0")


def test_only_who_gets_the_keys_is_in_front(system: ModuleType, tmp_path: Path, in_terminal: Start) -> None:
    """A job in the background is not, nor the shell behind a job."""
    launch = Launch(argv=("bash", "--norc", "-i"), env=environment(tmp_path), cwd=tmp_path)
    terminal = in_terminal(launch)
    tty = until(lambda: system.terminal_of(terminal.pid))
    until(lambda: system.in_front(run_of(terminal.pid), tty))

    terminal.press("sleep 600\r")
    job = until(lambda: psutil.Process(terminal.pid).children())[0]
    until(lambda: system.in_front(run_of(job.pid), tty))
    behind = system.in_front(run_of(terminal.pid), tty)
    elsewhere = system.in_front(run_of(job.pid), "/dev/pts/99999")
    job.send_signal(signal.SIGSTOP)
    until(lambda: system.in_front(run_of(terminal.pid), tty))

    assert not behind
    assert not elsewhere
    assert not system.in_front(run_of(job.pid), tty)
    assert not system.in_front(Run(terminal.pid, run_of(terminal.pid).started_at - 60), tty)


def test_a_session_within_a_terminal_is_not_in_front(
    system: ModuleType, tmp_path: Path, in_terminal: Start
) -> None:
    """What turned its back on the terminal gets no keys."""
    terminal = in_terminal(shell(tmp_path, "setsid sleep 600 & echo ready; wait"))
    terminal.wait_for("ready")
    tty = system.terminal_of(terminal.pid)
    [away] = until(lambda: [p for p in psutil.Process(terminal.pid).children() if p.name() == "sleep"])

    assert system.in_front(run_of(terminal.pid), tty)
    assert not system.in_front(run_of(away.pid), tty)


def test_a_device_of_the_same_name_in_a_container_is_another() -> None:
    """Every container counts its terminals from the beginning."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        do_without("needs unshare and root: run the tests as root")
    script = 'mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-ec", script, "sh", sys.executable, "-c", IN_ANOTHER_DEVPTS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as inside:
        assert inside.stdout is not None
        pid, tty = inside.stdout.readline().split()
        named = until(lambda: linux.terminal_of(int(pid)))
        leader, front = linux.leader(tty), linux.in_front(run_of(int(pid)), tty)
        os.kill(int(pid), signal.SIGKILL)
        inside.communicate()

    assert named == tty
    assert leader is None or leader.pid != int(pid)
    assert not front


def test_what_waits_to_be_read_is_counted(tmp_path: Path, in_terminal: Start) -> None:
    """Key by key, and then it is known that it was read."""
    terminal = in_terminal(shell(tmp_path, "stty raw -echo; echo ready; read go; head -c 5; sleep 600"))
    terminal.wait_for("ready")
    tty = ttys.terminal_of(terminal.pid) or ""
    assert ttys.by_lines(tty) is False
    before = ttys.bytes_read(tty)

    terminal.press("\n")
    until(lambda: ttys.unread(tty) == 0)
    until(lambda: (ttys.bytes_read(tty) or 0) > (before or 0))
    terminal.press("12345678")

    until(lambda: ttys.unread(tty) == 3)


def test_a_terminal_that_hands_over_lines_says_so(tmp_path: Path, in_terminal: Start) -> None:
    """As a shell's script leaves it; of a device that is not there nothing is known."""
    terminal = in_terminal(shell(tmp_path, "echo ready; sleep 600"))
    terminal.wait_for("ready")

    assert ttys.by_lines(ttys.terminal_of(terminal.pid) or "") is True
    assert ttys.by_lines("/dev/pts/99999") is None
    assert ttys.unread("/dev/pts/99999") is None
    assert ttys.bytes_read("/dev/pts/99999") is None
    assert anywhere.bytes_read("/dev/pts/0") is None
