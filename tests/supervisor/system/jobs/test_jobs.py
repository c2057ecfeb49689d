"""Real processes that real sessions left running: whose they are, what they write, how they end."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("plants its trees by a shell", allow_module_level=True)

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from supervisor.core.model import Job, Offspring, Origin, Process, Run
from supervisor.system import jobs
from supervisor.system.jobs import Signs, anywhere, files
from supervisor.system.jobs.looking import Look
from supervisor.system.processes.family import same_start
from supervisor.system.tree import posix
from tests.lab.trees import WAIT, Tree, run, status
from tests.lab.waiting import until

pytestmark = pytest.mark.anyio

Plant = Callable[..., Tree]
Ways = tuple[Any, Any]

#: By psutil, as on macOS, and as this system does it itself.
SYSTEMS: list[Any] = [pytest.param((posix.System, anywhere.Details), id="psutil")]
if sys.platform == "linux":
    from supervisor.system.jobs import linux
    from supervisor.system.tree.linux import System

    SYSTEMS.append(pytest.param((System, linux.Details), id="linux"))


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """Starts scripts, each in a folder of its own, and ends all that came of them."""
    with ExitStack() as stack:

        def start(script: str, **more: Any) -> Tree:
            folder = tmp_path / f"tree-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(Tree(script, folder, **more))

        yield start


@pytest.fixture(params=SYSTEMS)
def ways(request: pytest.FixtureRequest) -> Ways:
    """Who tells of processes."""
    found: Ways = request.param
    return found


def origin(planted: Tree, **more: Any) -> Origin:
    return Origin(**{"session_id": "s", "agent": "claude", "run": planted.run, **more})


def signs(planted: Tree, **more: Any) -> Signs:
    fields = {"marks": planted.marks, "terminal": {}, "leader": None, "spare": lambda _: False, **more}
    return Signs(**fields)


def looked(ways: Ways, planted: Tree, *known: Run, **more: Any) -> dict[int, Offspring]:
    """What came of this tree, by PID."""
    system, details = ways
    one = origin(planted)
    found = Look(system(), details(), [one], {"s": signs(planted, **more)}).offspring(
        [("s", r) for r in known]
    )
    return {child.run.pid: child for child in found}


def test_children_and_what_has_left_are_the_sessions(ways: Ways, plant: Plant) -> None:
    """A child, one in a session of its own, a nohup, a double fork: each with what it is."""
    planted = plant(
        f"sh -c 'echo $$ > child; {WAIT}' &\n"
        f"setsid sh -c 'echo $$ > apart; {WAIT}' &\n"
        f"(nohup setsid sh -c 'echo $$ > nohup; {WAIT}' > out 2>&1 &)\n"
        f"(setsid sh -c '(sh -c \"echo \\$\\$ > orphan; {WAIT}\" &)' &)\n{WAIT}"
    )
    child, apart, nohup, orphan = (planted.told(name) for name in ("child", "apart", "nohup", "orphan"))
    until(lambda: psutil.Process(orphan).ppid() != psutil.Process(nohup).pid)

    found = looked(ways, planted)

    until(lambda: looked(ways, planted).keys() >= {child, apart, nohup, orphan})
    found = until(lambda: f if (f := looked(ways, planted))[orphan].left and f[nohup].left else {})
    told = {name: (found[pid].left, found[pid].detached) for name, pid in
            {"child": child, "apart": apart, "nohup": nohup, "orphan": orphan}.items()}  # fmt: skip
    assert told == {
        "child": (False, False),
        "apart": (False, True),
        "nohup": (True, True),
        "orphan": (True, True),
    }
    assert planted.run.pid not in found
    assert found[child].argv[:2] == ("sh", "-c")
    assert (found[child].memory_bytes or 0) > 0
    assert (found[child].cpu_seconds or 0.0) >= 0.0


def test_what_a_killed_agent_left_is_found(ways: Ways, plant: Plant) -> None:
    """kill -9 of the agent: its job is known by its mark."""
    planted = plant(f"setsid sh -c 'echo $$ > job; {WAIT}' &\n{WAIT}")
    job = planted.told("job")
    planted.process.kill()
    planted.process.wait()

    found = looked(ways, planted)

    assert {pid: (one.left, one.detached) for pid, one in found.items()} == {job: (True, True)}


def test_a_known_job_is_found_wherever_it_has_gone(ways: Ways, plant: Plant) -> None:
    """One that threw its marks away is known still; with it, whatever it starts."""
    planted = plant(f"(env -i setsid sh -c 'echo $$ > job; sh -c \"{WAIT}; true\"; true' &)\n{WAIT}")
    job = run(planted.told("job"))
    below = until(lambda: psutil.Process(job.pid).children())[0].pid
    assert job.pid not in looked(ways, planted)

    found = looked(ways, planted, job)

    assert found.keys() == {job.pid, below}
    os.killpg(job.pid, signal.SIGKILL)


def test_a_reused_pid_is_a_stranger(ways: Ways, plant: Plant) -> None:
    """A process is known by its PID and its start: another one with this PID is not it."""
    planted, stranger = plant(WAIT), plant(WAIT)
    before = Run(stranger.run.pid, stranger.run.started_at - 60.0)

    assert looked(ways, planted, before) == {}
    system, details = ways
    gone = origin(stranger, run=before)
    look = Look(system(), details(), [gone], {"s": signs(stranger, marks={"NOBODY_HAS": "this"})})
    assert look.offspring([]) == ()


def test_what_is_nobodys_work_is_left_out_with_all_below(ways: Ways, plant: Plant) -> None:
    """Parts of an agent that live for many sessions are no offspring."""
    planted = plant(f"sh -c 'echo $$ > part; sh -c \"echo \\$\\$ > below; {WAIT}\"; true' &\n{WAIT}")
    part, below = planted.told("part"), planted.told("below")
    assert {part, below} <= looked(ways, planted).keys()

    def spare(process: Process) -> bool:
        return process.run.pid == part

    assert looked(ways, planted, spare=spare) == {}


def test_two_sessions_of_one_terminal_keep_their_own(ways: Ways, plant: Plant) -> None:
    """The agent's own mark says more than a terminal that both have been in."""
    planted = plant(
        f"(OWN=old setsid sh -c 'echo $$ > old; {WAIT}' &)\n"
        f"(OWN=new setsid sh -c 'echo $$ > new; {WAIT}' &)\n{WAIT}"
    )
    old, new = planted.told("old"), planted.told("new")
    origins = [origin(planted, session_id="old", over=True), origin(planted, session_id="new")]
    both = {
        own: signs(planted, marks={"OWN": own}, terminal=planted.marks, leader=planted.run)
        for own in ("old", "new")
    }
    system, details = ways

    found = until(lambda: f if len(f := Look(system(), details(), origins, both).offspring([])) >= 2 else ())

    assert {one.run.pid: one.session_id for one in found if one.run.pid in {old, new}} == {
        old: "old",
        new: "new",
    }


def test_sessions_that_share_a_process_are_told_apart_by_their_marks(ways: Ways, plant: Plant) -> None:
    """Of what one daemon starts for many sessions, each gets what carries its mark, and is no orphan."""
    planted = plant(
        f"OWN=one setsid sh -c 'echo $$ > one; {WAIT}' &\n"
        f"OWN=two setsid sh -c 'echo $$ > two; {WAIT}' &\n{WAIT}"
    )
    one, two = planted.told("one"), planted.told("two")
    origins = [origin(planted, session_id=own) for own in ("one", "two")]
    both = {own: signs(planted, marks={"OWN": own}) for own in ("one", "two")}
    system, details = ways

    found = Look(system(), details(), origins, both).offspring([])

    assert {(f.run.pid, f.session_id, f.left) for f in found} == {(one, "one", False), (two, "two", False)}


def test_where_output_goes_is_told_if_it_is_a_file(ways: Ways, plant: Plant) -> None:
    """Files with their size; pipes and devices are none, and never opened."""
    planted = plant(
        f"sh -c 'echo $$ > writes; echo hello; {WAIT}' > out &\n"
        f"sh -c 'echo $$ > pipes; {WAIT}' > hold &\n"
        f"sh -c 'echo $$ > nowhere; {WAIT}' > /dev/null &\n{WAIT}"
    )
    writes, pipes, nowhere = (planted.told(name) for name in ("writes", "pipes", "nowhere"))

    found = until(lambda: f if (f := looked(ways, planted)).keys() >= {writes, pipes, nowhere} else {})
    told = until(lambda: o if (o := looked(ways, planted)[writes]).output_bytes == 6 else None)

    assert told is not None
    assert (told.output, told.output_bytes) == (str(planted.folder / "out"), 6)
    assert (found[pipes].output, found[nowhere].output) == (None, None)


def a_job(pid: int, **more: Any) -> Job:
    return Job(pid=pid, started_at=run(pid).started_at, command="sh", **more)


def test_the_end_of_what_a_job_writes_is_read(plant: Plant) -> None:
    """Bounded, from its own file, though that has another name by now."""
    planted = plant(f"sh -c 'echo one; echo two; echo $$ > job; {WAIT}' > out &\n{WAIT}")
    job = a_job(planted.told("job"))
    (planted.folder / "out").rename(planted.folder / "renamed")

    assert jobs.tail(job, 100) == (b"one\ntwo\n", 0, 8)
    assert jobs.tail(job, 4) == (b"two\n", 4, 8)


def test_what_an_ended_job_wrote_is_read_from_the_very_file(tmp_path: Path) -> None:
    """Another file of that name is not what it wrote, nor is whatever a link leads to."""
    out, secret = tmp_path / "out", tmp_path / "secret"
    out.write_bytes(b"result")
    secret.write_bytes(b"secret")
    found = out.stat()
    job = Job(pid=2**22 + 1, started_at=1.0, command="x", over=True, output=str(out),
              output_file=(found.st_dev, found.st_ino))  # fmt: skip
    assert jobs.tail(job, 100) == (b"result", 0, 6)

    out.rename(tmp_path / "away")
    out.symlink_to(secret)
    assert jobs.tail(job, 100) is None
    out.unlink()
    out.write_bytes(b"another")
    assert jobs.tail(job, 100) is None
    out.unlink()
    assert jobs.tail(job, 100) is None


@pytest.mark.parametrize("what", ["pipe", "folder", "link", "nothing", "device"])
def test_only_files_are_read(what: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to holds nobody up; what is no file is not read."""
    place = tmp_path / "it"
    match what:
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "link":
            place.symlink_to("/etc/passwd")
        case "device":
            place = Path("/dev/zero")
        case _:
            pass

    assert files.last_of(str(place), 100) is None


def test_what_another_user_owns_is_not_read(tmp_path: Path) -> None:
    """Not even where the permissions of that file would let us."""
    if os.getuid() != 0:
        pytest.skip("only root may give files away")
    place = tmp_path / "it"
    place.write_text("theirs")
    os.chown(place, 65534, 65534)

    assert files.last_of(str(place), 100) is None


@pytest.mark.parametrize(("script", "told"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
async def test_the_end_is_told_once_with_its_status(script: str, told: int, plant: Plant) -> None:
    """Where the system tells it to others than its parent; a process that is not our child."""
    wait = "until [ -e go ]; do sleep 0.1; done"
    planted = plant(f"(setsid sh -c 'echo $$ > job; {wait}; {script}' &)\n{WAIT}")
    job = run(planted.told("job"))
    ends: asyncio.Queue[tuple[Run, int | None]] = asyncio.Queue()
    jobs.watch_end(job, lambda gone, code: ends.put_nowait((gone, code)))

    (planted.folder / "go").touch()

    ended = await ends.get()
    assert ended[0] == job
    assert ended[1] in {told, None}
    assert ends.empty()


async def test_who_is_gone_already_is_told_at_once(plant: Plant) -> None:
    """Also where somebody else has its PID by now."""
    planted = plant(WAIT)
    ends: asyncio.Queue[Run] = asyncio.Queue()
    gone, other = Run(2**22 + 1, 1.0), Run(planted.run.pid, planted.run.started_at - 60.0)

    for one in (gone, other):
        jobs.watch_end(one, lambda ended, _: ends.put_nowait(ended))

    assert {await ends.get(), await ends.get()} == {gone, other}
    assert status(planted.run.pid)


async def test_who_stops_watching_hears_nothing(plant: Plant) -> None:
    """And nothing stays open."""
    planted = plant(WAIT)
    before = psutil.Process().num_fds()
    heard: list[Run] = []
    stop = jobs.watch_end(planted.run, lambda ended, _: heard.append(ended))

    stop()
    stop()
    planted.process.kill()
    await asyncio.to_thread(planted.process.wait)
    await asyncio.sleep(0)

    assert (heard, psutil.Process().num_fds()) == ([], before)


def test_ourselves_we_find_as_this_system_does(plant: Plant) -> None:
    """The package answers with what its system has."""
    planted = plant(f"setsid sh -c 'echo $$ > job; {WAIT}' &\n{WAIT}")
    job = run(planted.told("job"))

    (found,) = jobs.look([origin(planted)], [], {"s": signs(planted)})

    assert found.run.pid == job.pid
    assert same_start(found.run.started_at, job.started_at)
