"""Copilot CLI: a folder for each session, in which its process leaves its PID and writes down all events."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Watched
from supervisor.agents.copilot import files
from supervisor.agents.copilot.files import find as find
from supervisor.agents.copilot.files import home as home
from supervisor.agents.copilot.files import transcripts as transcripts
from supervisor.agents.copilot.live import look as look
from supervisor.agents.copilot.steering import CopilotSteering
from supervisor.agents.copilot.transcript import Reading
from supervisor.core.model import Resume, Transcript

name: Final = files.AGENT
title: Final = "Copilot CLI"

steering: Final = CopilotSteering()


def watched(home: Path) -> Sequence[Watched]:
    """The folders of the sessions."""
    return (Watched(files.sessions_in(home), depth=1),)


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """Somebody begins or ends to use a session, or a session's events grow."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    match parts:
        case ("session-state", session_id, file) if files.SESSION_ID.fullmatch(session_id):
            if file == files.EVENTS:
                return Concern.TRANSCRIPT, session_id
            if files.IN_USE.fullmatch(file) or file == "workspace.yaml":
                return Concern.LIVE, session_id
        case ("session-state",):
            return Concern.LIVE, None
        case ("session-state", session_id) if files.SESSION_ID.fullmatch(session_id):
            return Concern.LIVE, None
    return Concern.NOTHING, None


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), Reading)


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """Copilot's own command; wherever it is started, it goes back to the session's own folder."""
    if not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("copilot", f"--resume={session_id}"), cwd=cwd)
