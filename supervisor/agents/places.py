"""What agents that keep their files below a folder of the user's have in common: which folder, which file."""

import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from supervisor.agents.base import Processes
from supervisor.core.model import Process, Transcript

#: An agent's own rule: from the environment and the user's home to its folder.
Home = Callable[[Mapping[str, str], Path], Path]


def home_of(process: Process, processes: Processes, home: Home, home_here: Path) -> Path:
    """Where this process keeps its files; *home_here*, where its environment cannot be read."""
    environment = processes.environment(process.run.pid)
    user_home = environment.get("HOME") or environment.get("USERPROFILE")
    return home(environment, Path(user_home)) if user_home else home_here


def stored(agent: str, session_id: str, path: Path) -> Transcript | None:
    """The conversation that is the regular file at *path*, if there is one."""
    with suppress(OSError):
        return described(agent, session_id, str(path), path.lstat())
    return None


def described(agent: str, session_id: str, where: str, status: os.stat_result) -> Transcript | None:
    """The same where its *status* is known; ``None`` for links, folders, pipes and devices."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return Transcript(
        agent=agent, session_id=session_id, where=where, changed_at=status.st_mtime, size=status.st_size
    )
