"""What the lines of a conversation mean, read one after the other.

What changes is written again: an answer when its tools have ended, and all of it when a turn that failed is
taken back. The first is told once, the second not at all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from supervisor.agents import parts
from supervisor.agents.fields import mapping, moment, sequence, short, string
from supervisor.agents.gemini import failures
from supervisor.agents.gemini.files import CONTEXT
from supervisor.agents.parts import Part
from supervisor.core.model import EntryKind, Facts, Record, Role, Sign

_TAGS: Final = re.compile(r"\A<untrusted_context>\n|\n</untrusted_context>\Z")
_CANCELLED: Final = "Request cancelled."
#: Answers that we remember: they are written again at once or never.
_REMEMBERED: Final = 64


class Reading:
    """Reads the lines of one conversation in their order. It owns what it must remember of them."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        #: What was said before is being written again.
        self._again = False
        self._answers: dict[str, int] = {}

    def __call__(self, line: Mapping[str, Any]) -> Record:
        """What one line means; a notice if it is of a kind that we do not know."""
        if "$set" in line:
            return self._set(mapping(line["$set"]))
        if "$rewindTo" in line:
            return _record(line, [parts.notice("Went back to an earlier prompt")], Sign.INTERRUPTED)
        kind = short(line.get("type"))
        if kind is None:
            return Record()  # the first line
        meaning = _MEANINGS.get(kind)
        return meaning(self, line) if meaning else _record(line, [parts.notice(f"[{kind}]")])

    def user(self, line: Mapping[str, Any]) -> Record:
        """A prompt, or what tools answered; those answers stand with their calls, too."""
        said = parts.parts(line.get("content"), Role.USER)
        if said and said[0].text.startswith(CONTEXT):
            # The first time, it stands in the record that sets all messages.
            self._again = True
            return Record()
        if self._again:
            return Record()
        own = [part for part in said if part.kind is not EntryKind.TOOL_RESULT]
        return _record(line, own, Sign.WORKING)

    def gemini(self, line: Mapping[str, Any]) -> Record:
        """An answer, or what has become of it since."""
        if self._again and not mapping(line.get("tokens")):
            return Record()
        self._again = False
        name, calls = short(line.get("id")) or "", sequence(line.get("toolCalls"))
        known = self._answers.get(name)
        said = (
            [] if known is not None else [*_thoughts(line), *parts.parts(line.get("content"), Role.ASSISTANT)]
        )
        said += [part for call in calls[known or 0 :] for part in _call(mapping(call))]
        self._remember(name, len(calls))
        silent = not any(part.kind is EntryKind.TEXT for part in said)
        sign = Sign.WORKING if calls else None if silent else Sign.IDLE
        return _record(line, said, sign, Facts(model=short(line.get("model"))))

    def info(self, line: Mapping[str, Any]) -> Record:
        """A word of the program; one says that a person ended the turn."""
        text = _text(line)
        sign = Sign.INTERRUPTED if text == _CANCELLED else None
        return _record(line, [parts.notice(text)] if text else [], sign)

    def error(self, line: Mapping[str, Any]) -> Record:
        """The turn has failed; what was asked is taken back."""
        text = _text(line) or "The turn failed"
        words = failures.words(text)
        told = Facts(failure=words[:1000], cause=failures.cause(text))
        return _record(line, [parts.error(words)], Sign.FAILED, told)

    def _set(self, told: Mapping[str, Any]) -> Record:
        """All messages are set when a terminal is ready, and when a turn was taken back."""
        ready = "messages" in told
        self._again = self._again and not ready
        summary = short(told.get("summary"))
        facts = Facts(title=summary) if summary else None
        return Record(facts=facts, sign=Sign.IDLE if ready else None)

    def _remember(self, name: str, calls: int) -> None:
        self._answers.pop(name, None)
        self._answers[name] = calls
        if len(self._answers) > _REMEMBERED:
            del self._answers[next(iter(self._answers))]


_MEANINGS: Final[Mapping[str, Callable[[Reading, Mapping[str, Any]], Record]]] = {
    "user": Reading.user,
    "gemini": Reading.gemini,
    "info": Reading.info,
    "warning": Reading.info,
    "error": Reading.error,
}


def _text(line: Mapping[str, Any]) -> str:
    return "\n".join(parts.texts(line.get("content")))


def _thoughts(line: Mapping[str, Any]) -> list[Part]:
    found = []
    for thought in map(mapping, sequence(line.get("thoughts"))):
        words = [string(thought.get("subject")), string(thought.get("description"))]
        if text := "\n\n".join(filter(None, words)):
            found.append(Part(Role.ASSISTANT, EntryKind.THINKING, text))
    return found


def _call(call: Mapping[str, Any]) -> list[Part]:
    """A call of a tool with its end, where that is known."""
    found = [parts.called(call)]
    answers = (mapping(mapping(each).get("functionResponse")) for each in sequence(call.get("result")))
    return found + [_plain(parts.answered(answer)) for answer in answers if answer]


def _plain(part: Part) -> Part:
    """Without what is put around it for the model."""
    return replace(part, text=_TAGS.sub("", part.text))


def _record(
    line: Mapping[str, Any], said: list[Part], sign: Sign | None = None, told: Facts | None = None
) -> Record:
    at, name = moment(line.get("timestamp")), short(line.get("id")) or ""
    if line.get("toolCalls"):
        name = f"{name}+"
    return Record(entries=parts.entries(said, name, at), facts=told, sign=sign, at=at)
