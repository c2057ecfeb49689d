"""What agents of every kind have in common in how they fail: HTTP's status, and words."""

import re
from typing import Final

from supervisor.core.failing import Cause

#: What an HTTP status says, whoever passes it on.
_BY_STATUS: Final = {
    400: Cause.REQUEST,
    401: Cause.AUTHENTICATION,
    402: Cause.PAYMENT,
    403: Cause.AUTHENTICATION,
    404: Cause.REQUEST,
    408: Cause.SERVER,
    413: Cause.CONTEXT,
    429: Cause.RATE_LIMIT,
    503: Cause.OVERLOADED,
    529: Cause.OVERLOADED,
}
#: Words in the messages of programs and systems, most telling first. Case does not matter.
_BY_WORDS: Final = (
    (
        Cause.CONTEXT,
        (
            r"prompt (is|as) too long|context (window|length)|maximum context|too many tokens"
            r"|too large to compact"
        ),
    ),
    (Cause.USAGE_LIMIT, r"usage limit|quota|hit your (\w+ )?limit|limit reached|limit (will )?reset"),
    (Cause.PAYMENT, r"credit balance|billing|payment|insufficient (funds|balance)"),
    (Cause.OVERLOADED, r"overloaded|at capacity|\b529\b"),
    (Cause.RATE_LIMIT, r"rate.?limit|too many requests|\b429\b"),
    (Cause.AUTHENTICATION, r"api key|unauthori[sz]ed|authenticat|/login|\b401\b|\b403\b"),
    (
        Cause.NETWORK,
        (
            r"econnrefused|enotfound|eai_again|enetunreach|ehostunreach|getaddrinfo|unable to connect"
            r"|connection (refused|failed)|could ?n.?o?t connect|network is unreachable|fetch failed"
            r"|error sending request|connect error"
        ),
    ),
    (Cause.SILENT, r"timed? ?out|etimedout|idle timeout|no response"),
    (
        Cause.DROPPED,
        (
            r"econnreset|epipe|connection (was )?(dropped|reset|closed|lost)|socket hang up|terminated"
            r"|stream (disconnected|closed|ended|error)|premature|incomplete"
        ),
    ),
    (Cause.SERVER, r"internal server error|server error|bad gateway|\b50[0-9]\b"),
)
_WORDS: Final = tuple((cause, re.compile(words, re.IGNORECASE)) for cause, words in _BY_WORDS)


def by_status(status: int | None) -> Cause | None:
    """What a status of HTTP says; ``None`` for none, and for one that says nothing."""
    if status is None or status < 400:
        return None
    return _BY_STATUS.get(status, Cause.SERVER if status >= 500 else Cause.REQUEST)


def by_words(words: str) -> Cause:
    """What a message says, as far as its words are known."""
    return next((cause for cause, pattern in _WORDS if pattern.search(words)), Cause.UNKNOWN)
