"""Who is alive: from the processes of Gemini CLI to the sessions that they serve.

No file names a PID. A command line may name its session, as those do that are started here; else the
files tell which session began in a process's folder after its start. Where two could be meant, none is.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents import packages, places
from supervisor.agents.base import Processes
from supervisor.agents.gemini import files, flags
from supervisor.agents.gemini.files import Chat
from supervisor.core.model import Facts, Process, Sighting, Sign

#: Seconds within which a terminal that starts begins its session, on a slow machine.
_BEGINS_WITHIN: Final = 120.0
_CLOCK_SLACK: Final = 1.0


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """The session of each live process; one without an id where it cannot be told."""
    running = _innermost(home, processes)
    chats = [chat for chat in files.chats(home) if chat.is_own] if running else []
    named = {process.run: _named(process) for process in running}
    taken = {session_id for session_id in named.values() if session_id}
    found: list[Sighting] = []
    for process in running:
        session_id = named[process.run]
        if session_id is None:
            nameless = [other for other in running if named[other.run] is None]
            session_id = _begun_by(process, nameless, [c for c in chats if c.session_id not in taken])
        found.append(_sighting(process, session_id, chats))
    return found


def _innermost(home: Path, processes: Processes) -> list[Process]:
    """It starts itself once more: the inner process is the one that works."""
    everybody = processes.running()
    own = {process.run.pid: process for process in everybody if flags.command(process.argv)}
    outer = {process.parent_pid for process in own.values()}
    inner = (process for pid, process in own.items() if pid not in outer)
    return [process for process in inner if places.home_of(process, processes, files.home, home) == home]


def _named(process: Process) -> str | None:
    command = flags.command(process.argv)
    session_id = flags.session(command) if command else None
    return session_id if session_id and files.SESSION_ID.fullmatch(session_id) else None


def _begun_by(process: Process, nameless: Sequence[Process], chats: Sequence[Chat]) -> str | None:
    """The newest session of its folder since its start; where others started there, the first since."""
    rivals = [other for other in nameless if other is not process and _same(other.cwd, process.cwd)]
    since = process.run.started_at - _CLOCK_SLACK
    fitting = sorted(
        (chat for chat in chats if _same(chat.root, process.cwd) and chat.began_at >= since),
        key=lambda chat: chat.began_at,
    )
    if not rivals:
        return fitting[-1].session_id if fitting else None
    later = [other.run.started_at for other in rivals if other.run.started_at >= since]
    until = min([*later, process.run.started_at + _BEGINS_WITHIN])
    own = {chat.session_id for chat in fitting if chat.began_at < until}
    return own.pop() if len(own) == 1 else None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and os.path.realpath(one) == os.path.realpath(other)


def _sighting(process: Process, session_id: str | None, chats: Sequence[Chat]) -> Sighting:
    own = [chat for chat in chats if chat.session_id == session_id]
    stored = max(own, key=lambda chat: chat.size, default=None)
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=process.run,
        alive=True,
        facts=Facts(
            cwd=stored.root if stored and stored.root else process.cwd, agent_version=_version(process)
        ),
        sign=Sign.STARTING if session_id and stored is None else None,
        transcript=str(stored.path) if stored else None,
    )


def _version(process: Process) -> str | None:
    """By the package that its script lies in: its files do not tell."""
    command = flags.command(process.argv)
    return packages.of_script(files.PACKAGE, command.program[-1]) if command else None


def served(sightings: Sequence[Sighting]) -> Mapping[str, float]:
    """Who is alive, and since when."""
    return {one.session_id: one.run.started_at for one in sightings if one.session_id}
