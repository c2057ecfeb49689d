"""Who is alive: by what processes register of themselves. Who is killed leaves its file behind."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from supervisor.agents import places
from supervisor.agents.base import Processes
from supervisor.agents.fields import count, mapping, parsed, seconds, short
from supervisor.agents.qwen import files, flags
from supervisor.agents.regular import opened
from supervisor.core.model import Facts, Process, Run, Sighting, Sign

#: A registry file has about 500 bytes; a larger one is not what it seems.
REGISTRY_LIMIT: Final = 64 * 1024
#: Longest time from the start of a process to its first word in its file, in seconds.
START_UP: Final = 120.0
#: Seconds that a process may seem to have started after it wrote its file: clocks are set.
CLOCK_SLACK: Final = 5.0

_STARTED: Final = re.compile(r"([0-9a-f-]{36}):([0-9]{1,16})")


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """All registered sessions, alive or left behind, and terminals that did not register yet."""
    running = {process.run.pid: process for process in processes.running()}
    registered = _registrations(files.registry_in(home))
    found = [_sighted(home, pid, words, running.get(pid)) for pid, words in registered.items()]
    seen = [sighting for sighting in found if sighting]
    return [*seen, *_starting(home, running, processes, seen)]


def _registrations(folder: Path) -> Mapping[int, Mapping[str, Any]]:
    """What the registry says of each PID of this machine."""
    found: dict[int, Mapping[str, Any]] = {}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            numbered = files.REGISTRATION.fullmatch(entry.name)
            words = _read(Path(entry.path)) if numbered else {}
            if numbered and words.get("pid") == int(numbered[1]) and not _is_elsewhere(words):
                found[int(numbered[1])] = words
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with opened(path) as file:
            return mapping(parsed(file.read(REGISTRY_LIMIT)))
    except OSError:
        return {}


def _is_elsewhere(words: Mapping[str, Any]) -> bool:
    """Whether a PID is one of a container that shares this home."""
    told = count(words.get("pidNs"))
    with suppress(OSError):
        return told is not None and str(Path("/proc/self/ns/pid").readlink()) != f"pid:[{told}]"
    return False


def _sighted(home: Path, pid: int, words: Mapping[str, Any], process: Process | None) -> Sighting | None:
    session_id, cwd = short(words.get("sessionId")), short(words.get("cwd"))
    if session_id is None or not files.SESSION_ID.fullmatch(session_id):
        return None
    alive = process is not None and _is_same(process, words)
    stored = files.stored_at(home, session_id, cwd)
    if not alive and stored is None:
        return None  # nothing was said, nothing is left
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=process.run if process and alive else _run_of(pid, words),
        alive=alive,
        facts=Facts(agent_version=short(words.get("qwenVersion")), cwd=cwd),
        sign=None if stored else Sign.STARTING,
        transcript=stored or files.expected_at(home, session_id, cwd),
        at=None if alive else _written_at(stored),
    )


def _written_at(stored: str | None) -> float | None:
    with suppress(OSError, TypeError):
        return Path(str(stored)).lstat().st_mtime
    return None


def _is_same(process: Process, words: Mapping[str, Any]) -> bool:
    """Whether this process wrote the file, and not a later one with the same PID."""
    told, boot, ticks = _told_start(words), _boot(), _start_ticks(process.run.pid)
    if told and boot and ticks is not None:
        return told == (boot, ticks)
    started_at = seconds(words.get("startedAt"))
    return started_at is None or process.run.started_at <= started_at + CLOCK_SLACK


def _told_start(words: Mapping[str, Any]) -> tuple[str, int] | None:
    """Boot and start in ticks, as proc(5) has them."""
    told = _STARTED.fullmatch(short(words.get("procStart")) or "")
    return (told[1], int(told[2])) if told else None


def _boot() -> str | None:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip() or None
    return None


def _start_ticks(pid: int) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return None


def _run_of(pid: int, words: Mapping[str, Any]) -> Run:
    """The process that wrote the file, as far as the file tells."""
    return Run(pid, seconds(words.get("startedAt")) or 0.0)


# -- terminals that did not register yet ------------------------------------------------------------


def _starting(
    home: Path, running: Mapping[int, Process], processes: Processes, seen: Sequence[Sighting]
) -> Sequence[Sighting]:
    """A terminal takes seconds until it registers; the innermost of its processes is the one that will.

    Where one was killed, those that had started it live on for a moment: they are none.
    """
    known = {one.run.pid for one in seen if one.alive}
    dead = [one for one in seen if not one.alive]
    own = {pid for pid, process in running.items() if flags.command(process.argv)}
    outer = {running[pid].parent_pid for pid in own}
    return [
        _unregistered(home, running[pid])
        for pid in sorted(own - outer - known)
        if not any(_began(running[pid], one) for one in dead)
        and places.home_of(running[pid], processes, files.home, home) == home
    ]


def _began(process: Process, dead: Sighting) -> bool:
    """Whether it may have started that one."""
    return process.cwd == dead.facts.cwd and process.run.started_at <= dead.run.started_at


def _unregistered(home: Path, process: Process) -> Sighting:
    command = flags.command(process.argv)
    session_id = flags.session(command) if command else None
    if session_id is None or not files.SESSION_ID.fullmatch(session_id):
        session_id = None
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=process.run,
        alive=True,
        facts=Facts(cwd=process.cwd),
        transcript=files.stored_at(home, session_id, process.cwd) if session_id else None,
    )
