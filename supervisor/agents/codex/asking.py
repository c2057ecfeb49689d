"""What Codex's daemon asks its clients, as questions for a person, and a person's answer as it takes it.

A yes is for this one time. What would allow more than it says is answered at the desk.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from supervisor.agents.codex.patch import as_diff
from supervisor.agents.fields import mapping, seconds, sequence, short, string
from supervisor.core.errors import WrongUse
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict

_Params = Mapping[str, Any]

#: What Codex itself writes before words of a person's own.
_NOTE: Final = "user_note: "
_EDIT: Final = "item/fileChange/requestApproval"
_USER_INPUT: Final = "item/tool/requestUserInput"
_FOREIGN: Final = "mcpServer/elicitation/request"
_PERMISSIONS: Final = "item/permissions/requestApproval"


def approval(
    method: str, params: _Params, *, number: object, session_id: str, at: float, changes: object = None
) -> Approval | None:
    """The question in a request of the daemon; ``None`` for requests that are none.

    *number*: of the request. *changes*: to files, which the request itself does not hold.
    """
    read = _READERS.get(method)
    if read is None:
        return None
    told = read({**params, "changes": changes})
    begun = seconds(params.get("startedAtMs"))
    return Approval(
        id=identity(params, number),
        session_id=session_id,
        at=begun or at,
        cwd=short(params.get("cwd")),
        **told,
    )


def wants_changes(method: str) -> bool:
    """Whether it is about changes to files, which are told elsewhere."""
    return method == _EDIT


def identity(params: _Params, number: object) -> str:
    """The same for the same question, to whomever and how often it is put."""
    thread = string(params.get("threadId")) or ""
    item = string(params.get("itemId"))
    own = [item, params.get("approvalId"), params.get("startedAtMs")] if item else [number]
    told = json.dumps([params.get("turnId"), *own])
    return f"{thread}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def reply(method: str, params: _Params, decision: Decision) -> Mapping[str, Any]:
    """The answer as the daemon takes it: once, and never for the rest of the session."""
    allowed = decision.verdict is Verdict.ALLOW
    if method == _USER_INPUT:
        return {"answers": _answers(params, decision)}
    if decision.verdict is Verdict.ANSWER:
        raise WrongUse("This wants a yes or a no.")
    if method == _FOREIGN:
        return {"action": "accept", "content": {}} if allowed else {"action": "decline", "content": None}
    if method == _PERMISSIONS:
        return {"permissions": params.get("permissions") if allowed else {}, "scope": "turn"}
    return {"decision": "accept" if allowed else "decline"}


def takes_reason(method: str) -> bool:
    """Whether the reason of a no goes with the answer itself."""
    return method == _USER_INPUT


# -- reading ------------------------------------------------------------------------------------


def _command(params: _Params) -> dict[str, Any]:
    network = mapping(params.get("networkApprovalContext"))
    command = string(params.get("command"))
    also = [*_granted(mapping(params.get("additionalPermissions")))]
    if host := string(network.get("host")):
        also.append(f"network access to {string(network.get('protocol')) or 'any'}://{host}")
    typed = params.get("kind") == "writeStdin"
    what = "send this to a running command" if typed else "run the following command"
    return {
        "summary": f"Would you like to {what if command else 'allow this'}?",
        "tool": "shell",
        "text": "\n".join(filter(None, [command, *(f"with {grant}" for grant in also)])) or None,
        "reason": string(params.get("reason")),
        "answerable": bool(command or also) and _may_be_once(params),
    }


def _edit(params: _Params) -> dict[str, Any]:
    diff = as_diff(params.get("changes"))
    root = string(params.get("grantRoot"))
    return {
        "summary": "Would you like to make the following edits?",
        "tool": "apply_patch",
        "text": f"with write access to {root} from now on" if root else None,
        "diff": diff,
        "reason": string(params.get("reason")),
        # Nobody shall allow from afar what is not shown there.
        "answerable": diff is not None and root is None,
    }


def _permissions(params: _Params) -> dict[str, Any]:
    wanted = _granted(mapping(params.get("permissions")))
    return {
        "summary": "Would you like to grant these permissions for this turn?",
        "tool": "request_permissions",
        "text": "\n".join(wanted) or None,
        "reason": string(params.get("reason")),
        "answerable": bool(wanted),
    }


def _user_input(params: _Params) -> dict[str, Any]:
    asked = [mapping(each) for each in sequence(params.get("questions"))]
    questions = tuple(map(_question, asked))
    return {
        "summary": questions[0].text if questions else "Codex has a question",
        "tool": "request_user_input",
        "questions": questions,
        # What is secret must not stand in anybody's records.
        "answerable": bool(questions) and not any(each.get("isSecret") for each in asked),
    }


def _question(asked: _Params) -> Question:
    offered = [mapping(option) for option in sequence(asked.get("options"))]
    choices = [
        Choice(label=label, description=string(option.get("description")))
        for option in offered
        if (label := string(option.get("label")))
    ]
    return Question(
        text=string(asked.get("question")) or "",
        header=string(asked.get("header")),
        choices=tuple(choices),
        free=bool(asked.get("isOther")) or not choices,
    )


def _foreign(params: _Params) -> dict[str, Any]:
    """A server of tools asks: most often whether one of them may run; forms are for the desk."""
    about = mapping(params.get("_meta"))
    server, tool = string(params.get("serverName")) or "", string(about.get("tool_name"))
    given = mapping(about.get("tool_params"))
    shown = json.dumps(given, indent=2, ensure_ascii=False) if given else None
    plain = params.get("mode") == "form" and not mapping(params.get("requestedSchema")).get("properties")
    return {
        "summary": string(params.get("message")) or f"{server} asks something",
        "tool": f"{server}.{tool}" if tool else server,
        "text": "\n".join(filter(None, [string(params.get("url")), shown])) or None,
        "reason": string(about.get("tool_description")),
        "answerable": plain,
    }


def _granted(profile: _Params) -> Sequence[str]:
    """Each permission in words, once; what is not understood as it was told."""
    return tuple(dict.fromkeys(_grants(profile)))


def _grants(profile: _Params) -> Iterator[str]:
    network, files = mapping(profile.get("network")), mapping(profile.get("fileSystem"))
    if network:
        yield "network access" if network == {"enabled": True} else f"network {json.dumps(network)}"
    for access in ("read", "write"):
        yield from (f"{access} access to {path}" for path in sequence(files.get(access)))
    for entry in map(mapping, sequence(files.get("entries"))):
        path = mapping(entry.get("path"))
        where = string(path.get("path")) or string(path.get("pattern")) or json.dumps(path)
        yield f"{string(entry.get('access')) or 'unknown'} access to {where}"
    others = {name: value for name, value in profile.items() if name not in {"network", "fileSystem"}}
    yield from (f"{name} {json.dumps(value)}" for name, value in others.items() if value)


def _may_be_once(params: _Params) -> bool:
    offered = params.get("availableDecisions")
    return not isinstance(offered, list) or "accept" in offered


_READERS: Final[Mapping[str, Callable[[_Params], dict[str, Any]]]] = {
    "item/commandExecution/requestApproval": _command,
    _EDIT: _edit,
    _PERMISSIONS: _permissions,
    _USER_INPUT: _user_input,
    _FOREIGN: _foreign,
}


# -- answering ----------------------------------------------------------------------------------


def _answers(params: _Params, decision: Decision) -> Mapping[str, Any]:
    """By the ids of the questions; a no leaves them without an answer, but for its reason."""
    if decision.verdict is Verdict.ALLOW:
        raise WrongUse("This wants answers.", "Choose one for each question, or deny.")
    answers = {}
    for asked in map(mapping, sequence(params.get("questions"))):
        question = _question(asked)
        given: Sequence[str] = decision.answers.get(question.text, ())
        if decision.verdict is Verdict.DENY:
            given = [decision.reason] if decision.reason else ()
        labels = {choice.label for choice in question.choices}
        if given:
            answers[str(asked.get("id"))] = {"answers": [w if w in labels else _NOTE + w for w in given]}
    return answers
