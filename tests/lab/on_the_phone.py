"""What a test does in the phone's network: ``python -m tests.lab.on_the_phone VERB …``, JSON lines out.

Verbs: ``scan ADDRESS…`` (open TCP ports), ``browse`` (announcements, until its input ends),
``pair URL`` (one line with the number, then what it may and may not do, until its input ends),
``name URL`` (the same by our name, found by multicast; each line of input makes it log in anew).
"""

import contextlib
import http.client
import json
import selectors
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

from tests.fakes.phone import Phone

_AT_ONCE = 500
_PATIENCE = 0.3


def main(verb: str, *arguments: str) -> None:
    """Do it."""
    verbs: dict[str, Callable[..., None]] = {"scan": scan, "browse": browse, "pair": pair, "name": name}
    verbs[verb](*arguments)


def tell(**said: Any) -> None:
    """One line for the test."""
    print(json.dumps(said), flush=True)


def scan(*addresses: str) -> None:
    """Every TCP port of every address: those where somebody answers."""
    found = {}
    for address in addresses:
        ports = range(1, 65536)
        found[address] = [
            port
            for start in range(0, len(ports), _AT_ONCE)
            for port in _open(address, ports[start:][:_AT_ONCE])
        ]
    tell(open=found)


def _open(address: str, ports: range) -> list[int]:
    """Those of *ports* that accept a connection; whoever says nothing is closed."""
    found = []
    with selectors.DefaultSelector() as waiting:
        for port in ports:
            line = socket.socket()
            line.setblocking(False)
            line.connect_ex((address, port))
            waiting.register(line, selectors.EVENT_WRITE, port)
        while waiting.get_map() and (ready := waiting.select(_PATIENCE)):
            for key, _ in ready:
                if _answers(key.fileobj):
                    found.append(key.data)
                waiting.unregister(key.fileobj)
                _close(key.fileobj)
        for key in list(waiting.get_map().values()):
            _close(key.fileobj)
    return found


def _answers(line: Any) -> bool:
    return bool(line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)


def _close(line: Any) -> None:
    line.close()


def browse() -> None:
    """Say who is announced and who says goodbye."""
    from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

    from supervisor.remote.announce import KIND

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        found = zeroconf.get_service_info(service_type, name) if state_change.name != "Removed" else None
        # After a move the old address is listed still, behind the new one.
        at = found.parsed_addresses() if found else []
        told = {"server": found.server, "port": found.port, "at": at, "first": at[0]} if found else {}
        tell(change=state_change.name, name=name, **told)

    zeroconf = Zeroconf()
    browser = ServiceBrowser(zeroconf, KIND, handlers=[heard])
    tell(ready=True)
    sys.stdin.read()
    browser.cancel()
    zeroconf.close()


def pair(url: str) -> None:
    """Pair as a phone does, then follow the stream until it ends; then try once more."""
    phone = Phone(url)
    assert phone.hello().status == 200
    assert phone.reveal().status == 200
    tell(number=phone.number)
    assert phone.result().json["state"] == "paired"
    assert phone.log_in().status == 200
    tell(
        scope=phone.scope,
        sessions=[one["title"] for one in phone.get("/api/sessions").json["sessions"]],
        machine=phone.get("/api/machine").status,
        awake=phone.ask("PUT", "/api/awake", {"mode": "on"}).status,
        revoke=phone.ask("DELETE", f"/api/devices/{phone.device_id}").status,
        off=phone.ask("DELETE", "/api/phone").status,
        shutdown=phone.ask("POST", "/api/shutdown").status,
    )
    _follow(phone)
    try:
        phone.get("/api/machine")
    except OSError as trouble:
        tell(after=type(trouble).__name__)


class _Named(Phone):
    """A phone that asks the network where a name is, each time."""

    def connect(self) -> http.client.HTTPSConnection:
        """To wherever it is now."""
        connection = super().connect()
        name, _, port = self.host.rpartition(":")
        connection._create_connection = lambda *_: reached(name, int(port))  # type: ignore[attr-defined]  # the only way in
        return connection


def reached(name: str, port: int) -> socket.socket:
    """A line to where somebody on the network says that this name is; asked until one is right."""
    from zeroconf import AddressResolverIPv4, Zeroconf  # type: ignore[attr-defined]  # not in its list

    while True:
        with Zeroconf() as network:
            asked = AddressResolverIPv4(f"{name}.")
            places = asked.parsed_addresses() if asked.request(network, 1000) else []
        for place in places:
            # Just after a move the old address may still be told.
            with contextlib.suppress(OSError):
                return socket.create_connection((place, port), 5)


def name(url: str) -> None:
    """Pair by the name, and come back by it as often as told."""
    phone = _Named(url)
    assert phone.hello().status == 200
    assert phone.reveal().status == 200
    tell(number=phone.number)
    assert phone.result().json["state"] == "paired"
    for _ in sys.stdin:
        tell(status=phone.log_in().status, sessions=phone.get("/api/sessions").status)


def _follow(phone: Phone) -> None:
    try:
        for event in phone.events():
            tell(event=event.topic)
    except (OSError, ValueError, ssl.SSLError) as trouble:
        tell(ended=type(trouble).__name__)
    else:
        tell(ended="end")


if __name__ == "__main__":
    main(*sys.argv[1:])
