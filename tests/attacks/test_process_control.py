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
    # Whatever was sent to it before ends it before this does.
    os.kill(pid, signal.SIGRTMIN)
    return os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGRTMIN

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
        for act in (Act.ASK, Act.HANG_UP, Act.KILL):
            answer = system.do(run, act).name
            told["answers"][answer] = told["answers"].get(answer, 0) + 1
        told["rounds"] += 1
        told["wrong"] += not unhurt(innocent)
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
            answer = system.do(run, random.choice((Act.ASK, Act.HANG_UP, Act.KILL))).name
            told["answers"][answer] = told["answers"].get(answer, 0) + 1
            told["rounds"] += 1
            told["same pid"] += swap["innocent"] == run.pid
            told["wrong"] += not unhurt(swap["innocent"])
print(json.dumps(told))
"""


BOMB = """
import asyncio, resource
from supervisor.system import tree

def bomb():
    pid = os.fork()
    if pid == 0:
        os.setsid()
        # As somebody else: the limit of processes does not hold for root.
        resource.setrlimit(resource.RLIMIT_NPROC, (400, 400))
        os.setuid(54321)
        while True:
            try:
                os.fork()
            except OSError:
                pass
    return pid

async def watched(deed):
    worst, last = 0.0, time.monotonic()
    doing = asyncio.create_task(deed)
    while not doing.done():
        await asyncio.sleep(0)
        now = time.monotonic()
        worst, last = max(worst, now - last), now
    return doing.result(), worst

async def main():
    pid = bomb()
    (run,) = run_of([pid])
    while len(tree.family(run)) < 300:
        pass
    # The first process of a namespace collects what has lost its parent.
    collecting = asyncio.get_running_loop().create_task(collect())
    told = {"pause": 0.0, "stop": 0.0, "worst": 0.0, "honest": True}
    for attempt in range(5):
        began = time.monotonic()
        paused, worst = await watched(tree.pause(run, {}))
        note(told, "pause", began, worst)
        told["honest"] &= tree.paused(run) or bool(paused.escaped)
        if not paused.escaped:
            break
    told["paused"] = len(paused.runs)
    for attempt in range(5):
        began = time.monotonic()
        stopped, worst = await watched(tree.stop(run, {}, whole=True, gentle_seconds=0.5))
        note(told, "stop", began, worst)
        alive = [m for m in system.everyone() if m.session == pid]
        told["honest"] &= len(alive) == 0 or bool(stopped.failed)
        if not stopped.failed:
            break
    collecting.cancel()
    told |= {"ended": len(stopped.ended), "alive": len(alive)}
    print(json.dumps(told))

def note(told, deed, began, worst):
    told[deed] = max(told[deed], time.monotonic() - began)
    told["worst"] = max(told["worst"], worst)

async def collect():
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        await asyncio.sleep(0.01)

asyncio.run(main())
"""

#: Each process starts another one and ends: nobody stays long enough to be found.
HOPS = """
import asyncio
from supervisor.system import tree

def hop():
    first = os.fork()
    if first == 0:
        os.setsid()
        while True:
            time.sleep(0.003)
            if os.fork():
                os._exit(0)
    return first

async def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = hop()
    run = Run(pid, time.time())
    began = time.monotonic()
    paused = await tree.pause(run, {})
    alive = [m for m in system.everyone() if m.session == pid and m.life.name == "RUNS"]
    print(json.dumps({"took": time.monotonic() - began, "alive": len(alive),
                      "named": len(paused.escaped), "stopped": len(paused.runs)}))

asyncio.run(main())
"""

#: A session of a user's with a child that has become somebody else's, as by a program with more rights.
ANOTHER_USER = """
import asyncio
import concurrent.futures.thread   # that user may not read where it lies
from supervisor.system import tree

ready, telling = os.pipe()
top = os.fork()
if top == 0:
    os.setsid()
    child = idle()
    os.setuid(54321)
    os.write(telling, str(child).encode())
    idle()
    while True:
        signal.pause()
child = int(os.read(ready, 100))
(run,) = run_of([top])

async def main():
    paused = await tree.pause(run, {})
    stands = tree.paused(run)
    stopped = await tree.stop(run, {}, whole=True, gentle_seconds=0.5)
    print(json.dumps({
        "escaped": [one.run.pid == child for one in paused.escaped], "stopped": len(paused.runs),
        "stands": stands, "ended": len(stopped.ended), "failed": [one.pid == child for one in stopped.failed],
    }))

user = os.fork()
if user == 0:
    os.setuid(54321)
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)
while os.wait()[0] != user:
    pass
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
        timeout=100,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_recorded_pid_that_an_innocent_has_by_now_is_never_signalled() -> None:
    """A thousand PIDs are given to somebody else: each time the answer is that the process is gone."""
    told = in_a_namespace(USED_AGAIN)

    assert told == {"rounds": 1000, "wrong": 0, "answers": {"GONE": 3000}, "same pid": 1000}


def test_whoever_gets_the_pid_between_check_and_signal_is_not_hit() -> None:
    """A process dies and its PID comes again between any two of our steps: three thousand times, no harm."""
    told = in_a_namespace(IN_BETWEEN)

    assert told == {"rounds": 3000, "wrong": 0, "answers": {"GONE": 3000}, "same pid": 3000}


def test_a_fork_bomb_is_paused_and_ended_while_others_are_served() -> None:
    """Four hundred processes that do nothing but fork: bounded in time, said truly, and nobody else waits."""
    told = in_a_namespace(BOMB)

    assert told["honest"], told
    assert told["paused"] >= 300
    assert told["alive"] == 0
    # Deadlines are seconds; a machine that is busy with other things adds some.
    assert told["pause"] < 15
    assert told["stop"] < 30
    assert told["worst"] < 2


def test_who_hops_from_process_to_process_is_stopped_or_named() -> None:
    """A process that is another one every three milliseconds does not run on behind a "paused"."""
    told = in_a_namespace(HOPS)

    assert told["took"] < 5
    assert told["alive"] <= told["named"], told
    assert told["stopped"] + told["named"] > 0, told


def test_who_may_not_be_signalled_is_named() -> None:
    """A child with another user's rights escapes the pause and outlives the stop: both answers say so."""
    told = in_a_namespace(ANOTHER_USER)

    assert told == {"escaped": [True], "stopped": 2, "stands": False, "ended": 2, "failed": [True]}
