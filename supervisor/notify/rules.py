"""What the user has set about notices, checked."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from supervisor.core.board import Rules
from supervisor.core.errors import WrongUse
from supervisor.core.notice import Level, NoticeKind

Word = TypeVar("Word", bound=StrEnum)


def rules(
    *, desktop: bool, level: str, kinds: Sequence[str], min_turn_seconds: int, quiet_hours: str
) -> Rules:
    """The rules that these settings stand for. Raises ``WrongUse`` for a word that means nothing."""
    return Rules(
        desktop=desktop,
        level=word(Level, level, "notices.level"),
        kinds=frozenset(word(NoticeKind, kind, "notices.kinds") for kind in kinds),
        least_turn=float(min_turn_seconds),
        quiet=quiet(quiet_hours),
    )


def word(known: type[Word], given: str, name: str) -> Word:
    """One of these words."""
    if given not in set(known):
        raise WrongUse(f"{name} cannot be {given!r:.40}.", f"Known: {', '.join(known)}.")
    return known(given)


def quiet(hours: str) -> Callable[[float], bool]:
    """Whether a time lies within ``22:00-07:00``, by the clock on the wall; never, for nothing."""
    if not hours:
        return lambda _: False
    try:
        begin, end = (datetime.strptime(part.strip(), "%H:%M").time() for part in hours.split("-"))  # noqa: DTZ007  # a time of day
    except ValueError as odd:
        raise WrongUse(f"notices.quiet_hours cannot be {hours!r:.40}.", 'Write "22:00-07:00".') from odd

    def is_quiet(at: float) -> bool:
        now = datetime.fromtimestamp(at, tz=UTC).astimezone().time()
        return begin <= now < end if begin <= end else now >= begin or now < end

    return is_quiet
