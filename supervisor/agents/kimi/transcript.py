"""What the records of a session mean, read one after the other."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from supervisor.agents import calls, parts
from supervisor.agents.fields import mapping, seconds, sequence, short, string
from supervisor.agents.kimi import failures
from supervisor.agents.parts import TEXT_LIMIT, Part
from supervisor.core.model import EntryKind, Facts, Record, Role, Sign

#: Records of which there is nothing to say, or that say again what others do.
_SILENT: Final = re.compile(
    r"metadata|undo"
    r"|(?:runtime|plugin|permission|usage|token_counting|prompt|agent|config|tools|todo|plan|cron|goal|task"
    r"|session|hook|skill|swarm|background)(?:\..*|_.*)?"
    r"|llm\..*|turn\.(?:cancel|step\..*|reminders.*)|interaction\.(?:purge|evict)"
    r"|context\.(?:append_message|undo|reset|clear)|full_compaction\.(?:begin|complete)|micro_compaction\..*"
)
#: Calls of tools whose end is waited for.
_OPEN_CALLS: Final = 256

_Fields = Mapping[str, Any]


class Reading:
    """Reads the records of one session in their order. It owns what it must remember of them."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._tools: dict[str, str] = {}

    def __call__(self, line: _Fields) -> Record:
        """What one record means; a notice if it is of a kind that we do not know."""
        kind = short(line.get("type"))
        if kind is None:
            return Record()
        if meaning := _MEANINGS.get(kind):
            return meaning(self, line)
        return _record(line) if _SILENT.fullmatch(kind) else _record(line, [parts.notice(f"[{kind}]")])

    def bound(self, line: _Fields) -> Record:
        """Which model it is."""
        model = short(line.get("modelAlias")) or short(line.get("model"))
        return _record(line, told=Facts(model=model) if model else None)

    def prompt(self, line: _Fields) -> Record:
        """A prompt. What the program adds to it for the model stands elsewhere."""
        own = mapping(line.get("origin")).get("kind") in {None, "user"}
        said = parts.parts(line.get("input"), Role.USER) if own else []
        return _record(line, said, Sign.WORKING)

    def step(self, line: _Fields) -> Record:
        """A step of a turn: a round with the model begins, it says something, it calls a tool."""
        event = mapping(line.get("event"))
        meaning = _STEPS.get(short(event.get("type")) or "")
        return meaning(self, line, event) if meaning else _record(line)

    def begins(self, line: _Fields, event: _Fields) -> Record:
        """It asks the model."""
        del event
        return _record(line, sign=Sign.WORKING)

    def said(self, line: _Fields, event: _Fields) -> Record:
        """What the model said, or thought."""
        part = mapping(event.get("part"))
        thought = string(part.get("think")) or string(part.get("thinking"))
        if thought:
            return _record(line, [Part(Role.ASSISTANT, EntryKind.THINKING, thought)], Sign.WORKING)
        return _record(line, parts.parts([part], Role.ASSISTANT), Sign.WORKING)

    def call(self, line: _Fields, event: _Fields) -> Record:
        """A tool begins."""
        tool, name = short(event.get("name")) or "unknown", short(event.get("toolCallId"))
        if name and len(self._tools) < _OPEN_CALLS:
            self._tools[name] = tool
        asked = calls.shown(mapping(event.get("args")), TEXT_LIMIT)
        return _record(line, [Part(Role.ASSISTANT, EntryKind.TOOL_CALL, asked, tool)], Sign.WORKING)

    def result(self, line: _Fields, event: _Fields) -> Record:
        """A tool has ended."""
        tool = self._tools.pop(short(event.get("toolCallId")) or "", None)
        said = _output(mapping(event.get("result")).get("output"))
        return _record(line, [Part(Role.TOOL, EntryKind.TOOL_RESULT, said.strip("\n"), tool)], Sign.WORKING)

    def asks(self, line: _Fields) -> Record:
        """It waits for a person."""
        return _record(line, sign=Sign.ASKING)

    def answered(self, line: _Fields) -> Record:
        """It goes on, or a person has ended the turn: that is told next."""
        return _record(line, sign=Sign.WORKING)

    def compacted(self, line: _Fields) -> Record:
        """What was said before was summed up for the model."""
        return _record(line, [parts.notice("Conversation compacted")])

    def ended(self, line: _Fields) -> Record:
        """The turn is over: done, ended by a person, or failed."""
        reason = short(line.get("reason"))
        if reason == "cancelled":
            return _record(line, [parts.notice("Interrupted")], Sign.INTERRUPTED)
        if reason != "failed":
            return _record(line, sign=Sign.IDLE)
        error = mapping(line.get("error"))
        words = failures.words(error)
        facts = Facts(failure=words[:1000], cause=failures.cause(error))
        return _record(line, [parts.error(words)], Sign.FAILED, facts)


_MEANINGS: Final[Mapping[str, Callable[[Reading, _Fields], Record]]] = {
    "profile.bind": Reading.bound,
    "llm.request": Reading.bound,
    "turn.prompt": Reading.prompt,
    "turn.steer": Reading.prompt,
    "context.append_loop_event": Reading.step,
    "interaction.request": Reading.asks,
    "interaction.resolved": Reading.answered,
    "context.apply_compaction": Reading.compacted,
    "turn.ended": Reading.ended,
}
_STEPS: Final[Mapping[str, Callable[[Reading, _Fields, _Fields], Record]]] = {
    "step.begin": Reading.begins,
    "content.part": Reading.said,
    "tool.call": Reading.call,
    "tool.result": Reading.result,
}


def _output(told: object) -> str:
    """What a tool printed: a text, or parts of one."""
    said = (string(mapping(part).get("text")) for part in sequence(told))
    return string(told) or "\n".join(filter(None, said))


def _record(
    line: _Fields, said: list[Part] | None = None, sign: Sign | None = None, told: Facts | None = None
) -> Record:
    at, name = seconds(line.get("time")), _name(line)
    return Record(entries=parts.entries(said or [], name, at), facts=told, sign=sign, at=at)


def _name(line: _Fields) -> str:
    """An id of the record: records themselves have none."""
    inner = mapping(line.get("event"))
    return (
        short(inner.get("uuid"))
        or short(line.get("promptId"))
        or f"{line.get('type')}-{line.get('time')}"[:200]
    )
