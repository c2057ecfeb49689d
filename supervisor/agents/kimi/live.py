"""Who is alive: from the processes of Kimi Code to the sessions that they serve.

A process hides its options and no file names it. So the sessions tell: which of them, in its folder,
were written to since it started. What was found once is remembered, and where two could be meant, none is.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents import places
from supervisor.agents.base import Processes
from supervisor.agents.kimi import files, flags
from supervisor.agents.kimi.files import Stored
from supervisor.core.model import Facts, Process, Run, Sighting, Sign

_CLOCK_SLACK: Final = 1.0
_MOST_LEFT: Final = 1024


class Sessions:
    """Who serves which session. Owner: the agent's module; one for each home."""

    def __init__(self) -> None:
        """Nobody was seen yet."""
        self._served: dict[Run, str] = {}
        #: Sessions whose process has ended, and when they had been written to last by then.
        self._left: dict[str, float] = {}

    def look(self, home: Path, processes: Processes) -> Sequence[Sighting]:
        """The session of each live process; one without an id where it cannot be told."""
        running = sorted(_running(home, processes), key=lambda process: process.run.started_at)
        stored = list(_written_since(home, running[0].run.started_at)) if running else []
        self._part(home, {process.run for process in running})
        for process in running:
            if told := self._told(process, running, stored):
                self._served[process.run] = told
            elif process.run not in self._served and (named := _named(home, process, processes)):
                self._served[process.run] = named
        return [
            self._seen(home, process, any(self._may_serve(process, one) for one in stored))
            for process in running
        ]

    def _part(self, home: Path, running: set[Run]) -> None:
        """Forget who has ended, but not what it wrote."""
        for run in self._served.keys() - running:
            session_id = self._served.pop(run)
            if folder := files.folder_of(home, session_id):
                self._left[session_id] = files.changed_at(folder)
        while len(self._left) > _MOST_LEFT:
            del self._left[next(iter(self._left))]

    def _told(self, process: Process, running: Sequence[Process], stored: Sequence[Stored]) -> str | None:
        """The newest in its folder; beside others in that folder the only one that can be meant."""
        rivals = [other for other in running if other is not process and _same(other.cwd, process.cwd)]
        if rivals and process.run in self._served:
            return None
        fitting = [one for one in stored if self._may_serve(process, one)]
        if not rivals:
            return max(fitting, key=lambda one: one.changed_at).session_id if fitting else None
        later = [o.run.started_at for o in rivals if o.run.started_at >= process.run.started_at]
        fitting = [one for one in fitting if not later or one.began_at < min(later)]
        return fitting[0].session_id if len(fitting) == 1 else None

    def _may_serve(self, process: Process, one: Stored) -> bool:
        """Whether this session was written to by this process, as far as can be known."""
        others = {session_id for run, session_id in self._served.items() if run != process.run}
        since = max(process.run.started_at - _CLOCK_SLACK, self._left.get(one.session_id, 0.0))
        return one.session_id not in others and one.changed_at > since and _same(one.cwd, process.cwd)

    def _seen(self, home: Path, process: Process, has_written: bool) -> Sighting:
        """*has_written*: there is a session that it may serve."""
        session_id = self._served.get(process.run)
        folder = files.folder_of(home, session_id) if session_id else None
        one = files.described(folder) if folder else None
        # Who begins, or is resumed, writes nothing until its first prompt.
        waits = one.changed_at < process.run.started_at if one else not has_written
        return Sighting(
            agent=files.AGENT,
            session_id=session_id,
            run=process.run,
            alive=True,
            facts=Facts(cwd=(one.cwd if one else None) or process.cwd, title=one.title if one else None),
            sign=Sign.STARTING if waits else None,
            transcript=str(one.wire) if one else None,
        )


def _named(home: Path, process: Process, processes: Processes) -> str | None:
    """The session that it was told: by its options while it starts, or by who started it in our terminal."""
    command = flags.command(process.argv)
    named = flags.session(command) if command else None
    named = named or processes.environment(process.run.pid).get(flags.MARK)
    return named if named and files.folder_of(home, named) else None


def _running(home: Path, processes: Processes) -> Iterator[Process]:
    """Those that a person started: what one of them starts in its turn has its words from it."""
    everybody = {process.run.pid: process for process in processes.running()}
    own = {pid for pid, process in everybody.items() if flags.command(process.argv)}
    for pid in own:
        process = everybody[pid]
        if not own & _above(pid, everybody) and places.home_of(process, processes, files.home, home) == home:
            yield process


def _above(pid: int, everybody: Mapping[int, Process]) -> set[int]:
    found: set[int] = set()
    while (process := everybody.get(pid)) and process.parent_pid not in found:
        pid = process.parent_pid
        found.add(pid)
    return found


def _written_since(home: Path, at: float) -> Iterator[Stored]:
    for _, folder in files.folders(home):
        if files.changed_at(folder) >= at - _CLOCK_SLACK and (found := files.described(folder)):
            yield found


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and os.path.realpath(one) == os.path.realpath(other)
