"""Paired phones in a terminal: the list, and taking their access away."""

import pytest

from supervisor.commands import parser
from supervisor.core.errors import Failed
from supervisor.core.model import Device, Scope
from tests.fakes.house import House


def phone(house: House, device_id: str, label: str) -> None:
    """A phone is paired."""
    house.backend.known_devices[device_id] = Device(
        id=device_id, label=label, scope=Scope.VIEW, public_key=b"k", paired_at=1.0
    )


def test_the_list_says_who_may_do_what(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Or how to connect the first one."""
    parser.run(["devices"])
    before = capsys.readouterr().out
    phone(house, "0123456789", "My phone")
    parser.run(["devices"])
    after = capsys.readouterr().out

    assert "wakeline phone" in before
    assert after.split() == ["01234567", "My", "phone", "view", "not", "seen", "yet"]


@pytest.mark.parametrize(("wanted", "left"), [("0123", ["b"]), ("My phone", ["b"]), ("--all", [])])
def test_access_is_taken_by_id_by_name_or_from_all(
    house: House, capsys: pytest.CaptureFixture[str], wanted: str, left: list[str]
) -> None:
    """It is gone when the command returns."""
    phone(house, "0123", "My phone")
    phone(house, "b", "Tablet")

    assert parser.run(["devices", "revoke", wanted]) == 0

    assert sorted(house.backend.known_devices) == left
    assert "Removed: My phone" in capsys.readouterr().out


def test_a_name_of_two_phones_removes_neither(house: House) -> None:
    """Say which one."""
    phone(house, "a1", "My phone")
    phone(house, "a2", "Tablet")

    with pytest.raises(Failed, match="2 devices"):
        parser.run(["devices", "revoke", "a"])

    assert len(house.backend.known_devices) == 2
