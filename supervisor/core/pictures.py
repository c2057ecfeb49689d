"""Pictures of sessions: how one follows from another, and what of it matters. Pure functions."""

from collections.abc import Iterable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Final

from supervisor.core.failing import Cause
from supervisor.core.model import Entry, EntryKind, Facts, Record, Session, Sighting, Sign, State
from supervisor.core.session import Trigger, step
from supervisor.core.steering import Approval

#: Seconds without any sign of life after which a working session is stale.
STALE_AFTER: Final = 600.0
_CHANGED_BY_ENTRIES: Final = (
    "last_entry",
    "last_activity_at",
    "tokens",
    "cost_usd",
    "context_used_percent",
)
_all_else: Final = attrgetter(*(f.name for f in fields(Session) if f.name not in _CHANGED_BY_ENTRIES))
_MUST_BE_RIGHT: Final = (
    "state",
    "run",
    "cwd",
    "title",
    "transcript",
    "cause",
    "policy",
    "policy_chosen",
    "attempts",
)


def session_id(sighting: Sighting) -> str:
    """The agent's own id, or one of ours until it tells."""
    run = sighting.run
    return sighting.session_id or f"{sighting.agent}-{run.pid}-{int(run.started_at)}"


def is_provisional(session: Session) -> bool:
    run = session.run
    return run is not None and session.id == f"{session.agent}-{run.pid}-{int(run.started_at)}"


def moved(session: Session, trigger: Trigger, at: float) -> Session:
    """In the state that follows, since now; or the same."""
    state = step(session.state, trigger)
    return session if state is session.state else replace(session, state=state, since=at)


def with_facts(session: Session, facts: Facts) -> Session:
    """Take over what is told; what is not told stays."""
    told = {
        name: value
        for name in Facts.__dataclass_fields__
        if (value := getattr(facts, name)) is not None and value != getattr(session, name)
    }
    return replace(session, **told) if told else session


def of_this_run(record: Record, session: Session) -> Record:
    """A turn that was begun by an earlier process ended with that: the one that is there now is at rest."""
    if record.sign not in {Sign.WORKING, Sign.ASKING} or record.at is None or session.run is None:
        return record
    return record if record.at >= session.run.started_at else replace(record, sign=Sign.IDLE)


def how_it_ended(code: int | None) -> str:
    if code is None:
        return "the holder of its terminal died"
    return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def cause_of_end(code: int | None) -> Cause:
    """Why a command ended that its user did not end; *code*: see ``events.TerminalEnded``."""
    return Cause.KILLED if code in {None, -9} else Cause.CRASHED


def question(session: Session, waiting_for: str | None, at: float) -> Approval:
    """What the agent asks, as far as it can be known from outside."""
    last = session.last_entry
    call = last if last and last.kind is EntryKind.TOOL_CALL else None
    return Approval(
        id=f"{session.id}:{int(at * 1000)}",
        session_id=session.id,
        at=at,
        summary=waiting_for or "needs an answer",
        tool=call.tool if call else None,
        text=call.text if call else None,
    )


def differs_by_entries_only(session: Session, before: Session) -> bool:
    return _all_else(session) == _all_else(before)


def with_entry(session: Session, entry: Entry) -> Session:
    """The newest entry; it may also say what an open question is about."""
    asked = session.approvals
    if asked and asked[0].tool is None and entry.kind is EntryKind.TOOL_CALL:
        asked = (replace(asked[0], tool=entry.tool, text=entry.text), *asked[1:])
    return replace(session, last_entry=entry, approvals=asked)


def is_silent(session: Session, at: float) -> bool:
    moved = max(session.since, session.last_activity_at or 0.0)
    return session.state is State.WORKING and not session.stale and moved <= at - STALE_AFTER


def worth_saving(session: Session, before: Session | None) -> bool:
    """After a crash these must be right; the rest is in the transcript anyway."""
    if before is None:
        return True
    return any(getattr(session, name) != getattr(before, name) for name in _MUST_BE_RIGHT)


def newest_first(sessions: Iterable[Session]) -> list[Session]:
    """By newest activity, as every list of sessions is shown."""
    return sorted(sessions, key=lambda s: s.last_activity_at or s.since, reverse=True)
