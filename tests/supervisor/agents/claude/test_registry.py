"""Who is alive, by recorded registry files and by commands."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.agents.claude.registry import look
from supervisor.core.model import Facts, Run, Sign
from tests.fakes.processes import FewProcesses
from tests.supervisor.agents.claude.recorded import DATA, PID, SESSION, process, register, store


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

    [sighting] = look(tmp_path, FewProcesses([alive]))

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

    [sighting] = look(tmp_path, FewProcesses([process()]))

    assert sighting.waiting_for == "approve Bash: touch from-bg.txt"


def test_a_version_that_tells_no_status_leaves_it_to_the_conversation(tmp_path: Path) -> None:
    """An unknown word is no sign."""
    register(tmp_path, status=None, version="2.1.0")

    [sighting] = look(tmp_path, FewProcesses([process()]))

    assert sighting.alive
    assert sighting.sign is None


def test_a_killed_session_is_left_behind(tmp_path: Path) -> None:
    """Its registry file stays with its last words, and names what can be recovered."""
    words = register(tmp_path, "stale-after-kill")
    path = store(tmp_path, words["sessionId"])

    [sighting] = look(tmp_path, FewProcesses())

    assert not sighting.alive
    assert sighting.sign is Sign.WORKING
    assert sighting.transcript == str(path)
    assert sighting.run.pid == PID


def test_of_a_killed_session_without_a_word_nothing_is_left(tmp_path: Path) -> None:
    """Who was never spoken to cannot be resumed."""
    register(tmp_path)

    assert look(tmp_path, FewProcesses()) == []


def test_a_reused_pid_is_another_process(tmp_path: Path) -> None:
    """A process that started after the file was written did not write it."""
    words = register(tmp_path)
    store(tmp_path)
    other = process("vim", started_at=words["startedAt"] / 1000 + 60)

    [sighting] = look(tmp_path, FewProcesses([other]))

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

    [sighting] = look(tmp_path, FewProcesses([itself]))

    assert sighting.alive is alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells start times in ticks")
def test_the_run_of_a_dead_process_is_the_one_that_was_seen_alive(tmp_path: Path) -> None:
    """What was known under its start time is found again under it."""
    started_at = psutil.Process().create_time()
    ticks = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    register(tmp_path, procStart=ticks, startedAt=int(started_at * 1000) + 500)
    store(tmp_path)

    [sighting] = look(tmp_path, FewProcesses())

    assert sighting.run.started_at == pytest.approx(started_at, abs=0.02)


def test_a_file_from_before_a_reboot_keeps_the_time_it_tells(tmp_path: Path) -> None:
    """Ticks of an earlier boot are not taken for those of this one."""
    words = register(tmp_path)
    store(tmp_path)

    [sighting] = look(tmp_path, FewProcesses())

    assert sighting.run == Run(PID, words["startedAt"] / 1000)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PID namespaces")
@pytest.mark.parametrize("domain", ["linux:0:pid:[1]", f"linux:{'0' * 32}:pid:[{1}]"])
def test_sessions_of_a_container_with_the_same_home_are_left_to_it(tmp_path: Path, domain: str) -> None:
    """Its PIDs mean nothing here."""
    register(tmp_path, pidDomain=domain)
    store(tmp_path)

    assert look(tmp_path, FewProcesses([process("vim")])) == []


def test_a_registry_file_that_is_just_being_written_says_what_it_said(tmp_path: Path) -> None:
    """Claude Code rewrites its file in place: the session does not vanish meanwhile."""
    register(tmp_path)
    seen = FewProcesses([process()])
    before = look(tmp_path, seen)

    (tmp_path / "sessions" / f"{PID}.json").write_text("")
    during = look(tmp_path, seen)
    (tmp_path / "sessions" / f"{PID}.json").unlink()
    after = look(tmp_path, FewProcesses())

    assert during == before
    assert after == []


def test_cleared_and_resumed_sessions_change_their_id_under_one_process(tmp_path: Path) -> None:
    """The same process serves another session from then on."""
    register(tmp_path)
    seen = FewProcesses([process()])
    [before] = look(tmp_path, seen)

    register(tmp_path, sessionId="e06138aa-9579-4e13-90ad-4f2e62ba893b")
    [after] = look(tmp_path, seen)

    assert before.run == after.run
    assert (before.session_id, after.session_id) == (SESSION, "e06138aa-9579-4e13-90ad-4f2e62ba893b")


def test_the_transcript_is_named_before_it_is_written_and_found_wherever_it_is(tmp_path: Path) -> None:
    """A session resumed from another folder goes on in the file it began in."""
    register(tmp_path)
    seen = FewProcesses([process()])
    [named] = look(tmp_path, seen)

    elsewhere = store(tmp_path, project="-somewhere-else")
    [found] = look(tmp_path, seen)

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

    sightings = look(tmp_path, FewProcesses([process("vim"), process(pid=PID + 1)]))

    assert [sighting.run.pid for sighting in sightings] == [PID + 1]


def test_links_and_pipes_in_the_registry_are_not_opened(tmp_path: Path) -> None:
    """A link could lead anywhere, and a pipe would never answer."""
    if sys.platform == "win32":
        pytest.skip("pipes in folders are a matter of Unix")
    register(tmp_path / "other")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / f"{PID}.json").symlink_to(tmp_path / "other" / "sessions" / f"{PID}.json")
    os.mkfifo(tmp_path / "sessions" / f"{PID + 1}.json")

    assert look(tmp_path, FewProcesses([process("vim")])) == []


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

    look(tmp_path, FewProcesses([process()]))


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
    [sighting] = look(tmp_path, FewProcesses([process(*argv)]))

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
    seen = FewProcesses([replace(process(), argv=argv)])

    assert look(tmp_path, seen) == []


def test_the_parts_of_one_process_are_not_counted_twice(tmp_path: Path) -> None:
    """A child that is still a copy of its parent is no session; one below a shell is."""
    child = process(pid=PID + 1, parent=PID)
    shell = process("bash", pid=PID + 2, parent=PID)
    nested = process("claude", "-p", "hello", pid=PID + 3, parent=PID + 2)

    sightings = look(tmp_path, FewProcesses([process(), child, shell, nested]))

    assert [sighting.run.pid for sighting in sightings] == [PID, PID + 3]


def test_a_process_with_another_home_belongs_there(tmp_path: Path) -> None:
    """Two homes of one user are kept apart."""
    ours, theirs = process(), process(pid=PID + 1)
    environments = {
        PID: {"HOME": "/home/user", "CLAUDE_CONFIG_DIR": str(tmp_path)},
        PID + 1: {"HOME": "/home/user"},
    }

    sightings = look(tmp_path, FewProcesses([ours, theirs], environments=environments))

    assert [sighting.run.pid for sighting in sightings] == [PID]
