"""What OpenCode asks, as an approval: from its own words, and from the call that it asks about."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import clean, mapping, sequence, short, string, strings
from supervisor.agents.opencode import store
from supervisor.agents.opencode.live import SESSION_ID
from supervisor.agents.opencode.store import DATA, document, inner, row, rows
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict

_ID: Final = re.compile(r"(?:per|que)_[0-9A-Za-z]{1,64}")
#: Its ids begin with the low 48 bits of milliseconds times 4096.
_MADE_AT: Final = re.compile(r"[a-z]+_([0-9a-f]{12})")
_CYCLE_MILLISECONDS: Final = 1 << 36
#: So much later its database may tell of the call that it asks about: all that is older than the question.
_STILL_THE_SAME_SECONDS: Final = 0.5
#: Sub-agents of sub-agents of …; more is a circle.
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, and where its answer goes. *session_id*: who asks, which may be a sub-agent."""

    approval: Approval
    session_id: str
    directory: str | None

    @property
    def is_permission(self) -> bool:
        """Whether it wants a yes or no."""
        return not self.approval.questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The call of a tool that is asked about."""

    tool: str | None = None
    given: Mapping[str, Any]


def understood(database: Path, request: Mapping[str, Any], directory: str | None) -> Asked | None:
    """A request for a permission or for answers; ``None`` if it is none. May block on disk."""
    name, session_id = short(request.get("id")), short(request.get("sessionID"))
    if name is None or session_id is None or not (_ID.fullmatch(name) and SESSION_ID.fullmatch(session_id)):
        return None
    call, root = _looked_up(database, request, session_id)
    make = _questions if name.startswith("que") else _permission
    approval = make(name, root, request, call, directory)
    return Asked(approval=approval, session_id=session_id, directory=directory)


def _permission(
    name: str, root: str, request: Mapping[str, Any], call: Call, directory: str | None
) -> Approval:
    told, permission = mapping(request.get("metadata")), short(request.get("permission")) or "permission"
    patterns = strings(request.get("patterns"))
    return Approval(
        id=name,
        session_id=root,
        at=_asked_at(name),
        summary=f"{permission}: {', '.join(patterns)}" if patterns else permission,
        tool=call.tool or permission,
        text=_text(told, call.given, patterns),
        diff=string(told.get("diff")),
        reason=string(call.given.get("description")) if "command" in call.given else None,
        cwd=string(call.given.get("workdir")) or directory,
        answerable=True,
    )


def _text(told: Mapping[str, Any], given: Mapping[str, Any], patterns: Sequence[str]) -> str | None:
    """All that would be done: the whole command, or every argument of the call."""
    if command := string(told.get("command")) or string(given.get("command")):
        return command
    if string(told.get("diff")):
        return string(told.get("filepath")) or "\n".join(patterns)
    shown = given or told
    if len(shown) == 1:
        return _said(next(iter(shown.values())))
    lines = [f"{clean(key)}: {_said(value)}" for key, value in shown.items()]
    return "\n".join(lines or patterns) or None


def _said(value: object) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _questions(
    name: str, root: str, request: Mapping[str, Any], call: Call, directory: str | None
) -> Approval:
    del call
    questions = tuple(_question(mapping(each)) for each in sequence(request.get("questions")))
    return Approval(
        id=name,
        session_id=root,
        at=_asked_at(name),
        summary=questions[0].text if questions else "question",
        tool="question",
        cwd=directory,
        questions=questions or (Question(text="question"),),
        answerable=bool(questions),
    )


def _question(told: Mapping[str, Any]) -> Question:
    choices = (mapping(each) for each in sequence(told.get("options")))
    return Question(
        text=string(told.get("question")) or "question",
        header=string(told.get("header")),
        choices=tuple(
            Choice(label=label, description=string(each.get("description")))
            for each in choices
            if (label := string(each.get("label")))
        ),
        many=told.get("multiple") is True,
        free=told.get("custom") is not False,
    )


def reply(asked: Asked, decision: Decision) -> tuple[str, Mapping[str, Any]]:
    """Where the answer goes to, and the answer; never one for always."""
    name = asked.approval.id
    if asked.is_permission:
        if decision.verdict is Verdict.DENY:
            reason = {"message": decision.reason} if decision.reason else {}
            return f"/permission/{name}/reply", {"reply": "reject", **reason}
        return f"/permission/{name}/reply", {"reply": "once"}
    if decision.verdict is Verdict.DENY:
        return f"/question/{name}/reject", {}
    answers = [list(decision.answers.get(each.text, ())) for each in asked.approval.questions]
    return f"/question/{name}/reply", {"answers": answers}


def _asked_at(name: str) -> float:
    """When this id was made, in seconds since 1970; now if it does not tell."""
    now = time.time()
    found = _MADE_AT.match(name)
    if found is None:
        return now
    # What is missing of the time is what makes it the latest that is not to come.
    ago = (int(now * 1000) - (int(found[1], 16) >> 12)) % _CYCLE_MILLISECONDS
    if ago > _CYCLE_MILLISECONDS // 2:
        return now
    return min(now, now - ago / 1000 + _STILL_THE_SAME_SECONDS)


def _looked_up(database: Path, request: Mapping[str, Any], session_id: str) -> tuple[Call, str]:
    """The call that is asked about, and the session that whoever asks works for in the end."""
    named = mapping(request.get("tool"))
    try:
        with store.opened(database) as connection:
            query = f"SELECT {DATA} FROM part WHERE message_id = ? AND session_id = ?"
            found = rows(connection, query, str(named.get("messageID")), session_id)
            parts = (document(each["data"]) for each in found)
            part = next((part for part in parts if part.get("callID") == named.get("callID")), {})
            call = Call(tool=short(part.get("tool")), given=inner(part, "state", "input"))
            return call, _root(connection, session_id)
    except store.Unreadable:
        return Call(given={}), session_id


def _root(connection: Any, session_id: str) -> str:
    for _ in range(_DEEPEST):
        found = row(connection, "SELECT parent_id FROM session WHERE id = ?", session_id)
        parent = found["parent_id"] if found else None
        if not isinstance(parent, str) or not SESSION_ID.fullmatch(parent):
            break
        session_id = parent
    return session_id
