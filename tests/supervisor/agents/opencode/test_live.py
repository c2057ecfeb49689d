"""From processes of OpenCode to the sessions that they serve."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from supervisor.agents import opencode
from supervisor.agents.opencode.live import Command, command, sightings
from supervisor.agents.opencode.log import Log
from supervisor.core.model import Process, Run, Sighting, Sign
from supervisor.core.steering import Approval
from tests.supervisor.agents.opencode.conftest import insert

SESSION = "ses_e02dc9a07ffexCccv43pS8cPw8"
FOLDER = "/home/user/projects/alpha"
#: The recorded run wrote its first line at .915 of this second.
BEGAN = 1_795_248_313.0
#: When the recorded run asked for its second permission, and how far its events had come then.
ASKED, EVENTS_THEN = 1_795_248_337.271, 50

Recorded = Callable[[str], sqlite3.Connection]


class World:
    """Processes as a test wants them."""

    def __init__(self, *processes: Process) -> None:
        self.processes = processes

    def running(self) -> Sequence[Process]:
        return self.processes

    def find(self, pid: int) -> Process | None:
        return next((process for process in self.processes if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        return any(process.run == run for process in self.processes)

    def environment(self, pid: int) -> Mapping[str, str]:
        return {"PID": str(pid)}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        raise AssertionError(pid)

    def lock_owner(self, path: Path) -> int | None:
        return None if path else 0


def _process(
    *arguments: str,
    pid: int = 100,
    at: float = BEGAN - 2,
    cwd: str | None = FOLDER,
    program: str = "opencode",
) -> Process:
    return Process(run=Run(pid, at), parent_pid=1, argv=(program, *arguments), cwd=cwd)


def _look(home: Path, *processes: Process) -> Sequence[Sighting]:
    return opencode.look(home, World(*processes))


@pytest.mark.usefixtures("logged")
def test_a_terminal_is_known_by_its_log(home: Path, recorded: Recorded) -> None:
    """The process in whose folder and time the log began serves the session that the log names."""
    recorded("tools-denied-interrupted-failed")

    (found,) = _look(home, _process())

    assert (found.session_id, found.run, found.alive) == (SESSION, Run(100, BEGAN - 2), True)
    assert found.sign is Sign.FAILED
    assert found.facts.failure == "fake 400 error"
    assert found.facts.title == "word0 word1 word2 word3 word4 word5"
    assert found.transcript == f"{home / 'opencode.db'}#{SESSION}"


@pytest.mark.usefixtures("recorded")
def test_without_a_process_nobody_is_alive(home: Path) -> None:
    """Sessions that are stored but not served are not reported as alive."""
    assert _look(home, _process(program="vim"), _process("serve", program="node")) == ()


def test_a_new_terminal_has_no_session_yet(home: Path, recorded: Recorded) -> None:
    """A terminal without a prompt is seen, in its folder, without a made-up session."""
    recorded("tools-denied-interrupted-failed")

    (found,) = _look(home, _process(at=BEGAN + 100_000))

    assert (found.session_id, found.facts.cwd, found.alive) == (None, FOLDER, True)


def test_without_a_database_a_terminal_is_seen_all_the_same(home: Path) -> None:
    """The first start of OpenCode on a machine is seen before it has stored anything."""
    (found,) = _look(home, _process("-s", SESSION))

    assert found.session_id is None


@pytest.mark.parametrize(
    "arguments", [("-s", SESSION), (f"--session={SESSION}",), ("run", "-s", SESSION, "go on")]
)
def test_the_command_line_names_the_session(
    home: Path, recorded: Recorded, arguments: tuple[str, ...]
) -> None:
    """Resumed sessions are known before they have said a word."""
    recorded("tools-denied-interrupted-failed")

    (found,) = _look(home, _process(*arguments, at=BEGAN + 100_000))

    assert found.session_id == SESSION


def test_without_a_log_the_time_decides(home: Path, recorded: Recorded) -> None:
    """With one process in a folder, the session that changed since its start is its own."""
    recorded("tools-denied-interrupted-failed")

    (found,) = _look(home, _process())

    assert found.session_id == SESSION


def test_two_in_one_folder_never_share_a_session(home: Path, recorded: Recorded) -> None:
    """Where two processes could serve a session, neither is said to."""
    recorded("tools-denied-interrupted-failed")

    found = _look(home, _process(pid=1), _process(pid=2, at=BEGAN - 1))

    assert [sighting.session_id for sighting in found] == [None, None]


@pytest.mark.usefixtures("logged")
def test_two_in_one_folder_are_told_apart_by_their_starts(home: Path, recorded: Recorded) -> None:
    """A process that started after the log's run began cannot have written it."""
    recorded("tools-denied-interrupted-failed")

    found = _look(home, _process(pid=1), _process(pid=2, at=BEGAN + 5))

    assert [(sighting.run.pid, sighting.session_id) for sighting in found] == [(1, SESSION), (2, None)]


@pytest.mark.usefixtures("logged")
def test_two_started_together_are_told_apart_by_their_command_line(home: Path, recorded: Recorded) -> None:
    """Of two that started at the same time, the one that was told to resume the session has it."""
    recorded("tools-denied-interrupted-failed")

    found = _look(home, _process(pid=1), _process("-s", SESSION, pid=2, at=BEGAN - 1.5))

    assert {sighting.run.pid: sighting.session_id for sighting in found} == {1: None, 2: SESSION}


@pytest.mark.usefixtures("logged")
def test_another_folder_is_another_matter(home: Path, recorded: Recorded) -> None:
    """A process in another folder has nothing to do with the session."""
    recorded("tools-denied-interrupted-failed")

    found = _look(home, _process(cwd="/elsewhere"), _process(cwd=None, pid=2))

    assert [sighting.session_id for sighting in found] == [None, None]


def _then(home: Path, writer: sqlite3.Connection, logged: Path, seq: int = EVENTS_THEN) -> None:
    """Take the recording back to the moment of the second question."""
    del home
    events = writer.execute("SELECT type, data FROM event WHERE seq < ? ORDER BY seq", (seq,)).fetchall()
    last = {}
    for kind, data in events:
        found = json.loads(data)
        told = found.get("part") or found.get("info")
        if not kind.startswith("session."):
            last[told["id"]] = (told, found.get("time"))
    for table in ("message", "part"):
        for (each,) in writer.execute(f"SELECT id FROM {table}").fetchall():
            if each not in last:
                writer.execute(f"DELETE FROM {table} WHERE id = ?", (each,))
    for each, (told, at) in last.items():
        table = "part" if at else "message"
        change = f"UPDATE {table} SET data = ?, time_updated = coalesce(?, time_updated) WHERE id = ?"
        writer.execute(change, (json.dumps(told), at, each))
    writer.execute("DELETE FROM event WHERE seq >= ?", (seq,))
    lines = [line for line in logged.read_text().splitlines() if line[10:33] <= "2026-11-21T08:05:37.271"]
    logged.write_text("\n".join(lines) + "\n")


def test_a_waiting_permission_is_seen(home: Path, recorded: Recorded, logged: Path) -> None:
    """A tool that asked and was not heard of since waits for its user; the question is told."""
    _then(home, recorded("tools-denied-interrupted-failed"), logged)

    (found,) = _look(home, _process())

    assert found.sign is Sign.ASKING
    assert found.waiting_for == "bash: touch g2.txt"
    assert found.at == pytest.approx(ASKED, abs=0.01)


def test_an_answered_permission_waits_no_more(home: Path, recorded: Recorded, logged: Path) -> None:
    """As soon as the tool is heard of again, it works."""
    writer = recorded("tools-denied-interrupted-failed")
    _then(home, writer, logged)
    writer.execute(
        "UPDATE part SET time_updated = ? WHERE data LIKE '%touch g2.txt%'", (int(ASKED * 1000) + 4000,)
    )

    (found,) = _look(home, _process())

    assert (found.sign, found.waiting_for) == (Sign.WORKING, None)


def test_who_grants_everything_is_never_asked(home: Path, recorded: Recorded, logged: Path) -> None:
    """With --auto permissions are granted without a person: nobody waits."""
    _then(home, recorded("tools-denied-interrupted-failed"), logged)

    (found,) = _look(home, _process("--auto"))

    assert found.sign is Sign.WORKING


def test_another_tools_question_is_not_mine(home: Path, recorded: Recorded, logged: Path) -> None:
    """A permission that no running tool can have asked for is not waited for."""
    _then(home, recorded("tools-denied-interrupted-failed"), logged)
    logged.write_text(logged.read_text().replace("permission=bash patterns", "permission=webfetch patterns"))

    (found,) = _look(home, _process())

    assert found.sign is Sign.WORKING


def test_a_question_of_the_model_is_seen(home: Path, recorded: Recorded, logged: Path) -> None:
    """The question tool waits for an answer, whatever the log says."""
    writer = recorded("tools-denied-interrupted-failed")
    _then(home, writer, logged)
    asked = {
        "status": "running",
        "input": {"questions": [{"question": "Tea or coffee?"}]},
        "time": {"start": 1},
    }
    part = {"type": "tool", "tool": "question", "state": asked}
    writer.execute("UPDATE part SET data = ? WHERE data LIKE '%touch g2.txt%running%'", (json.dumps(part),))
    writer.execute(
        "UPDATE part SET data = ? WHERE data LIKE '%g2.txt%' AND data LIKE '%running%'", (json.dumps(part),)
    )

    (found,) = _look(home, _process())

    assert (found.sign, found.waiting_for) == (Sign.ASKING, "Tea or coffee?")


def test_the_question_of_a_sub_agent_is_its_parents_too(home: Path, recorded: Recorded, logged: Path) -> None:
    """A sub-agent that works is seen with its parent; when it asks, both wait."""
    writer = recorded("tools-denied-interrupted-failed")
    _then(home, writer, logged)
    child = "ses_e02dc9a07ffeChildChild0000"
    writer.execute("CREATE TEMP TABLE copy AS SELECT * FROM session")
    writer.execute("UPDATE copy SET id = ?, parent_id = ?", (child, SESSION))
    writer.execute("INSERT INTO session SELECT * FROM copy")
    newest = "SELECT id FROM message ORDER BY time_created DESC, id DESC LIMIT 1"
    writer.execute(f"UPDATE part SET session_id = ? WHERE message_id IN ({newest})", (child,))
    writer.execute(f"UPDATE message SET session_id = ? WHERE id IN ({newest})", (child,))
    line = (
        f"timestamp=2026-11-21T08:05:37.230Z level=INFO run=536c4cfa message=loop session.id={child} step=0"
    )
    logged.write_text(logged.read_text() + line + "\n")

    found = _look(home, _process())

    assert [(each.session_id, each.parent_id, each.sign) for each in found] == [
        (SESSION, None, Sign.ASKING),
        (child, SESSION, Sign.ASKING),
    ]


@pytest.mark.parametrize(
    ("argv", "meaning"),
    [
        (("opencode",), Command()),
        (("/usr/local/bin/opencode", "/src"), Command(folder="/src")),
        (("C:\\bin\\opencode.exe", "-c"), Command(goes_on=True)),
        (("opencode", "--port", "4096", "-s", SESSION), Command(session=SESSION)),
        (("opencode", "-s", SESSION, "--fork"), Command()),
        (("opencode", "-s", "../../x"), Command()),
        (
            ("opencode", "run", "--auto", "--dir=/x", "two words"),
            Command(name="run", unasked=True, folder="/x"),
        ),
        (("opencode", "run", "--", "-s", SESSION), Command(name="run")),
        (("opencode", "serve", "--port", "1"), Command(name="serve")),
        (("opencode", "run", "--attach", "http://127.0.0.1:1", "x"), None),
        (("opencode", "attach", "http://127.0.0.1:1"), None),
        (("opencode", "export", SESSION), None),
        (("opencode", "--version"), None),
        (("node", "/x/bin/opencode"), None),
        ((), None),
        (("opencode", "-s"), Command()),
    ],
)
def test_command_lines_are_understood(argv: tuple[str, ...], meaning: Command | None) -> None:
    """Sessions, folders, servers, and what holds no session are told by the words of the command."""
    assert command(argv) == meaning


def test_a_server_serves_all_that_it_worked_on(home: Path, recorded: Recorded, logged: Path) -> None:
    """A server has no folder of its own; its sessions are those of its log."""
    recorded("tools-denied-interrupted-failed")
    assert logged.exists()

    (found,) = _look(home, _process("serve", cwd="/"))

    assert found.session_id == SESSION


class Heard:
    """What processes say themselves, as a test wants it."""

    def __init__(self, sessions: Mapping[int, Sequence[str]], asked: Mapping[int, Sequence[str]]) -> None:
        self._sessions, self._asked = sessions, asked

    def sessions(self, run: Run) -> Sequence[str]:
        return self._sessions.get(run.pid, ())

    def waits_for(self, run: Run) -> Mapping[str, Approval] | None:
        if run.pid not in self._asked:
            return None
        return {name: _approval(name) for name in self._asked[run.pid]}


def _approval(session_id: str) -> Approval:
    return Approval(id="per_1", session_id=session_id, at=ASKED, summary="bash: touch it", answerable=True)


def _heard(home: Path, heard: Heard, *processes: Process) -> Sequence[Sighting]:
    return sightings(home / "opencode.db", processes, Log(home / "log" / "opencode.log").read(), heard)


def test_who_says_what_it_works_on_is_believed(home: Path, recorded: Recorded) -> None:
    """Two terminals of one moment in one folder are told apart by what their servers said."""
    recorded("tools-denied-interrupted-failed")

    found = _heard(home, Heard({2: [SESSION]}, {}), _process(pid=1), _process(pid=2, at=BEGAN - 1))

    assert [(seen.run.pid, seen.session_id) for seen in found] == [(1, None), (2, SESSION)]


def test_who_says_that_it_waits_is_believed_before_its_log(
    home: Path, recorded: Recorded, logged: Path
) -> None:
    """A process that tells what it asks asks that, and nothing else that its log seems to say."""
    _then(home, recorded("tools-denied-interrupted-failed"), logged)

    log_alone = _heard(home, Heard({}, {}), _process())
    waits = _heard(home, Heard({}, {100: [SESSION]}), _process())
    waits_not = _heard(home, Heard({}, {100: []}), _process())

    assert [seen.sign for seen in (*log_alone, *waits, *waits_not)] == [
        Sign.ASKING,
        Sign.ASKING,
        Sign.WORKING,
    ]
    assert waits[0].waiting_for == "bash: touch it"


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(("late", "sign"), [(-1, Sign.FAILED), (1, Sign.WORKING)])
def test_what_was_given_to_a_turn_that_was_ended_waits_for_the_next(
    home: Path, recorded: Recorded, late: int, sign: Sign
) -> None:
    """A prompt that waited while its turn failed or was interrupted is not worked on; a later one is."""
    writer = recorded("tools-denied-interrupted-failed")
    times = "max(time_created), max(json_extract(data, '$.time.completed'))"
    begun_at, ended_at = writer.execute(f"SELECT {times} FROM message").fetchone()
    given_at = ended_at + late
    row = {"id": "msg_zzz", "session_id": SESSION, "time_created": given_at, "time_updated": given_at}
    insert(writer, "message", row | {"data": '{"role": "user"}'})

    (found,) = _look(home, _process())

    assert given_at > begun_at
    assert found.sign is sign
