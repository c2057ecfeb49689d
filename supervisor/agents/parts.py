"""A message as Google's API has it, a list of parts, as entries: Gemini CLI and its descendants do so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from supervisor.agents import calls
from supervisor.agents.fields import clean, mapping, sequence, short, string
from supervisor.core.model import Entry, EntryKind, Role

#: A longer text of one entry is cut, in characters.
TEXT_LIMIT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One entry to be, before it has its place in its record."""

    role: Role
    kind: EntryKind
    text: str
    tool: str | None = None


def parts(content: object, role: Role) -> list[Part]:
    """What a message says; a bare text is a message too. *role*: of whoever says it."""
    if isinstance(content, str):
        return [Part(role, EntryKind.TEXT, content)] if content else []
    return [part for each in sequence(content) if (part := _part(mapping(each), role))]


def notice(text: str) -> Part:
    """A word of the program itself."""
    return Part(Role.SYSTEM, EntryKind.NOTICE, text)


def error(text: str) -> Part:
    """What went wrong."""
    return Part(Role.SYSTEM, EntryKind.ERROR, text)


def called(call: Mapping[str, Any]) -> Part:
    """A call of a tool: ``{name, args}``."""
    asked = calls.shown(mapping(call.get("args")), TEXT_LIMIT)
    return Part(Role.ASSISTANT, EntryKind.TOOL_CALL, asked, short(call.get("name")) or "unknown")


def answered(answer: Mapping[str, Any]) -> Part:
    """What a tool answered: ``{name, response}``."""
    told = mapping(answer.get("response"))
    said = string(told.get("output")) or string(told.get("error")) or string(answer.get("response")) or ""
    return Part(Role.TOOL, EntryKind.TOOL_RESULT, said, short(answer.get("name")))


def entries(found: Sequence[Part], name: str, at: float | None) -> tuple[Entry, ...]:
    """The entries of one record, whose id is *name*."""
    return tuple(_entry(place, part, name, at) for place, part in enumerate(found))


def texts(content: object) -> Iterator[str]:
    """The words in a message."""
    for part in parts(content, Role.USER):
        if part.kind is EntryKind.TEXT:
            yield part.text


def _part(part: Mapping[str, Any], role: Role) -> Part | None:
    if isinstance(call := part.get("functionCall"), dict):
        return called(call)
    if isinstance(answer := part.get("functionResponse"), dict):
        return answered(answer)
    if isinstance(text := part.get("text"), str):
        kind = EntryKind.THINKING if part.get("thought") is True else EntryKind.TEXT
        return Part(role, kind, text) if text else None
    kinds = [clean(key) for key in part if key != "thoughtSignature"]
    return Part(role, EntryKind.NOTICE, f"[{kinds[0][:80]}]") if kinds else None


def _entry(place: int, part: Part, name: str, at: float | None) -> Entry:
    return Entry(
        seq=place,
        id=f"{name}.{place}" if place else name,
        at=at,
        role=part.role,
        kind=part.kind,
        text=clean(part.text[:TEXT_LIMIT]),
        tool=part.tool,
        truncated=len(part.text) > TEXT_LIMIT,
    )
