"""Foreign names and foreign pages: rebinding, cross-site requests, and what looks almost like us."""

import pytest

from tests.fakes.house import House
from tests.fakes.phone import Phone
from tests.fakes.raw import Wire, request


@pytest.fixture
def phone(house: House) -> Phone:
    """A paired phone that may control."""
    return house.pair("control")


HOSTS = """
evil.example HOST.evil.example HOST. HOST:PORT. user@HOST:PORT HOST HOST:PORT0 HOST: HOST:80 HOST:0PORT
127.1:PORT 0x7f000001:PORT 2130706433:PORT 0177.0.0.1:PORT 0.0.0.0:PORT [::1]:PORT [::ffff:127.0.0.1]:PORT
localhost:PORT localhost 127.0.0.\u0661:PORT HOST:PORT,evil.example HOST:PORT/ https://HOST:PORT -
"""


@pytest.mark.parametrize("host", [*HOSTS.split(), "HOST:PORT x", ""])
def test_only_our_own_name_is_listened_to(house: House, phone: Phone, host: str) -> None:
    """Whoever came by another name, with a valid token or without, gets nothing."""
    address, port = house.host.split(":")
    wrong = host.replace("HOST", address).replace("PORT", port).encode("utf-8").decode("latin-1")
    headers = [f"Authorization: Bearer {phone.token}"]
    if not wrong:
        headers, wrong = [*headers, "Host:"], "-"

    with Wire.lan(house) as wire:
        wire.say(request(house, *headers, host=wrong))
        status, body = wire.answer()

    assert status == 400
    assert b"desk" not in body


@pytest.mark.parametrize("host", ["evil.example", "HOST:PORT"])
def test_two_names_are_none(house: House, phone: Phone, host: str) -> None:
    """A second Host header, the same or another, ends the connection."""
    second = host.replace("HOST:PORT", house.host)

    with Wire.lan(house) as wire:
        wire.say(request(house, f"Host: {second}", f"Authorization: Bearer {phone.token}"))
        heard = wire.rest()

    assert heard[9:12] == b"400"
    assert heard.count(b"HTTP/1.") == 1


def test_the_random_name_is_one_of_ours(house: House, phone: Phone) -> None:
    """And upper case is the same name."""
    name = next(host for host in house.server.lan._listener.hosts if ".local" in host)

    with Wire.lan(house) as wire:
        wire.say(request(house, f"Authorization: Bearer {phone.token}", host=name.upper()))
        status, _ = wire.answer()

    assert status == 200


@pytest.mark.parametrize(
    "target",
    ["http://HOST/api/machine", "https://evil.example/api/machine", "*", "//evil.example/", "api/machine"],
)
def test_a_target_is_a_path(house: House, phone: Phone, target: str) -> None:
    """An absolute target could differ from the Host; a path cannot."""
    with Wire.lan(house) as wire:
        wire.say(
            request(house, f"Authorization: Bearer {phone.token}", target=target.replace("HOST", house.host))
        )
        status, _ = wire.answer()

    assert status in (400, 404)


ORIGINS = [
    None, "null", "file://", "http://HOST:PORT", "https://HOST", "https://HOST:PORT.", "https://HOST:PORT/",
    "https://HOST:PORT0", "https://evil.example", "chrome-extension://abc", "HTTPS://HOST:PORT", "https://user@HOST:PORT",
    "https://HOST:PORT, https://HOST:PORT", "https://localhost:PORT", "",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_change_needs_exactly_our_origin(house: House, phone: Phone, origin: str | None) -> None:
    """Missing, opaque, almost ours: refused, and nothing changed."""
    address, port = house.host.split(":")
    wrong = origin and origin.replace("HOST", address).replace("PORT", port)

    reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, {"Origin": wrong})

    assert reply.status == 403
    assert house.backend.awake_changes == 0


def test_another_name_of_ours_is_another_origin(house: House, phone: Phone) -> None:
    """The origin must be the one that was asked."""
    name = next(host for host in house.server.lan._listener.hosts if ".local" in host)

    reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, {"Origin": f"https://{name}"})

    assert reply.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "same-origin, cross-site"])
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/api/awake"), ("GET", "/api/sessions"), ("POST", "/api/auth/challenge")]
)
def test_what_another_site_makes_a_browser_send_is_refused(
    house: House, phone: Phone, site: str, method: str, path: str
) -> None:
    """Even with everything else right."""
    body: object = None if method == "GET" else {}

    reply = phone.ask(method, path, body, {"Sec-Fetch-Site": site})

    assert reply.status == 403
    assert house.backend.awake_changes == 0


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        None,
        "application/jsonx",
    ],
)
def test_a_form_changes_nothing(house: House, phone: Phone, kind: str | None) -> None:
    """What a page can send without asking first is no order."""
    reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, {"Content-Type": kind})

    assert reply.status == 415
    assert house.backend.awake_changes == 0


@pytest.mark.parametrize("path", ["/", "/api/machine", "/api/awake", "/api/auth/token"])
def test_nothing_is_shared_with_other_origins(phone: Phone, path: str) -> None:
    """A preflight gets no permission, and nothing of it comes back."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}

    reply = phone.ask("OPTIONS", path, None, asked)

    assert reply.status in (403, 404)
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    assert "evil" not in str(reply.headers)


FORWARDED = [
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "Forwarded: for=127.0.0.1",
    "X-Real-IP: 127.0.0.1",
    "X-Original-URL: /api/pair/dialog",
    "X-Rewrite-URL: /api/shutdown",
    "Via: 1.1 x",
    "X-HTTP-Method-Override: DELETE",
    "Tailscale-User-Login: owner@example.com",
]


@pytest.mark.parametrize("header", FORWARDED)
def test_no_header_opens_a_door(house: House, phone: Phone, header: str) -> None:
    """With it or without it: the same answers, and the peer is whoever is at the other end."""
    with Wire.lan(house) as wire:
        wire.say(request(house, header))
        without_token, _ = wire.answer()
        wire.say(request(house, header, f"Authorization: Bearer {phone.token}"))
        with_token, body = wire.answer()

    assert (without_token, with_token) == (401, 200)
    assert body == phone.get("/api/machine").body
    assert not house.backend.stopped


@pytest.mark.parametrize(
    "header", ["Origin: https://evil.example", "Origin: null", "Referer: http://x/", "Sec-Fetch-Site: none"]
)
def test_no_browser_gets_anything_on_the_local_socket(house: House, header: str) -> None:
    """Whoever says which page it comes from is a browser, and has no business here."""
    with Wire.local(house) as wire:
        wire.say(request(house, header, host="localhost"))
        status, _ = wire.answer()

    assert status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "desk", "-"])
def test_the_local_socket_has_one_name_too(house: House, host: str) -> None:
    """Anything else is refused."""
    with Wire.local(house) as wire:
        wire.say(request(house, host=host))
        status, _ = wire.answer()

    assert status == 400
