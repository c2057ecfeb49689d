"""One question and one answer, as the routes see them: no sockets, no HTTP library."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from supervisor.core.model import Scope
from supervisor.remote import wire

JSON = "application/json"
PROBLEM = "application/problem+json"
EVENTS = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One of our doors: what it may be called, and what is to be had there."""

    #: The local socket: the caller is this user, proved by the system or by a token in a file.
    local: bool
    #: Exact values of the Host header, with port where there is one.
    hosts: frozenset[str]
    #: SHA-256 of the token that a caller must show where the system cannot tell who calls.
    token_sha256: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, once that is proved. The local user has no device."""

    device_id: str | None
    scope: Scope
    address: str
    #: The process at the other end of the local socket, where the system tells.
    pid: int | None = None

    @property
    def name(self) -> str:
        """Under which repeats are recognised and lines are audited."""
        return self.device_id or "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request without its body, exactly as it came."""

    method: str
    target: str
    #: Names in lower case; a repeated header is repeated here.
    headers: tuple[tuple[str, str], ...]
    address: str
    pid: int | None = None

    def all(self, name: str) -> list[str]:
        """Every value of this header."""
        return [value for known, value in self.headers if known == name]

    def one(self, name: str) -> str | None:
        """The value of this header, ``None`` when it is missing or not alone."""
        values = self.all(name)
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An admitted request, as a route gets it."""

    caller: Caller | None
    address: str
    host: str
    #: What the route's pattern found in the path.
    found: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    #: The caller's word that a repeat is a repeat.
    key: str | None = None
    gzip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: a status, a body, and headers beside the policy that every answer carries."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether the connection ends with it.
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """The answer is the stream of events."""

    after: str | None
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """The answer comes bit by bit, each when the one before was taken; closed when the caller goes."""

    parts: AsyncIterator[bytes]
    content_type: str = EVENTS


class Refusal(Exception):
    """Not admitted. Everybody without a proof gets the same few words."""

    def __init__(self, status: int, *, detail: str = "", close: bool = True, retry_after: int = 0) -> None:
        """*close* ends the connection too: for whoever does not speak properly."""
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.close = close
        self.retry_after = retry_after

    @property
    def answer(self) -> Answer:
        """The refusal as it is sent."""
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        title = "Refused" if not self.detail else HTTPStatus(self.status).phrase
        return problem(self.status, title, self.detail, headers=headers, close=self.close)


def json(document: object, status: int = 200) -> Answer:
    """An answer that is one JSON document."""
    return Answer(status=status, body=wire.encode(document))


def problem(
    status: int,
    title: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    close: bool = False,
) -> Answer:
    """An error as RFC 9457 has it."""
    body = wire.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Answer(status=status, body=body, content_type=PROBLEM, headers=headers or {}, close=close)


NOTHING = Answer(status=204, content_type="")
