"""The supervisor's door for hooks, alone: it hears what agents ask, and answers when a test wants it to."""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.waiting import until


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    head: str
    body: bytes
    connection: socket.socket = field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        """What the hook says."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def words(self) -> dict[str, Any]:
        """What the agent says."""
        words: dict[str, Any] = self.document["payload"]
        return words

    def answer(self, *parts: bytes) -> None:
        """Let it print this: in chunks, as the supervisor does. Nothing: it is over."""
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
        self.reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)

    def reply(self, whole: bytes) -> None:
        """Send this and close."""
        with suppress(OSError):
            self.connection.sendall(whole)
        self.close()

    def close(self) -> None:
        """Break off."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    @property
    def gone(self) -> bool:
        """Whether the hook has left."""
        try:
            self.connection.setblocking(False)
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


class Route:
    """A listening socket at *place*; a context manager. It owns what was asked."""

    def __init__(self, place: Path, reply: Callable[[Asked], None] | None = None) -> None:
        """*reply* answers at once; without it tests do."""
        self.place = place
        self.asked: list[Asked] = []
        self._reply = reply
        self._listening: socket.socket | None = None

    def start(self) -> None:
        """Listen, also where one died before."""
        self.place.unlink(missing_ok=True)
        self._listening = socket.socket(getattr(socket, "AF_UNIX"), socket.SOCK_STREAM)  # noqa: B009
        self._listening.bind(str(self.place))
        self._listening.listen(16)
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def die(self) -> None:
        """As by kill -9: every connection breaks, the name stays."""
        if self._listening:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        for one in self.asked:
            one.close()

    def stop(self) -> None:
        """In order: the name goes too."""
        self.die()
        self.place.unlink(missing_ok=True)

    def wait(self, number: int = 1) -> Sequence[Asked]:
        """Wait for that many requests; the last so many."""
        until(lambda: len(self.asked) >= number, saying=f"{number} questions of hooks")
        return self.asked[-number:]

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += _more(connection)
        head, _, body = heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += _more(connection)
        asked = Asked(head.decode("ascii"), body, connection)
        self.asked.append(asked)
        if self._reply:
            self._reply(asked)

    def __enter__(self) -> Self:
        """Listening."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Nothing is left."""
        self.stop()


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(1 << 20)
    if not chunk:
        raise SystemExit  # the caller left in the middle: so does this thread
    return chunk
