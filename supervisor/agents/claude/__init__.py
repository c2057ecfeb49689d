"""Claude Code: a registry file for each live process, one file of JSON lines for each conversation.

The registry (``sessions/<PID>.json``) tells who is alive and what it waits for. It goes away with
its process, except when that was killed; what stays behind then names a session to be recovered.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Watched
from supervisor.agents.claude import files
from supervisor.agents.claude.files import find as find
from supervisor.agents.claude.files import home as home
from supervisor.agents.claude.files import transcripts as transcripts
from supervisor.agents.claude.registry import look as look
from supervisor.agents.claude.steering import ClaudeSteering
from supervisor.agents.claude.transcript import Reading
from supervisor.core.model import Resume, Transcript

name: Final = files.AGENT
title: Final = "Claude Code"

steering: Final = ClaudeSteering()


def watched(home: Path) -> Sequence[Watched]:
    """The registry, the conversations by project, and the states of background sessions."""
    return (
        Watched(files.registry_in(home)),
        Watched(files.projects_in(home), depth=1),
        Watched(files.jobs_in(home), depth=1),
    )


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """What the change of this path means, and the session id where it names one."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    match parts:
        case ("sessions",) | ("jobs",) | ("jobs", _) | ("jobs", _, "state.json"):
            return Concern.LIVE, None
        case ("sessions", file) if files.REGISTRATION.fullmatch(file):
            return Concern.LIVE, None
        case ("projects",) | ("projects", _):
            return Concern.ALL_TRANSCRIPTS, None
        case ("projects", _, file) if session_id := files.session_id_of(file):
            return Concern.TRANSCRIPT, session_id
    return Concern.NOTHING, None


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), partial(Reading, sidechain=transcript.parent_id is not None))


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """The agent's own command to bring a session back; it works from any folder."""
    if not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("claude", "--resume", session_id), cwd=cwd)
