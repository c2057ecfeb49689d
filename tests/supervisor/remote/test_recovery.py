"""Bringing back over HTTP."""

from typing import Any

import pytest

from supervisor.client import Client
from supervisor.core.errors import NoSuchSession
from supervisor.core.link import Policy
from tests.fakes.backend import session
from tests.fakes.house import House
from tests.fakes.phone import Phone


@pytest.fixture
def phone(house: House) -> Phone:
    """A phone with control."""
    house.call(lambda: house.backend.put(session("s-1")))
    return house.pair("control")


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ({"action": "now"}, ("reconnect", "s-1", "now", None)),
        ({"action": "stop"}, ("reconnect", "s-1", "stop", None)),
        ({"policy": "auto"}, ("reconnect", "s-1", None, Policy.AUTO)),
    ],
)
def test_try_now_stop_and_rules_are_passed_on(
    house: House, phone: Phone, body: dict[str, Any], order: tuple[Any, ...]
) -> None:
    """What the person decides about one session."""
    assert phone.ask("POST", "/api/sessions/s-1/reconnect", body).status == 202
    assert house.backend.steer.orders == [order]


@pytest.mark.parametrize("body", [{}, {"action": "later"}, {"policy": "always"}, {"action": ["now"]}])
def test_what_makes_no_sense_is_refused(house: House, phone: Phone, body: dict[str, Any]) -> None:
    """Nothing is tried by mistake."""
    assert phone.ask("POST", "/api/sessions/s-1/reconnect", body).status == 400
    assert house.backend.steer.orders == []


@pytest.mark.parametrize("wanted", [None, ["a", "b"]])
def test_all_or_some_are_brought_back(house: House, phone: Phone, wanted: list[str] | None) -> None:
    """The answer says which are on their way."""
    reply = phone.ask("POST", "/api/recovery", {} if wanted is None else {"sessions": wanted})

    assert (reply.status, reply.json["resuming"]) == (202, wanted or [])
    assert house.backend.steer.orders == [("recover", wanted)]


@pytest.mark.parametrize("wanted", ["a", [1], {"a": 1}])
def test_odd_lists_are_refused(house: House, phone: Phone, wanted: Any) -> None:
    """Nothing is brought back by mistake."""
    assert phone.ask("POST", "/api/recovery", {"sessions": wanted}).status == 400
    assert house.backend.steer.orders == []


def test_a_session_that_there_is_not_is_not_found(house: House) -> None:
    """In the usual words."""
    with pytest.raises(NoSuchSession):
        Client(house.socket).post("/api/sessions/nobody/reconnect", {"action": "now"})
