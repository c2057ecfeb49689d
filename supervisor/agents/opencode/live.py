"""Who is alive: from the processes of OpenCode to the sessions that they serve.

No file names a PID. The log tells which sessions a run works on, and a run is known by its folder
and the time at which it began. Where the log is silent, the command line and the times in the
database have to do; where two processes could be meant, neither is.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Protocol

from supervisor.agents.opencode import store
from supervisor.agents.opencode.log import Asked, LoggedRun
from supervisor.agents.opencode.meaning import Standing, session_facts, standing
from supervisor.agents.opencode.options import OTHERS, SERVERS, words
from supervisor.agents.opencode.store import Row, row, rows, seconds, text
from supervisor.core.model import Facts, Process, Run, Sighting, Sign
from supervisor.core.steering import Approval

AGENT = "opencode"
SESSION_ID = re.compile(r"ses_[0-9A-Za-z]{8,64}")

#: Tools that ask for another permission than one of their own name.
_PERMISSIONS = {"write": "edit", "multiedit": "edit", "patch": "edit", "apply_patch": "edit", "ls": "list"}
#: Options with which it serves no session here.
_NO_SESSION = ("--attach", "-h", "--help", "-v", "--version")
#: Permissions that any tool may ask for.
_ANY_TOOL = frozenset({"external_directory", "doom_loop"})
#: A run writes its first line when it has started up: seconds, on a slow machine many.
_START_UP_SECONDS = 90.0
#: Two starts further apart than this write their first lines in the same order.
_APART_SECONDS = 3.0
_MOST_SESSIONS = 50
#: A tool begins to run and asks at nearly the same time, in either order.
_ASKING_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a command line of OpenCode says."""

    name: str = ""
    session: str | None = None
    goes_on: bool = False
    #: Permissions are granted without asking anybody.
    unasked: bool = False
    folder: str | None = None


@dataclass(slots=True, kw_only=True)
class Served:
    """One process of OpenCode, and what is known of it so far."""

    process: Process
    command: Command
    folder: str | None
    logged: LoggedRun | None = None
    #: The sessions that it says it worked on, the last one last.
    heard: Sequence[str] = ()
    #: What its sessions wait for; ``None``: it does not tell.
    waits_for: Mapping[str, Approval] | None = None
    #: Its sessions, the one on its screen first.
    sessions: list[Row] = field(default_factory=list)

    @property
    def serves_many(self) -> bool:
        """Whether it is a server, for any session in any folder."""
        return self.command.name in SERVERS


class Heard(Protocol):
    """What processes with a server of their own say themselves."""

    def sessions(self, run: Run) -> Sequence[str]:
        """The sessions that it was heard to work on, the last one last."""
        ...

    def waits_for(self, run: Run) -> Mapping[str, Approval] | None:
        """All that its sessions wait for; ``None``: it does not tell."""
        ...


def sightings(
    database: Path, running: Sequence[Process], logged: Mapping[str, LoggedRun], heard: Heard | None = None
) -> Sequence[Sighting]:
    """All sessions that these processes serve; one without an id for each that has none yet."""
    served = [found for process in running if (found := _served(process))]
    if not served:
        return ()
    if heard is not None:
        _listen(served, heard)
    _recognize(served, list(logged.values()))
    try:
        with store.opened(database) as connection:
            connection.execute("BEGIN")
            _assign(connection, served)
            return [sighting for each in served for sighting in _seen(connection, database, each)]
    except store.Unreadable:
        return [_nameless(each) for each in served]


def command(argv: Sequence[str]) -> Command | None:
    """What this command line means; ``None`` if it is none of OpenCode's that holds a session."""
    found = words(argv)
    if found is None or found.command in OTHERS or any(option in found for option in _NO_SESSION):
        return None
    session = found.value("-s", "--session")
    forks = "--fork" in found
    return Command(
        name=found.command,
        session=session if session and SESSION_ID.fullmatch(session) and not forks else None,
        goes_on=not forks and ("-c" in found or "--continue" in found),
        unasked="--auto" in found or "--dangerously-skip-permissions" in found,
        folder=found.value("--dir") or (found.rest[0] if found.rest and not found.command else None),
    )


def _served(process: Process) -> Served | None:
    if (found := command(process.argv)) is None:
        return None
    folder = process.cwd
    if folder is not None and found.folder:
        folder = str(Path(folder, found.folder))
    return Served(process=process, command=found, folder=folder)


def _recognize(served: Sequence[Served], logged: list[LoggedRun]) -> None:
    """Give each process its run in the log: the first that began in its folder after its start.

    The youngest process chooses first: what it cannot have written is left for the older ones. A
    server has no folder of its own, and takes what is left.
    """
    free = sorted(logged, key=lambda run: run.began_at)
    for each in sorted(served, key=lambda each: (each.serves_many, -_started_at(each))):
        fitting = [run for run in free if _fits(each, run)]
        if _has_twin(each, served):
            fitting = [run for run in fitting if run.sessions.keys() & {each.command.session, *each.heard}]
        if fitting:
            each.logged = fitting[0]
            free.remove(fitting[0])


def _started_at(served: Served) -> float:
    return served.process.run.started_at


def _fits(served: Served, run: LoggedRun) -> bool:
    here = any(_same_folder(served.folder, directory) for directory in run.directories)
    late = run.began_at - _started_at(served)
    return (here or served.serves_many) and -1.0 <= late <= _START_UP_SECONDS


def _same_folder(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and PurePath(one) == PurePath(other)


def _has_twin(served: Served, everyone: Sequence[Served]) -> bool:
    """Whether another process started in the same folder at nearly the same time."""
    return any(
        other is not served
        and _same_folder(other.folder, served.folder)
        and abs(_started_at(other) - _started_at(served)) < _APART_SECONDS
        for other in everyone
    )


def _assign(connection: sqlite3.Connection, served: Sequence[Served]) -> None:
    """Give each process its sessions; no session to two of them."""
    taken: set[str] = set()
    for each in sorted(served, key=lambda each: (each.logged is None, each.command.session is None)):
        sessions = _by_log(connection, each) or _by_command(connection, each)
        each.sessions = [session for session in sessions if session["id"] not in taken]
        taken |= {session["id"] for session in each.sessions}
    for each in served:
        rivals = [other for other in served if not other.sessions and _same_folder(other.folder, each.folder)]
        if not each.sessions and len(rivals) == 1:
            each.sessions = _by_time(connection, each, taken)


def _listen(served: Sequence[Served], heard: Heard) -> None:
    for each in served:
        each.heard = heard.sessions(each.process.run)
        each.waits_for = heard.waits_for(each.process.run)


def _by_log(connection: sqlite3.Connection, served: Served) -> list[Row]:
    """The session that it worked on last, and those that it has not finished (all, for a server).

    Who has no log of its own may have been heard.
    """
    worked_on = served.heard if served.logged is None else served.logged.sessions
    ids = list(reversed(tuple(worked_on)))[:_MOST_SESSIONS]
    found = [session for each in ids if (session := _session(connection, each))]
    roots = [session for session in found if not text(session.get("parent_id"))]
    children = [session for session in found if text(session.get("parent_id"))]
    asked_for = served.command.session
    if not roots and asked_for and (session := _session(connection, asked_for)):
        roots = [session]
    first, others = roots[:1], roots[1:] + children
    if served.serves_many:
        first, others = roots, children
    busy = (Sign.WORKING, Sign.ASKING)
    return first + [each for each in others if standing(connection, each["id"]).sign in busy]


def _by_command(connection: sqlite3.Connection, served: Served) -> list[Row]:
    wanted = served.command.session
    if wanted and (session := _session(connection, wanted)):
        return [session]
    if served.command.goes_on and served.folder:
        return list(_newest(connection, served.folder)[:1])
    return []


def _by_time(connection: sqlite3.Connection, served: Served, taken: set[str]) -> list[Row]:
    """The newest session of its folder that changed since its start and is no one else's."""
    if served.folder is None or served.serves_many:
        return []
    started_at = _started_at(served)
    fitting = (
        each
        for each in _newest(connection, served.folder)
        if each["id"] not in taken and (seconds(each["time_updated"]) or 0.0) >= started_at
    )
    return list(fitting)[:1]


def _session(connection: sqlite3.Connection, session_id: str) -> Row | None:
    found = row(connection, "SELECT * FROM session WHERE id = ?", session_id)
    return found if found and isinstance(found["id"], str) else None


def _newest(connection: sqlite3.Connection, folder: str) -> Sequence[Row]:
    return rows(
        connection,
        "SELECT * FROM session WHERE directory = ? AND parent_id IS NULL AND typeof(id) = 'text'"
        " ORDER BY time_updated DESC LIMIT 20",
        folder,
    )


def _seen(connection: sqlite3.Connection, database: Path, served: Served) -> Iterator[Sighting]:
    if not served.sessions:
        yield _nameless(served)
    stands = {session["id"]: standing(connection, session["id"]) for session in served.sessions}
    asked = {each: found for each, now in stands.items() if (found := _asked(served, each, now))}
    for session in served.sessions:
        # The question of a sub-agent is shown to whoever looks at the session that it works for.
        if session["id"] in asked and (parent := text(session.get("parent_id"))):
            asked.setdefault(parent, asked[session["id"]])
    for session in served.sessions:
        yield _sighting(
            database, served.process.run, session, stands[session["id"]], asked.get(session["id"])
        )


def _asked(served: Served, session_id: str, stands: Standing) -> Asked | None:
    """What it says it waits for; else the newest that a running tool asked for and was silent since."""
    if served.waits_for is not None:
        found = served.waits_for.get(session_id)
        return Asked(at=found.at, permission=found.summary, patterns="") if found else None
    if served.logged is None or served.command.unasked:
        return None
    for asked in reversed(served.logged.asked):
        if any(_waits(tool, heard_at, asked) for tool, heard_at in stands.running):
            # Both were told of at nearly the same time, in either order: the question is what counts.
            return replace(asked, at=max(asked.at, stands.at or 0.0))
    return None


def _waits(tool: str, heard_at: float, asked: Asked) -> bool:
    concerned = asked.permission in _ANY_TOOL or asked.permission == _PERMISSIONS.get(tool, tool)
    return concerned and heard_at <= asked.at + _ASKING_SECONDS


def _sighting(database: Path, run: Run, session: Row, stands: Standing, asked: Asked | None) -> Sighting:
    facts = session_facts(session)
    found = Sighting(
        agent=AGENT,
        session_id=session["id"],
        run=run,
        alive=True,
        facts=replace(facts, model=stands.model or facts.model, failure=stands.failure, cause=stands.cause),
        sign=stands.sign,
        waiting_for=stands.question,
        transcript=where(database, session["id"]),
        parent_id=text(session.get("parent_id")),
        at=stands.at,
    )
    if asked is None:
        return found
    return replace(found, sign=Sign.ASKING, waiting_for=asked.words, at=asked.at)


def _nameless(served: Served) -> Sighting:
    """Its session is not told yet, or cannot be told from another's."""
    return Sighting(
        agent=AGENT,
        session_id=None,
        run=served.process.run,
        alive=True,
        facts=Facts(cwd=served.folder),
    )


def where(database: Path, session_id: str) -> str:
    """The place of a conversation: the database and the id in it."""
    return f"{database}#{session_id}"
