"""Why a turn of Codex failed: by ``codex_error_info``, then by the words of its message."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, mapping, string
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


def cause(told: object, words: str) -> Cause:
    """*told*: ``codex_error_info``, a word or ``{"word": {"http_status_code": …}}``."""
    details: Mapping[str, Any] = mapping(next(iter(mapping(told).values()), None))
    status = count(details.get("http_status_code") or details.get("httpStatusCode"))
    if by_its_status := by_status(status):
        # "Connection failed" is also what it says of a server that answers with an error.
        return by_its_status
    kind = string(told) or next(iter(mapping(told)), "")
    return _BY_KIND.get(kind.replace("_", "").lower()) or by_words(words)
