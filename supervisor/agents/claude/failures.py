"""Why a turn of Claude Code failed: by the fields of its error lines, then by their words."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from supervisor.agents.failing import by_status, by_words
from supervisor.agents.fields import short
from supervisor.core.failing import Cause

#: Its own words for errors → ours. Those that say too little ("server_error" is also a refused
#: connection) are decided by the other fields.
_BY_ERROR: Final[Mapping[str, Cause]] = {
    "authentication_failed": Cause.AUTHENTICATION,
    "oauth_org_not_allowed": Cause.AUTHENTICATION,
    "account_on_hold": Cause.PAYMENT,
    "billing_error": Cause.PAYMENT,
    "verification_required": Cause.AUTHENTICATION,
    "cloud_credential_error": Cause.AUTHENTICATION,
    "model_not_found": Cause.REQUEST,
    "overloaded": Cause.OVERLOADED,
}
#: Limits of a subscription carry the time of their reset: ``…|1764000000``.
_RESET: Final = re.compile(r"\|(1[0-9]{9})\b")


def cause(line: Mapping[str, Any], text: str) -> Cause:
    """Of one error line with that text."""
    said = f"{text} {short(line.get('errorDetails')) or ''}"
    told = by_words(said)
    if told in {Cause.CONTEXT, Cause.USAGE_LIMIT, Cause.PAYMENT}:
        return told
    if line.get("apiError") == "connection_failed":
        return told if told in {Cause.NETWORK, Cause.DROPPED, Cause.SILENT} else Cause.NETWORK
    status = line.get("apiErrorStatus")
    by_its_status = by_status(status) if isinstance(status, int) else None
    return by_its_status or _BY_ERROR.get(short(line.get("error")) or "") or told


def reset_at(text: str) -> float | None:
    """When a limit is reset, seconds since 1970, where the line tells."""
    told = _RESET.search(text)
    return datetime.fromtimestamp(int(told[1]), UTC).timestamp() if told else None
