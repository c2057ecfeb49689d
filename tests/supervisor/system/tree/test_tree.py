"""Real trees of processes, paused, resumed and stopped: all of it, and nobody else."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("plants its trees by a shell", allow_module_level=True)

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from supervisor import programs
from supervisor.core.model import Run
from supervisor.system import tree
from supervisor.system.tree import deeds, posix
from supervisor.system.tree.base import Act, Sent
from supervisor.system.tree.deeds import Scope
from tests.lab.held import Held
from tests.lab.homes import Launch
from tests.lab.terminal import Terminal
from tests.lab.trees import WAIT, Tree, run, status
from tests.lab.waiting import until

SYSTEMS: list[Any] = [posix.System]
if sys.platform == "linux":
    from supervisor.system.tree import linux

    SYSTEMS.append(linux.System)

pytestmark = pytest.mark.anyio

Plant = Callable[..., Tree]

#: A child, one in a session of its own, one that has left as a daemon does, one whose parent has gone.
FOUR_WAYS = f"""
sh -c 'echo $$ > child; {WAIT}' &
setsid sh -c 'echo $$ > apart; {WAIT}' &
(setsid nohup sh -c 'echo $$ > daemon; {WAIT}' >/dev/null 2>&1 &)
(sh -c 'echo $$ > orphan; {WAIT}' &)
{WAIT}
"""
WAYS = ("child", "apart", "daemon", "orphan")
#: Ends when it is asked to, and not without a word.
POLITE = f"trap 'echo bye > said; exit 0' TERM; echo $$ > ready; while :; do {WAIT}; done"
STUBBORN = f"trap '' TERM HUP; echo $$ > ready; while :; do {WAIT}; done"


@pytest.fixture(params=SYSTEMS, ids=lambda system: system.__module__.rpartition(".")[2])
def system(request: pytest.FixtureRequest) -> Any:
    """Both ways to look at processes and to signal them keep the same promises."""
    return request.param()


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """Starts trees; all of them end with the test."""
    with ExitStack() as stack:
        yield lambda script, **more: stack.enter_context(Tree(script, tmp_path, **more))


def scope(system: Any, planted: Tree, **more: Any) -> Scope:
    return Scope(system, planted.run, planted.marks, **more)


def pids(planted: Tree, *names: str) -> list[int]:
    return [planted.told(name) for name in names]


def stopped(planted: Tree) -> bool:
    return {process.status() for process in planted.all()} == {psutil.STATUS_STOPPED}


async def test_a_family_is_a_process_and_all_below_it(plant: Plant) -> None:
    """Children in sessions of their own belong to it; who has left does not."""
    planted = plant(FOUR_WAYS)
    child, apart, *_ = pids(planted, *WAYS)

    # The shells in between take a moment to go.
    found = until(lambda: family if len(family := tree.family(planted.run)) == 3 else ())

    assert found[0] == planted.run
    assert {one.pid for one in found} == {planted.run.pid, child, apart}
    assert tree.family(Run(planted.run.pid, planted.run.started_at - 60)) == ()


async def test_what_has_left_the_family_is_found_by_its_mark(plant: Plant) -> None:
    """A daemon in a session of its own and an orphan carry the variable that the session was given."""
    planted = plant(FOUR_WAYS)
    _, _, daemon, orphan = pids(planted, *WAYS)

    found = tree.left_behind(planted.run, planted.marks)

    assert {process.run.pid for process in found} == {daemon, orphan}
    assert {process.argv[:2] for process in found} == {("sh", "-c")}


async def test_who_threw_its_mark_away_is_found_by_its_session(plant: Plant) -> None:
    """Cleaning the environment does not help as long as the session is the family's."""
    planted = plant(f"(env -i sh -c 'echo $$ > clean; {WAIT}' &)\n{WAIT}")
    clean = planted.told("clean")

    found = tree.left_behind(planted.run, planted.marks)

    assert [process.run.pid for process in found] == [clean]
    os.kill(clean, signal.SIGKILL)


async def test_what_a_killed_session_left_behind_is_found(plant: Plant) -> None:
    """kill -9 of the agent leaves its children alive: they are known by mark all the same."""
    planted = plant(FOUR_WAYS)
    expected = set(pids(planted, *WAYS))
    planted.process.kill()
    planted.process.wait()

    found = tree.left_behind(planted.run, planted.marks)

    assert {process.run.pid for process in found} == expected


async def test_a_neighbour_in_the_same_shell_is_a_stranger(plant: Plant) -> None:
    """An agent that somebody started in a shell takes neither the shell nor its other jobs along."""
    planted = plant(f"sh -c 'echo $$ > neighbour; {WAIT}' &\nsh -c 'echo $$ > agent; {WAIT}' &\nwait")
    neighbour, agent = run(planted.told("neighbour")), run(planted.told("agent"))

    done = await tree.stop(agent, {"NOBODY_HAS": "this"}, whole=True, gentle_seconds=1)

    assert (done.ended, done.left, done.failed) == ((agent,), (), ())
    assert status(neighbour.pid) != ""
    assert planted.process.poll() is None


async def test_pause_stops_the_whole_tree_and_resume_lets_it_go_on(system: Any, plant: Plant) -> None:
    """Daemons and children in other sessions included; paused is told while it lasts."""
    planted = plant(FOUR_WAYS)
    everyone = {planted.run.pid, *pids(planted, *WAYS)}

    paused = await deeds.pause(scope(system, planted, whole=True))
    held = stopped(planted), tree.paused(planted.run)
    resumed = await deeds.resume(scope(system, planted, whole=True))

    assert {one.pid for one in paused.runs} == {one.pid for one in resumed.runs} == everyone
    assert (paused.escaped, resumed.escaped) == ((), ())
    assert held == (True, True)
    until(lambda: not any(status(pid) == psutil.STATUS_STOPPED for pid in everyone))
    assert not tree.paused(planted.run)


async def test_a_tree_that_keeps_forking_stands_still(system: Any, plant: Plant) -> None:
    """New processes that come while the first are stopped are stopped as well."""
    planted = plant(
        "n=0; while [ $n -lt 400 ]; do n=$((n+1)); (echo $n >> begun; read _ < hold) & done; read _ < hold"
    )
    until(lambda: len(planted.all()) > 20)

    paused = await deeds.pause(scope(system, planted, whole=True))

    assert paused.escaped == ()
    assert stopped(planted)
    assert {one.pid for one in paused.runs} == {process.pid for process in planted.all()}


async def test_a_tree_is_not_paused_while_one_of_it_runs(plant: Plant) -> None:
    """A stopped agent whose child goes on is not paused, nor is one that is gone."""
    planted = plant(FOUR_WAYS)
    pids(planted, *WAYS)
    planted.process.send_signal(signal.SIGSTOP)
    until(lambda: status(planted.run.pid) == psutil.STATUS_STOPPED)

    half = tree.paused(planted.run)
    await tree.pause(planted.run, planted.marks)
    whole = tree.paused(planted.run)
    planted.process.kill()
    planted.process.wait()

    assert (half, whole, tree.paused(planted.run)) == (False, True, False)


async def test_a_tree_stays_paused_when_whoever_paused_it_is_killed(plant: Plant) -> None:
    """Nothing of the pause is kept but the stopped processes: another program sees it and ends it."""
    planted = plant(FOUR_WAYS)
    pids(planted, *WAYS)
    program = (
        "import asyncio, os, signal, sys\n"
        "from supervisor.core.model import Run\n"
        "from supervisor.system import tree\n"
        "run, marks = Run(int(sys.argv[1]), float(sys.argv[2])), {'TREE_MARK': sys.argv[3]}\n"
        "asyncio.run(tree.pause(run, marks))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    words = [str(planted.run.pid), repr(planted.run.started_at), planted.marks["TREE_MARK"]]
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", program, *words)
    code = await killed.wait()

    assert code == -signal.SIGKILL
    assert tree.paused(planted.run)
    await tree.resume(planted.run, planted.marks)
    until(lambda: not any(p.status() == psutil.STATUS_STOPPED for p in planted.all()))


async def test_stopping_is_gentle_first(system: Any, plant: Plant) -> None:
    """An agent that ends when it is asked to has its last word, and nobody waits any longer."""
    planted = plant(POLITE)
    planted.told("ready")
    began = time.monotonic()

    done = await deeds.stop(scope(system, planted), 20.0)

    assert (done.ended, done.left, done.failed) == ((planted.run,), (), ())
    assert (planted.folder / "said").read_text() == "bye\n"
    assert time.monotonic() - began < 10


async def test_a_paused_tree_hears_that_it_is_to_end(system: Any, plant: Plant) -> None:
    """Whoever is stopped is woken to end as it likes."""
    planted = plant(POLITE)
    planted.told("ready")
    await deeds.pause(scope(system, planted, whole=True))

    done = await deeds.stop(scope(system, planted), 20.0)

    assert (done.ended, done.failed) == ((planted.run,), ())
    assert (planted.folder / "said").read_text() == "bye\n"


async def test_a_shell_ends_because_its_terminal_does(tmp_path: Path) -> None:
    """An interactive shell does not listen when it is asked; it is not killed for that."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    with Terminal(Launch(argv=("bash", "--norc", "-i"), env=environment, cwd=tmp_path)) as terminal:
        terminal.press("trap 'echo over > over' EXIT; echo re''ady\r")
        terminal.wait_for("ready")
        bash = run(terminal.pid)
        ending = asyncio.create_task(tree.stop(bash, {}, whole=True, gentle_seconds=2))
        code = await asyncio.to_thread(terminal.wait)
        done = await ending

    assert code == -signal.SIGHUP
    assert (tmp_path / "over").exists()
    assert (done.ended, done.failed) == ((bash,), ())


async def test_who_does_not_end_is_killed_in_the_end(system: Any, plant: Plant) -> None:
    """Neither a trap nor a stop keeps a process; all that it started goes with it."""
    planted = plant(f"trap '' TERM HUP\nsh -c 'echo $$ > child; {WAIT}' &\n{STUBBORN}")
    child = run(planted.told("child"))
    planted.told("ready")

    done = await deeds.stop(scope(system, planted), 0.2)

    assert set(done.ended) == {planted.run, child}
    assert done.failed == ()
    assert planted.all() == []


async def test_what_was_left_behind_is_named_and_lives_on(system: Any, plant: Plant) -> None:
    """A server that was started in the background outlives its session, unless more is wanted."""
    planted = plant(FOUR_WAYS)
    child, apart, daemon, orphan = (run(pid) for pid in pids(planted, *WAYS))

    done = await deeds.stop(scope(system, planted), 0.5)

    assert set(done.ended) == {planted.run, child, apart}
    assert {process.run for process in done.left} == {daemon, orphan}
    assert done.failed == ()
    assert {process.pid for process in planted.all()} == {daemon.pid, orphan.pid}


async def test_the_whole_tree_ends_when_that_is_wanted(system: Any, plant: Plant) -> None:
    """Double-forked, re-sessioned and nohup'ed processes end too."""
    planted = plant(FOUR_WAYS)
    everyone = {planted.run, *(run(pid) for pid in pids(planted, *WAYS))}

    done = await deeds.stop(scope(system, planted, whole=True), 0.5)

    assert set(done.ended) == everyone
    assert (done.left, done.failed) == ((), ())
    assert planted.all() == []


async def test_who_leaves_while_it_is_stopped_is_not_lost_sight_of(system: Any, plant: Plant) -> None:
    """A child whose parent ends on request is a stranger's child from then on: it ends all the same."""
    planted = plant(f"(trap '' TERM; sh -c 'echo $$ > deep; {STUBBORN}') & {WAIT}")
    deep = run(planted.told("deep"))
    planted.told("ready")

    done = await deeds.stop(scope(system, planted), 0.3)

    assert deep in done.ended
    assert planted.all() == []


async def test_a_zombie_is_told_as_failed(system: Any, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody collects still exists when time is over: that is no success."""
    monkeypatch.setattr(deeds, "_SURELY_SECONDS", 0.1)
    planted = plant("exit 0", collect=False)
    until(lambda: status(planted.run.pid) == psutil.STATUS_ZOMBIE)

    done = await deeds.stop(scope(system, planted), 0.1)

    assert (done.ended, done.left, done.failed) == ((), (), (planted.run,))


async def test_stopping_what_is_gone_only_tells_what_is_left(system: Any, plant: Plant) -> None:
    """No success is made up for a process that was gone before."""
    planted = plant(f"(setsid sh -c 'echo $$ > daemon; {WAIT}' &)")
    daemon = run(planted.told("daemon"))
    until(lambda: status(planted.run.pid) == "")

    done = await deeds.stop(scope(system, planted), 0.5)

    assert (done.ended, done.failed) == ((), ())
    assert [process.run for process in done.left] == [daemon]


async def test_programs_of_ours_that_a_session_started_are_spared(plant: Plant, tmp_path: Path) -> None:
    """A supervisor, and terminals that others live in, do not end with the session they were begun in."""
    ours = " ".join(f"'{word}'" for word in programs.nursery_command()[1:])
    (tmp_path / "supervisor.py").write_text("import os; open('ours', 'w').write(str(os.getpid())); input()")
    nursery = f"PYTHONPATH={tmp_path} setsid {sys.executable} {ours} < hold"
    planted = plant(f"({nursery} &)\n(setsid sh -c 'echo $$ > daemon; {WAIT}' &)\n{WAIT}")
    kept, daemon = run(planted.told("ours")), run(planted.told("daemon"))

    done = await tree.stop(planted.run, planted.marks, whole=True, gentle_seconds=0.5)

    assert daemon in done.ended
    assert kept not in (*done.ended, *(process.run for process in done.left))
    assert status(kept.pid) != ""


async def test_whom_the_caller_spares_goes_on(plant: Plant) -> None:
    """A daemon that many sessions share is neither paused nor stopped with one of them."""
    planted = plant(FOUR_WAYS)
    child, apart, daemon, orphan = pids(planted, *WAYS)

    paused = await tree.pause(planted.run, planted.marks, spare=lambda p: p.run.pid == daemon)
    done = await tree.stop(
        planted.run, planted.marks, whole=True, gentle_seconds=1, spare=lambda p: p.run.pid == daemon
    )

    assert {one.pid for one in paused.runs} == {planted.run.pid, child, apart, orphan}
    assert {one.pid for one in done.ended} == {planted.run.pid, child, apart, orphan}
    assert status(daemon) == psutil.STATUS_SLEEPING


async def test_a_held_terminal_names_all_that_runs_in_it(tmp_path: Path) -> None:
    """What a held command left behind ends with it when that is wanted; its holder and the nursery do not."""
    with Held() as held:
        daemon = tmp_path / "daemon"
        left = f"(setsid nohup sh -c 'echo $$ > {daemon}; exec sleep 1000' >/dev/null 2>&1 &)"
        caller = held.run("sh", "-c", f"{left}; echo begun; sleep 1000")
        caller.wait_for(b"begun")
        pid = int(until(lambda: daemon.exists() and daemon.read_text().strip()))
        agent, marks = run(caller.hello.child), {"WAKELINE_TERMINAL": caller.hello.id.decode()}

        behind = tree.left_behind(agent, marks)
        done = await tree.stop(agent, marks, whole=True, gentle_seconds=1)

        assert [process.run.pid for process in behind] == [pid]
        assert {one.pid for one in done.ended} >= {agent.pid, pid}
        assert done.left == ()
        assert caller.code() == -signal.SIGTERM
        assert held.nursery.is_running()


async def test_a_child_that_the_caller_spares_goes_on(plant: Plant) -> None:
    """What many sessions share is at first the child of whichever started it."""
    planted = plant(f"sh -c 'echo $$ > shared; sh -c \"echo \\$\\$ > below; {WAIT}\"; true' &\n{WAIT}")
    shared, below = pids(planted, "shared", "below")

    paused = await tree.pause(planted.run, planted.marks, spare=lambda p: p.run.pid == shared)
    told = tree.paused(planted.run, spare=lambda p: p.run.pid == shared)
    done = await tree.stop(
        planted.run, planted.marks, whole=True, gentle_seconds=1, spare=lambda p: p.run.pid == shared
    )

    assert told
    assert not {shared, below} & {one.pid for one in (*paused.runs, *done.ended)}
    assert {status(shared), status(below)} == {psutil.STATUS_SLEEPING}


async def test_a_process_is_signalled_by_pid_and_start(system: Any, plant: Plant) -> None:
    """The same PID with another start is somebody else, and hears nothing."""
    planted = plant(WAIT)
    older = Run(planted.run.pid, planted.run.started_at - 0.03)

    answers = [system.do(one, act) for one in (older, planted.run) for act in (Act.PAUSE, Act.RESUME)]

    assert answers == [Sent.GONE, Sent.GONE, Sent.DONE, Sent.DONE]


async def test_others_are_served_meanwhile(plant: Plant) -> None:
    """The loop goes round while a tree is stopped."""
    planted = plant(FOUR_WAYS + "\n" + STUBBORN)
    pids(planted, *WAYS)
    worst, last = 0.0, time.monotonic()
    stopping = asyncio.create_task(tree.stop(planted.run, planted.marks, whole=True, gentle_seconds=1))

    while not stopping.done():
        await asyncio.sleep(0)
        now = time.monotonic()
        worst, last = max(worst, now - last), now

    assert (await stopping).failed == ()
    assert worst < 0.5
