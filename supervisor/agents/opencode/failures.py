"""Why a turn of OpenCode failed: by the error of its message."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import mapping
from supervisor.core.failing import Cause

_BY_NAME: Final[Mapping[str, Cause]] = {
    "ProviderAuthError": Cause.AUTHENTICATION,
    "ContextOverflowError": Cause.CONTEXT,
    "MessageOutputLengthError": Cause.REQUEST,
}


def cause(error: Mapping[str, Any]) -> Cause:
    """*error*: ``{"name": …, "data": {"message": …, "statusCode": …}}``."""
    if known := _BY_NAME.get(str(error.get("name"))):
        return known
    details = mapping(error.get("data"))
    words = " ".join(str(details.get(name) or "") for name in ("message", "responseBody"))
    told = by_words(words)
    if told in {Cause.CONTEXT, Cause.USAGE_LIMIT, Cause.PAYMENT}:
        return told
    status = details.get("statusCode")
    return (by_status(status) if isinstance(status, int) else None) or told
