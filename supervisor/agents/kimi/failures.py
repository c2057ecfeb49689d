"""Why a turn of Kimi Code failed: by the fields of the turn's end, then by their words."""

from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import count, mapping, short, string
from supervisor.core.failing import Cause

#: Its own words for errors → ours.
BY_NAME: Final[Mapping[str, Cause]] = {
    "APIProviderQuotaExhaustedError": Cause.USAGE_LIMIT,
    "APIConnectionError": Cause.NETWORK,
    "APITimeoutError": Cause.SILENT,
    "APIEmptyResponseError": Cause.DROPPED,
}
BY_CODE: Final[Mapping[str, Cause]] = {
    "provider.auth_error": Cause.AUTHENTICATION,
    "provider.rate_limit": Cause.RATE_LIMIT,
}


def words(error: Mapping[str, Any]) -> str:
    """What it says."""
    return string(error.get("message")) or short(error.get("code")) or "The turn failed"


def cause(error: Mapping[str, Any]) -> Cause:
    """*error*: ``{"code": …, "message": …, "name": …, "details": {"statusCode": …}}``."""
    told = by_words(words(error))
    if told in {Cause.CONTEXT, Cause.PAYMENT, Cause.DROPPED}:
        return told
    if known := BY_NAME.get(short(error.get("name")) or ""):
        return known
    status = by_status(count(mapping(error.get("details")).get("statusCode")))
    return status or BY_CODE.get(short(error.get("code")) or "") or told
