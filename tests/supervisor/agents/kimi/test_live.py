"""Which process serves which session, though nothing names a process."""

from pathlib import Path

from supervisor.agents.kimi.live import Sessions
from supervisor.core.model import Sign
from tests.fakes.processes import PID, STARTED, FewProcesses, process, world
from tests.supervisor.agents.kimi.stored import ONE, TWO, store, written

#: As it looks once it runs.
HIDDEN = "kimi-code"


def served(sessions: Sessions, home: Path, processes: FewProcesses) -> dict[int, str | None]:
    """Sessions by PID."""
    return {seen.run.pid: seen.session_id for seen in sessions.look(home, processes)}


def test_a_terminal_has_no_session_before_its_first_prompt(tmp_path: Path) -> None:
    """Older ones of its folder are not its own."""
    store(tmp_path, ONE, began_at=STARTED - 90, changed_at=STARTED - 60)

    (seen,) = Sessions().look(tmp_path, world(process(HIDDEN)))

    assert (seen.session_id, seen.sign, seen.facts.cwd) == (None, Sign.STARTING, "/home/me/project")


def test_what_is_written_in_its_folder_since_its_start_is_its_own(tmp_path: Path) -> None:
    """One that it began, or an older one that it goes on with; another one after that is another."""
    sessions, alone = Sessions(), world(process(HIDDEN))
    folder = store(tmp_path, ONE, began_at=STARTED - 90, changed_at=STARTED - 60)

    written(folder, STARTED + 5)
    (seen,) = sessions.look(tmp_path, alone)
    store(tmp_path, TWO, began_at=STARTED + 20, changed_at=STARTED + 21)

    assert (seen.session_id, seen.facts.title) == (ONE, "my name")
    assert seen.transcript == str(folder / "agents" / "main" / "wire.jsonl")
    assert served(sessions, tmp_path, alone) == {PID: TWO}


def test_of_two_in_one_folder_each_keeps_its_own(tmp_path: Path) -> None:
    """What began before the second one started is the first one's; after its end nothing changes hands."""
    sessions = Sessions()
    first, second = process(HIDDEN), process(HIDDEN, pid=PID - 1, started_at=STARTED + 60)
    store(tmp_path, ONE, began_at=STARTED + 10, changed_at=STARTED + 100)
    store(tmp_path, TWO, began_at=STARTED + 70, changed_at=STARTED + 200)

    both = served(sessions, tmp_path, world(first, second))
    left = served(sessions, tmp_path, world(first))

    assert both == {PID: ONE, PID - 1: TWO}
    assert left == {PID: ONE}


def test_where_two_could_be_meant_none_is(tmp_path: Path) -> None:
    """Two began in one folder, and then two sessions."""
    first, second = process(HIDDEN), process(HIDDEN, pid=PID - 1, started_at=STARTED + 1)
    store(tmp_path, ONE, began_at=STARTED + 10, changed_at=STARTED + 11)
    store(tmp_path, TWO, began_at=STARTED + 20, changed_at=STARTED + 21)

    assert served(Sessions(), tmp_path, world(first, second)) == {PID: None, PID - 1: None}


def test_who_is_resumed_in_our_terminal_says_whom(tmp_path: Path) -> None:
    """It waits for its first prompt. What it starts in its turn has the same words from it."""
    store(tmp_path, ONE, changed_at=STARTED - 60)
    resumed = process(HIDDEN)
    inner = process("node", "/bin/kimi", "-p", "x", pid=PID - 1, parent=PID - 2, started_at=STARTED + 9)
    shell = process("bash", pid=PID - 2, parent=PID)
    marks = {"WAKELINE_KIMI_SESSION": ONE}
    told = FewProcesses((resumed, shell, inner), environments={PID: marks, PID - 1: marks})

    (seen,) = Sessions().look(tmp_path, told)

    assert (seen.run.pid, seen.session_id, seen.sign) == (PID, ONE, Sign.STARTING)


def test_a_starting_one_says_whom_by_its_options(tmp_path: Path) -> None:
    """Remembered, when they are hidden; only where there is such a session."""
    sessions = Sessions()
    store(tmp_path, ONE, changed_at=STARTED - 60)

    starting = served(sessions, tmp_path, world(process("node", "/bin/kimi", "--session", ONE)))
    running = served(sessions, tmp_path, world(process(HIDDEN)))
    wrong = served(Sessions(), tmp_path, world(process("kimi", "--session", TWO)))

    assert (starting, running, wrong) == ({PID: ONE}, {PID: ONE}, {PID: None})
