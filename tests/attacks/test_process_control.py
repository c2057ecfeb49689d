"""Somebody wants our signals to hit a stranger, or wants to get away from them."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("makes PIDs come again as only Linux lets a test do", allow_module_level=True)

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.lab.fixtures import do_without

ROOT = Path(__file__).parents[2]

#: Runs as the first process of a PID namespace, where it alone says which PID comes next.
BEGINNING = """
import json, os, random, signal, sys, time
from supervisor.core.model import Run
from supervisor.system.tree.base import Act, Sent
from supervisor.system.tree.linux import System

TICK = 1 / os.sysconf("SC_CLK_TCK")
system = System()

def idle():
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    return pid

def again(pid):
    # Somebody else, with that PID.
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(pid - 1))
    return idle()

def bury(pid):
    assert pid > 1
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def unhurt(pid):
    return os.waitpid(pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED) == (0, 0)

def run_of(pids):
    # A tick of the clock must pass: no two processes may begin in the same one.
    time.sleep(2.5 * TICK)
    known = {m.run.pid: m.run for m in system.everyone()}
    return [known[pid] for pid in pids]
"""

USED_AGAIN = """
told = {"rounds": 0, "wrong": 0, "answers": {}, "same pid": 0}
for _ in range(20):
    victims = [idle() for _ in range(50)]
    for run in run_of(victims):
        bury(run.pid)
        innocent = again(run.pid)
        told["same pid"] += innocent == run.pid
        for act in (Act.PAUSE, Act.ASK, Act.KILL, Act.RESUME):
            answer = system.do(run, act).name
            told["answers"][answer] = told["answers"].get(answer, 0) + 1
        told["rounds"] += 1
        told["wrong"] += not unhurt(innocent)
        bury(innocent)
print(json.dumps(told))
"""

IN_BETWEEN = """
from supervisor.system.tree import linux

opened, looked = os.pidfd_open, linux._member
swap = {"at": "", "innocent": 0}

def swapped(pid, at):
    # At this moment the process dies, and its PID is another's at once.
    if swap["at"] == at:
        swap["at"] = ""
        bury(pid)
        swap["innocent"] = again(pid)

def open_then_swap(pid):
    handle = opened(pid)
    swapped(pid, "opened")
    return handle

def look_then_swap(pid):
    swapped(pid, "looking")
    member = looked(pid)
    swapped(pid, "looked")
    return member

os.pidfd_open, linux._member = open_then_swap, look_then_swap
told = {"rounds": 0, "wrong": 0, "answers": {}, "same pid": 0}
for at in ("opened", "looking", "looked"):
    for _ in range(20):
        victims = [idle() for _ in range(50)]
        for run in run_of(victims):
            swap.update(at=at, innocent=0)
            answer = system.do(run, random.choice((Act.PAUSE, Act.ASK, Act.KILL))).name
            told["answers"][answer] = told["answers"].get(answer, 0) + 1
            told["rounds"] += 1
            told["same pid"] += swap["innocent"] == run.pid
            told["wrong"] += not unhurt(swap["innocent"])
            bury(swap["innocent"])
print(json.dumps(told))
"""


def in_a_namespace(program: str) -> dict[str, Any]:
    """What the program told, in a PID namespace of its own that ends with it."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    can = subprocess.run(
        [*command, "sh", "-c", "cat /proc/sys/kernel/ns_last_pid > /proc/sys/kernel/ns_last_pid"],
        capture_output=True,
        check=False,
    )
    if can.returncode:
        do_without("no PID namespace can be made here, or it does not let us choose PIDs")
    done = subprocess.run(
        [*command, sys.executable, "-c", BEGINNING + program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=50,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_recorded_pid_that_an_innocent_has_by_now_is_never_signalled() -> None:
    """A thousand PIDs are given to somebody else: each time the answer is that the process is gone."""
    told = in_a_namespace(USED_AGAIN)

    assert told == {"rounds": 1000, "wrong": 0, "answers": {"GONE": 4000}, "same pid": 1000}


def test_whoever_gets_the_pid_between_check_and_signal_is_not_hit() -> None:
    """A process dies and its PID comes again between any two of our steps: three thousand times, no harm."""
    told = in_a_namespace(IN_BETWEEN)

    assert told == {"rounds": 3000, "wrong": 0, "answers": {"GONE": 3000}, "same pid": 3000}


#: Each process starts another one and ends: nobody stays long enough to be found.
HOPPING = "import os\nwhile not os.fork():\n    pass\n"
