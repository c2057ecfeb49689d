"""Why a turn of Gemini CLI failed: by the words of its error lines, which may hold the API's own."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, mapping, parsed, string
from supervisor.core.failing import Cause

_BEFORE: Final = "[API Error: "


def words(text: str) -> str:
    """What an error line says, without what is put around it."""
    return string(_told(text).get("message")) or _inner(text) or text


def cause(text: str) -> Cause:
    """Of an error line with that text."""
    told = by_words(text)
    if told in {Cause.CONTEXT, Cause.USAGE_LIMIT, Cause.PAYMENT}:
        return told
    return by_status(count(_told(text).get("code"))) or told


def _inner(text: str) -> str:
    return text.removeprefix(_BEFORE).removesuffix("]") if text.startswith(_BEFORE) else text


def _told(text: str) -> Mapping[str, Any]:
    return mapping(mapping(parsed(_inner(text))).get("error"))
