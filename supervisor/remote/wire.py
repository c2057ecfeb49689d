"""The only place that knows the JSON of our API. Core objects in, plain documents and bytes out.

Unknown is ``null``. Times are RFC 3339 in UTC. Text of a foreign transcript is only ever a value.
"""

import math
import platform
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json import JSONEncoder
from typing import Any

from supervisor.core import abilities, followup, quote
from supervisor.core.model import (
    Attempt,
    Awake,
    Device,
    Entry,
    Job,
    Machine,
    Page,
    Power,
    Reason,
    Reconnect,
    Resume,
    Session,
)
from supervisor.core.notice import Notice
from supervisor.core.steering import Approval, Focus, Prompt, Question, Trashed
from supervisor.remote.backend import Picture

Document = dict[str, Any]

#: Bytes of text of one entry in the stream and in a list; a page of the transcript has it all.
STREAM_TEXT = 16 * 1024
PAGE_TEXT = 256 * 1024

_encoder = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def encode(document: object) -> bytes:
    """One document as UTF-8. A half of a surrogate pair, as broken transcripts have, becomes ``?``."""
    return _encoder.encode(document).encode("utf-8", "replace")


def time(seconds: float | None) -> str | None:
    """Seconds since 1970 as RFC 3339, ``None`` for what no calendar has."""
    if seconds is None:
        return None
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def seconds(text: str) -> float | None:
    """RFC 3339 as seconds since 1970, ``None`` for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None


def machine(picture: Picture) -> Document:
    """The machine as a phone sees it."""
    told = picture.machine
    shown = awake(picture.awake)
    return {
        "id": told.id,
        "hostname": told.hostname,
        "os": told.os,
        "versions": {
            "wakeline": told.wakeline_version,
            "python": platform.python_version(),
            "agents": dict(told.agents),
        },
        "started_at": time(told.started_at),
        "battery": _battery(picture.power),
        "network": {"online": picture.online},
        "awake": shown,
        "reasons": shown["reasons"],
        "trouble": picture.trouble,
    }


def picture(seen: Picture) -> Document:
    """Everything that a screen needs which has nothing yet."""
    return {
        "machine": machine(seen),
        "sessions": sessions(seen.sessions, seen.machine),
        "awake": awake(seen.awake),
    }


def sessions(known: Sequence[Session], of: Machine) -> list[Document]:
    """Many sessions, newest activity first."""
    newest_first = sorted(known, key=activity, reverse=True)
    return [session(one, of) for one in newest_first]


def activity(known: Session) -> float:
    """When something last happened in it."""
    return known.since if known.last_activity_at is None else known.last_activity_at


def session(known: Session, of: Machine) -> Document:
    """One session with everything that is known of it."""
    run = known.run
    return {
        "id": known.id,
        "agent": known.agent,
        "agent_version": known.agent_version,
        "model": known.model,
        "name": known.name,
        "title": known.title,
        "pid": run.pid if run else None,
        "run_started_at": time(run.started_at) if run else None,
        "cwd": known.cwd,
        "hostname": of.hostname,
        "machine": of.id,
        "git_branch": known.git_branch,
        "state": known.state,
        "since": time(known.since),
        "last_activity_at": time(known.last_activity_at),
        "last_entry": known.last_entry and entry(known.last_entry, STREAM_TEXT),
        "kind": known.kind,
        "terminal": known.terminal,
        "pane": known.pane,
        "focus": known.focus and focus(known.focus),
        "prompts": [prompt(one) for one in known.prompts],
        "jobs": len(known.jobs) or int(known.jobs_running),
        "approval": approval(known.approvals[0]) if known.approvals else None,
        "approvals": [approval(one) for one in known.approvals],
        "reconnect": known.reconnect and _reconnect(known.reconnect),
        "attempts": [_attempt(one) for one in known.attempts],
        "policy": known.policy,
        "policy_chosen": known.policy_chosen,
        "keeps_awake": known.keeps_awake,
        "context_used_percent": _number(known.context_used_percent),
        "tokens": known.tokens,
        "cost_usd": _number(known.cost_usd),
        "resume_command": known.resume and _command(known.resume, _usual_shell(of)),
        "stale": known.stale,
        "parent_id": known.parent_id,
        "failure": known.failure,
        "cause": known.cause,
        "can": list(abilities.can(known)),
        "cannot": dict(abilities.cannot(known)),
    }


def entry(written: Entry, limit: int) -> Document:
    """One entry, its text cut after *limit* bytes."""
    text, was_cut = cut(written.text, limit)
    return {
        "seq": written.seq,
        "id": written.id,
        "at": time(written.at),
        "role": written.role,
        "kind": written.kind,
        "text": text,
        "tool": written.tool,
        "truncated": written.truncated or was_cut,
    }


def cut(text: str, limit: int) -> tuple[str, bool]:
    """The first *limit* bytes of a text, whole characters only, and whether that is less."""
    if len(text) * 4 <= limit:
        return text, False
    data = text[: limit + 1].encode("utf-8", "replace")
    if len(data) <= limit:
        return text, False
    return data[:limit].decode("utf-8", "ignore"), True


def page(of: Page) -> Document:
    """A page of a transcript, oldest entry first."""
    return {"entries": [entry(one, PAGE_TEXT) for one in of.entries], "before": of.before}


def job(of: Job, now: float | None = None) -> Document:
    """A background job of a session. *now*: to tell for how long it has run."""
    ended = of.ended_at if of.over else now
    output = {"path": of.output, "bytes": of.output_bytes} if of.output else None
    return {
        "pid": of.pid,
        "started_at": time(of.started_at),
        "command": of.command,
        "kind": of.kind,
        "state": "ended" if of.over else "running",
        "cpu_seconds": _number(of.cpu_seconds),
        "memory_bytes": of.memory_bytes,
        "output": output,
        "ended_at": time(of.ended_at),
        "exit_status": of.exit_status,
        "seconds": max(0.0, round(ended - of.started_at, 3)) if ended is not None else None,
    }


def approval(asked: Approval) -> Document:
    """A question of an agent."""
    return {
        "id": asked.id,
        "session_id": asked.session_id,
        "at": time(asked.at),
        "summary": asked.summary,
        "tool": asked.tool,
        "text": asked.text,
        "diff": asked.diff,
        "reason": asked.reason,
        "cwd": asked.cwd,
        "questions": [_question(one) for one in asked.questions],
        "answerable": asked.answerable,
        "digest": asked.digest,
    }


def _question(asked: Question) -> Document:
    return {
        "text": asked.text,
        "header": asked.header,
        "choices": [{"label": one.label, "description": one.description} for one in asked.choices],
        "many": asked.many,
        "free": asked.free,
    }


def focus(held: Focus) -> Document:
    """Who may type into a session, and since when."""
    return {"holder": held.holder, "label": held.label, "since": time(held.since)}


def prompt(given: Prompt) -> Document:
    """A prompt that waits or is on its way."""
    return {
        "id": given.id,
        "session_id": given.session_id,
        "text": cut(given.text, STREAM_TEXT)[0],
        "when": given.when,
        "state": given.state,
        "by": given.by,
        "at": time(given.at),
        "note": given.note,
        "due_at": time(given.due_at),
        "waits_for": followup.waits_for(given),
    }


def lost(one: Any, of: Machine) -> Document:
    """A session that was lost, and what is left of it; see ``steering.recovery.Lost``."""
    return {
        "session": session(one.session, of),
        "folder_exists": one.folder_exists,
        "branch_now": one.branch_now,
        "transcript_exists": one.transcript_exists,
    }


def trashed(what: Trashed) -> Document:
    """A session in the trash."""
    return {
        "id": what.id,
        "trash_id": what.id,
        "agent": what.agent,
        "session_id": what.session_id,
        "title": what.title,
        "cwd": what.cwd,
        "deleted_at": time(what.deleted_at),
        "until": time(what.until),
    }


def awake(kept: Awake) -> Document:
    """Keep-awake, explained."""
    return {
        "mode": kept.mode,
        "mode_until": time(kept.mode_until),
        "wanted": kept.wanted,
        "held": kept.held,
        "held_since": time(kept.held_since),
        "mechanism": kept.mechanism,
        "reasons": [_reason(one) for one in kept.reasons],
        "releases_at": time(kept.releases_at),
        "problem": kept.problem,
    }


def notice(told: Notice) -> Document:
    """What a person is told, as much as its level allows."""
    return {
        "id": told.id,
        "kind": told.kind,
        "level": told.level,
        "session": told.session_id,
        "sessions": list(told.members) or [told.session_id] if told.session_id or told.members else [],
        "approval": told.approval_id,
        "title": told.title,
        "text": told.text,
        "at": time(told.at),
        "count": told.count,
        "urgent": told.urgent,
        "silent": told.silent,
        "rang": told.rang,
        "withdrawn": told.withdrawn,
    }


def device(paired: Device) -> Document:
    """A paired phone; its key is nobody's business."""
    return {
        "id": paired.id,
        "label": paired.label,
        "scope": paired.scope,
        "paired_at": time(paired.paired_at),
        "last_seen_at": time(paired.last_seen_at),
        "last_address": paired.last_address,
    }


def resume(way: Resume | None, session_id: str, shell: str) -> Document:
    """How to bring a session back by hand, and whether a command can be given safely."""
    command = quote.command(way, shell) if way else None
    return {
        "command": command,
        "argv": list(way.argv) if way else [],
        "cwd": way.cwd if way else None,
        "session_id": session_id,
        "safe": command is not None,
    }


def base64url(data: bytes) -> str:
    """Bytes as URLs and our JSON carry them: without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def published(topic: str, session_id: str | None, told: Any, now: Callable[[], Picture]) -> object:
    """The ``data`` of one event of the stream. *now* gives the picture of this moment."""
    match told:
        case Entry():
            return {"session_id": session_id, "entry": entry(told, STREAM_TEXT)}
        case Session():
            return session(told, now().machine)
        case Awake():
            return awake(told)
        case Job():
            return {"session_id": session_id, "job": job(told)}
        case Approval():
            return {"session_id": session_id, "approval": approval(told)}
        case Notice():
            return notice(told)
        case Focus():
            return {"session_id": session_id, "focus": focus(told)}
    match topic:
        case "machine":
            # Told before it goes: "sleep" or "stop". Who reads it then knows why nothing comes.
            return {**machine(now()), "leaving": told if isinstance(told, str) else None}
        case "gap":
            return {"reason": str(told), "session_id": session_id, **picture(now())}
        case "approval":
            return {"session_id": session_id, "approval": None}
        case "focus":
            return {"session_id": session_id, "focus": None}
    return dict(told) if isinstance(told, Mapping) else told


@lru_cache(maxsize=4096)
def _command(way: Resume, shell: str) -> str | None:
    # A session is told many times while its way back stays the same; quoting is most of the work.
    return quote.command(way, shell)


def _usual_shell(of: Machine) -> str:
    return "powershell" if of.os.startswith("Windows") else "posix"


def _battery(power: Power) -> Document | None:
    if power.percent is None and power.on_battery is None:
        return None
    return {"percent": _number(power.percent), "on_battery": power.on_battery}


def _reconnect(link: Reconnect) -> Document:
    return {
        "attempt": link.attempt,
        "next_try_at": time(link.next_try_at),
        "reason": link.reason,
        "policy": link.policy,
        "phase": link.phase,
        "note": link.note,
        "history": [_attempt(one) for one in link.history],
    }


def _attempt(tried: Attempt) -> Document:
    return {"at": time(tried.at), "cause": tried.cause, "what": tried.what, "outcome": tried.outcome}


def _reason(why: Reason) -> Document:
    return {
        "text": why.text,
        "since": time(why.since),
        "until": time(why.until),
        "session_id": why.session_id,
    }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
