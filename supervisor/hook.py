"""What agents run as their hook: hands their words to the supervisor, and prints its answer.

It runs alone, with the standard library and nothing of ours, because an agent waits for its start.
A person can answer in the terminal at the same time; so whatever goes wrong, this says nothing and
ends with 0.

    hook.py SOCKET AGENT < words

``POST /api/hooks/AGENT`` gets ``{"request", "pid", "agent_pid", "payload"}``: the same *request* in
every try, *payload* as the agent wrote it. 200 has the bytes to be printed, if any; a refusal (4xx)
is final. Anything else, and an answer that breaks off, means: ask again.
"""

import os
import select
import socket
import stat
import sys
import time

#: Bytes; who says more is not listened to.
_LONGEST_WORDS = 8 * 1024 * 1024
_LONGEST_ANSWER = 16 * 1024 * 1024
#: Seconds between two tries.
_PAUSE = 0.7
#: Seconds without a supervisor that answers, after which it is for the person at the terminal alone.
_PATIENCE = 600.0
#: Claude Code shows the dialog of a sub-agent only when its hooks have ended. Those are told by this.
_HIDING = b'"agent_id":'
_PATIENCE_WHILE_HIDING = 5.0
#: Seconds in which a supervisor takes what it is sent.
_SENDING = 10.0


class _Over(Exception):
    """Nobody wants an answer any more, or there will be none."""


def main(arguments: list[str]) -> int:
    """*arguments*: the local socket of the supervisor (or its file), the agent's name. Always 0."""
    try:
        _run(arguments[0], arguments[1], _words())
    except (Exception, KeyboardInterrupt):  # noqa: BLE001  whatever it is, the agent must not notice
        return 0
    return 0


def _run(place: str, agent: str, words: bytes) -> None:
    # Without a file the supervisor was stopped in order, and nobody waits for it.
    if not words or not os.path.exists(place):  # noqa: PTH110  loading pathlib takes as long as all the rest
        return
    document, parent, heard = _document(agent, words), os.getppid(), time.monotonic()
    patience = _PATIENCE_WHILE_HIDING if _HIDING in words else _PATIENCE
    while os.getppid() == parent and time.monotonic() - heard < patience:
        try:
            connection, host, token = _connected(place)
        except OSError:
            _wait(None, _PAUSE)
            continue
        with connection:
            told = _asked(connection, _head(agent, host, token, len(document)) + document)
        if told is not None:
            _print(told)
            return
        heard = time.monotonic()
        _wait(None, _PAUSE)


def _words() -> bytes:
    """What the agent says, up to its end."""
    words = bytearray()
    while chunk := os.read(0, 1 << 16):
        words += chunk
        if len(words) > _LONGEST_WORDS:
            raise _Over
    return bytes(words.strip())


def _document(agent: str, words: bytes) -> bytes:
    """Words go in as they are: whether they are JSON is seen by who reads them."""
    agent_pid = os.environ.get(f"{agent.upper()}_PID", "")
    known = agent_pid if agent_pid.isascii() and agent_pid.isdecimal() else "null"
    head = f'{{"request":"{os.urandom(16).hex()}","pid":{os.getpid()},"agent_pid":{known},"payload":'
    return head.encode() + words + b"}"


def _asked(connection: socket.socket, request: bytes) -> bytes | None:
    """What is to be printed; ``None``: ask again."""
    try:
        connection.sendall(request)
        return _answer(connection)
    except OSError:
        return None


def _connected(place: str) -> tuple[socket.socket, str, str]:
    """The connection, the name by which the supervisor is called, the token where that is needed."""
    seen = os.stat(place)  # noqa: PTH116
    if hasattr(os, "getuid") and seen.st_uid != os.getuid():
        raise _Over
    if stat.S_ISSOCK(seen.st_mode):
        connection = socket.socket(getattr(socket, "AF_UNIX"), socket.SOCK_STREAM)  # noqa: B009  # no Windows name
        connection.settimeout(_SENDING)
        connection.connect(place)
        return connection, "localhost", ""
    with open(place, encoding="ascii") as file:  # noqa: PTH123
        host, _, token = file.read(1024).strip().partition(" ")
    address, _, port = host.rpartition(":")
    return socket.create_connection((address, int(port)), _SENDING), host, token


def _head(agent: str, host: str, token: str, length: int) -> bytes:
    lines = [
        f"POST /api/hooks/{agent} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _answer(connection: socket.socket) -> bytes | None:
    """Wait for the answer, as long as it takes."""
    answer = b""
    while len(answer) < _LONGEST_ANSWER:
        _wait(connection, None)
        chunk = connection.recv(1 << 16)
        if not chunk:
            return None
        answer += chunk
        head, whole, rest = answer.partition(b"\r\n\r\n")
        if whole and (body := _body(head.lower().split(b"\r\n"), rest)) is not None:
            return _meant(int(head.split()[1]), body)
    raise _Over


def _body(head: list[bytes], rest: bytes) -> bytes | None:
    """What stands behind the head (RFC 9112, section 6); ``None``: it is not whole yet."""
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(b":") for line in head[1:])}
    if fields.get(b"transfer-encoding") != b"chunked":
        length = int(fields.get(b"content-length", b"0"))
        return rest[:length] if len(rest) >= length else None
    body = b""
    while (size := _size(rest)) is not None:
        start = rest.index(b"\n") + 1
        if len(rest) < start + size + 2:
            return None
        if not size:
            return body
        body, rest = body + rest[start : start + size], rest[start + size + 2 :]
    return None


def _size(rest: bytes) -> int | None:
    """The size of the chunk that begins here."""
    line, end, _ = rest.partition(b"\r\n")
    size = int(line.partition(b";")[0], 16) if end else None
    if size is not None and size < 0:
        raise ValueError("a size below nothing")
    return size


def _meant(status: int, body: bytes) -> bytes | None:
    if status == 200:
        return body
    if status == 204 or (400 <= status < 500 and status != 429):
        raise _Over
    return None


def _wait(connection: socket.socket | None, seconds: float | None) -> None:
    """Until the supervisor says something, or the time is over. Raises ``_Over`` when the agent goes."""
    if not hasattr(select, "poll"):  # Windows: a pipe cannot be waited for
        if connection is None:
            time.sleep(seconds or 0)  # noqa: TID251  there is nothing to wait for but time
        else:
            connection.settimeout(seconds)
        return
    waiting = getattr(select, "poll")()  # noqa: B009  # no Windows name
    waiting.register(1, 0)  # that nobody reads us any more is always told
    if connection is not None:
        waiting.register(connection, getattr(select, "POLLIN"))  # noqa: B009
    told = waiting.poll(None if seconds is None else seconds * 1000)
    if any(place == 1 for place, _ in told):
        raise _Over


def _print(words: bytes) -> None:
    while words:
        words = words[os.write(1, words) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
