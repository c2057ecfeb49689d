"""Why a turn of Qwen Code failed, and whether it has given up: by the record of each failed request."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, short, string
from supervisor.core.failing import Cause

#: So often it asks the model again before it gives up.
TRIES: Final = 7
#: What it does not ask again after.
_FINAL: Final = frozenset(
    {Cause.AUTHENTICATION, Cause.PAYMENT, Cause.REQUEST, Cause.CONTEXT}
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
    """Whether it gives up after this many failed requests for one prompt, the last of this kind.

    A stream that breaks off it continues by itself.
    """
    return why in _FINAL or (tries >= TRIES and why is not Cause.DROPPED)
