"""Windows: a port and a token, tried on this system's own loopback."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused
from supervisor.remote import server
from tests.fakes.house import House


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, as it is on its own system."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        return importlib.import_module("supervisor.remote.local.windows")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: Any) -> Iterator[House]:
    """A server with the Windows door."""
    monkeypatch.setattr(server, "local", windows)
    with House(tmp_path) as house:
        yield house


def test_the_file_opens_the_door_and_goes_at_the_end(house: House) -> None:
    """Port and token are where the client looks."""
    machine = Client(house.socket).get("/api/machine")
    events = Client(house.socket).events()
    first = next(events)
    events.close()

    assert (machine["id"], first.topic) == ("m-1", "hello")
    house.run(house.server.close())
    assert not house.socket.exists()


@pytest.mark.parametrize("token", ["", " wrong", " x" * 2])
def test_without_the_token_nothing_is_told(house: House, token: str) -> None:
    """Anybody on the machine can connect; only this user can read the file."""
    address = house.socket.read_text().split()[0]
    house.socket.write_text(address + token)

    with pytest.raises(Refused):
        Client(house.socket).get("/api/machine")


def test_the_port_is_for_this_machine_only(house: House) -> None:
    """Loopback, and a token of 256 bits."""
    address, token = house.socket.read_text().split()

    assert address.startswith("127.0.0.1:")
    assert len(token) == 43
