"""What Claude Code asks by its hook, and what it is answered.

A question shows all that would be allowed, or it cannot be allowed from here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from supervisor.agents.claude import files, hooks
from supervisor.agents.claude.changes import difference
from supervisor.agents.fields import clean, mapping, sequence, short, string
from supervisor.core.errors import Refused, WrongUse
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict

#: Characters of a text or a diff. What is longer cannot be shown whole.
_LONGEST: Final = 128 * 1024
_MOST_QUESTIONS: Final = 20
_REQUEST: Final = re.compile(r"[0-9a-f]{32}")
#: What the model reads of somebody who only says no.
_NO_REASON: Final = "The user said no."

_ASK: Final = "AskUserQuestion"
_PLAN: Final = "ExitPlanMode"
_COMMANDS: Final = frozenset({"Bash", "PowerShell"})
#: What a tool is used on, by the names of its input.
_TARGETS: Final = ("file_path", "notebook_path", "url", "query", "path", "pattern", "skill")


def asked(document: Mapping[str, Any], at: float) -> Approval | None:
    """The question in what the hook brought; ``None`` for all else."""
    payload = mapping(document.get("payload"))
    request, session_id = document.get("request"), payload.get("session_id")
    tool, told = short(payload.get("tool_name")), payload.get("tool_input")
    if payload.get("hook_event_name") != hooks.EVENT or tool is None or not isinstance(told, dict):
        return None
    if not _REQUEST.fullmatch(str(request)) or not files.SESSION_ID.fullmatch(str(session_id)):
        return None
    questions = _questions(told) if tool == _ASK else ()
    text, diff = (None, None) if questions else _shown(tool, told)
    return Approval(
        id=str(request),
        session_id=str(session_id),
        at=at,
        summary=_summary(tool, payload, questions),
        tool=tool,
        text=_capped(text),
        diff=_capped(diff),
        reason=string(told.get("description")) if tool in _COMMANDS else None,
        cwd=short(payload.get("cwd")),
        questions=questions,
        answerable=_is_whole(text) and _is_whole(diff) and (tool != _ASK or _are_clear(told, questions)),
    )


def decided(approval: Approval, document: Mapping[str, Any], decision: Decision) -> bytes:
    """What the hook is to print. Raises ``Refused`` and ``WrongUse``."""
    told = mapping(mapping(document.get("payload")).get("tool_input"))
    if decision.verdict is Verdict.DENY:
        answer: Mapping[str, Any] = {"behavior": "deny", "message": decision.reason or _NO_REASON}
    elif not approval.answerable:
        raise Refused(
            "It cannot be shown whole, so it cannot be allowed from here.", "Answer it at the terminal."
        )
    elif decision.verdict is Verdict.ANSWER:
        answer = {"behavior": "allow", "updatedInput": {**told, "answers": _answers(approval, decision)}}
    elif approval.questions:
        raise WrongUse("It wants an answer, no yes.")
    elif approval.tool == _PLAN:
        # A yes without it is passed over: the program wants to see that somebody was asked.
        answer = {"behavior": "allow", "updatedInput": told}
    else:
        answer = {"behavior": "allow"}
    output = {"hookEventName": hooks.EVENT, "decision": answer}
    return json.dumps({"hookSpecificOutput": output}).encode()


def hides_dialog(document: Mapping[str, Any]) -> bool:
    """Whether the program shows its own dialog only when this hook has ended: so with all sub-agents."""
    return mapping(document.get("payload")).get("agent_id") is not None


# -- what is shown ---------------------------------------------------------------------------------


def _summary(tool: str, payload: Mapping[str, Any], questions: Sequence[Question]) -> str:
    """The tool and what it is used on; which sub-agent asks, and what makes this time special."""
    if questions:
        return questions[0].text
    told = payload["tool_input"]
    target = next((short(told[key]) for key in _TARGETS if short(told.get(key))), None) or ""
    special = [
        short(payload.get("agent_type")),
        *(clean(key) for key, value in told.items() if value is True),
    ]
    told_specially = f"({', '.join(filter(None, special))})" if any(special) else ""
    return " ".join(filter(None, [tool, target.partition("\n")[0][:200], told_specially]))


def _shown(tool: str, told: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """All of what is to be allowed, and the change of a file as a diff."""
    plan = string(told.get("plan"))
    if tool == _PLAN and plan and told.keys() <= {"plan", "planFilePath"}:
        return plan, None
    if tool in _COMMANDS and _says_all(told):
        return clean(told["command"]), None
    if change := difference(told, _LONGEST):
        return change
    return _pretty(told), None


def _says_all(told: Mapping[str, Any]) -> bool:
    """Whether the command is all there is. What is only true stands in the summary, why in the reason."""
    said = {"command": str, "description": str, "timeout": int}
    return isinstance(told.get("command"), str) and all(
        value is True or not value or isinstance(value, said.get(key, bool)) for key, value in told.items()
    )


def _pretty(told: Mapping[str, Any]) -> str:
    try:
        return clean(json.dumps(told, ensure_ascii=False, indent=2))
    except RecursionError:
        return "…" * (_LONGEST + 1)


def _capped(text: str | None) -> str | None:
    if text is None or _is_whole(text):
        return text
    return f"{text[:_LONGEST]}\n… {len(text) - _LONGEST} more characters"


def _is_whole(text: str | None) -> bool:
    return text is None or len(text) <= _LONGEST


# -- questions -------------------------------------------------------------------------------------


def _questions(told: Mapping[str, Any]) -> tuple[Question, ...]:
    listed = [_question(mapping(each)) for each in sequence(told.get("questions"))[:_MOST_QUESTIONS]]
    return tuple(question for question in listed if question)


def _question(told: Mapping[str, Any]) -> Question | None:
    text = string(told.get("question"))
    if text is None:
        return None
    choices = [mapping(option) for option in sequence(told.get("options"))]
    return Question(
        text=text,
        header=short(told.get("header")),
        choices=tuple(
            Choice(label=label, description=string(choice.get("description")))
            for choice in choices
            if (label := string(choice.get("label")))
        ),
        many=told.get("multiSelect") is True,
    )


def _are_clear(told: Mapping[str, Any], questions: Sequence[Question]) -> bool:
    """Answers go by the text of their question: each must be there, once, and not out of all measure."""
    texts = [question.text for question in questions]
    shown = [
        text for q in questions for choice in q.choices for text in (choice.label, choice.description or "")
    ]
    return (
        0 < len(texts) == len(set(texts)) == len(sequence(told.get("questions")))
        and sum(map(len, [*texts, *shown])) <= _LONGEST
    )


def _answers(approval: Approval, decision: Decision) -> Mapping[str, str]:
    """The answers as the program writes them itself."""
    asked_for = {question.text: question for question in approval.questions}
    if not decision.answers or not decision.answers.keys() <= asked_for.keys():
        raise WrongUse("These are no answers to what was asked.")
    return {text: _answer(asked_for[text], tuple(given)) for text, given in decision.answers.items()}


def _answer(question: Question, given: Sequence[str]) -> str:
    if not given or not all(given) or (len(given) > 1 and not question.many):
        raise WrongUse(f"{question.text} wants {'answers' if question.many else 'one answer'}.")
    return ", ".join(map(_quoted, given)) if question.many else given[0]


def _quoted(label: str) -> str:
    """Of several answers, one that could be taken for several or for the beginning of a quotation."""
    return json.dumps(label, ensure_ascii=False) if ", " in label or '"' in label else label
