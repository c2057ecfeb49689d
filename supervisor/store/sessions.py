"""Sessions as they were last known, and what old transcripts say in short."""

import dataclasses
import json
import time
from collections.abc import Collection
from typing import Any

from supervisor.core.failing import Cause
from supervisor.core.model import OVER, Attempt, Facts, Kind, Run, Session, State, Transcript
from supervisor.store.database import Database

#: What is needed to list, find and resume a session after a crash; the rest is in its transcript.
_KEPT = (
    "id",
    "agent",
    "kind",
    "terminal",
    "state",
    "since",
    "name",
    "title",
    "cwd",
    "git_branch",
    "agent_version",
    "model",
    "transcript",
    "last_activity_at",
    "failure",
    "cause",
    "reset_at",
    "unfinished",
    "policy",
    "policy_chosen",
)


def save(database: Database, session: Session) -> None:
    """Keep the picture of a session."""
    picture = {name: getattr(session, name) for name in _KEPT}
    picture["attempts"] = [dataclasses.asdict(one) for one in session.attempts]
    picture["argv"] = list(session.argv)
    picture["run"] = [session.run.pid, session.run.started_at] if session.run else None
    database.change_soon(
        "INSERT OR REPLACE INTO session (id, agent, saved_at, picture) VALUES (?, ?, ?, ?)",
        session.id,
        session.agent,
        time.time(),
        json.dumps(picture),
    )


def load(database: Database, since: float, also: Collection[str] = ()) -> list[Session]:
    """Sessions saved after *since*, those alive whenever that was, and those named in *also*.

    Unreadable ones are left out.
    """
    rows = database.rows("SELECT picture, saved_at FROM session ORDER BY saved_at DESC LIMIT 1000")
    sessions = [(_session(picture), saved_at) for picture, saved_at in rows]
    return [s for s, saved_at in sessions if s and (saved_at > since or s.state not in OVER or s.id in also)]


def _session(picture: str) -> Session | None:
    try:
        fields: dict[str, Any] = json.loads(picture)
        run = fields.pop("run", None)
        fields["attempts"] = tuple(Attempt(**one) for one in fields.pop("attempts", ()))
        fields["argv"] = tuple(fields.pop("argv", ()))
        fields["state"], fields["kind"] = State(fields["state"]), Kind(fields["kind"])
        fields["cause"] = Cause(cause) if (cause := fields.get("cause")) else None
        return Session(**fields, run=Run(run[0], run[1]) if run else None)
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def known_facts(database: Database, transcript: Transcript) -> tuple[Facts, float | None] | None:
    """What an old transcript said when it was read, and when it was last written to.

    ``None`` if it was never read, or has changed since.
    """
    rows = database.rows(
        "SELECT picture FROM facts WHERE place = ? AND size = ? AND changed_at = ?",
        _place(transcript),
        transcript.size,
        transcript.changed_at,
    )
    if not rows:
        return None
    try:
        picture = json.loads(rows[0][0])
        return Facts(**picture["facts"]), picture["at"]
    except (ValueError, TypeError, KeyError):
        return None


def keep_facts(database: Database, transcript: Transcript, facts: Facts, at: float | None) -> None:
    """Keep what an old transcript said, so that it need not be read again."""
    database.change_soon(
        "INSERT OR REPLACE INTO facts (place, size, changed_at, picture) VALUES (?, ?, ?, ?)",
        _place(transcript),
        transcript.size,
        transcript.changed_at,
        json.dumps({"facts": dataclasses.asdict(facts), "at": at}),
    )


def _place(transcript: Transcript) -> str:
    return f"{transcript.agent}:{transcript.session_id}:{transcript.where}"
