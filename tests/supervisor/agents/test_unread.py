"""Agents of which only processes are seen."""

from supervisor.agents import goose
from supervisor.agents.catalog import AGENTS
from supervisor.core.model import Session, Sign, Transcript
from tests.fakes.processes import PID, process, world
from tests.supervisor.agents.unread import nothing, seen

SESSION = "20261121_3"


def test_a_process_is_a_session_in_its_folder() -> None:
    """Which one it is, only its command may tell; of its turns nothing is known."""
    first, second = seen(goose, "goose"), seen(goose, "goose", "session", "-r", "--session-id", SESSION)

    assert [(one.session_id, one.facts.cwd) for one in first] == [(None, "/home/me/project")]
    assert [(one.session_id, one.alive, one.sign) for one in second] == [(SESSION, True, Sign.STARTING)]


def test_the_innermost_process_counts() -> None:
    """A loader that starts the program again under its own name is no second session."""
    outer = process("goose", "session", pid=PID - 1)

    found = goose.AGENT.look(nothing(), world(outer, process("goose", "session", parent=PID - 1)))

    assert [one.run.pid for one in found] == [PID]


def test_one_session_has_one_process() -> None:
    """A second one that names it is shown beside it, under no id of the agent's."""
    argv = ("goose", "session", "--resume", "--session-id", SESSION)
    twice = world(process(*argv), process(*argv, pid=PID - 1, started_at=1.0))

    found = goose.AGENT.look(nothing(), twice)

    assert [(one.run.pid, one.session_id) for one in found] == [(PID - 1, SESSION), (PID, None)]


def test_a_resumed_session_gets_its_own_program_again() -> None:
    """Where its name is not looked for, its path helps; another program's path does not."""
    way = goose.AGENT.resume(SESSION, "/home/me/project")
    assert way is not None

    session = Session(id=SESSION, agent="goose", resume=way)
    again = goose.steering.relaunch(session, ("/opt/goose", "session"))
    other = goose.steering.relaunch(session, ("/usr/bin/python3", "x"))

    assert again is not None
    assert again.argv == ("/opt/goose", "session", "--resume", "--session-id", SESSION)
    assert other == way


def test_what_is_not_read_says_so() -> None:
    """In one notice, on the only page."""
    where = Transcript(agent="goose", session_id=SESSION, where="", changed_at=0.0, size=0)

    history = goose.AGENT.open(where, lambda *_: None)  # type: ignore[arg-type]  # never called

    (said,) = history.page(None, 10).entries
    assert "goose" in said.text
    assert (history.more(), history.replaced(), history.page(1, 10).entries) == ((), False, ())
    assert history.recent().entries == (said,)
    history.close()


def test_none_of_them_looks_at_files() -> None:
    """Nothing is watched, nothing is found."""
    unread = [AGENTS[name] for name in ("aider", "amp", "crush", "cursor", "goose")]

    assert [agent.watched(nothing()) for agent in unread] == [()] * 5
    assert [list(agent.transcripts(nothing())) for agent in unread] == [[]] * 5
