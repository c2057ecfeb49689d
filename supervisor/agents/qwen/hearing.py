"""What a terminal of ours tells by its channel: how its turn stands, and what it asks."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from supervisor.agents import calls
from supervisor.agents.fields import mapping, parsed, sequence, short, string
from supervisor.agents.qwen import failures
from supervisor.agents.qwen.transcript import Reading
from supervisor.agents.regular import opened
from supervisor.core.model import Sign
from supervisor.core.steering import Approval, Choice, Question

#: Tools that want more than a yes or no; the channel carries no more.
_WANTS_ANSWERS: Final = "ask_user_question"
_TEXT_LIMIT: Final = 64 * 1024
#: Bytes of a transcript's end in which the end of an open call is looked for.
_LOOK_BACK: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and the call that it is about. *settled*: it was answered, and nothing came of it yet."""

    approval: Approval
    call: str
    settled: bool = False


class Hearing:
    """How one process stands, by all that it told. Owns its questions; does no I/O but where it says so."""

    def __init__(self, session_id: str, cwd: str | None = None) -> None:
        """*session_id*: whom it serves, until it tells of another."""
        self.session_id = session_id
        self.cwd = cwd
        self.asked: dict[str, Asked] = {}
        #: Whether the last that it told is a prompt, and no answer to it has begun.
        self.awaits_answer = False
        self._sign: Sign | None = None
        self._failed = False
        self._goes_on = False

    @property
    def sign(self) -> Sign | None:
        """How the turn stands; ``None``: it did not tell yet."""
        return Sign.ASKING if self.open else self._sign

    @property
    def open(self) -> tuple[Approval, ...]:
        """What it asks now, oldest first."""
        return tuple(one.approval for one in self.asked.values() if not one.settled)

    def hear(self, event: Mapping[str, Any]) -> None:
        """It told this."""
        if told := short(event.get("session_id")):
            self.session_id = told
        match event.get("type"):
            case "system":
                self._begun_or_ended(event)
            case "user":
                self._given(mapping(event.get("message")))
            case "assistant":
                self._answered(mapping(event.get("message")))
            case "stream_event":
                self._streamed(mapping(event.get("event")))
            case "control_request":
                self._asks(event)
            case "control_response":
                self.asked.pop(short(mapping(event.get("response")).get("request_id")) or "", None)
                self._sign = Sign.WORKING
            case _:
                pass

    def settle(self, approval_id: str) -> None:
        """It was answered from here."""
        if one := self.asked.get(approval_id):
            self.asked[approval_id] = replace(one, settled=True)
            self._sign = Sign.WORKING

    def stopped(self) -> None:
        """Its turn was ended before an answer began: of that it tells nothing."""
        self._sign, self.awaits_answer = Sign.INTERRUPTED, False

    def look_up(self, transcript: str | None) -> None:
        """What it writes down and does not tell: calls that are not allowed, why it fails. Blocks on disk.

        Where a transcript says itself that the turn has failed, and why, that is not said here as well.
        """
        if transcript is None:
            return
        if self._sign is Sign.FAILED and _ends_failed(Path(transcript)):
            self._sign = Sign.IDLE
        if not self.asked:
            return
        for name, status in _ended_calls(Path(transcript)).items():
            for key in [key for key, one in self.asked.items() if one.call == name]:
                del self.asked[key]
                self._sign = Sign.INTERRUPTED if status == "cancelled" else Sign.WORKING

    def _begun_or_ended(self, event: Mapping[str, Any]) -> None:
        if short(event.get("subtype")) in {"session_start", "session_end"}:
            self.asked.clear()
            self._sign = Sign.IDLE

    def _given(self, message: Mapping[str, Any]) -> None:
        blocks = [mapping(block) for block in sequence(message.get("content"))]
        answered = {short(block.get("tool_use_id")) for block in blocks}
        for key in [key for key, one in self.asked.items() if one.call in answered]:
            del self.asked[key]
        self.awaits_answer = True
        self._sign, self._failed = Sign.WORKING, False

    def _answered(self, message: Mapping[str, Any]) -> None:
        blocks = [mapping(block) for block in sequence(message.get("content"))]
        self.awaits_answer = False
        self._goes_on = any(block.get("type") == "tool_use" for block in blocks)
        last = next((string(block.get("text")) for block in reversed(blocks)), None)
        self._failed = bool(last and failures.GIVEN_UP in last)

    def _streamed(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "message_start":
            # That it works its prompt has said; an error comes as an answer, too.
            self.awaits_answer = self._failed = False
        elif event.get("type") == "message_stop":
            ended = Sign.FAILED if self._failed else Sign.IDLE
            self._sign = Sign.WORKING if self._goes_on and not self._failed else ended

    def _asks(self, event: Mapping[str, Any]) -> None:
        name, request = short(event.get("request_id")), mapping(event.get("request"))
        if name is None or request.get("subtype") != "can_use_tool":
            return
        approval = _approval(name, self.session_id, request, self.cwd)
        self.asked[name] = Asked(approval=approval, call=short(request.get("tool_use_id")) or "")


def _approval(name: str, session_id: str, request: Mapping[str, Any], cwd: str | None) -> Approval:
    tool, given = short(request.get("tool_name")) or "tool", mapping(request.get("input"))
    shown = calls.shown(given, _TEXT_LIMIT)
    found = Approval(
        id=name,
        session_id=session_id,
        at=time.time(),
        summary=f"{tool}: {shown.splitlines()[0][:200]}" if shown else tool,
        tool=tool,
        text=shown or None,
        reason=string(given.get("description")) if "command" in given else None,
        cwd=string(given.get("directory")) or cwd,
        answerable=tool != _WANTS_ANSWERS,
    )
    questions = tuple(_question(mapping(each)) for each in sequence(given.get("questions")))
    if tool != _WANTS_ANSWERS or not questions:
        return found
    return replace(found, summary=questions[0].text, text=None, questions=questions)


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
        many=told.get("multiSelect") is True,
    )


def _ends_failed(transcript: Path) -> bool:
    """Whether its last turn ends with the word that it has failed."""
    reading = Reading()
    signs = [reading(mapping(parsed(line))).sign for line in _end_of(transcript)]
    return [None, *filter(None, signs)][-1] is Sign.FAILED


def _end_of(transcript: Path) -> Sequence[bytes]:
    """Its last lines, the first of them most often torn."""
    try:
        with opened(transcript) as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOOK_BACK))
            return file.read(_LOOK_BACK).split(b"\n")
    except OSError:
        return ()


def _ended_calls(transcript: Path) -> Mapping[str, str | None]:
    """The calls whose end stands at the end of a transcript, with how they ended."""
    lines = [line for line in _end_of(transcript) if b'"tool_result"' in line]
    results = (mapping(mapping(parsed(line)).get("toolCallResult")) for line in lines)
    return {name: short(result.get("status")) for result in results if (name := short(result.get("callId")))}
