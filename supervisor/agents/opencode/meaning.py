"""What OpenCode's rows and events mean: entries, facts, and where the turn stands."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from supervisor.agents.opencode import failures
from supervisor.agents.opencode.store import DATA, Row, document, inner, number, row, rows, seconds, text
from supervisor.core.failing import Cause
from supervisor.core.model import Entry, EntryKind, Facts, Role, Sign

_LONGEST_TEXT = 64 * 1024
#: What a tool call is about, in the order in which it is asked for.
_TOLD_BY = ("command", "filePath", "path", "pattern", "query", "url", "description", "prompt")
#: Titles that OpenCode gives before the model has found one.
_UNTITLED = ("New session - ", "Child session - ")
_ABORTED = "MessageAbortedError"
#: How an answer ends that is not the last one of its turn.
_GOES_ON = ("tool-calls", "unknown")
#: A tool call that was denied like this ends the turn; one denied with advice does not.
_DENIED = (
    "The user rejected permission to use this specific tool call.",
    "The user dismissed this question",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An entry, told so that the same one is known again in a later or earlier event.

    *key* is the same each time the entry is told; *born* is the earliest time, in OpenCode's
    milliseconds, at which it can have been told. *place* orders the entries of one event.
    """

    key: str
    born: float
    place: int
    entry: Entry

    def at(self, seq: int) -> Entry:
        """The entry with its final number."""
        return replace(self.entry, seq=seq)


def pieces(part: Mapping[str, Any], role: Role, told_at: float) -> Iterator[Piece]:
    """The entries that a part of a message is by now; nothing while its text still streams."""
    match part.get("type"):
        case "text" | "reasoning":
            yield from _prose(part, role, told_at)
        case "tool":
            yield from _tool(part, told_at)
        case "file":
            name = text(part.get("filename")) or text(part.get("mime")) or "file"
            yield _piece(part, told_at, told_at, role, EntryKind.TEXT, f"[{name}]")
        case "subtask":
            said = text(part.get("description")) or text(part.get("prompt")) or ""
            yield _piece(part, told_at, told_at, role, EntryKind.TEXT, said)
        case "compaction":
            yield _piece(part, told_at, told_at, Role.SYSTEM, EntryKind.NOTICE, "Conversation compacted")
        case "retry":
            said = failure(part) or "The model was asked again"
            yield _piece(part, told_at, told_at, Role.SYSTEM, EntryKind.ERROR, said)


def _prose(part: Mapping[str, Any], role: Role, told_at: float) -> Iterator[Piece]:
    said = text(part.get("text"))
    times = part.get("time")
    ended_at = number(inner(part, "time").get("end")) if times is not None else told_at
    # What OpenCode adds to a prompt for the model alone was not said by anybody.
    if said is None or ended_at is None or part.get("synthetic") is True:
        return
    kind = EntryKind.THINKING if part.get("type") == "reasoning" else EntryKind.TEXT
    yield _piece(part, ended_at, ended_at, role, kind, said.strip())


def _tool(part: Mapping[str, Any], told_at: float) -> Iterator[Piece]:
    state = inner(part, "state")
    status, times = state.get("status"), inner(state, "time")
    if status not in ("running", "completed", "error") or "compacted" in times:
        return
    started_at = number(times.get("start")) or told_at
    tool = text(part.get("tool")) or "tool"
    call = _piece(part, started_at, started_at, Role.ASSISTANT, EntryKind.TOOL_CALL, _asked(state), tool)
    yield call
    if status != "running":
        ended_at = number(times.get("end")) or told_at
        said = text(state.get("output")) or text(state.get("error")) or ""
        result = _piece(part, ended_at, ended_at, Role.TOOL, EntryKind.TOOL_RESULT, said, tool)
        key = f"{result.key}/result"
        yield replace(result, key=key, place=1, entry=replace(result.entry, id=key))


def _asked(state: Mapping[str, Any]) -> str:
    given = inner(state, "input")
    told = next((said for name in _TOLD_BY if (said := text(given.get(name)))), None)
    return told or text(json.dumps(given, ensure_ascii=False)) or ""


def _piece(
    part: Mapping[str, Any],
    at: float,
    born: float,
    role: Role,
    kind: EntryKind,
    said: str,
    tool: str | None = None,
) -> Piece:
    key = text(part.get("id")) or ""
    entry = Entry(
        seq=0,
        id=key,
        at=seconds(at),
        role=role,
        kind=kind,
        text=said[:_LONGEST_TEXT],
        tool=tool,
        truncated=len(said) > _LONGEST_TEXT,
    )
    return Piece(key=key, born=born, place=0, entry=entry)


def error_piece(message: Mapping[str, Any], message_id: str, told_at: float) -> Piece | None:
    """What went wrong with a message, or that its user stopped it."""
    if not (said := failure(message)):
        return None
    at = number(inner(message, "time").get("completed")) or told_at
    aborted = inner(message, "error").get("name") == _ABORTED
    kind, said = (EntryKind.NOTICE, "Interrupted") if aborted else (EntryKind.ERROR, said)
    return _piece({"id": f"{message_id}/error"}, at, at, Role.SYSTEM, kind, said)


def failure(message: Mapping[str, Any]) -> str | None:
    """Why it failed, in OpenCode's words; ``None`` where it did not."""
    error = inner(message, "error")
    return text(inner(error, "data").get("message")) or text(error.get("name"))


def role_of(name: object) -> Role:
    """Who speaks in a message."""
    return Role.USER if name == "user" else Role.ASSISTANT


def session_facts(session: Row) -> Facts:
    """What the row of a session tells."""
    title = text(session.get("title"))
    spent = [number(session.get(f"tokens_{kind}")) for kind in _TOKENS]
    known = [count for count in spent if count is not None]
    return Facts(
        title=None if title is None or title.startswith(_UNTITLED) else title,
        model=text(document(session.get("model")).get("id")),
        agent_version=text(session.get("version")),
        cwd=text(session.get("directory")),
        tokens=int(sum(known)) if known else None,
        cost_usd=number(session.get("cost")),
    )


_TOKENS = ("input", "output", "reasoning", "cache_read", "cache_write")


_CUT_SHORT = (Sign.FAILED, Sign.INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the turn of a session stands, since when, and what it waits for or failed of."""

    sign: Sign | None = None
    at: float | None = None
    model: str | None = None
    failure: str | None = None
    cause: Cause | None = None
    #: A question of the model, waiting to be answered.
    question: str | None = None
    #: When each tool that runs now was last heard of, by the tool's name.
    running: tuple[tuple[str, float], ...] = ()


def standing(connection: sqlite3.Connection, session_id: str) -> Standing:
    """Where the turn of a session stands by its last message."""
    last = _newest(connection, session_id)
    if last is None:
        return Standing()
    if document(last["data"]).get("role") == "assistant":
        return _answering(connection, last)
    # Its data changes when the turn is over (a summary of changes): only its creation is news.
    given_at = seconds(last["time_created"])
    before = _newest(
        connection, session_id, "AND json_valid(data) AND json_extract(data, '$.role') = 'assistant'"
    )
    ended = _answering(connection, before) if before else Standing()
    # A turn that is ended by force leaves what was given to it meanwhile without an answer.
    if ended.sign in _CUT_SHORT and (ended.at or 0.0) >= (given_at or 0.0):
        return ended
    return Standing(sign=Sign.WORKING, at=given_at)


def _newest(connection: sqlite3.Connection, session_id: str, which: str = "") -> Row | None:
    return row(
        connection,
        f"SELECT id, time_created, time_updated, {DATA} FROM message WHERE session_id = ? {which}"
        " ORDER BY time_created DESC, id DESC LIMIT 1",
        session_id,
    )


def _answering(connection: sqlite3.Connection, last: Row) -> Standing:
    message = document(last["data"])
    tools = _tools(connection, last["id"])
    completed_at = seconds(inner(message, "time").get("completed"))
    model = text(message.get("modelID"))
    if completed_at is None:
        return _unfinished(tools, seconds(last["time_created"]), model)
    sign = _finished(message, tools)
    if sign is not Sign.FAILED:
        return Standing(sign=sign, at=completed_at, model=model)
    why = failures.cause(inner(message, "error"))
    return Standing(sign=sign, at=completed_at, model=model, failure=failure(message), cause=why)


def _tools(connection: sqlite3.Connection, message_id: object) -> list[tuple[Mapping[str, Any], float]]:
    """The tool calls of a message, oldest first, with the time they were last heard of."""
    found = rows(
        connection, f"SELECT time_updated, {DATA} FROM part WHERE message_id = ? ORDER BY id", message_id
    )
    parts = ((document(each["data"]), seconds(each["time_updated"]) or 0.0) for each in found)
    return [(part, heard_at) for part, heard_at in parts if part.get("type") == "tool"]


def _unfinished(
    tools: list[tuple[Mapping[str, Any], float]], created_at: float | None, model: str | None
) -> Standing:
    running = [(part, at) for part, at in tools if inner(part, "state").get("status") == "running"]
    heard_at = max([at for _, at in tools], default=created_at)
    asked = next((_question(part) for part, _ in running if part.get("tool") == "question"), None)
    return Standing(
        sign=Sign.WORKING if asked is None else Sign.ASKING,
        at=heard_at,
        model=model,
        question=asked,
        running=tuple((text(part.get("tool")) or "", at) for part, at in running),
    )


def _question(part: Mapping[str, Any]) -> str:
    asked = inner(part, "state", "input").get("questions")
    first = asked[0] if isinstance(asked, list) and asked else None
    return (text(first.get("question")) if isinstance(first, dict) else None) or "question"


def _finished(message: Mapping[str, Any], tools: list[tuple[Mapping[str, Any], float]]) -> Sign:
    if failure(message):
        return Sign.INTERRUPTED if inner(message, "error").get("name") == _ABORTED else Sign.FAILED
    if message.get("finish") not in _GOES_ON:
        return Sign.IDLE
    denied = any(text(inner(part, "state").get("error")) in _DENIED for part, _ in tools)
    return Sign.INTERRUPTED if denied else Sign.WORKING
