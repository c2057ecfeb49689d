"""Qwen Code: a registry file for each live process, one file of JSON lines for each conversation.

What is started in a terminal of ours gets a channel of its own: see ``channel``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.qwen import channel, files, registry
from supervisor.agents.qwen.files import find as find
from supervisor.agents.qwen.files import home as home
from supervisor.agents.qwen.files import transcripts as transcripts
from supervisor.agents.qwen.steering import QwenSteering
from supervisor.agents.qwen.transcript import Reading
from supervisor.core.model import Resume, Sighting, Transcript

name: Final = files.AGENT
title: Final = "Qwen Code"

steering: Final = QwenSteering()


def watched(home: Path) -> Sequence[Watched]:
    """The registry, the conversations by project, and the channels."""
    return (
        Watched(files.registry_in(home)),
        Watched(files.projects_in(home), depth=2),
        Watched(files.channels_in(home)),
    )


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """What the change of this path means, and the session id where it names one."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    match parts:
        case ("sessions",):
            return Concern.LIVE, None
        case ("sessions", file) if files.REGISTRATION.fullmatch(file):
            return Concern.LIVE, None
        case ("projects",) | ("projects", _) | ("projects", _, "chats"):
            return Concern.ALL_TRANSCRIPTS, None
        case ("projects", _, "chats", file) if session_id := files.session_id_of(file):
            _stir(home)
            return Concern.TRANSCRIPT, session_id
        case _ if channel.tells(home, changed):
            _stir(home)
    return Concern.NOTHING, None


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """All sessions that are alive, or were left behind by a process that was killed."""
    seen = registry.look(home, processes)
    if line := steering.known(home):
        line.noticed(seen)
    return seen


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), Reading)


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """Qwen Code's own command; it finds a session only from the folder that it belongs to."""
    if cwd is None or not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("qwen", "--resume", session_id), cwd=cwd)


def _stir(home: Path) -> None:
    if line := steering.known(home):
        line.changed()
