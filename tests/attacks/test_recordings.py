"""Somebody keeps every byte that goes over the network, and tries to live on it."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.backend import entry, session
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone, encoded
from tests.fakes.raw import Wire

WORDS = "a-word-of-the-agent-that-nobody-hears"


@dataclass
class Tap:
    """A cable with an ear: what went to the computer, one entry for each connection, and what came back."""

    port: int = 0
    there: list[bytes] = field(default_factory=list)
    back: list[bytes] = field(default_factory=list)

    def carry(self, come_in: socket.socket, port: int) -> None:
        """One connection, both ways."""
        with come_in, socket.create_connection((LOOPBACK, port), 10) as gone_out:
            ways = [(come_in, gone_out, self.there), (gone_out, come_in, self.back)]
            running = [threading.Thread(target=_carry, args=way) for way in ways]
            for way in running:
                way.start()
            for way in running:
                way.join()


def _carry(source: socket.socket, sink: socket.socket, kept: list[bytes]) -> None:
    heard = b""
    try:
        while more := source.recv(65536):
            heard += more
            sink.sendall(more)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    kept.append(heard)


@contextmanager
def tapped(house: House) -> Iterator[Tap]:
    """A way to the listener that is recorded."""
    tap, carried = Tap(), []
    with socket.create_server((LOOPBACK, 0)) as listening:
        tap.port = listening.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    come_in, _ = listening.accept()
                except OSError:
                    return
                carrying = threading.Thread(target=tap.carry, args=(come_in, house.server.lan.port))
                carrying.start()
                carried.append(carrying)

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield tap
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
        for carrying in carried:
            carrying.join()


class _Tapped(Phone):
    """A phone whose network is listened to; it knows the computer by the name in the code."""

    tap_port: int

    def connect(self) -> http.client.HTTPSConnection:
        """By way of the tap, to the same name."""
        connection = super().connect()
        reach = socket.create_connection
        connection._create_connection = lambda _, *rest: reach((LOOPBACK, self.tap_port), *rest)  # type: ignore[attr-defined]  # the only way in
        return connection


def test_a_recording_of_everything_says_nothing_and_opens_nothing(house: House) -> None:
    """Pairing, token, words, names and paths: none is in it, and played again it does nothing."""
    house.call(lambda: house.backend.put(session("s-1")))
    house.call(lambda: house.backend.write("s-1", entry(1, WORDS)))
    phone = _Tapped(house.dialog("control")["url"], label="Label-on-the-wire")

    with tapped(house) as tap:
        phone.tap_port = tap.port
        phone.hello()
        phone.reveal()
        house.run(house.server.phone.choose(phone.number))
        phone.result()
        phone.log_in()
        told = [phone.get("/api/sessions/s-1/entries").body, phone.get("/api/sessions").body]
        changed = phone.ask("PUT", "/api/awake", {"mode": "on"}).status
    recorded = b"".join(tap.there + tap.back)
    once = house.backend.awake_changes
    devices, lines = dict(house.backend.known_devices), len(house.backend.audited)
    for said in tap.there:
        with socket.create_connection((LOOPBACK, house.server.lan.port), 10) as again:
            wire = Wire(again)
            wire.say(said)
            again.shutdown(socket.SHUT_WR)
            wire.rest()

    assert changed == 200
    assert WORDS.encode() in told[0]
    assert len(tap.there) == 8
    seeded = [WORDS, "Label-on-the-wire", "/home/me/project", "/api/", "Title of", "Bearer", phone.token]
    seeded += [encoded(phone.secret), phone.device_id, "wakeline-pair", "HTTP/1.1"]
    assert not [word for word in seeded if word.encode() in recorded]
    assert (once, house.backend.awake_changes) == (1, 1)
    assert (dict(house.backend.known_devices), len(house.backend.audited)) == (devices, lines)
