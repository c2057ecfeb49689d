"""Those who are slow, those who are many, and those who never read."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from supervisor.remote.crowd import PER_ADDRESS
from tests.fakes.backend import entry
from tests.fakes.house import LOOPBACK, House
from tests.fakes.raw import Wire, request


def _closed_after(line: socket.socket, drip: bytes = b"") -> float:
    """Seconds until the other side closes, while *drip* is sent again and again."""
    started = time.monotonic()
    line.settimeout(0.3)
    while time.monotonic() - started < 20:
        try:
            if drip:
                line.sendall(drip)
            if not line.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - started


def test_slow_callers_are_cut_off_in_time(house: House) -> None:
    """TLS, headers and body each have their deadline, however steadily bytes drip in."""
    phone = house.pair("control")
    handshake = socket.create_connection((LOOPBACK, house.server.lan.port))
    silent, dripping, body = (Wire.lan(house) for _ in range(3))
    half = Wire.lan(house)
    half.say(b"GET / HT")
    local = Wire.local(house)
    order = ["Content-Length: 13", "Content-Type: application/json", "Idempotency-Key: k"]
    order += [f"Authorization: Bearer {phone.token}", f"Origin: https://{house.host}"]
    body.say(request(house, *order, method="PUT", target="/api/awake"))

    with ThreadPoolExecutor() as pool:
        waits = {
            "handshake": pool.submit(_closed_after, handshake, b"\x16"),
            "silent": pool.submit(_closed_after, silent.line),
            "half": pool.submit(_closed_after, half.line),
            "dripping": pool.submit(_closed_after, dripping.line, b"G"),
            "local": pool.submit(_closed_after, local.line),
            "body": pool.submit(_closed_after, body.line),
        }
        quick = [phone.get("/api/machine").status for _ in range(20)]
        took = {name: wait.result(30) for name, wait in waits.items()}
    for wire in (silent, dripping, body, half, local):
        wire.line.close()
    handshake.close()

    assert quick == [200] * 20
    assert {name: took[name] for name in took if name != "body" and took[name] > 7} == {}
    assert 8 < took["body"] < 13


def test_one_address_has_sixteen_connections(house: House) -> None:
    """The next one is turned away at once, and there is room again when one leaves."""
    house.open_lan()
    wires = [Wire.lan(house) for _ in range(PER_ADDRESS)]

    with socket.create_connection((LOOPBACK, house.server.lan.port), 10) as one_more:
        turned_away = Wire(one_more).rest()
    wires.pop().line.close()
    _wait(lambda: len(house.server.lan._crowd) < PER_ADDRESS, house)
    with Wire.lan(house) as again:
        again.say(request(house))
        served, _ = again.answer()
    for wire in wires:
        wire.line.close()

    assert turned_away == b""
    assert served == 401


def _wait(until: Callable[[], bool], house: House) -> None:
    """Until it is so on the server's side, 10 s at most."""
    deadline = time.monotonic() + 10
    while not house.call(until):
        assert time.monotonic() < deadline


def test_a_phone_that_does_not_read_costs_four_mebibytes_and_is_let_go(house: House) -> None:
    """The agent's output goes on, others keep up, and the sleeper continues later by a gap."""
    phone, awake = house.pair(), house.pair()
    stuck = Wire.lan(house)
    stuck.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.say(request(house, f"Authorization: Bearer {phone.token}", target="/api/events"))
    following = awake.events()
    next(following)
    _wait(lambda: len(house.server.streams._readers) == 2, house)

    most = 0
    for number in range(2000):
        most = max(most, house.call(lambda number=number: _write(house, number)))  # type: ignore[misc]
        next(following)
    left = house.call(lambda: len(house.server.streams._readers))

    assert left == 1
    assert most <= 4 * 2**20
    stuck.line.close()
    following.close()


def _write(house: House, number: int) -> int:
    """Publish 12 kB, and say how much waits for the slowest reader."""
    house.backend.write("s-1", entry(number, "x" * 12_000))
    readers = house.server.streams._readers.values()
    return max((reader.pipe.unsent() + reader._held_bytes for reader in readers), default=0)


def test_plain_http_on_the_tls_port_gets_nothing(house: House) -> None:
    """No redirect that could be stripped, no word."""
    house.open_lan()

    with socket.create_connection((LOOPBACK, house.server.lan.port), 10) as plain:
        plain.sendall(request(house))
        heard = Wire(plain).rest()

    assert b"HTTP" not in heard
