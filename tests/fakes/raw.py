"""Bytes on a wire, exactly as an attacker would put them there."""

import socket
import sys
from dataclasses import dataclass
from typing import Self

import pytest

from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import trusting


@dataclass
class Wire:
    """One connection to the LAN listener, with TLS around it, or to the local socket."""

    line: socket.socket

    @classmethod
    def lan(cls, house: House, seconds: float = 60) -> Self:
        """TLS, as anybody on the network gets it."""
        plain = socket.create_connection((LOOPBACK, house.server.lan.port), seconds)
        try:
            return cls(trusting(None).wrap_socket(plain))
        except OSError:
            plain.close()
            raise

    @classmethod
    def local(cls, house: House, seconds: float = 60) -> Self:
        """The local socket."""
        if sys.platform == "win32":
            pytest.skip("Windows has no such sockets")
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(seconds)
        line.connect(str(house.socket))
        return cls(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()

    def say(self, data: bytes) -> None:
        """Send it; a connection that was cut does not mind."""
        try:
            self.line.sendall(data)
        except OSError:
            return

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        heard = b""
        try:
            while more := self.line.recv(65536):
                heard += more
        except ConnectionError:
            pass
        return heard

    def answer(self) -> tuple[int, bytes]:
        """Status and body of one answer with a length."""
        with self.line.makefile("rb") as answer:
            first = answer.readline().split()
            length = 0
            while (line := answer.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            return (int(first[1]) if len(first) > 1 else 0), answer.read(length)


def request(
    house: House, *headers: str, method: str = "GET", target: str = "/api/machine", host: str = ""
) -> bytes:
    """A request with our own Host unless *host* is another; ``-`` leaves it out."""
    named = [] if host == "-" else [f"Host: {host or house.host}"]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *named, *headers, "", ""]).encode("latin-1")
