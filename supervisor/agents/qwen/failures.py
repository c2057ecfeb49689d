"""Why a turn of Qwen Code failed, and whether it has given up: by the record of each failed request."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, short, string
from supervisor.core.failing import Cause

#: So often it asks the model again before it gives up, where it asks again at all.
TRIES: Final = 7
#: After these it asks again. What breaks off in the middle it even continues by itself.
_ASKS_AGAIN: Final = frozenset(
    {Cause.DROPPED, Cause.OVERLOADED, Cause.RATE_LIMIT, Cause.SERVER, Cause.SILENT, Cause.USAGE_LIMIT}
)
#: Its own words when the last request of a turn has failed.
GIVEN_UP: Final = "[API Error: "


def words(event: Mapping[str, Any]) -> str:
    """What one failed request says."""
    return string(event.get("error_message")) or short(event.get("error_type")) or "The request failed"


def cause(event: Mapping[str, Any]) -> Cause:
    """Of one failed request."""
    told = by_words(words(event))
    if told in {Cause.CONTEXT, Cause.USAGE_LIMIT, Cause.PAYMENT}:
        return told
    return by_status(count(event.get("status_code"))) or told


def is_final(why: Cause, tries: int) -> bool:
    """Whether it gives up after so many failed requests for one prompt, the last of them for this cause."""
    return why not in _ASKS_AGAIN or tries >= TRIES
