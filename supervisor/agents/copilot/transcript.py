"""What the events of a session mean, read one after the other."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from supervisor.agents import calls, parts
from supervisor.agents.copilot import failures
from supervisor.agents.fields import mapping, moment, sequence, short, string
from supervisor.agents.parts import TEXT_LIMIT, Part
from supervisor.core.model import EntryKind, Facts, Record, Role, Sign

#: Events of which there is nothing to say.
_SILENT: Final = re.compile(
    r"(?:hook|pending_messages|skill|command|system)\..*"
    r"|session\.(?:usage|context|tools|skills|mcp|custom|extensions|plan|mode|workspace|todos|background|idle"
    r"|snapshot|remote|schedule|truncation|permissions|title|canvas|binary|auto_mode)\w*(?:\..*)?"
    r"|assistant\.(?:intent|usage|reasoning_delta|message_delta|message_start|streaming_delta|turn_start)"
    r"|tool\.(?:execution_partial_result|execution_progress|user_requested)"
    r"|subagent\.selected|subagent\.deselected"
)
_ASKS: Final = frozenset(
    {"permission.requested", "user_input.requested", "elicitation.requested", "exit_plan_mode.requested"}
)
_ANSWERED: Final = frozenset(
    {"permission.completed", "user_input.completed", "elicitation.completed", "exit_plan_mode.completed"}
)
#: Calls of tools whose end is waited for.
_OPEN_CALLS: Final = 256

_Event = Mapping[str, Any]


class Reading:
    """Reads the events of one session in their order. It owns what it must remember of them."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._tools: dict[str, str] = {}
        #: Whether the last message was the last of its turn; ``None``: there was none in it.
        self._was_last: bool | None = None

    def __call__(self, line: Mapping[str, Any]) -> Record:
        """What one event means; a notice if it is of a kind that we do not know."""
        kind, told = short(line.get("type")), mapping(line.get("data"))
        if kind is None:
            return Record()
        if kind in _ASKS:
            return _record(line, sign=Sign.ASKING)
        if kind in _ANSWERED:
            # One that was cancelled is told after the turn has ended.
            cancelled = mapping(told.get("result")).get("kind") == "cancelled"
            return _record(line, sign=None if cancelled else Sign.WORKING)
        if meaning := _MEANINGS.get(kind):
            return meaning(self, line, told)
        return _record(line) if _SILENT.fullmatch(kind) else _record(line, [parts.notice(f"[{kind}]")])

    def begun(self, line: _Event, told: _Event) -> Record:
        """A session begins, or is gone on with."""
        context = mapping(told.get("context"))
        facts = Facts(
            agent_version=short(told.get("copilotVersion")),
            model=short(told.get("selectedModel")),
            cwd=short(context.get("cwd")),
            git_branch=short(context.get("branch")),
        )
        return _record(line, [], Sign.IDLE, facts)

    def model(self, line: _Event, told: _Event) -> Record:
        """Another model was chosen."""
        return _record(line, told=Facts(model=short(told.get("newModel"))))

    def user(self, line: _Event, told: _Event) -> Record:
        """A prompt. What the program adds to it for the model stands elsewhere."""
        self._was_last = None
        return _record(line, parts.parts(told.get("content"), Role.USER), Sign.WORKING)

    def assistant(self, line: _Event, told: _Event) -> Record:
        """An answer. What it calls is told when it is begun."""
        thought = string(told.get("reasoningText"))
        said = [Part(Role.ASSISTANT, EntryKind.THINKING, thought)] if thought else []
        said += parts.parts(told.get("content"), Role.ASSISTANT)
        self._was_last = not sequence(told.get("toolRequests"))
        return _record(line, said, told=Facts(model=short(told.get("model"))))

    def reasoning(self, line: _Event, told: _Event) -> Record:
        """What the model thought."""
        thought = string(told.get("content"))
        return _record(line, [Part(Role.ASSISTANT, EntryKind.THINKING, thought)] if thought else [])

    def turn_end(self, line: _Event, told: _Event) -> Record:
        """A round with the model is over; the turn is, if nothing was called. Of errors other events tell."""
        del told
        return _record(line, sign=Sign.IDLE if self._was_last else None)

    def call(self, line: _Event, told: _Event) -> Record:
        """A tool begins."""
        tool, name = short(told.get("toolName")) or "unknown", short(told.get("toolCallId"))
        if name and len(self._tools) < _OPEN_CALLS:
            self._tools[name] = tool
        asked = calls.shown(mapping(told.get("arguments")), TEXT_LIMIT)
        sign = Sign.ASKING if tool == "ask_user" else Sign.WORKING
        return _record(line, [Part(Role.ASSISTANT, EntryKind.TOOL_CALL, asked, tool)], sign)

    def result(self, line: _Event, told: _Event) -> Record:
        """A tool has ended."""
        tool = self._tools.pop(short(told.get("toolCallId")) or "", None)
        result, failed = mapping(told.get("result")), mapping(told.get("error"))
        said = string(result.get("content")) or string(failed.get("message")) or ""
        return _record(line, [Part(Role.TOOL, EntryKind.TOOL_RESULT, said.strip("\n"), tool)], Sign.WORKING)

    def abort(self, line: _Event, told: _Event) -> Record:
        """A person ended the turn."""
        del told
        return _record(line, [parts.notice("Interrupted")], Sign.INTERRUPTED)

    def error(self, line: _Event, told: _Event) -> Record:
        """The turn has failed."""
        words = failures.words(told)
        facts = Facts(failure=words[:1000], cause=failures.cause(told))
        return _record(line, [parts.error(words)], Sign.FAILED, facts)

    def notice(self, line: _Event, told: _Event) -> Record:
        """A word of the program."""
        text = string(told.get("message"))
        return _record(line, [parts.notice(text)] if text else [])

    def compacted(self, line: _Event, told: _Event) -> Record:
        """What was said before was summed up for the model."""
        del told
        return _record(line, [parts.notice("Conversation compacted")])

    def over(self, line: _Event, told: _Event) -> Record:
        """Its process ends in peace."""
        del told
        return _record(line, sign=Sign.IDLE)


_MEANINGS: Final[Mapping[str, Callable[[Reading, _Event, _Event], Record]]] = {
    "session.start": Reading.begun,
    "session.resume": Reading.begun,
    "session.model_change": Reading.model,
    "session.error": Reading.error,
    "session.info": Reading.notice,
    "session.warning": Reading.notice,
    "session.compaction_start": lambda _, line, __: _record(line),
    "session.compaction_complete": Reading.compacted,
    "session.shutdown": Reading.over,
    "user.message": Reading.user,
    "assistant.message": Reading.assistant,
    "assistant.reasoning": Reading.reasoning,
    "assistant.turn_end": Reading.turn_end,
    "tool.execution_start": Reading.call,
    "tool.execution_complete": Reading.result,
    "abort": Reading.abort,
}


def _record(
    line: _Event, said: list[Part] | None = None, sign: Sign | None = None, told: Facts | None = None
) -> Record:
    at, name = moment(line.get("timestamp")), short(line.get("id")) or ""
    return Record(entries=parts.entries(said or [], name, at), facts=told, sign=sign, at=at)
