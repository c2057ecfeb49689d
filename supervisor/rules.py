"""What the user has set, as the core's rules; a word that means nothing is refused with its name."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from supervisor.agents import plain
from supervisor.agents.catalog import AGENTS
from supervisor.core import awake, board
from supervisor.core.errors import WrongUse
from supervisor.core.link import Links, Policy
from supervisor.core.model import Kind
from supervisor.core.notice import Level, NoticeKind
from supervisor.core.rescue import Rescue
from supervisor.settings import Settings

Word = TypeVar("Word", bound=StrEnum)


def of_awake(settings: Settings) -> awake.Rules:
    """When the machine is kept awake."""
    return awake.Rules(
        battery_limit=settings.awake.battery_limit_percent,
        wind_down=settings.awake.wind_down_seconds,
        home=str(Path.home()),
    )


def of_reconnect(settings: Settings) -> Rescue:
    """What is brought back by itself."""
    told = settings.reconnect
    others = word(Policy, told.others, "reconnect.others")
    policies: dict[str, Policy] = {
        Kind.HOSTED: word(Policy, told.hosted, "reconnect.hosted"),
        Kind.ADOPTED: others,
        Kind.SEEN: others,
    }
    return Rescue(
        Links(policies, dict(map(_folder, told.folders))),
        _patience(float(told.silent_after_seconds)),
        word(Policy, told.at_login, "reconnect.at_login"),
    )


def of_notices(settings: Settings) -> board.Rules:
    """What the user is told of, and how much."""
    told = settings.notices
    return board.Rules(
        desktop=told.desktop,
        level=word(Level, told.level, "notices.level"),
        kinds=frozenset(word(NoticeKind, kind, "notices.kinds") for kind in told.kinds),
        least_turn=float(told.min_turn_seconds),
        quiet=quiet(told.quiet_hours),
    )


def elsewhere(settings: Settings) -> Level:
    """How much services of others are told."""
    return word(Level, settings.notices.urls_level, "notices.urls_level")


def _patience(wished: float) -> Callable[[str], float]:
    """Commands that are no agents of ours are silent as long as they like."""

    def patience(agent: str) -> float:
        if agent not in AGENTS or agent == plain.name:
            return math.inf
        return wished or AGENTS[agent].steering.patience

    return patience


def _folder(rule: str) -> tuple[str, Policy]:
    """``~/work=off`` as an absolute path and a policy."""
    folder, sign, policy = rule.rpartition("=")
    try:
        place = Path(folder.strip()).expanduser()
    except (RuntimeError, ValueError):  # nobody has that name
        place = Path()
    if not sign or not place.is_absolute():
        raise WrongUse(f"reconnect.folders: {rule!r:.80} is no rule.", 'Write "~/work=off".')
    return str(place), word(Policy, policy.strip(), "reconnect.folders")


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
