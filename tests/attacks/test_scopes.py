"""Who may do what: every route with every kind of caller, made from the table itself."""

import itertools
from dataclasses import replace

import pytest

from supervisor.client import Client
from supervisor.core.model import Device, Scope
from supervisor.core.steering import Focus, Prompt
from supervisor.remote.route import Route
from supervisor.remote.routes import ROUTES
from tests.fakes.backend import session
from tests.fakes.house import House
from tests.fakes.phone import Phone
from tests.fakes.raw import Wire, request

#: Questions that a fake notes as it notes orders.
_LOOKS = frozenset({"output", "screen", "history"})
CALLERS = ["none", "view", "control", "revoked", "forged"]
#: What the scopes promise. A new route fails here until somebody has thought about it.
PUBLISHED = {
    ("GET", "/api/machine"): Scope.VIEW,
    ("GET", "/api/sessions"): Scope.VIEW,
    ("GET", "/api/sessions/{id}"): Scope.VIEW,
    ("GET", "/api/sessions/{id}/entries"): Scope.VIEW,
    ("GET", "/api/sessions/{id}/resume-command"): Scope.VIEW,
    ("GET", "/api/events"): Scope.VIEW,
    ("PUT", "/api/awake"): Scope.CONTROL,
    ("GET", "/api/devices"): Scope.VIEW,
    ("DELETE", "/api/devices/{id}"): Scope.ADMIN,
    ("GET", "/api/openapi.json"): Scope.VIEW,
    ("POST", "/api/sessions/{id}/focus"): Scope.CONTROL,
    ("DELETE", "/api/sessions/{id}/focus"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/prompt"): Scope.CONTROL,
    ("GET", "/api/sessions/{id}/prompts/{prompt}"): Scope.VIEW,
    ("DELETE", "/api/sessions/{id}/prompts/{prompt}"): Scope.CONTROL,
    ("PATCH", "/api/sessions/{id}/prompts/{prompt}"): Scope.CONTROL,
    ("GET", "/api/prompts"): Scope.VIEW,
    ("GET", "/api/sessions/{id}/jobs"): Scope.VIEW,
    ("GET", "/api/sessions/{id}/jobs/{pid}/output"): Scope.VIEW,
    ("POST", "/api/sessions/{id}/keys"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/interrupt"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/pause"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/continue"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/stop"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/resume"): Scope.CONTROL,
    ("POST", "/api/sessions/{id}/takeover"): Scope.CONTROL,
    ("DELETE", "/api/sessions/{id}"): Scope.ADMIN,
    ("POST", "/api/sessions/{id}/reconnect"): Scope.CONTROL,
    ("GET", "/api/notices"): Scope.VIEW,
    ("GET", "/api/recovery"): Scope.VIEW,
    ("POST", "/api/recovery"): Scope.CONTROL,
    ("GET", "/api/trash"): Scope.VIEW,
    ("POST", "/api/trash/{id}/restore"): Scope.ADMIN,
    ("GET", "/api/approvals"): Scope.VIEW,
    ("POST", "/api/approvals/{id}"): Scope.CONTROL,
    ("GET", "/api/sessions/{id}/screen"): Scope.VIEW,
    ("POST", "/api/sessions/{id}/screen/fit"): Scope.CONTROL,
    ("GET", "/api/sessions/{id}/screen/history"): Scope.VIEW,
}
LOCAL_ONLY = {
    ("POST", "/api/shutdown"),
    ("POST", "/api/pair/dialog"),
    ("GET", "/api/pair/dialog"),
    ("GET", "/api/pair/dialog/qr"),
    ("POST", "/api/pair/dialog/choice"),
    ("DELETE", "/api/pair/dialog"),
    ("GET", "/api/phone"),
    ("PUT", "/api/phone"),
    ("DELETE", "/api/phone"),
    ("POST", "/api/hooks/{agent}"),
}
PROVES_ITSELF = {
    ("POST", "/api/pair/hello"),
    ("POST", "/api/pair/reveal"),
    ("POST", "/api/pair/result"),
    ("POST", "/api/auth/challenge"),
    ("POST", "/api/auth/token"),
}
_RANK = {
    "none": -1,
    "revoked": -1,
    "forged": -1,
    "view": 0,
    "control": 1,
    Scope.VIEW: 0,
    Scope.CONTROL: 1,
    Scope.ADMIN: 2,
}


def _name(route: Route) -> tuple[str, str]:
    return route.method, route.path


def _caller(house: House, kind: str) -> Phone:
    phone = house.pair("view" if kind == "view" else "control")
    if kind == "none":
        phone.token = ""
    if kind == "forged":
        phone.token = phone.token[:-1] + ("A" if phone.token[-1] != "A" else "B")
    if kind == "revoked":
        house.run(house.backend.remove_device(phone.device_id))
        house.call(lambda: house.server.forget(phone.device_id))
    return phone


def test_every_route_is_published() -> None:
    """The table of scopes above is the table that runs."""
    lan = {_name(route): route.scope for route in ROUTES if route.lan}

    assert {_name(route) for route in ROUTES if not route.lan} == LOCAL_ONLY
    assert {name for name, scope in lan.items() if scope is None} == PROVES_ITSELF
    assert {name: scope for name, scope in lan.items() if scope is not None} == PUBLISHED


@pytest.mark.parametrize(("kind", "route"), list(itertools.product(CALLERS, ROUTES)), ids=str)
def test_each_caller_gets_what_its_scope_allows_and_no_more(house: House, kind: str, route: Route) -> None:
    """The whole matrix over the network, with requests that are right in every other way."""
    house.call(lambda: house.backend.put(session("s-1")))
    phone = _caller(house, kind)
    house.run(house.server.phone.cancel())

    path = (
        route.path.replace("{id}", "s-1")
        .replace("{prompt}", "p1")
        .replace("{pid}", "1")
        .replace("{agent}", "claude")
    )
    status = _status(house, phone, route, path)

    if not route.lan or route.while_pairing:
        assert status == 404
    elif route.scope is None:
        assert status in (400, 401)
    elif _RANK[kind] < 0:
        assert status == 401
    else:
        assert (status == 403) == (_RANK[kind] < _RANK[route.scope])
    assert not house.backend.stopped
    if _RANK[kind] < _RANK[route.scope or Scope.VIEW]:
        assert house.backend.steer.orders == []


def _status(house: House, phone: Phone, route: Route, path: str) -> int:
    if route.path not in {"/api/events", "/api/sessions/{id}/screen"}:
        return phone.ask(route.method, path, {"mode": "on"} if route.longest_body else None).status
    # A stream that is given has no end to wait for.
    with Wire.lan(house) as wire:
        wire.say(request(house, f"Authorization: Bearer {phone.token}", target=path))
        return wire.answer()[0]


@pytest.mark.parametrize("place", ["query", "cookie", "body", "basic", "path"])
def test_a_token_anywhere_else_is_no_token(house: House, place: str) -> None:
    """Only the header counts: what is in an address or a cookie gets around."""
    phone = house.pair("control")
    token, phone.token = phone.token, ""
    asked = {
        "query": ("GET", f"/api/machine?token={token}", None, {}),
        "cookie": ("GET", "/api/machine", None, {"Cookie": f"token={token}; Authorization=Bearer {token}"}),
        "body": ("PUT", "/api/awake", {"mode": "on", "token": token}, {}),
        "basic": ("GET", "/api/machine", None, {"Authorization": f"Basic {token}"}),
        "path": ("GET", f"/api/machine/{token}", None, {}),
    }

    method, path, body, headers = asked[place]
    reply = phone.ask(method, path, body, headers)

    assert reply.status in (401, 404)
    assert house.backend.awake_changes == 0


def test_a_signature_works_once_for_one_device_one_origin_and_one_minute(house: House) -> None:
    """Replayed, borrowed, for another origin, malformed: one identical answer."""
    phone, other = house.pair(), house.pair()
    nonce = phone.challenge()
    good = {"device_id": phone.device_id, "nonce": nonce, "signature": phone.signature(nonce)}
    fresh = phone.challenge()
    wrong = [
        {**good, "device_id": other.device_id},
        {**good, "device_id": "unknown"},
        {**good, "nonce": fresh},
        {
            "device_id": phone.device_id,
            "nonce": fresh,
            "signature": phone.signature(fresh, "https://evil.example"),
        },
        {**good, "nonce": phone.challenge(), "signature": b"\0" * 64},
        {**good, "nonce": phone.challenge(), "signature": b"\xff" * 64},
        {**good, "nonce": b"\0" * 40},
    ]

    refused = [phone.post("/api/auth/token", **one) for one in wrong]
    first, again = phone.post("/api/auth/token", **good), phone.post("/api/auth/token", **good)

    assert first.status == 200
    assert {reply.status for reply in [*refused, again]} == {401}
    assert {reply.body for reply in refused} == {again.body}


def test_an_old_challenge_is_worth_nothing(house: House) -> None:
    """A minute after it was made."""
    phone = house.pair()
    nonce = phone.challenge()
    challenges = house.server._hall.door._rooms.challenges
    honest = challenges._elapsed
    challenges._elapsed = lambda: honest() + 61

    reply = phone.post(
        "/api/auth/token", device_id=phone.device_id, nonce=nonce, signature=phone.signature(nonce)
    )

    assert reply.status == 401


def test_one_device_cannot_use_up_what_others_have(house: House) -> None:
    """A phone that asks without end is slowed down; the one beside it is not, and the desk never."""
    greedy, other = house.pair(), house.pair()
    line = request(house, f"Authorization: Bearer {greedy.token}")

    statuses: list[int] = []
    with Wire.lan(house) as wire:
        while 429 not in statuses and len(statuses) < 1000:
            wire.say(line)
            statuses.append(wire.answer()[0])

    assert statuses[-1] == 429
    assert statuses[:300] == [200] * 300
    assert other.get("/api/machine").status == 200


def test_changes_have_a_smaller_allowance(house: House) -> None:
    """Sixty a minute."""
    phone = house.pair("control")

    statuses = [phone.ask("PUT", "/api/awake", {"mode": "on"}).status for _ in range(63)]

    assert statuses[:60] == [200] * 60
    assert statuses[-1] == 429


def test_strangers_do_not_use_up_what_a_phone_has(house: House) -> None:
    """Their allowance is their own, even from the same address."""
    phone = house.pair()

    with Wire.lan(house) as wire:
        statuses: list[int] = []
        while not statuses or statuses[-1] == 401:
            wire.say(request(house))
            statuses.append(wire.answer()[0])
        ended = wire.rest()

    assert statuses[-1] == 429
    assert ended == b""
    assert 200 < len(statuses) < 260
    assert phone.get("/api/machine").status == 200


def test_a_change_over_the_network_carries_a_key(house: House) -> None:
    """Without an Idempotency-Key, or with a strange one, nothing is changed."""
    phone = house.pair("control")
    keys = [None, "", "x" * 129, "a b", "ü"]

    statuses = [
        phone.ask("PUT", "/api/awake", {"mode": "on"}, {"Idempotency-Key": key}).status for key in keys
    ]

    assert statuses == [400] * 5
    assert house.backend.awake_changes == 0


def test_a_phone_that_is_revoked_while_it_logs_in_gets_nothing(house: House) -> None:
    """Whatever comes between its proof and its token: the token is worth nothing afterwards."""
    phone = house.pair()
    note = house.backend.seen_device

    async def meanwhile(device_id: str, address: str) -> None:
        await house.backend.remove_device(device_id)
        house.server.forget(device_id)
        await note(device_id, address)

    house.backend.seen_device = meanwhile  # type: ignore[method-assign]  # the moment in which it happens

    phone.log_in()

    assert phone.get("/api/machine").status == 401
    assert phone.log_in().status == 401


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.lan and route.method == "GET"], ids=lambda one: one.path
)
def test_reading_changes_nothing(house: House, route: Route) -> None:
    """Whatever is put into a path or a query: nothing is ordered, noted, or set."""
    house.call(lambda: house.backend.put(session("s-1")))
    phone = _caller(house, "control")
    house.run(house.server.phone.cancel())
    before = (list(house.backend.audited), dict(house.backend.notes), dict(house.backend.known_devices))
    path = route.path.replace("{id}", "s-1").replace("{prompt}", "p1").replace("{pid}", "1")

    for query in ("", "?mode=on", "?limit=0", "?after=%00", "?shell=;reboot", "?before=-1&before=-1"):
        _status(house, phone, route, path + query)

    assert (house.backend.audited, house.backend.notes, house.backend.known_devices) == before
    assert (house.backend.awake_changes, house.backend.stopped) == (0, False)
    assert [order for order in house.backend.steer.orders if order[0] not in _LOOKS] == []


def test_what_a_removed_phone_wanted_is_taken_back(house: House) -> None:
    """Its prompts that wait and its turn to type; what others gave stays."""
    house.call(
        lambda: house.backend.put(
            replace(session("s-1"), focus=Focus(holder="d-1", label="Phone", since=1.0))
        )
    )
    house.backend.known_devices["d-1"] = Device(
        id="d-1", label="Phone", scope=Scope.CONTROL, public_key=b"", paired_at=1.0
    )
    for who in ("d-1", "desk"):
        given = Prompt(
            id=f"of-{who}", session_id="s-1", agent="claude", text="x", when="idle", by=who, at=1.0
        )
        house.backend.steer.prompts[given.id] = given

    Client(house.socket).delete("/api/devices/d-1")

    assert ("cancel", "s-1", "of-d-1") in house.backend.steer.orders
    assert ("give focus", "s-1", "d-1") in house.backend.steer.orders
    assert ("cancel", "s-1", "of-desk") not in house.backend.steer.orders
