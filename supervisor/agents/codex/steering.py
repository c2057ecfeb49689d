"""How Codex is steered: by its shared daemon where that serves the thread."""

from pathlib import Path

from supervisor.agents.base import Processes
from supervisor.agents.codex import daemon
from supervisor.agents.steering import Ear, Line, Steering


class CodexSteering(Steering):
    """By its daemon."""

    def line(self, home: Path, processes: Processes) -> Line:
        """The daemon of this home."""
        del processes
        return _Daemon(home)


class _Daemon(Line):
    def __init__(self, home: Path) -> None:
        self._home = home

    async def listen(self, ear: Ear) -> None:
        """See ``Line.listen``."""
        await daemon.listen(self._home, ear)
