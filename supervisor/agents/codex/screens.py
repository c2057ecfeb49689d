"""Which terminals show what the daemon serves: it works for all of them, and holds all their locks.

Nobody writes that down. A terminal is started with a session's id, or a session is born when a terminal
starts, or both are the only ones left in their folder; where several fit, nothing is told.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Processes
from supervisor.agents.codex import files, flags
from supervisor.agents.codex.rollout import parent_in_head
from supervisor.agents.fields import string
from supervisor.core.model import Process, Run

#: Seconds within which a terminal that starts begins its session.
_BEGINS_WITHIN: Final = 5.0


def home_of(environment: Mapping[str, str], user_home: Path) -> Path:
    """``CODEX_HOME``, else ``~/.codex``."""
    named = environment.get("CODEX_HOME")
    return Path(named) if named else user_home / ".codex"


def is_codex(process: Process) -> bool:
    """The native program; the script of npm that waits for it is none."""
    called = re.split(r"[/\\]", process.argv[0])[-1].lower() if process.argv else ""
    return called in {"codex", "codex.exe"} or called.startswith(("codex-x86_64-", "codex-aarch64-"))


def is_daemon(process: Process | None) -> bool:
    """The daemon, or the updater beside it; nothing of one session alone."""
    return process is not None and is_codex(process) and flags.command(process.argv) == "app-server"


def is_screen(process: Process) -> bool:
    """A conversation in a terminal, whoever serves it."""
    return is_codex(process) and flags.is_conversation(process.argv)


def lives_in(home: Path, environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment keeps its files here; unknown is no."""
    user_home = environment.get("HOME") or environment.get("USERPROFILE")
    if not user_home and not environment.get("CODEX_HOME"):
        return False
    return os.path.realpath(home_of(environment, Path(user_home or ""))) == os.path.realpath(home)


def shared(home: Path, processes: Processes) -> Mapping[str, str | None]:
    """The sessions that the daemon serves, with their folders; sub-agents are none."""
    found: dict[str, str | None] = {}
    for session_id, lock in files.locks(home).items():
        holder = processes.lock_owner(lock)
        if holder is None or not is_daemon(processes.find(holder)):
            continue
        rollout = files.rollout_of(home, session_id)
        head = files.head_of(rollout) if rollout else {}
        if parent_in_head(head) is None:
            found[session_id] = string(head.get("cwd"))
    return found


def screens_of(
    home: Path, processes: Processes, threads: Mapping[str, str | None]
) -> Mapping[str, tuple[Run, ...]]:
    """The terminals of *threads*, sessions of the daemon with their folders; the oldest first."""
    screens = _screens(home, processes) if threads else []
    named = [(flags.writes_to(screen.argv), screen) for screen in screens]
    found = [(thread, screen) for thread, screen in named if thread in threads]
    # A terminal shows one session; a session is shown by whoever was told to, too.
    found += _by_birth(threads, _left(screens, found))
    known = {thread for thread, _ in found}
    lonely = {thread: cwd for thread, cwd in threads.items() if thread not in known}
    found += _alone(lonely, _left(screens, found))
    return {
        thread: tuple(sorted((s.run for t, s in found if t == thread), key=lambda run: run.started_at))
        for thread in threads
    }


_Threads = Mapping[str, str | None]
_Pairs = list[tuple[str | None, Process]]


def _screens(home: Path, processes: Processes) -> Sequence[Process]:
    """All that the daemon of this home works for."""
    return [
        process
        for process in processes.running()
        if is_screen(process)
        and not flags.is_apart(process.argv)
        and lives_in(home, processes.environment(process.run.pid))
    ]


def _left(screens: Sequence[Process], found: _Pairs) -> Sequence[Process]:
    """Those that show nothing so far."""
    taken = {screen.run for _, screen in found}
    return [screen for screen in screens if screen.run not in taken]


def _by_birth(threads: _Threads, screens: Sequence[Process]) -> _Pairs:
    """Sessions that were born when a terminal started."""
    fitting = [(t, s) for t, cwd in threads.items() for s in screens if _began(t, cwd, s)]
    return [pair for pair in fitting if _is_only(pair, fitting)]


def _began(thread: str, cwd: str | None, screen: Process) -> bool:
    born = files.born_at(thread)
    if born is None or not 0 <= born.timestamp() - screen.run.started_at <= _BEGINS_WITHIN:
        return False
    return cwd is None or screen.cwd in {None, cwd} or flags.leads_elsewhere(screen.argv)


def _alone(threads: _Threads, screens: Sequence[Process]) -> _Pairs:
    """The only one left in its folder, with the only session left there."""
    fitting = [(t, s) for t, cwd in threads.items() for s in screens if cwd is not None and cwd == s.cwd]
    return [pair for pair in fitting if _is_only(pair, fitting)]


def _is_only(pair: tuple[str, Process], fitting: Sequence[tuple[str, Process]]) -> bool:
    return sum(thread == pair[0] or screen.run == pair[1].run for thread, screen in fitting) == 1
