"""Kimi Code: a folder for each session with the records of its agents; its processes hide their options."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.kimi import files
from supervisor.agents.kimi.files import find as find
from supervisor.agents.kimi.files import home as home
from supervisor.agents.kimi.files import transcripts as transcripts
from supervisor.agents.kimi.live import Sessions
from supervisor.agents.kimi.steering import KimiSteering
from supervisor.agents.kimi.transcript import Reading
from supervisor.core.model import Resume, Sighting, Transcript

name: Final = files.AGENT
title: Final = "Kimi Code"

steering: Final = KimiSteering()

_sessions: dict[Path, Sessions] = {}


def watched(home: Path) -> Sequence[Watched]:
    """Its own folder, and those of the sessions, down to the records of their main agents."""
    return (Watched(home), Watched(files.sessions_in(home), depth=4))


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """Somebody starts it, a session begins or describes itself anew, or its records grow."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    match parts:
        case (files.OPENED,):
            return Concern.LIVE, None
        case ("sessions", _, session_id, *inside) if files.SESSION_ID.fullmatch(session_id):
            if tuple(inside) == files.WIRE:
                return Concern.TRANSCRIPT, session_id
            if inside in ([], [files.STATE]):
                return Concern.LIVE, session_id
    return Concern.NOTHING, None


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """The sessions of all live processes; who was killed leaves nothing that says so."""
    return _sessions.setdefault(home, Sessions()).look(home, processes)


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), Reading)


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """Kimi's own command, in the folder that the session belongs to."""
    if cwd is None or not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("kimi", "--session", session_id), cwd=cwd)
