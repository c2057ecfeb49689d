"""Codex: sessions by the locks that serve them, words by rollouts, states by its daemon where one runs.

A session is served by whoever holds the lock named after it: a terminal on its own, ``codex exec``, or the
shared daemon for all its sessions. Who leaves in peace takes the lock file away; who is killed leaves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.codex import files
from supervisor.agents.codex.daemon import socket_in
from supervisor.agents.codex.rollout import Rollout, facts_of_head, first_line, parent_in_head
from supervisor.agents.codex.screens import home_of, is_codex, is_daemon, is_screen, lives_in, screens_of
from supervisor.agents.codex.steering import CodexSteering
from supervisor.core.model import Facts, Process, Resume, Run, Sighting, Transcript

name = "codex"
title = "Codex"
steering = CodexSteering()


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``CODEX_HOME``, else ``~/.codex``."""
    return home_of(environment, user_home)


def watched(home: Path) -> Sequence[Watched]:
    """Rollouts by day, locks, and where the daemon's socket appears."""
    return (
        Watched(files.sessions_in(home), depth=3),
        Watched(files.locks_in(home)),
        Watched(socket_in(home).parent),
    )


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """A rollout grows; a lock or the daemon's socket comes or goes."""
    if changed.parent == files.locks_in(home):
        session_id = files.locked(changed)
        return (Concern.LIVE, session_id) if session_id else (Concern.NOTHING, None)
    if changed == socket_in(home):
        return Concern.LIVE, None
    named = files.ROLLOUT.fullmatch(changed.name)
    if named and changed.is_relative_to(files.sessions_in(home)):
        return Concern.TRANSCRIPT, named[1]
    return Concern.NOTHING, None


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """Everybody who holds a session's lock, locks left behind, and terminals without a session yet."""
    locks = files.locks(home)
    index = files.titles(home, list(locks)) if locks else {}
    found: list[Sighting] = []
    for session_id, lock in locks.items():
        seen = _sighting(home, session_id, lock, processes)
        if seen is not None:
            found.append(_named(seen, *index.get(session_id, (None, None))))
    return [*_on_screens(home, processes, found), *_without_session(home, processes, locks, found)]


def transcripts(home: Path) -> Iterator[Transcript]:
    """All rollouts, the newest day first, by their names."""
    parents = files.parents(home)
    for session_id, entry in files.rollouts(home):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        yield Transcript(
            agent=name,
            session_id=session_id,
            where=entry.path,
            changed_at=status.st_mtime,
            size=status.st_size,
            parent_id=parents.get(session_id),
        )


def find(home: Path, session_id: str) -> Transcript | None:
    """The rollout of one session."""
    if not files.SESSION_ID.fullmatch(session_id):
        return None
    path = files.rollout_of(home, session_id) or files.rollout_anywhere(home, session_id)
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return Transcript(
        agent=name,
        session_id=session_id,
        where=str(path),
        changed_at=status.st_mtime,
        size=status.st_size,
        parent_id=parent_in_head(files.head_of(path)),
    )


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001 - the contract's word
    """Open a rollout; its title is looked up when its head is read, and only once."""
    path = Path(transcript.where)

    @cache
    def title_of_it() -> str | None:
        home = path.parents[4] if len(path.parents) > 4 else path.parent
        indexed, _ = files.titles(home, [transcript.session_id]).get(transcript.session_id, (None, None))
        return indexed or files.first_prompt(path)

    return lines(path, lambda: Rollout(title_of_it))


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """``codex resume ID``; in its last folder it asks nothing."""
    if not files.SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("codex", "resume", session_id), cwd=cwd)


# -- who is alive -----------------------------------------------------------------------------------


def _sighting(home: Path, session_id: str, lock: Path, processes: Processes) -> Sighting | None:
    """One session by its lock; ``None`` for one that was left without a word in it."""
    rollout = files.rollout_of(home, session_id)
    holder = processes.lock_owner(lock)
    process = processes.find(holder) if holder is not None else None
    if process:
        return _alive(home, session_id, process, rollout)
    if holder is None and rollout:
        return _left_behind(session_id, lock, rollout)
    return None


def _alive(home: Path, session_id: str, process: Process, rollout: Path | None) -> Sighting:
    """Codex writes a rollout with the first prompt; until then the watch waits for it."""
    head = files.head_of(rollout) if rollout else {}
    facts = facts_of_head(head) if head else Facts(cwd=None if is_daemon(process) else process.cwd)
    where = rollout or files.rollout_to_be(home, session_id)
    return Sighting(
        agent=name,
        session_id=session_id,
        run=process.run,
        alive=True,
        facts=facts,
        transcript=str(where) if where else None,
        parent_id=parent_in_head(head),
    )


def _left_behind(session_id: str, lock: Path, rollout: Path) -> Sighting | None:
    """The file does not say whose lock it was: of the process only the start is known, roughly."""
    try:
        locked_at, written_at = lock.stat().st_mtime, rollout.stat().st_mtime
    except OSError:
        return None
    head = files.head_of(rollout)
    return Sighting(
        agent=name,
        session_id=session_id,
        run=Run(0, locked_at),
        alive=False,
        facts=facts_of_head(head),
        transcript=str(rollout),
        parent_id=parent_in_head(head),
        at=written_at,
    )


def _named(sighting: Sighting, indexed: str | None, chosen: str | None) -> Sighting:
    """With its title, and the name that its user gave it."""
    facts = replace(sighting.facts, title=first_line(indexed or ""))
    return replace(sighting, facts=facts, name=chosen)


def _on_screens(home: Path, processes: Processes, found: Sequence[Sighting]) -> Iterator[Sighting]:
    """With the terminals that show what the daemon serves: it has none itself."""
    daemons = {run for run in {s.run for s in found if s.alive} if is_daemon(processes.find(run.pid))}
    served = {s.session_id: s.facts.cwd for s in found if s.alive and s.session_id and s.run in daemons}
    own = {s.session_id for s in found if s.parent_id is None}
    screens = screens_of(home, processes, {thread: served[thread] for thread in served if thread in own})
    for sighting in found:
        shown = screens.get(sighting.session_id or "", ())
        yield replace(sighting, screens=shown) if sighting.session_id in served else sighting


# -- terminals without a session --------------------------------------------------------------------


def _without_session(
    home: Path, processes: Processes, locks: Mapping[str, Path], found: Sequence[Sighting]
) -> Iterator[Sighting]:
    """Terminals that serve nothing so far: before a question is answered, or of a Codex without locks.

    A terminal that the daemon works for holds no lock either, so only what is certain is told.
    """
    running = processes.running()
    serving = {sighting.run for sighting in found if sighting.alive}
    if any(process.run in serving and is_daemon(process) for process in running):
        return
    newest_lock = max((_changed_at(lock) for lock in locks.values()), default=0.0)
    for process in running:
        fresh = process.run not in serving and process.run.started_at > newest_lock
        if fresh and is_screen(process) and lives_in(home, processes.environment(process.run.pid)):
            yield _unknown(home, process, running)


def _unknown(home: Path, process: Process, running: Sequence[Process]) -> Sighting:
    """A terminal that holds no lock; where no Codex ever made one, its rollout may still be known."""
    knows_locks = _changed_at(files.locks_in(home)) > 0.0
    rollout = None if knows_locks else _rollout_by_birth(home, process, running)
    named = files.ROLLOUT.fullmatch(rollout.name) if rollout else None
    return Sighting(
        agent=name,
        session_id=named[1] if named else None,
        run=process.run,
        alive=True,
        facts=facts_of_head(files.head_of(rollout)) if rollout else Facts(cwd=process.cwd),
        transcript=str(rollout) if rollout else None,
    )


def _rollout_by_birth(home: Path, process: Process, running: Sequence[Process]) -> Path | None:
    """The newest session begun in this terminal's folder since its start, if no other can have begun it."""
    rivals = [other for other in running if is_codex(other) and other.cwd == process.cwd]
    if len(rivals) != 1:
        return None
    for session_id, entry in files.rollouts(home):
        born = files.born_at(session_id)
        if born is None or born.timestamp() < process.run.started_at:
            return None
        if files.head_of(Path(entry.path)).get("cwd") == process.cwd:
            return Path(entry.path)
    return None


def _changed_at(path: Path) -> float:
    """Seconds since 1970; 0 for what is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
