"""Why a turn of Codex failed: by ``codex_error_info``, then by the words of its message."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, mapping, number, string
from supervisor.core.failing import Cause

#: Its own words → ours; in rollouts with underscores, on the daemon's socket in one word.
_BY_KIND: Final[Mapping[str, Cause]] = {
    "usagelimitexceeded": Cause.USAGE_LIMIT,
    "contextwindowexceeded": Cause.CONTEXT,
    "httpconnectionfailed": Cause.NETWORK,
    "responsestreamconnectionfailed": Cause.NETWORK,
    "responsestreamdisconnected": Cause.DROPPED,
    "internalservererror": Cause.SERVER,
    "serveroverloaded": Cause.OVERLOADED,
    "unauthorized": Cause.AUTHENTICATION,
    "badrequest": Cause.REQUEST,
}

#: The end of its words for a limit, by the machine's own clock: the day is left out if it is this one.
_AGAIN: Final = re.compile(
    r"try again at (?:([A-Z][a-z]{2} [0-9]{1,2})(?:st|nd|rd|th), ([0-9]{4}) )?([0-9]{1,2}:[0-9]{2} [AP]M)"
)
#: It tells whole minutes, rounded down.
_MINUTE: Final = 60.0


def cause(told: object, words: str) -> Cause:
    """*told*: ``codex_error_info``, a word or ``{"word": {"http_status_code": …}}``."""
    details: Mapping[str, Any] = mapping(next(iter(mapping(told).values()), None))
    status = count(details.get("http_status_code") or details.get("httpStatusCode"))
    if by_its_status := by_status(status):
        # "Connection failed" is also what it says of a server that answers with an error.
        return by_its_status
    kind = string(told) or next(iter(mapping(told)), "")
    return _BY_KIND.get(kind.replace("_", "").lower()) or by_words(words)


def reset_at(words: str, limits: Mapping[str, Any], at: float | None) -> float | None:
    """When a limit is over, in seconds since 1970: by the windows that are used up, else by its words.

    *limits*: what was told of them last; *at*: when the words were written.
    """
    return max(_used_up(limits), default=None) or _told(words, at)


def _used_up(limits: Mapping[str, Any]) -> Iterator[float]:
    for window in (mapping(limits.get(name)) for name in ("primary", "secondary")):
        if (number(window.get("used_percent")) or 0.0) >= 100.0 and (at := number(window.get("resets_at"))):
            yield at


def _told(words: str, at: float | None) -> float | None:
    found = _AGAIN.search(words)
    if found is None or at is None:
        return None
    day, year, clock = found.groups()
    # Without a day it is the day on which it was written.
    today = datetime.fromtimestamp(at, UTC).astimezone().strftime("%b %d %Y")
    try:
        told = time.strptime(f"{f'{day} {year}' if day else today} {clock}", "%b %d %Y %I:%M %p")
        return time.mktime(told) + _MINUTE
    except (ValueError, OverflowError):
        return None
