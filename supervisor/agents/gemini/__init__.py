"""Gemini CLI: a file of JSON lines for each conversation; its processes write their names nowhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.gemini import files, live
from supervisor.agents.gemini.files import find as find
from supervisor.agents.gemini.files import home as home
from supervisor.agents.gemini.files import transcripts as transcripts
from supervisor.agents.gemini.steering import GeminiSteering
from supervisor.agents.gemini.transcript import Reading
from supervisor.core.model import Resume, Sighting, Transcript

name: Final = files.AGENT
title: Final = "Gemini CLI"

steering: Final = GeminiSteering()

#: Files of conversations that were heard of, with their sessions.
_known: dict[Path, str] = {}
_MOST_KNOWN: Final = 4096


def watched(home: Path) -> Sequence[Watched]:
    """The conversations by project."""
    return (Watched(files.projects_in(home), depth=2),)


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """A conversation grows; one that begins tells that somebody is alive."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    if not files.project_file(parts):
        return Concern.NOTHING, None
    if session_id := _known.get(changed):
        return Concern.TRANSCRIPT, session_id
    if session_id := files.session_of(changed):
        while len(_known) >= _MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[changed] = session_id
    return Concern.LIVE, None


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """The sessions of all live processes; who was killed leaves nothing that says so.

    What would make Gemini delete a conversation is taken away: see ``files``.
    """
    seen = live.look(home, processes)
    files.sweep(home, live.served(seen))
    return seen


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), Reading)


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """Gemini's own command; it finds a session only from the folder that it belongs to."""
    if cwd is None or not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("gemini", "--resume", session_id), cwd=cwd)
