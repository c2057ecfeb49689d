"""What the network around a desktop gets to see, in a network of its own with a bridge and a VPN."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces are a thing of Linux", allow_module_level=True)
assert sys.platform == "linux"

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fakes.phone import decoded
from tests.lab.homes import Launch
from tests.lab.lan import BRIDGE, DESK, PHONE, VPN, Lan
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

InTerminal = Callable[[Launch], Terminal]

PORT = 47820
#: The address that the desktop gets next.
NEXT = "192.168.77.11"
ROUTE = f"route add default via {PHONE} metric 600"


@pytest.fixture
def lan() -> Iterator[Lan]:
    """A desktop, a phone, a cable."""
    with Lan() as network:
        yield network


@pytest.fixture
def wakeline(tmp_path: Path, lan: Lan) -> Iterator[Wakeline]:
    """A supervisor on the desktop."""
    (tmp_path / "home").mkdir()
    with Wakeline(tmp_path / "wakeline", tmp_path / "home", lan.within("desk")) as running:
        yield running


def code(wakeline: Wakeline, in_terminal: InTerminal, *arguments: str) -> tuple[Terminal, str]:
    """``wakeline phone`` in a terminal, and the link that it shows."""
    terminal = in_terminal(wakeline.command("phone", *arguments))
    terminal.wait_for("Go on if the address is")
    return terminal, wakeline.client.get("/api/pair/dialog")["url"]


def pair(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """Connect the phone, as its owner does."""
    terminal, link = code(wakeline, in_terminal)
    with lan.on_the_phone("pair", link) as phone:
        terminal.wait_for("Which number does it show?")
        terminal.press(f"{phone.told(number=...)['number']}\r")
        phone.told(scope=...)


def served(lan: Lan) -> set[str]:
    """Where phones can connect."""
    return {one.removeprefix("tcp ") for one in lan.listening() if one.startswith("tcp")}


def test_nothing_listens_before_anybody_asks(lan: Lan, wakeline: Wakeline) -> None:
    """No socket at all, TCP or UDP, and no port of any address answers the neighbours."""
    assert wakeline.answers()

    sockets = lan.listening()
    with lan.on_the_phone("scan", DESK, BRIDGE, VPN) as scan:
        found = scan.told(open=...)["open"]

    assert sockets == set()
    assert found == {DESK: [], BRIDGE: [], VPN: []}


def test_a_phone_of_the_network_is_let_in_looks_and_is_turned_away(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """At the network's address, not the bridge's or VPN's; announced while on; may only look; off is off."""
    with lan.on_the_phone("browse") as browser:
        browser.told(ready=True)
        terminal, link = code(wakeline, in_terminal)
        assert link.startswith(f"https://{DESK}:{PORT}/#")
        offered = wakeline.client.get("/api/pair/dialog")["addresses"]
        assert {one["address"] for one in offered if one["note"] and one["interface"]} == {BRIDGE, VPN}
        announced = browser.told(change="Added")

        with lan.on_the_phone("pair", link) as phone:
            number = phone.told(number=...)["number"]
            terminal.wait_for("Which number does it show?")
            terminal.press(f"{number}\r")
            may = phone.told(scope=...)
            phone.told(event="hello")
            tcp = {one for one in lan.listening() if one.startswith("tcp")}
            with lan.on_the_phone("scan", DESK, BRIDGE, VPN) as scan:
                found = scan.told(open=...)["open"]
            wakeline.run("phone", "--off")
            phone.told(ended=...)
            after = phone.told(after=...)["after"]
        browser.told(change="Removed", name=announced["name"])

    assert announced["at"] == [DESK]
    assert announced["port"] == PORT
    assert announced["server"].startswith("wakeline-")
    assert (may["scope"], may["machine"], may["sessions"]) == ("view", 200, [])
    assert (may["awake"], may["revoke"], may["off"], may["shutdown"]) == (403, 403, 404, 404)
    assert tcp == {f"tcp {DESK}:{PORT}"}
    assert found == {DESK: [PORT], BRIDGE: [], VPN: []}
    assert after == "ConnectionRefusedError"
    assert lan.listening() == set()


def test_a_cancelled_code_leaves_nothing_open(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """Ctrl-C at the code: the listener that was opened for it closes, and the announcement goes."""
    terminal, _ = code(wakeline, in_terminal)
    until(lambda: any(one.startswith("udp") for one in lan.listening()))

    terminal.press("\x03")

    assert terminal.wait() == 130
    until(lambda: lan.listening() == set())


def test_the_vpn_is_used_when_it_is_asked_for(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """Chosen by its owner, and then only that."""
    _, link = code(wakeline, in_terminal, "--address", VPN)

    assert link.startswith(f"https://{VPN}:{PORT}/#")
    assert {one for one in lan.listening() if one.startswith("tcp")} == {f"tcp {VPN}:{PORT}"}


def test_a_killed_supervisor_comes_back_for_its_phone_and_for_nobody_else(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """After kill -9 it listens where the phone knows it; once the phone is revoked, nowhere."""
    pair(lan, wakeline, in_terminal)

    wakeline.kill()
    assert not [one for one in lan.listening() if one.startswith("tcp")]
    wakeline.start()
    until(lambda: f"tcp {DESK}:{PORT}" in lan.listening())
    wakeline.run("devices", "revoke", "--all")
    wakeline.kill()
    wakeline.start()

    assert lan.listening() == set()


def test_a_new_address_is_served_and_announced(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """As a DHCP server gives it, in the network that was allowed."""
    with lan.on_the_phone("browse") as browser:
        browser.told(ready=True)
        pair(lan, wakeline, in_terminal)
        assert browser.told(change="Added")["at"] == [DESK]

        lan.change("desk", f"addr del {DESK}/24 dev eth0", f"addr add {NEXT}/24 dev eth0", ROUTE)

        until(lambda: served(lan) == {f"{NEXT}:{PORT}"})
        assert browser.told(first=NEXT)["port"] == PORT
    assert f"Phones are served at {NEXT}:{PORT}" in wakeline.run("status").stdout


def test_a_cable_that_is_pulled_and_put_back(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """Closed while there is no network, open again when it is the same one."""
    pair(lan, wakeline, in_terminal)

    lan.change("desk", "link set eth0 down")
    until(lambda: served(lan) == set())
    lan.change("desk", "link set eth0 up", ROUTE)

    until(lambda: served(lan) == {f"{DESK}:{PORT}"})


def test_an_unknown_network_is_not_served_until_it_is_allowed(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """The very same addresses behind another router: somebody else's network."""
    pair(lan, wakeline, in_terminal)

    lan.change("desk", "link set eth0 down")
    lan.change("phone", "link set eth0 address 02:00:00:00:00:99")
    until(lambda: served(lan) == set())
    lan.change("desk", "link set eth0 up", ROUTE)
    until(lambda: "not served in this network" in wakeline.run("status").stdout)
    closed = served(lan)
    wakeline.run("phone", "--on")

    assert closed == set()
    assert served(lan) == {f"{DESK}:{PORT}"}
    assert "not served" not in wakeline.run("status").stdout


def test_a_second_network_is_not_served_until_it_is_chosen(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """Joined while a phone is served in the first one: nothing listens there, and its name is refused."""
    pair(lan, wakeline, in_terminal)

    lan.change("desk", "addr add 10.77.0.10/24 dev eth0")
    lan.change("phone", "addr add 10.77.0.20/24 dev eth0")
    until(lambda: "10.77.0.10" in {one["address"] for one in offered(wakeline)})
    before = served(lan)
    with lan.on_the_phone("scan", "10.77.0.10") as scan:
        open_there = scan.told(open=...)["open"]
    wakeline.run("phone", "--on", "--address", "10.77.0.10")

    assert before == {f"{DESK}:{PORT}"}
    assert open_there == {"10.77.0.10": []}
    assert served(lan) == {f"{DESK}:{PORT}", f"10.77.0.10:{PORT}"}


def offered(wakeline: Wakeline) -> list[dict[str, str]]:
    """The addresses that the owner may choose from."""
    found: list[dict[str, str]] = wakeline.client.post("/api/pair/dialog", {})["addresses"]
    wakeline.client.delete("/api/pair/dialog")
    return found


def test_a_network_of_ipv6_alone_will_do(lan: Lan, wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """The code names the address in brackets, and a phone comes by it."""
    lan.change("desk", f"addr del {DESK}/24 dev eth0", "link set tun0 down", "link set docker0 down")
    lan.change("desk", "addr add fd77::10/64 dev eth0 nodad")
    lan.change("phone", "addr add fd77::20/64 dev eth0 nodad")

    terminal, link = code(wakeline, in_terminal)
    with lan.on_the_phone("pair", link) as phone:
        terminal.wait_for("Which number does it show?")
        terminal.press(f"{phone.told(number=...)['number']}\r")
        may = phone.told(scope=...)

    assert link.startswith(f"https://[fd77::10]:{PORT}/#")
    assert may["machine"] == 200
    assert served(lan) == {f"[fd77::10]:{PORT}"}


def test_a_phone_that_comes_again_replaces_its_old_entry(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """One letter behind the number; the device list does not fill up with one phone."""
    pair(lan, wakeline, in_terminal)
    before = [one["id"] for one in wakeline.json("devices")["devices"]]

    terminal, link = code(wakeline, in_terminal)
    with lan.on_the_phone("pair", link) as phone:
        terminal.wait_for("Is it Test phone again")
        terminal.press(f"{phone.told(number=...)['number']}r\r")
        phone.told(scope=...)
    after = wakeline.json("devices")["devices"]

    assert [one["label"] for one in after] == ["Test phone"]
    assert after[0]["id"] not in before


def test_by_its_name_a_phone_stays_paired_at_a_new_address(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """The name is its origin, and the network tells where that is: the key is still the key."""
    code(wakeline, in_terminal)[0].press("\x03")
    name = next(one["address"] for one in offered(wakeline) if one["address"].endswith(".local"))
    terminal, link = code(wakeline, in_terminal, "--address", name)
    with lan.on_the_phone("name", link) as phone:
        terminal.wait_for("Which number does it show?")
        terminal.press(f"{phone.told(number=...)['number']}\r")
        terminal.wait_for("Connected:")
        phone.say()
        first = phone.told(status=...)

        lan.change("desk", f"addr del {DESK}/24 dev eth0", f"addr add {NEXT}/24 dev eth0", ROUTE)
        until(lambda: served(lan) == {f"{NEXT}:{PORT}"})
        phone.say()
        again = phone.told(status=...)

    assert link.startswith(f"https://{name}:{PORT}/#")
    assert first == again == {"status": 200, "sessions": 200}


def test_a_firewall_that_keeps_phones_away_is_named(
    lan: Lan, wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """The code was shown, nobody came: the rules of this machine are looked at, and it is said."""
    lan.shut_firewall()
    terminal, link = code(wakeline, in_terminal)

    terminal.wait_for("No device has reached")
    reason = wakeline.client.get("/api/pair/dialog")["reason"]

    assert f"{DESK}:{PORT}" in reason
    assert "A firewall, nftables, keeps it shut" in reason
    assert link


def test_the_secret_of_a_code_is_on_no_disk_and_in_no_command(
    wakeline: Wakeline, in_terminal: InTerminal, tmp_path: Path
) -> None:
    """Only on the screen and in the phone: no log, no database, no list of processes has it."""
    terminal, link = code(wakeline, in_terminal)
    text = link.rpartition(".")[2]
    raw = decoded(text)

    commands = [content(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    terminal.press("\x03")
    terminal.wait()
    kept = [content(path) for path in tmp_path.rglob("*") if path.is_file()]

    forms = (text.encode(), raw, raw.hex().encode(), base64.b64encode(raw))
    assert len(kept) > 5
    assert not [one for one in kept for form in forms if form in one]
    assert not [one for one in commands if text.encode() in one]


def content(path: Path) -> bytes:
    """Nothing, where it is gone by now."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
