"""Many paired phones, and what each of them follows, over real TLS."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from supervisor.core.model import Device, Scope
from supervisor.store import devices
from supervisor.store.database import open_database
from tests.bench.sleepers import Sleeper
from tests.fakes.phone import Phone, trusting
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

#: No phone may have more streams, and no address more connections than sixteen.
STREAMS_EACH = 4
PHONES_AT_ONE_ADDRESS = 3
NOBODYS_WORDS = "https://127.0.0.1:{}/#1.AAAA.AAAA"


def paired(wakeline: Wakeline, count: int) -> list[Phone]:
    """So many phones that are known already; before the supervisor starts."""
    wakeline.folder.mkdir(parents=True, exist_ok=True)
    (wakeline.folder / "state").mkdir(mode=0o700, exist_ok=True)
    database = open_database(wakeline.folder / "state" / "wakeline.db")
    phones = []
    for number in range(count):
        phone = Phone(NOBODYS_WORDS.format(1))
        phone.device_id = f"{number:016x}"
        devices.add(
            database,
            Device(
                id=phone.device_id,
                label=f"Phone {number}",
                scope=Scope.VIEW,
                public_key=phone.public_key,
                paired_at=time.time(),
            ),
        )
        phones.append(phone)
    database.close()
    return phones


def let_in(wakeline: Wakeline, phones: Sequence[Phone]) -> int:
    """Serve them, and give each its token; the port."""
    wakeline.client.put("/api/phone", {"address": "127.0.0.1"})
    (origin,) = until(lambda: wakeline.client.get("/api/phone")["addresses"])
    port = int(origin.rpartition(":")[2])
    for phone in phones:
        phone.host, phone.origin = f"127.0.0.1:{port}", f"https://127.0.0.1:{port}"
        assert phone.log_in().status == 200
    return port


class Stream:
    """One connection that follows, from an address of its own below 127.0.0.0/8."""

    context: ssl.SSLContext | None = None

    def __init__(self, port: int, token: str = "", after: str = "", source: str = "127.0.0.1") -> None:
        Stream.context = Stream.context or trusting(None)
        raw = socket.create_connection(("127.0.0.1", port), 60, (source, 0))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = Stream.context.wrap_socket(raw)
        path = f"/api/events?after={after}" if after else "/api/events"
        self.line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )

    def hears(self, words: bytes) -> bytes:
        """Read until these come; what came after the last whole line before."""
        heard = b""
        while words not in heard:
            block = self.line.recv(1 << 16)
            assert block, heard[-300:]
            heard += block
        return heard

    def close(self) -> None:
        """Be gone without a word."""
        self.line.close()


@contextmanager
def crowd(port: int, phones: Sequence[Phone | None], each: int) -> Iterator[list[Stream]]:
    """So many streams of each phone; ``None`` is somebody whom nobody asks who it is."""
    streams = []
    try:
        for number, phone in enumerate(phones):
            source = f"127.0.0.{2 + number // PHONES_AT_ONE_ADDRESS}"
            for _ in range(each):
                stream = Stream(port, phone.token if phone else "", source=source)
                stream.hears(b"event: hello")
                streams.append(stream)
        yield streams
    finally:
        for stream in streams:
            stream.close()


def talk(sleeper: Sleeper, rate: float, seconds: float) -> None:
    """Append so many numbered lines a second, each with its time, in a process of its own."""
    began, number = time.monotonic(), 0
    while (now := time.monotonic()) < began + seconds:
        pause = began + number / rate - now
        if pause > 0:
            time.sleep(pause)
        sleeper.say(f"said-{number:06d}-{time.monotonic_ns():020d}-")
        number += 1


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def identity(wakeline: Wakeline) -> tuple[Path, Path]:
    """The certificate and the key that our own listener uses."""
    from supervisor.remote import tls

    made = tls.prepare(wakeline.folder / "state" / "tls", ["127.0.0.1"], time.time())
    return made.chain, made.key
