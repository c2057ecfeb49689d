"""Who is alive: by what processes register of themselves, and by the commands of those that do not."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from supervisor.agents import places
from supervisor.agents.base import Processes
from supervisor.agents.claude import files
from supervisor.agents.claude.command import command, writes_to
from supervisor.agents.fields import mapping, parsed, seconds, short
from supervisor.agents.regular import opened
from supervisor.core.model import Facts, Process, Run, Sighting, Sign

#: A registry file has about 700 bytes; a larger one is not what it seems.
REGISTRY_LIMIT: Final = 64 * 1024
#: Ticks in a second, as Linux counts them for everybody who asks in files.
TICKS: Final = 100
#: Longest time from the start of a process to its first word in its file, in seconds.
START_UP: Final = 60.0
#: Seconds that a process may seem to have started after it wrote its file: clocks are set.
CLOCK_SLACK: Final = 5.0

_JOB = re.compile(r"[0-9a-f]{8}")
_NAMESPACE = re.compile(r"linux:([0-9a-f]*):(pid:\[[0-9]+\])")

_SIGNS: Final = {"idle": Sign.IDLE, "shell": Sign.IDLE, "busy": Sign.WORKING, "waiting": Sign.ASKING}


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """All registered sessions, alive or left behind, and processes that did not register."""
    registrations = _registrations(files.registry_in(home))
    running = {process.run.pid: process for process in processes.running()}
    registered = [_sighted(home, pid, each, running.get(pid)) for pid, each in registrations.items()]
    strangers = [process for pid, process in running.items() if pid not in registrations]
    unregistered = [_unregistered(home, each, running, processes) for each in strangers]
    return [sighting for sighting in (*registered, *unregistered) if sighting]


#: What each registry file said last. Claude rewrites it in place: who reads half of one must not
#: think that its session is gone. Owner: ``_registrations``.
_last_words: dict[Path, Mapping[str, Any]] = {}


def _registrations(folder: Path) -> dict[int, Mapping[str, Any]]:
    """What the registry says of each PID."""
    found: dict[Path, int] = {}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if numbered := files.REGISTRATION.fullmatch(entry.name):
                found[Path(entry.path)] = int(numbered[1])
    for forgotten in [path for path in _last_words if path.parent == folder and path not in found]:
        del _last_words[forgotten]
    for path, pid in found.items():
        words = _read(path)
        if words.get("pid") == pid:
            _last_words[path] = words
    return {pid: _last_words[path] for path, pid in found.items() if path in _last_words}


def _read(path: Path) -> Mapping[str, Any]:
    """A small file with one JSON object; empty for anything else."""
    try:
        with opened(path) as file:
            return mapping(parsed(file.read(REGISTRY_LIMIT)))
    except OSError:
        return {}


def _sighted(home: Path, pid: int, words: Mapping[str, Any], process: Process | None) -> Sighting | None:
    session_id, domain = short(words.get("sessionId")), short(words.get("pidDomain"))
    if session_id is None or not files.SESSION_ID.fullmatch(session_id) or _is_elsewhere(domain):
        return None
    alive = process is not None and _is_same(process, words)
    status, cwd = short(words.get("status")), short(words.get("cwd"))
    stored = files.stored_at(home, session_id, cwd)
    if not alive and stored is None:
        return None  # nothing was said, nothing is left
    sign = _SIGNS.get(status) if status else None
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=process.run if process and alive else _run_of(pid, words),
        alive=alive,
        facts=Facts(agent_version=short(words.get("version")), cwd=cwd),
        name=short(words.get("name")),
        sign=sign,
        waiting_for=_waiting_for(home, words) if sign is Sign.ASKING else None,
        transcript=stored or files.expected_at(home, session_id, cwd),
        jobs_running=alive and status == "shell",
        at=seconds(words.get("statusUpdatedAt")),
    )


def _waiting_for(home: Path, words: Mapping[str, Any]) -> str | None:
    """What it waits for; a background session tells more of it in the state of its job."""
    job = short(words.get("jobId"))
    if job and _JOB.fullmatch(job) and (state := _read(files.jobs_in(home) / job / "state.json")):
        return short(state.get("needs")) or short(words.get("waitingFor"))
    return short(words.get("waitingFor"))


def _is_elsewhere(domain: str | None) -> bool:
    """Whether a PID is one of another machine or container that shares this home."""
    told = _NAMESPACE.fullmatch(domain) if domain else None
    if told is None:
        return False
    with suppress(OSError, ValueError):
        if told[2] != str(Path("/proc/self/ns/pid").readlink()):
            return True
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
        return bool(machine and told[1] and told[1] != machine)
    return False


def _is_same(process: Process, words: Mapping[str, Any]) -> bool:
    """Whether this process wrote the file, and not a later one with the same PID."""
    told, ticks = short(words.get("procStart")), _start_ticks(process.run.pid)
    if ticks is not None and told and told.isdecimal():
        return ticks == int(told)
    started_at = seconds(words.get("startedAt"))
    return started_at is None or process.run.started_at <= started_at + CLOCK_SLACK


def _start_ticks(pid: int) -> int | None:
    """When a process started, in ticks since boot, where the system says it in a file: proc(5)."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[19])
    return None


def _run_of(pid: int, words: Mapping[str, Any]) -> Run:
    """The process that wrote the file, by the file alone: as exact as psutil where that is possible."""
    told, booted_at = short(words.get("procStart")), _booted_at()
    written_at = seconds(words.get("startedAt")) or 0.0
    if told and told.isdecimal() and len(told) < 16 and booted_at is not None:
        started_at = booted_at + int(told) / TICKS
        # Ticks of an earlier boot lead anywhere.
        if abs(started_at - written_at) < START_UP:
            return Run(pid, started_at)
    return Run(pid, written_at)


def _booted_at() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        return float(Path("/proc/stat").read_bytes().partition(b"\nbtime ")[2].split(maxsplit=1)[0])
    return None


# -- processes that did not register ---------------------------------------------------------------


def _unregistered(
    home: Path, process: Process, running: Mapping[int, Process], processes: Processes
) -> Sighting | None:
    """A conversation that old versions, or one that only starts, do not tell of: found by its command."""
    told = command(process.argv)
    if told is None or told.errand:
        return None
    parent = running.get(process.parent_pid)
    if parent and command(parent.argv) is not None:
        return None  # a part of that one, or a child that has not become another program yet
    if places.home_of(process, processes, files.home, home) != home:
        return None
    session_id = writes_to(told)
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=process.run,
        alive=True,
        facts=Facts(cwd=process.cwd),
        transcript=files.stored_at(home, session_id, process.cwd) if session_id else None,
    )
