"""Claude Code, as its recorded files show it."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.agents import claude
from supervisor.agents.base import Agent, Concern, History, Process, Reader
from supervisor.core.model import Entry, EntryKind, Facts, Page, Record, Role, Run, Sign, Transcript

DATA = Path(__file__).parents[2] / "data" / "claude"
HOME = Path("/home/user/.claude")
SESSION = "57b70e53-75e1-4bad-9b35-f3dd7052f367"
#: Above what any system gives out: no real process is ever mistaken for it.
PID = 4_999_999


@dataclass(frozen=True)
class Seen:
    """The processes that a test lets an agent see."""

    processes: Sequence[Process] = ()
    environments: Mapping[int, Mapping[str, str]] | None = None

    def running(self) -> Sequence[Process]:
        """All of them."""
        return self.processes

    def find(self, pid: int) -> Process | None:
        """One of them."""
        return next((process for process in self.processes if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        """Whether it is one of them."""
        return any(process.run == run for process in self.processes)

    def environment(self, pid: int) -> Mapping[str, str]:
        """What the test says."""
        return (self.environments or {}).get(pid, {})

    def lock_owner(self, path: Path) -> int | None:  # noqa: ARG002  it locks nothing
        """Nobody."""
        return None


def process(*argv: str, pid: int = PID, started_at: float = 1_795_239_593.0, parent: int = 1) -> Process:
    """A process of a test, by default one that can have written the recorded files."""
    return Process(
        run=Run(pid, started_at), parent_pid=parent, argv=argv or ("claude",), cwd="/home/user/project"
    )


def register(home: Path, recorded: str = "idle", pid: int = PID, **changes: Any) -> dict[str, Any]:
    """Put a recorded registry file in place, as that of *pid*, with a few changes."""
    words: dict[str, Any] = json.loads((DATA / "sessions" / f"{recorded}.json").read_bytes())
    words |= {"pid": pid, "pidDomain": None, **changes}
    path = home / "sessions" / f"{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(words))
    return words


def store(home: Path, session_id: str = SESSION, project: str = "-home-user-project") -> Path:
    """Put a recorded conversation in place."""
    path = home / "projects" / project / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((DATA / "transcripts" / "normal.jsonl").read_bytes())
    return path


def recorded(name: str) -> list[dict[str, Any]]:
    """The lines of a recorded conversation."""
    text = (DATA / "transcripts" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def read(lines: Sequence[Mapping[str, Any]], reading: Reader | None = None) -> list[Record]:
    """What these lines mean, one after the other."""
    reading = reading or claude.Reading()
    return [reading(line) for line in lines]


def entries(records: Sequence[Record]) -> list[Entry]:
    """All entries of these records."""
    return [entry for record in records for entry in record.entries]


def told(records: Sequence[Record]) -> Facts:
    """What is known after these records: later words count, unknown ones change nothing."""
    known: dict[str, Any] = {}
    for record in records:
        if record.facts:
            pairs = ((field.name, getattr(record.facts, field.name)) for field in fields(Facts))
            known |= {name: value for name, value in pairs if value is not None}
    return Facts(**known)


def last_sign(records: Sequence[Record]) -> Sign | None:
    """The last sign of these records."""
    return next((record.sign for record in reversed(records) if record.sign), None)


def answer(*blocks: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A line of an answer with these blocks."""
    message = {"id": "msg_1", "model": "claude-opus-5-5", "content": list(blocks), "stop_reason": "end_turn"}
    return {"type": "assistant", "uuid": "a", "message": message | fields}


# -- where things are ------------------------------------------------------------------------------


def test_the_module_has_the_shape_of_an_agent() -> None:
    """Claude Code is one of the agents."""
    agent: Agent = claude

    assert (agent.name, agent.title) == ("claude", "Claude Code")


def test_its_home_is_where_its_own_variable_says() -> None:
    """CLAUDE_CONFIG_DIR moves everything; unset or empty it changes nothing."""
    named = claude.home({"CLAUDE_CONFIG_DIR": "/elsewhere"}, Path("/home/user"))
    unnamed = claude.home({"CLAUDE_CONFIG_DIR": ""}, Path("/home/user"))

    assert named == Path("/elsewhere")
    assert unnamed == HOME


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("sessions", (Concern.LIVE, None)),
        ("sessions/4805.json", (Concern.LIVE, None)),
        ("sessions/4805.0a0a.key", (Concern.NOTHING, None)),
        ("jobs/040d8fa9/state.json", (Concern.LIVE, None)),
        ("jobs/040d8fa9/timeline.jsonl", (Concern.NOTHING, None)),
        (f"projects/-home-user-project/{SESSION}.jsonl", (Concern.TRANSCRIPT, SESSION)),
        ("projects/-home-user-project/agent-12.jsonl", (Concern.NOTHING, None)),
        (f"projects/-home-user-project/{SESSION}", (Concern.NOTHING, None)),
        ("projects/-home-user-project", (Concern.ALL_TRANSCRIPTS, None)),
        ("history.jsonl", (Concern.NOTHING, None)),
        ("../elsewhere", (Concern.NOTHING, None)),
    ],
)
def test_a_changed_file_concerns_what_it_is_about(path: str, meaning: tuple[Concern, str | None]) -> None:
    """Only files that tell something cause work."""
    assert claude.concern(HOME, HOME / path) == meaning
    assert claude.concern(Path("/other"), HOME / path) == (Concern.NOTHING, None)


def test_what_changes_is_watched(tmp_path: Path) -> None:
    """The registry and the conversations by project, but not the files of each conversation."""
    depths = {watched.folder.name: watched.depth for watched in claude.watched(tmp_path)}

    assert depths == {"sessions": 0, "projects": 1, "jobs": 1}


def test_stored_conversations_are_listed_by_their_names_alone(tmp_path: Path) -> None:
    """Files of sub-agents, folders and links are no conversations of their own."""
    path = store(tmp_path)
    (path.parent / "agent-12.jsonl").write_text("{}")
    (path.parent / "11111111-75e1-4bad-9b35-f3dd7052f367.jsonl").mkdir()
    (path.parent / "22222222-75e1-4bad-9b35-f3dd7052f367.jsonl").symlink_to(path)
    (tmp_path / "projects" / "linked").symlink_to(path.parent)

    found = list(claude.transcripts(tmp_path))

    assert [(each.session_id, each.where, each.size) for each in found] == [
        (SESSION, str(path), path.stat().st_size)
    ]
    assert list(claude.transcripts(tmp_path / "nowhere")) == []


def test_of_two_copies_of_a_conversation_the_newer_one_counts(tmp_path: Path) -> None:
    """A session that went on in another folder is found where it went on."""
    old, new = store(tmp_path), store(tmp_path, project="-elsewhere")
    os.utime(old, (1, 1))

    found = claude.find(tmp_path, SESSION)

    assert found is not None
    assert found.where == str(new)


@pytest.mark.parametrize(
    "session_id", ["", "..", "../../etc/passwd", f"{SESSION}\n", SESSION[:-1], f"*{SESSION[1:]}"]
)
def test_an_id_that_is_none_finds_nothing(tmp_path: Path, session_id: str) -> None:
    """Ids from outside never become paths or commands unless they look like ids."""
    store(tmp_path)

    assert claude.find(tmp_path, session_id) is None
    assert claude.resume(session_id, "/") is None


def test_a_session_comes_back_by_the_agents_own_command() -> None:
    """Resuming needs the id alone."""
    command = claude.resume(SESSION, "/home/user/project")

    assert command is not None
    assert (command.argv, command.cwd) == (("claude", "--resume", SESSION), "/home/user/project")


@pytest.mark.parametrize(("parent_id", "read_entries"), [(None, 0), (SESSION, 5)])
def test_a_conversation_opens_with_a_reader_of_its_kind(parent_id: str | None, read_entries: int) -> None:
    """The file of a sub-agent is read as one; in a main conversation such lines are skipped."""
    transcript = Transcript(
        agent="claude", session_id=SESSION, where="/x.jsonl", changed_at=0.0, size=0, parent_id=parent_id
    )
    opened: list[Path] = []

    class Read:
        """A history that reads the recorded lines of a sub-agent."""

        def __init__(self, path: Path, reader: Any) -> None:
            opened.append(path)
            self.records = read(recorded("background.subagent"), reader())

        def recent(self) -> Record:
            return Record(entries=tuple(entries(self.records)))

        def more(self) -> Sequence[Record]:
            return ()

        def replaced(self) -> bool:
            return False

        def page(self, before: int | None, limit: int) -> Page:
            return Page(entries=(), before=before if limit else None)

        def close(self) -> None: ...

    history: History = claude.open(transcript, Read)

    assert opened == [Path("/x.jsonl")]
    assert len(history.recent().entries) == read_entries


# -- who is alive ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "sign", "waiting_for", "jobs"),
    [
        ("idle", Sign.IDLE, None, False),
        ("busy", Sign.WORKING, None, False),
        ("shell", Sign.IDLE, None, True),
        ("waiting-permission", Sign.ASKING, "permission prompt", False),
        ("waiting-question", Sign.ASKING, "input needed", False),
        ("after-api-error", Sign.IDLE, None, False),
    ],
)
def test_the_registry_tells_what_a_session_does(
    tmp_path: Path, state: str, sign: Sign, waiting_for: str | None, jobs: bool
) -> None:
    """Busy, idle, waiting for its user, or idle while its background commands run."""
    words = register(tmp_path, state)
    alive = process(started_at=words["startedAt"] / 1000 - 0.5)

    [sighting] = claude.look(tmp_path, Seen([alive]))

    assert (sighting.sign, sighting.waiting_for, sighting.jobs_running) == (sign, waiting_for, jobs)
    assert (sighting.session_id, sighting.alive, sighting.run) == (words["sessionId"], True, alive.run)
    assert sighting.at == words["statusUpdatedAt"] / 1000
    assert sighting.name == words["name"]
    assert sighting.facts == Facts(agent_version="2.1.329", cwd="/home/user/project")


def test_a_background_session_says_what_it_needs(tmp_path: Path) -> None:
    """The state of its job tells more than "permission prompt"."""
    register(tmp_path, "bg-waiting")
    job = tmp_path / "jobs" / "040d8fa9" / "state.json"
    job.parent.mkdir(parents=True)
    job.write_bytes((DATA / "jobs" / "state.json").read_bytes())

    [sighting] = claude.look(tmp_path, Seen([process()]))

    assert sighting.waiting_for == "approve Bash: touch from-bg.txt"


def test_a_version_that_tells_no_status_leaves_it_to_the_conversation(tmp_path: Path) -> None:
    """An unknown word is no sign."""
    register(tmp_path, status=None, version="2.1.0")

    [sighting] = claude.look(tmp_path, Seen([process()]))

    assert sighting.alive
    assert sighting.sign is None


def test_a_killed_session_is_left_behind(tmp_path: Path) -> None:
    """Its registry file stays with its last words, and names what can be recovered."""
    words = register(tmp_path, "stale-after-kill")
    path = store(tmp_path, words["sessionId"])

    [sighting] = claude.look(tmp_path, Seen())

    assert not sighting.alive
    assert sighting.sign is Sign.WORKING
    assert sighting.transcript == str(path)
    assert sighting.run.pid == PID


def test_of_a_killed_session_without_a_word_nothing_is_left(tmp_path: Path) -> None:
    """Who was never spoken to cannot be resumed."""
    register(tmp_path)

    assert claude.look(tmp_path, Seen()) == []


def test_a_reused_pid_is_another_process(tmp_path: Path) -> None:
    """A process that started after the file was written did not write it."""
    words = register(tmp_path)
    store(tmp_path)
    other = process("vim", started_at=words["startedAt"] / 1000 + 60)

    [sighting] = claude.look(tmp_path, Seen([other]))

    assert not sighting.alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells start times in ticks")
@pytest.mark.parametrize(("shift", "alive"), [(0, True), (1, False)])
def test_a_start_time_in_ticks_is_exact_whatever_the_clock_says(
    tmp_path: Path, shift: int, alive: bool
) -> None:
    """A clock that was set does not make a living session look dead, nor a reused PID look alive."""
    ticks = int(Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19])
    register(tmp_path, pid=os.getpid(), procStart=str(ticks + shift), startedAt=1000)
    store(tmp_path)
    itself = process(pid=os.getpid(), started_at=2_000_000_000.0)

    [sighting] = claude.look(tmp_path, Seen([itself]))

    assert sighting.alive is alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells start times in ticks")
def test_the_run_of_a_dead_process_is_the_one_that_was_seen_alive(tmp_path: Path) -> None:
    """What was known under its start time is found again under it."""
    started_at = psutil.Process().create_time()
    ticks = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    register(tmp_path, procStart=ticks, startedAt=int(started_at * 1000) + 500)
    store(tmp_path)

    [sighting] = claude.look(tmp_path, Seen())

    assert sighting.run.started_at == pytest.approx(started_at, abs=0.02)


def test_a_file_from_before_a_reboot_keeps_the_time_it_tells(tmp_path: Path) -> None:
    """Ticks of an earlier boot are not taken for those of this one."""
    words = register(tmp_path)
    store(tmp_path)

    [sighting] = claude.look(tmp_path, Seen())

    assert sighting.run == Run(PID, words["startedAt"] / 1000)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PID namespaces")
@pytest.mark.parametrize("domain", ["linux:0:pid:[1]", f"linux:{'0' * 32}:pid:[{1}]"])
def test_sessions_of_a_container_with_the_same_home_are_left_to_it(tmp_path: Path, domain: str) -> None:
    """Its PIDs mean nothing here."""
    register(tmp_path, pidDomain=domain)
    store(tmp_path)

    assert claude.look(tmp_path, Seen([process("vim")])) == []


def test_a_registry_file_that_is_just_being_written_says_what_it_said(tmp_path: Path) -> None:
    """Claude Code rewrites its file in place: the session does not vanish meanwhile."""
    register(tmp_path)
    seen = Seen([process()])
    before = claude.look(tmp_path, seen)

    (tmp_path / "sessions" / f"{PID}.json").write_text("")
    during = claude.look(tmp_path, seen)
    (tmp_path / "sessions" / f"{PID}.json").unlink()
    after = claude.look(tmp_path, Seen())

    assert during == before
    assert after == []


def test_cleared_and_resumed_sessions_change_their_id_under_one_process(tmp_path: Path) -> None:
    """The same process serves another session from then on."""
    register(tmp_path)
    seen = Seen([process()])
    [before] = claude.look(tmp_path, seen)

    register(tmp_path, sessionId="e06138aa-9579-4e13-90ad-4f2e62ba893b")
    [after] = claude.look(tmp_path, seen)

    assert before.run == after.run
    assert (before.session_id, after.session_id) == (SESSION, "e06138aa-9579-4e13-90ad-4f2e62ba893b")


def test_the_transcript_is_named_before_it_is_written_and_found_wherever_it_is(tmp_path: Path) -> None:
    """A session resumed from another folder goes on in the file it began in."""
    register(tmp_path)
    seen = Seen([process()])
    [named] = claude.look(tmp_path, seen)

    elsewhere = store(tmp_path, project="-somewhere-else")
    [found] = claude.look(tmp_path, seen)

    assert named.transcript == str(tmp_path / "projects" / "-home-user-project" / f"{SESSION}.jsonl")
    assert found.transcript == str(elsewhere)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 60_000,
        b'{"pid": 1, "sessionId": "x"}',
        b'{"pid": 4999999, "sessionId": "../../x"}',
        b'{"pid": 4999999, "sessionId": 7}',
        b'{"pid": 4999999, "sessionId": "'
        + SESSION.encode()
        + b'", "cwd": 7, "startedAt": "x"'
        + b" " * 99_999
        + b"}",
        b"\xff\xfe",
    ],
)
def test_a_hostile_registry_file_is_passed_over(tmp_path: Path, content: bytes) -> None:
    """One bad file hides nobody else."""
    register(tmp_path, pid=PID + 1)
    (tmp_path / "sessions" / f"{PID}.json").write_bytes(content)

    sightings = claude.look(tmp_path, Seen([process("vim"), process(pid=PID + 1)]))

    assert [sighting.run.pid for sighting in sightings] == [PID + 1]


def test_links_and_pipes_in_the_registry_are_not_opened(tmp_path: Path) -> None:
    """A link could lead anywhere, and a pipe would never answer."""
    if sys.platform == "win32":
        pytest.skip("pipes in folders are a matter of Unix")
    register(tmp_path / "other")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / f"{PID}.json").symlink_to(tmp_path / "other" / "sessions" / f"{PID}.json")
    os.mkfifo(tmp_path / "sessions" / f"{PID + 1}.json")

    assert claude.look(tmp_path, Seen([process("vim")])) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    words=st.dictionaries(
        st.sampled_from(
            ["pid", "sessionId", "cwd", "status", "startedAt", "procStart", "jobId", "pidDomain"]
        ),
        st.none() | st.integers() | st.floats() | st.text() | st.lists(st.none()) | st.just(SESSION),
    )
)
def test_no_registry_file_makes_looking_fail(tmp_path: Path, words: dict[str, Any]) -> None:
    """Whatever its fields hold."""
    folder = tmp_path / "sessions"
    folder.mkdir(exist_ok=True)
    (folder / f"{PID}.json").write_text(json.dumps({"pid": PID, "sessionId": SESSION} | words))

    claude.look(tmp_path, Seen([process()]))


# -- processes that did not register ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "session_id"),
    [
        (("claude",), None),
        (("/usr/local/bin/claude", "--resume", SESSION), SESSION),
        (("claude", f"--session-id={SESSION}", "-p", "hello"), SESSION),
        (("claude", "--resume", SESSION, "--fork-session"), None),
        (("claude", "--resume", "not-an-id"), None),
        (("node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "-r", SESSION), SESSION),
        ((r"C:\Users\me\claude.exe", "a prompt"), None),
    ],
)
def test_a_session_without_a_registry_file_is_found_by_its_command(
    tmp_path: Path, argv: tuple[str, ...], session_id: str | None
) -> None:
    """Old versions register nowhere, and new ones only after half a second."""
    [sighting] = claude.look(tmp_path, Seen([process(*argv)]))

    assert (sighting.alive, sighting.session_id, sighting.sign) == (True, session_id, None)
    assert sighting.facts.cwd == "/home/user/project"


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("vim", "claude"),
        ("claude", "mcp", "serve"),
        ("claude", "daemon", "run", "--origin", "transient"),
        ("claude", "--version"),
        ("claude bg-pty-host", "--bg-pty-host", "/tmp/x.sock", "--", "claude"),
        ("claude bg-spare", "--bg-spare", "/tmp/x.sock"),
        ("node", "/srv/claude-code/server.js"),
        ("rg", "--files"),
    ],
)
def test_other_processes_are_no_sessions(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """Neither other programs nor what Claude Code runs beside its conversations."""
    seen = Seen([replace(process(), argv=argv)])

    assert claude.look(tmp_path, seen) == []


def test_the_parts_of_one_process_are_not_counted_twice(tmp_path: Path) -> None:
    """A child that is still a copy of its parent is no session; one below a shell is."""
    child = process(pid=PID + 1, parent=PID)
    shell = process("bash", pid=PID + 2, parent=PID)
    nested = process("claude", "-p", "hello", pid=PID + 3, parent=PID + 2)

    sightings = claude.look(tmp_path, Seen([process(), child, shell, nested]))

    assert [sighting.run.pid for sighting in sightings] == [PID, PID + 3]


def test_a_process_with_another_home_belongs_there(tmp_path: Path) -> None:
    """Two homes of one user are kept apart."""
    ours, theirs = process(), process(pid=PID + 1)
    environments = {
        PID: {"HOME": "/home/user", "CLAUDE_CONFIG_DIR": str(tmp_path)},
        PID + 1: {"HOME": "/home/user"},
    }

    sightings = claude.look(tmp_path, Seen([ours, theirs], environments))

    assert [sighting.run.pid for sighting in sightings] == [PID]


# -- what a conversation says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conversation", "sign", "failure"),
    [
        ("normal", Sign.IDLE, None),
        ("tool-use", Sign.IDLE, None),
        ("question", Sign.IDLE, None),
        ("background", Sign.IDLE, None),
        ("compacted-renamed", Sign.IDLE, None),
        ("waiting-permission", Sign.WORKING, None),
        ("killed-in-stream", Sign.WORKING, None),
        ("killed-in-tool", Sign.WORKING, None),
        ("resumed-after-kill", Sign.IDLE, None),
        ("resumed-auto-continue", Sign.IDLE, None),
        ("interrupted-esc", Sign.INTERRUPTED, None),
        ("api-error", Sign.FAILED, "API Error: Repeated 529 Overloaded errors."),
        ("api-error-connection-refused", Sign.FAILED, "API Error: Connection refused"),
        ("api-error-429-401-toolong", Sign.FAILED, "Prompt is too long"),
        ("api-error-then-continue", Sign.IDLE, "API Error: Repeated 529 Overloaded errors."),
    ],
)
def test_a_conversation_tells_how_its_last_turn_stands(
    conversation: str, sign: Sign, failure: str | None
) -> None:
    """Finished, failed, interrupted, or still at work when the file ends."""
    records = read(recorded(conversation))

    facts = told(records)

    assert last_sign(records) is sign
    assert (facts.failure or "").startswith(failure or "")
    assert (facts.failure is None) is (failure is None)
    assert (facts.agent_version, facts.cwd, facts.git_branch) == ("2.1.329", "/home/user/project", "main")
    assert facts.model == "claude-opus-5-5"


def test_a_conversation_reads_as_it_was_led() -> None:
    """Prompts, answers, commands and what came of them, in their order."""
    said = entries(read(recorded("tool-use")))[:5]

    assert [(entry.role, entry.kind, entry.tool, entry.text) for entry in said] == [
        (Role.USER, EntryKind.TEXT, None, "SCENARIO:bash task 1 made.txt"),
        (Role.ASSISTANT, EntryKind.TEXT, None, "Running a command."),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "Bash", "task 1 made.txt"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "Bash", "tick 0"),
        (Role.ASSISTANT, EntryKind.TEXT, None, "Done."),
    ]
    assert said[0].at == pytest.approx(1_795_239_617.345, abs=10)
    assert len({entry.id for entry in said}) == 5


def test_a_change_of_a_file_reads_like_a_diff() -> None:
    """Path first, then what goes and what comes."""
    calls = [entry for entry in entries(read(recorded("tool-use"))) if entry.tool == "Edit"]
    many = {"file_path": "/a", "edits": [{"old_string": "x\ny", "new_string": "z"}, {"new_string": "w"}]}

    [several] = entries(read([answer({"type": "tool_use", "id": "1", "name": "MultiEdit", "input": many})]))

    assert calls[0].text == "/home/user/project/a.txt\n- one\n+ ONE"
    assert several.text == "/a\n- x\n- y\n+ z\n+ w"


def test_an_error_of_the_api_is_an_error_in_the_agents_words() -> None:
    """It is no word of the model."""
    errors = [entry for entry in entries(read(recorded("api-error"))) if entry.kind is EntryKind.ERROR]

    assert [(entry.role, entry.text[:35]) for entry in errors] == [
        (Role.SYSTEM, "API Error: Repeated 529 Overloaded ")
    ]


def test_notices_tell_what_was_neither_asked_nor_answered() -> None:
    """Slash commands, compaction, interruptions and finished background work."""
    texts = [
        entry.text.splitlines()[0][:60]
        for name in ("compacted-renamed", "interrupted-esc", "background")
        for entry in entries(read(recorded(name)))
        if entry.kind is EntryKind.NOTICE
    ]

    assert texts == [
        "/rename fixture session",
        "Session renamed to: fixture session",
        "Conversation compacted",
        "This session is being continued from a previous conversation",
        "/compact",
        "Compacted (ctrl+o to see full summary)",
        "[Request interrupted by user]",
        "[Request interrupted by user for tool use]",
        'Background command "A command" completed (exit code 0)',
        'Agent "sub job" finished',
    ]


def test_the_users_title_stands_above_a_made_one() -> None:
    """Whatever comes last."""
    lines = [
        {"type": "ai-title", "aiTitle": "made"},
        {"type": "custom-title", "customTitle": "given"},
        {"type": "ai-title", "aiTitle": "made again"},
    ]

    assert told(read(lines[:1])).title == "made"
    assert told(read(lines)).title == "given"
    assert told(read(recorded("compacted-renamed"))).title == "fixture session"


def test_tokens_are_counted_once_for_each_answer() -> None:
    """Every block of an answer repeats its usage."""
    lines = recorded("tool-use")
    usages = {
        line["message"]["id"]: line["message"]["usage"] for line in lines if line["type"] == "assistant"
    }
    spent = sum(usage["input_tokens"] + usage["output_tokens"] for usage in usages.values())

    assert told(read(lines)).tokens == spent


def test_tokens_are_unknown_when_a_part_was_not_read() -> None:
    """The tail of a long conversation tells no total."""
    lines = recorded("tool-use")

    records = read([lines[0], *lines[len(lines) // 2 :]])

    assert told(records).tokens is None
    assert told(records).model == "claude-opus-5-5"


def test_the_context_is_known_only_with_its_window() -> None:
    """No window is assumed."""
    request = {"type": "api-request", "querySource": "repl_main_thread"}
    long = request | {"params": {"betas": ["context-1m-2025-08-07"]}}
    said = answer(
        {"type": "text", "text": "x"}, usage={"input_tokens": 200_000, "cache_read_input_tokens": 50_000}
    )

    assert told(read([long, said])).context_used_percent == 25.0
    assert told(read([request, said])).context_used_percent is None
    assert told(read([long, request, said])).context_used_percent is None


def test_the_bill_is_told_where_every_model_has_a_price() -> None:
    """What the agent says it cost, or nothing."""
    bill = {"type": "cost-state", "totalCostUSD": 0.25}

    assert told(read(recorded("normal"))).cost_usd == 0.11448
    assert told(read([bill])).cost_usd == 0.25
    assert told(read([bill | {"hasUnknownModelCost": True}])).cost_usd is None
    assert told(read([bill | {"totalCostUSD": float("nan")}])).cost_usd is None


def test_lines_of_sub_agents_and_hidden_ones_are_not_said_by_anybody() -> None:
    """Old versions write both into one file."""
    lines = recorded("background.subagent")
    hidden = {"type": "user", "isMeta": True, "message": {"content": "reminder"}}

    assert entries(read([*lines, hidden])) == []
    assert last_sign(read([*lines, hidden])) is None
    assert len(entries(read(lines, claude.Reading(sidechain=True)))) == 5


def test_a_prompt_typed_while_it_works_is_a_prompt() -> None:
    """It is given to the model between two steps."""
    queued = {"type": "queued_command", "prompt": "while you are busy", "commandMode": "prompt"}

    [entry] = entries(read([{"type": "attachment", "uuid": "a", "attachment": queued}]))

    assert (entry.role, entry.kind, entry.text) == (Role.USER, EntryKind.TEXT, "while you are busy")


def test_a_command_of_the_user_is_shown_with_what_came_of_it() -> None:
    """As typed with an exclamation mark."""
    texts = [
        "<bash-input>echo bang</bash-input>",
        "<bash-stdout>bang</bash-stdout><bash-stderr></bash-stderr>",
    ]

    said = entries(read([{"type": "user", "message": {"content": text}} for text in texts]))

    assert [(entry.role, entry.text) for entry in said] == [(Role.USER, "! echo bang"), (Role.SYSTEM, "bang")]


def test_what_cannot_be_shown_is_named() -> None:
    """Pictures and unknown blocks leave a note; unknown lines leave none."""
    blocks = [{"type": "image", "source": {}}, {"type": "hologram"}, {"type": "thinking", "thinking": ""}]
    result = {
        "type": "tool_result",
        "tool_use_id": "1",
        "content": [{"type": "image"}, {"type": "text", "text": "x"}],
    }

    said = entries(
        read(
            [
                {"type": "user", "message": {"content": blocks}},
                {"type": "user", "message": {"content": [result]}},
                {"type": "no-such-line", "message": {"content": "x"}},
            ]
        )
    )

    assert [(entry.kind, entry.text) for entry in said] == [
        (EntryKind.NOTICE, "[image]"),
        (EntryKind.NOTICE, "[hologram]"),
        (EntryKind.TOOL_RESULT, "[image]\nx"),
    ]


def test_a_very_long_text_is_cut_and_says_so() -> None:
    """Nobody reads megabytes of one entry."""
    [entry] = entries(read([answer({"type": "text", "text": "x" * 1_000_000})]))

    assert len(entry.text) == claude.TEXT_LIMIT
    assert entry.truncated


def test_half_a_character_does_not_travel_on() -> None:
    """JSON may hold what UTF-8 cannot."""
    [entry] = entries(read([json.loads(json.dumps(answer({"type": "text", "text": "a\ud800b"})))]))

    assert entry.text == "a?b"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _some(*keys: str) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(keys, _anything)


_block = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image"]) | _anything},
    optional=_some("text", "thinking", "id", "name", "input", "tool_use_id", "content"),
)
_message = st.fixed_dictionaries(
    {"content": _anything | st.lists(_block, max_size=4)},
    optional=_some("id", "model", "usage", "stop_reason"),
)
_line = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(claude._MEANINGS)) | _anything},
    optional={
        "message": _message | _anything,
        **_some("uuid", "parentUuid", "timestamp", "cwd", "version", "gitBranch", "isMeta", "isSidechain"),
        **_some("isApiErrorMessage", "isCompactSummary", "subtype", "content", "hookErrors", "attachment"),
        **_some("customTitle", "aiTitle", "totalCostUSD", "querySource", "params"),
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(_line, max_size=5))
def test_no_line_makes_the_reader_fail(lines: list[dict[str, Any]]) -> None:
    """Whatever is written, entries come numbered from zero and can be sent on."""
    reading = claude.Reading()

    for line in lines:
        record = reading(line)

        assert [entry.seq for entry in record.entries] == list(range(len(record.entries)))
        assert all(entry.text.encode() is not None for entry in record.entries)
