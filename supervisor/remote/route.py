"""What a route is: a method and a path, what it takes to be let in, and what it does."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from supervisor.core.model import Scope
from supervisor.remote.access import Rates, Tokens
from supervisor.remote.auth import Challenges
from supervisor.remote.backend import Backend
from supervisor.remote.carry import Carriers
from supervisor.remote.exchange import Answer, Ask, Carry, Follow
from supervisor.remote.phone import Phone
from supervisor.remote.stream import Streams

#: What may stand for an id in a path.
ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the routes may use."""

    backend: Backend
    tokens: Tokens
    challenges: Challenges
    rates: Rates
    phone: Phone
    streams: Streams
    carriers: Carriers
    #: Seconds since 1970.
    clock: Callable[[], float]


Serve = Callable[[Rooms, Ask], Awaitable[Answer | Follow | Carry]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    #: What the caller must be allowed; ``None``: nothing, the route proves the caller itself.
    scope: Scope | None
    serve: Serve
    #: Only on the local socket, only on the LAN.
    local: bool = True
    lan: bool = True
    #: Only while a pairing dialog is open; otherwise it does not exist.
    while_pairing: bool = False
    #: Refused to a process that an agent started.
    not_for_agents: bool = False
    #: Leaves nothing behind that must be kept: it is done, and not repeated, also when nothing can be noted.
    unkept: bool = False
    #: Comes many times a second, as keys do.
    typing: bool = False
    query: frozenset[str] = frozenset()
    longest_body: int = 0
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Make the pattern of the path."""
        pattern = re.sub(r"\\{(\w+)\\}", rf"(?P<\1>{ID})", re.escape(self.path))
        object.__setattr__(self, "pattern", re.compile(pattern))

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return (self.serve.__doc__ or "").partition("\n")[0]
