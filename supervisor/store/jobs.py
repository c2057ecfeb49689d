"""Background jobs as they were last known: those that run, and those that ended within a day."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from supervisor.core.model import Job, JobKind
from supervisor.store.database import Database

#: Seconds for which one that has ended is told.
_TOLD_FOR: Final = 86_400.0
_KEPT: Final = (
    "pid",
    "started_at",
    "command",
    "kind",
    "output",
    "output_file",
    "over",
    "ended_at",
    "exit_status",
)


def keep(database: Database, session_id: str, job: Job) -> None:
    """Keep a job, or what has become of it."""
    database.change_soon(
        "INSERT OR REPLACE INTO job (session_id, pid, since_boot, over, saved_at, picture)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        session_id,
        job.pid,
        database.since_boot(job.started_at),
        int(job.over),
        time.time(),
        json.dumps({name: getattr(job, name) for name in _KEPT}),
    )
    if job.over:
        database.change_soon("DELETE FROM job WHERE over AND saved_at < ?", time.time() - _TOLD_FOR)


def load(database: Database) -> Mapping[str, tuple[Job, ...]]:
    """By the id of their session, oldest first; unreadable ones are left out."""
    rows = database.rows(
        "SELECT session_id, since_boot, picture FROM job WHERE NOT over OR saved_at > ? ORDER BY since_boot",
        time.time() - _TOLD_FOR,
    )
    found: defaultdict[str, list[Job]] = defaultdict(list)
    for session_id, since_boot, picture in rows:
        if job := _job(picture):
            # What has ended may be of another start of the machine.
            moved = job if job.over else replace(job, started_at=database.started_at(since_boot))
            found[session_id].append(moved)
    return {session_id: tuple(jobs) for session_id, jobs in found.items()}


def with_running(jobs: Mapping[str, tuple[Job, ...]]) -> frozenset[str]:
    """The sessions that have one that ran when we were last heard of."""
    return frozenset(session_id for session_id, own in jobs.items() if any(not job.over for job in own))


def _job(picture: str) -> Job | None:
    try:
        fields = json.loads(picture)
        file = fields.pop("output_file")
        return Job(
            **{**fields, "kind": JobKind(fields["kind"])}, output_file=(file[0], file[1]) if file else None
        )
    except (ValueError, TypeError, KeyError, IndexError):
        return None
