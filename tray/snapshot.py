"""What the tray knows of the supervisor at one moment, and what one event makes of it.

Only what the menu shows is kept: an event that changes nothing of it leaves an equal snapshot.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from supervisor.core.model import Awake, AwakeMode, Reason, Reconnect, Scope, State

Choice = TypeVar("Choice", bound=StrEnum)

#: Times beyond the year 3000 are nonsense, and some calendars of the system cannot show them.
END_OF_TIME = 32_503_680_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What an agent asks, with all of it that there is. *digest* names exactly that."""

    id: str
    digest: str
    summary: str
    tool: str | None = None
    text: str | None = None
    diff: str | None = None
    reason: str | None = None
    cwd: str | None = None
    #: It wants answers, not a yes or no.
    questions: bool = False
    answerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a person is told without having asked. *session_ids*: all that it is about."""

    id: str
    kind: str
    at: float
    title: str
    text: str = ""
    level: str = "none"
    session_id: str | None = None
    approval_id: str | None = None
    urgent: bool = False
    #: It changes what was told, or need not be looked up for.
    silent: bool = False
    #: Somebody was to look up for it when it was told first.
    rang: bool = True
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session, as far as the tray shows it. Times are seconds since 1970."""

    id: str
    agent: str
    state: State
    since: float | None = None
    title: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    agent_version: str | None = None
    model: str | None = None
    pid: int | None = None
    resume_command: str | None = None
    #: What the agent asks, if it asks.
    question: str | None = None
    approvals: tuple[Approval, ...] = ()
    #: The orders that make sense now.
    can: tuple[str, ...] = ()
    reconnect: Reconnect | None = None
    failure: str | None = None
    stale: bool = False
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A paired phone or browser."""

    id: str
    label: str
    scope: Scope
    last_seen_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The supervisor at one moment. *as_of*: since when *reachable* is what it is."""

    reachable: bool = False
    as_of: float = 0.0
    hostname: str | None = None
    sessions: tuple[Session, ...] = ()
    awake: Awake = field(default_factory=Awake)
    devices: tuple[Device, ...] = ()


# Tolerant readers: what is missing or of the wrong kind is unknown.


def text(found: Any) -> str | None:
    """A text that says something."""
    return found if isinstance(found, str) and found else None


def number(found: Any) -> float | None:
    """A finite number; truth values are none."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return found if math.isfinite(found) else None


def moment(found: Any) -> float | None:
    """An RFC 3339 time as seconds since 1970."""
    try:
        at = datetime.fromisoformat(found).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at if 0 <= at < END_OF_TIME else None


def mapping(found: Any) -> Mapping[str, Any]:
    """A JSON object; anything else is an empty one."""
    return found if isinstance(found, Mapping) else {}


def rows(found: Any) -> Sequence[Mapping[str, Any]]:
    """The objects in a JSON array."""
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _one_of(kind: type[Choice], found: Any, otherwise: Choice) -> Choice:
    try:
        return kind(found)
    except ValueError:
        return otherwise


def _reconnect(found: Any) -> Reconnect | None:
    fields = mapping(found)
    if not fields:
        return None
    return Reconnect(
        attempt=int(number(fields.get("attempt")) or 0),
        next_try_at=moment(fields.get("next_try_at")),
        reason=text(fields.get("reason")) or "",
        policy=text(fields.get("policy")) or "",
        phase=text(fields.get("phase")) or "waiting",
        note=text(fields.get("note")),
    )


def approval(fields: Mapping[str, Any]) -> Approval | None:
    """A question of the API; ``None`` if it has no id."""
    found_id = text(fields.get("id"))
    if not found_id:
        return None
    return Approval(
        id=found_id,
        digest=text(fields.get("digest")) or "",
        summary=text(fields.get("summary")) or "",
        tool=text(fields.get("tool")),
        text=text(fields.get("text")),
        diff=text(fields.get("diff")),
        reason=text(fields.get("reason")),
        cwd=text(fields.get("cwd")),
        questions=bool(rows(fields.get("questions"))),
        answerable=fields.get("answerable") is True,
    )


def notice(fields: Mapping[str, Any]) -> Notice | None:
    """A notice of the API; ``None`` if it has no id or says nothing."""
    found_id, title = text(fields.get("id")), text(fields.get("title"))
    if not found_id or not title:
        return None
    return Notice(
        id=found_id,
        kind=text(fields.get("kind")) or "",
        at=moment(fields.get("at")) or 0.0,
        title=title,
        text=text(fields.get("text")) or "",
        level=text(fields.get("level")) or "none",
        session_id=text(fields.get("session")),
        approval_id=text(fields.get("approval")),
        urgent=fields.get("urgent") is True,
        silent=fields.get("silent") is True,
        rang=fields.get("rang") is not False,
        withdrawn=fields.get("withdrawn") is True,
    )


def notices(answer: Any) -> tuple[Notice, ...]:
    """The answer to ``GET /api/notices`` as far as it is to be shown here."""
    fields = mapping(answer)
    if fields.get("on_desktop") is not True:
        return ()
    read = (notice(row) for row in rows(fields.get("notices")))
    return tuple(one for one in read if one and not one.withdrawn)


def session(fields: Mapping[str, Any]) -> Session | None:
    """A session of the API; ``None`` if it has no id or a state nobody knows."""
    found_id, state = text(fields.get("id")), text(fields.get("state"))
    if not found_id or state not in set(State):
        return None
    pid = number(fields.get("pid"))
    return Session(
        id=found_id,
        agent=text(fields.get("agent")) or "?",
        state=State(state),
        since=moment(fields.get("since")),
        title=text(fields.get("name")) or text(fields.get("title")),
        cwd=text(fields.get("cwd")),
        git_branch=text(fields.get("git_branch")),
        agent_version=text(fields.get("agent_version")),
        model=text(fields.get("model")),
        pid=int(pid) if pid is not None else None,
        resume_command=text(fields.get("resume_command")),
        question=_question(mapping(fields.get("approval"))),
        approvals=tuple(one for row in rows(fields.get("approvals")) if (one := approval(row))),
        can=_texts(fields.get("can")),
        reconnect=_reconnect(fields.get("reconnect")),
        failure=text(fields.get("failure")),
        stale=fields.get("stale") is True,
        parent_id=text(fields.get("parent_id")),
    )


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _question(approval: Mapping[str, Any]) -> str | None:
    """What is asked about where that is known, else what the agent says that it waits for."""
    tool, asked = text(approval.get("tool")), text(approval.get("text"))
    return f"{tool}: {asked}" if tool and asked else text(approval.get("summary"))


def awake(fields: Mapping[str, Any]) -> Awake:
    """Keep-awake of the API."""
    reasons = tuple(
        Reason(
            text=text(row.get("text")) or "",
            since=moment(row.get("since")) or 0.0,
            until=moment(row.get("until")),
            session_id=text(row.get("session_id")),
        )
        for row in rows(fields.get("reasons"))
    )
    return Awake(
        mode=_one_of(AwakeMode, fields.get("mode"), AwakeMode.AUTO),
        mode_until=moment(fields.get("mode_until")),
        wanted=fields.get("wanted") is True,
        held=fields.get("held") is True,
        held_since=moment(fields.get("held_since")),
        mechanism=text(fields.get("mechanism")),
        reasons=reasons,
        releases_at=moment(fields.get("releases_at")),
        problem=text(fields.get("problem")),
    )


def devices(answer: Any) -> tuple[Device, ...]:
    """The answer to ``GET /api/devices``."""
    return tuple(
        Device(
            id=found_id,
            label=text(row.get("label")) or found_id,
            scope=_one_of(Scope, row.get("scope"), Scope.VIEW),
            last_seen_at=moment(row.get("last_seen_at")),
        )
        for row in rows(mapping(answer).get("devices"))
        if (found_id := text(row.get("id")))
    )


# What an event makes of a snapshot.


def after(before: Snapshot, topic: str, event: Any, at: float) -> Snapshot:
    """The snapshot after one event of the stream; topics that the menu does not show change nothing."""
    fields = mapping(event)
    match topic:
        case "hello" | "gap":
            return _fresh(before, fields, at)
        case "session":
            return dataclasses.replace(before, sessions=_changed(before.sessions, fields))
        case "awake":
            return dataclasses.replace(before, awake=awake(fields))
        case "machine":
            return dataclasses.replace(before, hostname=text(fields.get("hostname")) or before.hostname)
    return before


def unreachable(before: Snapshot, at: float) -> Snapshot:
    """The last known picture, marked as such. It is as old as the first moment without an answer."""
    if not before.reachable and before.as_of:
        return before
    return dataclasses.replace(before, reachable=False, as_of=at)


def _fresh(before: Snapshot, fields: Mapping[str, Any], at: float) -> Snapshot:
    return Snapshot(
        reachable=True,
        as_of=before.as_of if before.reachable else at,
        hostname=text(mapping(fields.get("machine")).get("hostname")),
        sessions=_read(rows(fields.get("sessions"))),
        awake=awake(mapping(fields.get("awake"))),
        devices=before.devices,
    )


def _read(found: Iterable[Mapping[str, Any]]) -> tuple[Session, ...]:
    read = (session(fields) for fields in found)
    return tuple({one.id: one for one in read if one}.values())


def _changed(sessions: tuple[Session, ...], fields: Mapping[str, Any]) -> tuple[Session, ...]:
    new = None if fields.get("removed") is True else session(fields)
    if new and any(old.id == new.id for old in sessions):
        return tuple(new if old.id == new.id else old for old in sessions)
    others = tuple(old for old in sessions if old.id != fields.get("id"))
    return (*others, new) if new else others
