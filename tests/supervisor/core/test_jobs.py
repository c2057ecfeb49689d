"""Which processes of a session are jobs, as the desk decides about them: facts in, no clock."""

from collections.abc import Sequence
from typing import Any

import pytest

from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.jobs import command_of
from supervisor.core.keeper import Keeper
from supervisor.core.model import Job, JobKind, Offspring, Run, Session, Sighting, Sign, State

AGENT = Run(100, 5.0)
EXITS = [(0, 0), (3, 3), (-9, -9), (None, None)]


@pytest.fixture
def desk() -> Desk:
    """With one session whose first turn, from 20 to 30, is over."""
    made = new_desk()
    for at, sign in ((10.0, Sign.IDLE), (20.0, Sign.WORKING), (30.0, Sign.IDLE)):
        look(made, sign, at)
    return made


def new_desk() -> Desk:
    return Desk(keeper=Keeper(), resume=lambda *_: None)


def look(desk: Desk, sign: Sign | None, at: float, **more: Any) -> list[effects.Effect]:
    seen = Sighting(agent="claude", session_id="s", run=AGENT, alive=True, sign=sign, terminal="t", **more)
    return desk.handle(events.Looked(agent="claude", sightings=(seen,), at=at))


def gone(desk: Desk, at: float) -> list[effects.Effect]:
    return desk.handle(events.Looked(agent="claude", sightings=(), at=at))


def child(pid: int = 200, started_at: float = 25.0, **more: Any) -> Offspring:
    """What the agent's tool started, unless told otherwise: in a session of the system of its own."""
    fields = {"argv": ("sleep", "600"), "parent_pid": AGENT.pid, "left": False, "detached": True, **more}
    return Offspring(session_id="s", run=Run(pid, started_at), **fields)


def found(desk: Desk, *children: Offspring, at: float = 40.0) -> list[effects.Effect]:
    origins = desk.jobs._origins()
    return desk.handle(events.JobsFound(origins=origins, found=children, at=at))


def running(desk: Desk) -> list[int]:
    return [job.pid for job in desk.sessions["s"].jobs]


def waits(wishes: Sequence[effects.Effect]) -> list[float]:
    return [wish.seconds for wish in wishes if isinstance(wish, effects.Wait) and wish.name == "jobs"]


def told(wishes: Sequence[effects.Effect]) -> list[Job]:
    return [w.data for w in wishes if isinstance(w, effects.Publish) and w.topic == "job"]


def test_what_runs_on_after_the_turn_is_a_job(desk: Desk) -> None:
    """It is shown, told, kept on disk, watched for its end, and keeps the machine awake."""
    wishes = found(desk, child(argv=("python", "scrape.py"), output="/p/out", output_bytes=7))

    (job,) = desk.sessions["s"].jobs
    assert (job.pid, job.command, job.kind, job.output_bytes) == (200, "python scrape.py", JobKind.AGENT, 7)
    assert told(wishes) == [job]
    assert effects.WatchJob(Run(200, 25.0)) in wishes
    assert effects.KeepJob("s", job) in wishes
    assert [reason.text for reason in desk.keeper.awake.reasons] == ["job 200 (python scrape.py) of claude s"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(child(detached=False), id="the agent's own part"),
        pytest.param(child(argv=("/usr/bin/gpg-agent", "--daemon"), left=True), id="a daemon"),
        pytest.param(child(argv=("java", "-cp", "x", "GradleDaemon"), left=True), id="a daemon in a program"),
        pytest.param(child(detached=False, left=True), id="a part that outlived its agent"),
    ],
)
def test_what_nobody_waits_for_is_no_job(desk: Desk, other: Offspring) -> None:
    """The agent's own parts and daemons that stay for everybody's sake do not count."""
    found(desk, other, child(201, parent_pid=other.run.pid, argv=other.argv, detached=False))

    assert running(desk) == []


def test_what_a_daemon_started_is_no_job_either(desk: Desk) -> None:
    """All below a daemon is the daemon's."""
    found(desk, child(argv=("watchman",), left=True), child(201, parent_pid=200, left=True))

    assert running(desk) == []


@pytest.mark.parametrize(
    ("one", "is_job"),
    [
        (child(started_at=51.0), False),
        (child(started_at=25.0), True),
        (child(started_at=51.0, left=True), True),
        (child(started_at=25.0, detached=None), False),
    ],
)
def test_within_a_turn_only_what_outlived_one_or_left_is_a_job(
    desk: Desk, one: Offspring, is_job: bool
) -> None:
    """What the running turn has started and waits for is its own business."""
    look(desk, Sign.WORKING, 50.0)

    found(desk, one, at=60.0)

    assert bool(running(desk)) is is_job


def test_where_nothing_tells_the_agents_parts_its_start_does(desk: Desk) -> None:
    """Without sessions of processes: what came with the agent is its own, what came later is not."""
    found(desk, child(200, 6.0, detached=None), child(201, 25.0, detached=None))

    assert running(desk) == [201]


def test_a_job_is_its_first_process_with_all_that_it_uses(desk: Desk) -> None:
    """Children of a job are counted with it, and are no jobs of their own."""
    shell = child(200, cpu_seconds=0.5, memory_bytes=100)
    below = child(201, 26.0, parent_pid=200, cpu_seconds=2.0, memory_bytes=None)
    deep = child(202, 27.0, parent_pid=201, cpu_seconds=1.0, memory_bytes=50)

    found(desk, deep, below, shell)

    assert running(desk) == [200]
    (job,) = desk.jobs.of("s")
    assert (job.cpu_seconds, job.memory_bytes) == (3.5, 150)


def test_what_has_just_begun_is_looked_at_again(desk: Desk) -> None:
    """Many processes go on for a moment after they were needed: they are given that moment."""
    young = found(desk, child(started_at=39.5), at=40.0)

    assert (running(desk), waits(young)) == ([], [2.0])
    found(desk, child(started_at=39.5), at=42.0)
    assert running(desk) == [200]


def test_a_look_follows_the_end_of_a_turn(desk: Desk) -> None:
    """Soon after a turn it is looked at what it left; while nothing runs, nothing is looked at."""
    look(desk, Sign.WORKING, 50.0)
    after = look(desk, Sign.IDLE, 60.0)
    assert waits(after) == [1.0]

    (wish,) = desk.handle(events.WaitOver(name="jobs", at=61.0))

    assert isinstance(wish, effects.LookAtJobs)
    assert [(o.session_id, o.run, o.terminal) for o in wish.origins] == [("s", AGENT, "t")]
    assert waits(found(desk, at=61.1)) == []
    assert waits(look(desk, Sign.IDLE, 70.0)) == []


def test_while_a_job_runs_it_is_looked_at_now_and_then(desk: Desk) -> None:
    """A slow beat finds what comes of a job; what it uses changes nothing that is shown or told."""
    first = found(desk, child(cpu_seconds=1.0))
    assert waits(first) == [10.0]
    desk.handle(events.WaitOver(name="jobs", at=50.0))

    again = found(desk, child(cpu_seconds=2.0), at=50.0)

    assert (told(again), waits(again)) == ([], [10.0])
    assert desk.jobs.of("s")[0].cpu_seconds == 2.0


@pytest.mark.parametrize(("status", "shown"), EXITS)
def test_the_end_of_a_job_is_told(desk: Desk, status: int | None, shown: int | None) -> None:
    """With its exit status if that is known; the machine need not stay awake for it any longer."""
    found(desk, child())

    wishes = desk.handle(events.JobEnded(run=Run(200, 25.0), exit_status=status, at=60.0))

    (job,) = told(wishes)
    assert (job.over, job.ended_at, job.exit_status) == (True, 60.0, shown)
    assert (desk.sessions["s"].jobs, desk.sessions["s"].keeps_awake) == ((), True)  # it winds down
    assert desk.jobs.of("s") == (job,)
    assert told(desk.handle(events.JobEnded(run=Run(200, 25.0), exit_status=0, at=61.0))) == []


def test_the_end_of_another_process_with_the_same_pid_is_not_its_end(desk: Desk) -> None:
    """PIDs are used again."""
    found(desk, child())

    desk.handle(events.JobEnded(run=Run(200, 99.0), exit_status=0, at=60.0))

    assert running(desk) == [200]


def test_a_job_outlives_its_session(desk: Desk) -> None:
    """When the agent has ended, its job is shown and looked for still, and the session stays in the list."""
    found(desk, child())
    gone(desk, 50.0)

    assert (desk.sessions["s"].state, running(desk)) == (State.ENDED, [200])
    (wish,) = desk.handle(events.WaitOver(name="jobs", at=51.0))
    assert isinstance(wish, effects.LookAtJobs)
    assert wish.known == (("s", Run(200, 25.0)),)
    desk.handle(events.WaitOver(name="tidy", at=50.0 + 90_000.0))
    assert running(desk) == [200]
    desk.handle(events.JobEnded(run=Run(200, 25.0), exit_status=0, at=50.0 + 90_001.0))
    desk.handle(events.WaitOver(name="tidy", at=50.0 + 94_000.0))
    assert desk.sessions == {}


def test_a_session_that_is_thrown_away_takes_its_jobs_along(desk: Desk) -> None:
    """They run on, but nothing is said of them any more, and nothing is kept awake; nor after a restart."""
    found(desk, child())

    wishes = desk.handle(events.Discarded(session_id="s", at=50.0))

    assert [wish.job.over for wish in wishes if isinstance(wish, effects.KeepJob)] == [True]
    assert desk.jobs.look() == []


def test_what_a_session_left_is_found_after_its_end(desk: Desk) -> None:
    """What outlived its agent by leaving it is a job, though nobody had seen it before."""
    after = gone(desk, 50.0)
    assert waits(after) == [1.0]
    desk.handle(events.WaitOver(name="jobs", at=51.0))

    found(desk, child(left=True, parent_pid=1), at=51.0)

    assert running(desk) == [200]


def test_a_session_that_left_nothing_is_looked_at_no_more(desk: Desk) -> None:
    """Old sessions cost nothing; one that may have left something is looked at until that is known."""
    gone(desk, 50.0)
    found(desk, child(started_at=50.0, left=True), at=51.0)
    assert len(desk.jobs.look()) == 1

    found(desk, at=53.0)

    assert desk.jobs.look() == []


def test_jobs_are_found_again_after_a_restart() -> None:
    """What ran is watched at once, so that an end meanwhile is told; what had ended is known still."""
    desk = new_desk()
    session = Session(id="s", agent="claude", state=State.IDLE, run=AGENT, since=10.0)
    jobs = (
        Job(pid=200, command="make", started_at=25.0),
        Job(pid=7, command="ls", started_at=9.0, over=True),
    )

    wishes = desk.handle(events.Restored(sessions=(session,), rebooted=False, at=100.0, jobs={"s": jobs}))

    assert running(desk) == [200]
    assert [w.run for w in wishes if isinstance(w, effects.WatchJob)] == [Run(200, 25.0)]
    assert waits(wishes) == [1.0]
    assert [job.pid for job in desk.jobs.of("s")] == [7, 200]
    found(desk, child(argv=("something", "else")), at=101.0)
    assert [job.command for job in desk.sessions["s"].jobs] == ["make"]


def test_no_job_survives_a_reboot() -> None:
    """After a reboot nobody has that process, whoever has its PID."""
    desk = new_desk()
    session = Session(id="s", agent="claude", state=State.ENDED, since=90.0)
    job = Job(pid=200, command="make", started_at=25.0)

    desk.handle(events.Restored(sessions=(session,), rebooted=True, at=100.0, jobs={"s": (job,)}))

    assert (running(desk), [one.over for one in desk.jobs.of("s")]) == ([], [True])


def test_a_plain_command_leaves_jobs_behind() -> None:
    """Of a command that is no agent all counts that goes on when it has ended."""
    desk = new_desk()
    seen = Sighting(agent="plain", session_id="s", run=AGENT, alive=True, sign=Sign.WORKING, terminal="s")
    desk.handle(events.Looked(agent="plain", sightings=(seen,), at=10.0))
    desk.handle(events.TerminalEnded(terminal="s", code=0, at=50.0))

    found(desk, child(left=True, detached=False), at=60.0)

    assert running(desk) == [200]


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("python", "scrape.py", "--all"), "python scrape.py --all"),
        (("sh", "-c", "make && make install"), "make && make install"),
        (("/bin/bash", "-lc", "npm  run\nbuild"), "npm run build"),
        (("/bin/bash", "-c", "-l", "source x && eval 'echo '\\''hi'\\''' < /dev/null && pwd"), "echo 'hi'"),
        (("bash", "train.sh", "-c", "x"), "bash train.sh -c x"),
        (("cmd.exe", "/c", "dir"), "dir"),
        ((), "?"),
        (("x" * 600,), "x" * 499 + "…"),
    ],
)
def test_a_command_is_told_as_a_person_would(argv: tuple[str, ...], shown: str) -> None:
    """Where a shell only carries it, what the shell was told; one line, of bounded length."""
    assert command_of(argv) == shown
