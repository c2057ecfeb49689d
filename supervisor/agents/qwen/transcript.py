"""What the lines of a conversation mean, read one after the other."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from supervisor.agents import parts
from supervisor.agents.fields import mapping, moment, short, string
from supervisor.agents.parts import Part
from supervisor.agents.qwen import failures
from supervisor.core.model import EntryKind, Facts, Record, Role, Sign

#: Whose requests are not those of the turn: what it asks the model for itself.
_ASIDE: Final = re.compile(r"[^#]#[^#]")
_REQUEST_FAILED: Final = "qwen-code.api_error"
#: Notes of the program to itself.
_SILENT: Final = frozenset({
    "at_command", "attribution_snapshot", "branch_checkpoint", "file_history_snapshot", "goal_runtime",
    "goal_state", "goal_turn_end", "omni_recall", "parent_session", "session_artifact_event",
    "session_artifact_snapshot", "session_model", "session_source", "session_sources_snapshot",
    "turn_result", "user_text_elements",
})  # fmt: skip


class Reading:
    """Reads the lines of one conversation in their order. It owns what it must remember of them."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        #: The prompt whose requests fail, and how often they did.
        self._failing: tuple[str | None, int] = (None, 0)

    def __call__(self, line: Mapping[str, Any]) -> Record:
        """What one line means; a notice if it is of a kind that we do not know."""
        kind = short(line.get("type"))
        if kind is None:
            return Record()
        meaning = _MEANINGS.get(kind)
        return meaning(self, line) if meaning else _record(line, [parts.notice(f"[{kind}]")])

    def user(self, line: Mapping[str, Any]) -> Record:
        """A prompt; or what the program says in the user's name."""
        said = parts.parts(mapping(line.get("message")).get("parts"), Role.USER)
        if short(line.get("provenance")) not in {None, "real_user"}:
            return _record(line, [parts.notice(part.text) for part in said])
        shown = string(mapping(line.get("systemPayload")).get("displayText"))
        if shown and said and said[0].kind is EntryKind.TEXT:
            said = [replace(said[0], text=shown)]
        self._failing = (None, 0)
        return _record(line, said, Sign.WORKING)

    def assistant(self, line: Mapping[str, Any]) -> Record:
        """An answer. One that was cut short has no account of what it used."""
        said = parts.parts(mapping(line.get("message")).get("parts"), Role.ASSISTANT)
        facts = Facts(model=short(line.get("model")))
        self._failing = (None, 0)
        if any(part.kind is EntryKind.TOOL_CALL for part in said):
            # Whether it works or asks, other signs tell: this one would come too late.
            return _record(line, said, None, facts)
        sign = Sign.IDLE if mapping(line.get("usageMetadata")) else Sign.INTERRUPTED
        return _record(line, said, sign, facts)

    def tool_result(self, line: Mapping[str, Any]) -> Record:
        """What tools answered; a call that was not allowed ends the turn."""
        said = parts.parts(mapping(line.get("message")).get("parts"), Role.TOOL)
        cancelled = mapping(line.get("toolCallResult")).get("status") == "cancelled"
        return _record(line, said, Sign.INTERRUPTED if cancelled else Sign.WORKING)

    def system(self, line: Mapping[str, Any]) -> Record:
        """A word of the program, most often to itself."""
        subtype, told = short(line.get("subtype")) or "system", mapping(line.get("systemPayload"))
        match subtype:
            case "ui_telemetry":
                event = mapping(told.get("uiEvent"))
                return (
                    self._request(line, event)
                    if event.get("event.name") == _REQUEST_FAILED
                    else _record(line)
                )
            case "custom_title":
                return _record(
                    line, told=Facts(title=short(told.get("customTitle")) or short(told.get("title")))
                )
            case "slash_command":
                typed = string(told.get("rawCommand")) if told.get("phase") == "invocation" else None
                return _record(line, [parts.notice(typed)] if typed else [])
            case "chat_compression":
                return _record(line, [parts.notice("Conversation compacted")])
            case "rewind":
                return _record(line, [parts.notice("Went back to an earlier prompt")], Sign.INTERRUPTED)
            case known if known in _SILENT:
                return _record(line)
        return _record(line, [parts.notice(f"[{subtype}]")])

    def _request(self, line: Mapping[str, Any], event: Mapping[str, Any]) -> Record:
        """A request failed: most are made again."""
        prompt, before = short(event.get("prompt_id")), self._failing
        if prompt and _ASIDE.search(prompt):
            return _record(line)
        tries = before[1] + 1 if before[0] == prompt else 1
        self._failing = (prompt, tries)
        why, words = failures.cause(event), failures.words(event)
        sign = Sign.FAILED if failures.is_final(why, tries) else None
        return _record(line, [parts.error(words)], sign, Facts(failure=words[:1000], cause=why))


_MEANINGS: Final[Mapping[str, Callable[[Reading, Mapping[str, Any]], Record]]] = {
    "user": Reading.user,
    "assistant": Reading.assistant,
    "tool_result": Reading.tool_result,
    "system": Reading.system,
}


def _record(
    line: Mapping[str, Any], said: Sequence[Part] = (), sign: Sign | None = None, told: Facts | None = None
) -> Record:
    """A record of these parts, with the facts that every line carries."""
    at, name, branch = (
        moment(line.get("timestamp")),
        short(line.get("uuid")) or "",
        short(line.get("gitBranch")),
    )
    facts = replace(
        told or Facts(),
        agent_version=short(line.get("version")),
        cwd=short(line.get("cwd")),
        # "HEAD" is said both of a detached head and of a folder that is no repository.
        git_branch=None if branch == "HEAD" else branch,
    )
    return Record(entries=parts.entries(said, name, at), facts=facts, sign=sign, at=at)
