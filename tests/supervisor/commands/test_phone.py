"""Connecting a phone from a terminal, with a real phone's side over real TLS."""

import sys
import threading
from collections.abc import Callable

import pytest

from supervisor.client import Client
from supervisor.commands import parser
from supervisor.core.errors import Failed, Refused
from supervisor.remote.words import words
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone
from tests.lab.waiting import until


class Owner:
    """Somebody at the keyboard, who answers with what *answer* says when asked."""

    def __init__(self, answer: Callable[[], str]) -> None:
        self._answer = answer

    def readline(self) -> str:
        """One line typed."""
        return self._answer() + "\n"


def scanning(house: House) -> tuple[list[Phone], threading.Thread]:
    """A phone that scans the code as soon as there is one."""
    phones: list[Phone] = []

    def scan() -> None:
        url = until(lambda: house.call(house.server.phone.link))
        assert url is not None
        phones.append(Phone(url, label="My phone"))
        phones[0].hello()
        phones[0].reveal()

    thread = threading.Thread(target=scan)
    thread.start()
    return phones, thread


def test_a_phone_is_connected_by_the_number_that_it_shows(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code, three numbers, one answer: then it is a device with the scope that was offered."""
    phones, scan = scanning(house)
    monkeypatch.setattr(sys, "stdin", Owner(lambda: str(phones[0].number)))

    code = parser.run(["phone", "--scope", "control", "--address", LOOPBACK])
    scan.join()
    said = capsys.readouterr().out

    assert code == 0
    assert "█" in said or "▀" in said
    assert "The phone may read and control" in said
    assert "My phone wants to connect." in said
    assert "Connected: My phone (control)." in said
    assert [device.label for device in house.backend.known_devices.values()] == ["My phone"]


def test_any_other_answer_connects_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter alone is a no."""
    _, scan = scanning(house)
    monkeypatch.setattr(sys, "stdin", Owner(lambda: ""))

    with pytest.raises(Refused, match="Rejected"):
        parser.run(["phone", "--address", LOOPBACK])
    scan.join()

    assert house.backend.known_devices == {}
    assert not house.server.phone.link()


def test_a_code_that_dies_is_said_to_be_dead(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another network, sleep, a second dialog: with the reason and what to do."""
    real = Client.get

    def get(client: Client, path: str) -> object:
        if "?after=" in path:
            house.call(lambda: house.server.phone.void("The network has changed."))
        return real(client, path)

    monkeypatch.setattr(Client, "get", get)

    with pytest.raises(Failed, match="The network has changed") as failed:
        parser.run(["phone", "--address", LOOPBACK])

    assert failed.value.hint == "Start again: wakeline phone"


def test_a_phone_that_comes_again_replaces_its_old_entry(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One letter behind the number."""
    old = house.pair(label="My phone")
    phones, scan = scanning(house)
    monkeypatch.setattr(sys, "stdin", Owner(lambda: f"{phones[0].number}r"))

    code = parser.run(["phone", "--address", LOOPBACK])
    scan.join()
    phones[0].result()
    said = capsys.readouterr().out

    assert code == 0
    assert "Is it My phone again, last seen" in said
    assert set(house.backend.known_devices) == {phones[0].device_id} != {old.device_id}


@pytest.mark.parametrize("answer", ["r", "{}rr", "{}r", "r{}"])
def test_a_slip_of_the_finger_replaces_and_connects_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """There is no old entry, or it is no answer at all."""
    phones, scan = scanning(house)
    monkeypatch.setattr(sys, "stdin", Owner(lambda: answer.format(phones[0].number)))

    with pytest.raises(Refused):
        parser.run(["phone", "--address", LOOPBACK])
    scan.join()

    assert house.backend.known_devices == {}


def test_it_is_shown_how_a_phone_comes_to_trust_this_machine(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page as a code, and what must be the same on both screens."""
    house.open_lan()

    code = parser.run(["phone", "--trust"])
    said = capsys.readouterr().out

    assert code == 0
    assert f"https://{house.host}/trust.html" in said
    assert words(house.server.lan.root_sha256) in said
    assert house.server.lan.root_sha256.hex(":").upper() in said
