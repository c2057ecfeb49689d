"""Asks the supervisor over its local socket. Blocking, and quick to import: every command waits for it."""

import json
import os
import socket as sockets
import stat
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias

from supervisor.core.errors import Failed, NoSuchSession, Refused, Unreachable, WakelineError, WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Longer than the longest poll, and than three heartbeats of the stream.
_ANSWER_SECONDS = 60.0
#: How long a supervisor that vanished before it answered may take to come back.
_RETURN_SECONDS = 15.0
_PAUSE_SECONDS = 0.1

_ERRORS: dict[int, type[WakelineError]] = {
    400: WrongUse,
    401: Refused,
    403: Refused,
    404: NoSuchSession,
    409: Refused,
    413: WrongUse,
    415: WrongUse,
    429: Refused,
    503: Unreachable,
}

_SILENT = ("The supervisor does not answer.", "Start it: wakeline up.")

_Head: TypeAlias = tuple[int, dict[str, str]]


class Event(NamedTuple):
    """One event of the stream. *id* continues a later stream behind it."""

    id: str
    topic: str
    data: Any


class Vanished(Unreachable):
    """It was reached, and no answer came: what was ordered may be done, or not."""


class Client:
    """Asks one supervisor; every request has a connection of its own, so any thread may use it.

    All methods raise ``WakelineError``: what the supervisor refused, or ``Unreachable``. An order
    whose answer does not come is repeated under its key, and so done once, while somebody may
    start the supervisor again.
    """

    def __init__(self, socket: "Path") -> None:
        """*socket*: the local socket, or the file with port and token where there are no sockets."""
        self._socket = socket

    def get(self, path: str) -> Any:
        """Read a document."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: object = None) -> Any:
        """Order something; the answer's document, or ``None`` when there is nothing to say."""
        return self._order("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """Change something."""
        return self._order("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        """Change a part of something."""
        return self._order("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Remove something; the answer's document, or ``None`` when there is nothing to say."""
        return self._order("DELETE", path, None)

    def events(self, after: str | None = None, session: str | None = None) -> Generator[Event, None, None]:
        """Follow the stream, from *after* on if given, until the supervisor ends it.

        *session*: only this one, and what concerns the whole machine. Raises ``Unreachable`` when
        the supervisor vanishes without a word.
        """
        wishes = [f"{name}={value}" for name, value in (("after", after), ("session", session)) if value]
        path = "?".join(["/api/events", *(["&".join(wishes)] if wishes else [])])
        with self._send("GET", path, None) as answer:
            status, headers = _head(answer)
            if status != 200:
                raise _error(status, _body(answer, headers))
            yield from _events(answer)

    def _order(self, method: str, path: str, body: object) -> Any:
        key, vanished_at = os.urandom(16).hex(), 0.0
        while True:
            try:
                return self._ask(method, path, body, key)
            except Unreachable as trouble:
                if isinstance(trouble, Vanished):
                    vanished_at = vanished_at or time.monotonic()
                if not vanished_at or time.monotonic() - vanished_at > _RETURN_SECONDS:
                    raise
            time.sleep(_PAUSE_SECONDS)  # noqa: TID251  a socket that is not there cannot be waited for

    def _ask(self, method: str, path: str, body: object, key: str = "") -> Any:
        with self._send(method, path, body, key) as answer:
            status, headers = _head(answer)
            told = _body(answer, headers)
        if status >= 400:
            raise _error(status, told)
        return _document(told)

    def _send(self, method: str, path: str, body: object, key: str = "") -> BinaryIO:
        if not path.isascii() or any(character <= " " for character in path):
            raise WrongUse(f"{path!r:.80} is no path of the supervisor.")
        connection, host, token = self._connect()
        told = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if key:
            lines.append(f"Idempotency-Key: {key}")
        if told:
            lines += ["Content-Type: application/json", f"Content-Length: {len(told)}"]
        try:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii") + told)
            return connection.makefile("rb")
        except OSError as trouble:
            raise _vanished() from trouble
        finally:
            # The file keeps the connection open until it is closed itself.
            connection.close()

    def _connect(self) -> tuple[sockets.socket, str, str]:
        try:
            seen = self._socket.stat()
            if hasattr(os, "getuid") and seen.st_uid != os.getuid():
                raise Refused(f"{self._socket} belongs to another user.", "Remove it, or set WAKELINE_HOME.")
            if stat.S_ISSOCK(seen.st_mode):
                return _unix(str(self._socket)), "localhost", ""
            host, _, token = self._socket.read_text(encoding="ascii").strip().partition(" ")
            address, _, port = host.rpartition(":")
            return sockets.create_connection((address, int(port)), _ANSWER_SECONDS), host, token
        except (OSError, ValueError) as trouble:
            raise _unreachable() from trouble


def connect() -> Client:
    """The supervisor of this user."""
    from supervisor.folders import folders

    return Client(folders().socket)


def _unix(path: str) -> sockets.socket:
    connection = sockets.socket(getattr(sockets, "AF_UNIX"), sockets.SOCK_STREAM)  # noqa: B009  # no Windows name
    try:
        connection.settimeout(_ANSWER_SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _head(answer: BinaryIO) -> _Head:
    """Status and headers, names in lower case."""
    first = _line(answer).split(" ", 2)
    status = _number(first[1] if len(first) > 1 else "")
    headers = {}
    while line := _line(answer):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers


def _body(answer: BinaryIO, headers: dict[str, str]) -> bytes:
    length = _number(headers.get("content-length") or "0")
    told = _read(answer, length)
    if len(told) < length:
        raise _vanished()
    return told


def _events(answer: BinaryIO) -> Iterator[Event]:
    rest = b""
    for chunk in _chunks(answer):
        *whole, rest = (rest + chunk).split(b"\n\n")
        for block in whole:
            lines = (line.partition(b": ") for line in block.split(b"\n"))
            fields = {name: told for name, _, told in lines}
            if b"data" in fields:
                yield _event(fields)


def _event(fields: dict[bytes, bytes]) -> Event:
    name, topic = (fields.get(field, b"").decode("ascii", "replace") for field in (b"id", b"event"))
    try:
        return Event(name, topic, json.loads(fields[b"data"]))
    except (ValueError, RecursionError) as trouble:
        # A stream that is not ours any more: whoever follows it begins anew.
        raise _vanished() from trouble


def _chunks(answer: BinaryIO) -> Iterator[bytes]:
    """The chunks of a chunked body (RFC 9112, section 7.1)."""
    while size := _number(_line(answer) or "0", 16):
        yield _read(answer, size)
        _line(answer)


def _number(told: str, base: int = 10) -> int:
    """What HTTP tells in digits. Raises ``Vanished`` for anything else, as somebody else would say it."""
    if not (told.isascii() and told.isalnum() and len(told) <= 8):
        raise _vanished()
    try:
        return int(told, base)
    except ValueError as trouble:
        raise _vanished() from trouble


def _line(answer: BinaryIO) -> str:
    line = _checked(answer.readline)
    if not line.endswith(b"\n"):
        raise _vanished()
    return line.rstrip(b"\r\n").decode("latin-1")


def _read(answer: BinaryIO, size: int) -> bytes:
    return _checked(lambda: answer.read(size))


def _checked(read: "Callable[[], bytes]") -> bytes:
    try:
        return read()
    except OSError as trouble:
        raise _vanished() from trouble


def _document(told: bytes) -> Any:
    try:
        return json.loads(told) if told else None
    except (ValueError, RecursionError) as trouble:
        raise Failed("The supervisor's answer cannot be read.") from trouble


def _error(status: int, told: bytes) -> WakelineError:
    said = _document(told)
    problem = said if isinstance(said, dict) else {}
    kind = _ERRORS.get(status, Failed)
    return kind(str(problem.get("title", "It did not work.")), str(problem.get("detail", "")))


def _unreachable() -> Unreachable:
    return Unreachable(*_SILENT)


def _vanished() -> Vanished:
    return Vanished(*_SILENT)
