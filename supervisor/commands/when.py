"""When a prompt is to be sent, as a person says it on the command line."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from supervisor.core.errors import WrongUse

HELP: Final = (
    "now (default), idle, online (the model can be reached), reset (of the usage limit), job:PID (its end),"
    " at:TIME (18:30 here, +10m, +2h30m, or 2026-01-31T12:00:00Z)"
)
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_SPAN: Final = re.compile(
    r"\+(?=[0-9])(?:([0-9]{1,4})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m(?:in)?)?(?:([0-9]{1,6})s)?"
)


def of(text: str, now: datetime | None = None) -> str:
    """*text* as the API takes it. *now*: with its offset; the local clock's unless given. ``WrongUse``."""
    word, colon, rest = text.partition(":")
    if word != "at" or not colon:
        return text
    at = _time(rest, now or datetime.now().astimezone())
    return f"at:{at.astimezone(UTC).isoformat(timespec='seconds').removesuffix('+00:00')}Z"


def _time(text: str, now: datetime) -> datetime:
    if found := _CLOCK.fullmatch(text):
        return _next(int(found[1]), int(found[2]), now)
    if found := _SPAN.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as trouble:
        raise WrongUse(f"{text[:40]!r} is no time.", "Say 18:30, +10m or 2026-01-31T12:00:00Z.") from trouble
    # Without an offset it is meant as the clock on the wall shows it.
    return at if at.tzinfo else at.astimezone()


def _next(hour: int, minute: int, now: datetime) -> datetime:
    """The next time that the clock on the wall shows this; on the night of a change, as it then shows."""
    wall = now.replace(tzinfo=None, hour=hour, minute=minute, second=0, microsecond=0)
    if wall <= now.replace(tzinfo=None):
        wall += timedelta(days=1)
    return wall.astimezone()
