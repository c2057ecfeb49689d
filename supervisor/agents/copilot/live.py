"""Who is alive: by the files that each process leaves in the folder of the session that it uses.

Who is killed leaves its file behind. The files do not keep a second process out.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Processes
from supervisor.agents.copilot import files, flags
from supervisor.core.model import Facts, Process, Run, Sighting, Sign
from supervisor.core.titles import of_prompt

#: Seconds that a process may seem to have started after it wrote its file: clocks are set.
_CLOCK_SLACK: Final = 5.0


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """All sessions in use, alive or left behind, and terminals that use none yet."""
    running = {process.run.pid: process for process in processes.running()}
    found = [
        seen for session_id, folder in files.sessions(home) if (seen := _seen(session_id, folder, running))
    ]
    using = {one.run.pid for one in found if one.alive}
    return [*found, *_starting(home, running, processes, using)]


def _seen(session_id: str, folder: Path, running: Mapping[int, Process]) -> Sighting | None:
    """One session by the last that began to use it; ``None`` if nobody does, or nothing was said."""
    users = sorted(files.users(folder), key=lambda user: user[1], reverse=True)
    alive = next((process for user in users if (process := _alive(*user, running))), None)
    stored = files.find(folder.parents[1], session_id)
    if alive is None and (not users or stored is None):
        return None
    told = files.described(folder)
    # Who is resumed writes nothing until its first prompt.
    silent = stored is None or (alive is not None and stored.changed_at < alive.run.started_at)
    return Sighting(
        agent=files.AGENT,
        session_id=session_id,
        run=alive.run if alive else Run(*users[0]),
        alive=alive is not None,
        facts=Facts(
            title=of_prompt(told["name"]) if "name" in told else None,
            cwd=told.get("cwd"),
            git_branch=told.get("branch"),
        ),
        sign=Sign.STARTING if silent else None,
        transcript=stored.where if stored else str(folder / files.EVENTS),
        at=stored.changed_at if stored and alive is None else None,
    )


def _alive(pid: int, since: float, running: Mapping[int, Process]) -> Process | None:
    """The process that left this file, and not a later one with the same PID."""
    process = running.get(pid)
    if process is None or flags.command(process.argv) is None:
        return None
    return process if process.run.started_at <= since + _CLOCK_SLACK else None


def _starting(
    home: Path, running: Mapping[int, Process], processes: Processes, using: set[int]
) -> Iterator[Sighting]:
    """A terminal may ask whether it trusts its folder before it uses a session."""
    own = {pid for pid, process in running.items() if flags.command(process.argv)}
    outer = {running[pid].parent_pid for pid in own}
    for pid in sorted(own - outer - using):
        process = running[pid]
        environment = processes.environment(pid)
        user_home = environment.get("HOME") or environment.get("USERPROFILE")
        if not user_home or files.home(environment, Path(user_home)) == home:
            yield _unregistered(home, process)


def _unregistered(home: Path, process: Process) -> Sighting:
    """It may have been told whom to go on with; then it begins to use that session with its first prompt."""
    command = flags.command(process.argv)
    stored = files.find(home, (flags.session(command) if command else None) or "")
    return Sighting(
        agent=files.AGENT,
        session_id=stored.session_id if stored else None,
        run=process.run,
        alive=True,
        facts=Facts(cwd=process.cwd),
        sign=Sign.STARTING if stored and stored.changed_at < process.run.started_at else None,
        transcript=stored.where if stored else None,
    )
