"""Why a turn of Copilot CLI failed: by the fields of its error events, then by their words."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, short, string
from supervisor.core.failing import Cause

#: Its own words for errors → ours. "query" says nothing.
_BY_TYPE: Final[Mapping[str, Cause]] = {
    "authentication": Cause.AUTHENTICATION,
    "authorization": Cause.AUTHENTICATION,
    "quota": Cause.USAGE_LIMIT,
    "rate_limit": Cause.RATE_LIMIT,
    "context_limit": Cause.CONTEXT,
}


def words(event: Mapping[str, Any]) -> str:
    """What it says."""
    return string(event.get("message")) or short(event.get("errorType")) or "The turn failed"


def cause(event: Mapping[str, Any]) -> Cause:
    """Of one error event."""
    told = by_words(words(event))
    if told in {Cause.CONTEXT, Cause.USAGE_LIMIT, Cause.PAYMENT}:
        return told
    status = by_status(count(event.get("statusCode")))
    return status or _BY_TYPE.get(short(event.get("errorType")) or "") or told
