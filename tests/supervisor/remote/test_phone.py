"""The pairing dialog over real TLS: what the owner sees, and what phones get."""

import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest

from supervisor.client import Client
from supervisor.core import pairing
from supervisor.core.errors import Refused
from supervisor.core.model import Device, Scope
from supervisor.core.networks import Barrier
from supervisor.core.pairing import Moment
from supervisor.remote.dialog import Dialog
from supervisor.remote.lan import Lan
from supervisor.remote.words import words
from tests.fakes.backend import MemoryBackend
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone, Reply, encoded


@pytest.fixture
def client(house: House) -> Client:
    """The owner's side."""
    return Client(house.socket)


def _choosing(house: House, scope: str = "view") -> Phone:
    phone = Phone(house.dialog(scope)["url"])
    phone.hello()
    phone.reveal()
    return phone


def test_a_dialog_shows_everything_an_owner_needs(house: House, client: Client) -> None:
    """Link, end, address and alternatives, scope and words; nothing listened before it was opened."""
    shown = client.post("/api/pair/dialog", {"address": LOOPBACK})

    assert shown["state"] == "open"
    assert shown["scope"] == "view"
    assert shown["url"].startswith(f"https://{LOOPBACK}:{house.server.lan.port}/#1.")
    assert shown["addresses"] == [
        {
            "address": LOOPBACK,
            "interface": "lo",
            "reachable": True,
            "chosen": True,
            "note": "this machine only",
        }
    ]
    assert shown["fingerprint_words"] == words(house.server.lan.root_sha256)
    assert (shown["numbers"], shown["device_label"], shown["device"]) == ([], None, None)


class _Recorded(Phone):
    """A phone that keeps what goes over the wire."""

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str | None] | None = None
    ) -> Reply:
        """The same, and written down."""
        reply = super().ask(method, path, body, headers)
        self.wire = [*getattr(self, "wire", []), str(body), reply.body.decode(), str(reply.headers)]
        return reply


def test_the_secret_is_never_sent(house: House) -> None:
    """It is proved: neither side says it, and afterwards the owner's screen does not show it either."""
    phone = _Recorded(house.dialog()["url"])
    phone.hello()
    phone.reveal()
    house.run(house.server.phone.choose(phone.number))
    phone.result()
    phone.log_in()

    told = "".join(phone.wire) + str(house.server.phone.shown()) + str(house.backend.audited)

    assert len(phone.wire) == 15
    assert encoded(phone.secret) not in told
    assert encoded(phone.pairing_id) in told


def test_the_owner_follows_the_dialog_by_its_version(client: Client) -> None:
    """A long poll answers when something changes, not before."""
    shown = client.post("/api/pair/dialog", {"address": LOOPBACK})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.get, f"/api/pair/dialog?after={shown['version']}")
        phone = Phone(shown["url"], label="My\u202e phone\n")
        phone.hello()
        greeted = waiting.result(10)
        waiting = pool.submit(client.get, f"/api/pair/dialog?after={greeted['version']}")
        phone.reveal()
        choosing = waiting.result(10)

    assert (greeted["state"], choosing["state"]) == ("open", "choosing")
    assert choosing["url"] is None
    assert choosing["device_label"] == "My phone"
    assert phone.number in choosing["numbers"]


def test_the_phone_waits_for_the_owner(house: House, client: Client) -> None:
    """The result comes when the number is picked; the device is on disk before that."""
    phone = _choosing(house, "control")

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(phone.result)
        picked = client.post("/api/pair/dialog/choice", {"number": phone.number})
        result = waiting.result(10).json

    assert picked["state"] == result["state"] == "paired"
    assert result["device_id"] in house.backend.known_devices
    assert (result["scope"], picked["device"]["scope"]) == ("control", "control")
    assert phone.log_in().status == 200


def test_a_wrong_number_is_told_to_both(house: House, client: Client) -> None:
    """The phone hears that it was rejected, the owner why."""
    phone = _choosing(house)
    wrong = next(number for number in client.get("/api/pair/dialog")["numbers"] if number != phone.number)

    shown = client.post("/api/pair/dialog/choice", {"number": wrong})

    assert shown["state"] == "failed"
    assert shown["reason"]
    assert phone.result().json["state"] == "rejected"
    assert house.backend.known_devices == {}


def test_only_the_newest_dialog_counts(house: House) -> None:
    """A second window makes the first one's code worthless."""
    first = Phone(house.dialog()["url"])
    second = Phone(house.dialog()["url"])

    statuses = first.hello().status, second.hello().status

    assert statuses == (404, 200)


def test_a_cancelled_dialog_closes_the_listener_it_opened(house: House, client: Client) -> None:
    """Nothing listens after a pairing that did not happen."""
    phone = Phone(client.post("/api/pair/dialog", {"address": LOOPBACK})["url"])

    client.delete("/api/pair/dialog")

    assert client.get("/api/pair/dialog")["state"] == "none"
    assert house.server.lan.addresses == ()
    with pytest.raises(OSError, match="refused"):
        phone.hello()


def test_a_cancelled_dialog_leaves_an_open_listener_alone(house: House, client: Client) -> None:
    """Phones that are paired go on."""
    paired = house.pair()
    client.post("/api/pair/dialog", {"address": LOOPBACK})

    client.delete("/api/pair/dialog")

    assert paired.get("/api/machine").status == 200


def test_an_expired_dialog_says_so(house: House, client: Client) -> None:
    """After two minutes on any clock the code is dead, and the screen says it."""
    phone = Phone(house.dialog()["url"])
    honest = house.server.phone._now
    house.server.phone._now = lambda: Moment(honest().elapsed, honest().wall + 120)

    status = phone.hello().status

    assert status == 409
    assert client.get("/api/pair/dialog")["state"] == "expired"


def test_a_dialog_expires_by_itself(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask for it."""
    monkeypatch.setattr(pairing, "LIFETIME", 0.2)
    monkeypatch.setattr(pairing, "COLLECT_WITHIN", 0.2)
    shown = client.post("/api/pair/dialog", {"address": LOOPBACK})

    states = []
    while shown["state"] != "none":
        shown = client.get(f"/api/pair/dialog?after={shown['version']}")
        states.append(shown["state"])

    assert states == ["expired", "none"]
    assert house.server.lan.addresses == ()


def test_a_phone_that_never_comes_for_its_result_is_not_paired(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved, and then gone: no usable grant is left behind."""
    monkeypatch.setattr(pairing, "COLLECT_WITHIN", 0.2)
    phone = _choosing(house)

    shown = client.post("/api/pair/dialog/choice", {"number": phone.number})
    was_known = len(house.backend.known_devices)
    while shown["state"] != "none":
        shown = client.get(f"/api/pair/dialog?after={shown['version']}")

    assert was_known == 1
    assert house.backend.known_devices == {}


def test_sleep_or_another_network_voids_the_code(house: House, client: Client) -> None:
    """The owner is told why."""
    phone = _choosing(house)

    house.call(lambda: house.server.phone.void("The network changed."))

    shown = client.get("/api/pair/dialog")
    assert (shown["state"], shown["reason"]) == ("failed", "The network changed.")
    assert phone.result().json["state"] == "rejected"


def test_two_phones_of_one_name_are_told_apart(house: House) -> None:
    """The second one gets a number."""
    phones = [house.pair(label="Phone") for _ in range(3)]

    labels = [house.backend.known_devices[phone.device_id].label for phone in phones]

    assert labels == ["Phone", "Phone (2)", "Phone (3)"]


def test_fifty_phones_are_enough(house: House, client: Client) -> None:
    """One more is refused with a clear word, and the others stay."""
    device = Device(id="d", label="x", scope=Scope.VIEW, public_key=b"", paired_at=0)
    house.backend.known_devices = {str(n): replace(device, id=str(n)) for n in range(50)}

    with pytest.raises(Refused, match="50 phones"):
        client.post("/api/pair/dialog", {"address": LOOPBACK})

    assert len(house.backend.known_devices) == 50


def test_the_code_is_given_as_text_and_pictures(client: Client) -> None:
    """For terminals, windows and pages; and not once it is worthless."""
    client.post("/api/pair/dialog", {"address": LOOPBACK})
    code = client.get("/api/pair/dialog/qr")
    client.delete("/api/pair/dialog")

    assert set(code) == {"text", "svg", "png"}
    with pytest.raises(Exception, match="no code"):
        client.get("/api/pair/dialog/qr")


def test_the_certificate_in_the_proof_is_the_one_that_is_shown(house: House) -> None:
    """What the phone mixes into its proof is the hash of the real certificate."""
    phone = Phone(house.dialog()["url"])
    told = phone.hello().json

    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((LOOPBACK, house.server.lan.port)))

    assert encoded(sha256(shown).digest()) == told["certificate_sha256"]
    assert 0 < told["seconds_left"] <= 120


def test_a_store_that_fails_pairs_nobody(house: House, client: Client) -> None:
    """What is not on disk is not paired, and the owner hears the reason."""
    phone = _choosing(house)
    house.server.phone._backend = _FullDisk()

    with pytest.raises(Refused, match="disk is full"):
        client.post("/api/pair/dialog/choice", {"number": phone.number})

    assert client.get("/api/pair/dialog")["state"] == "failed"
    assert phone.result().json["state"] == "rejected"


class _FullDisk(MemoryBackend):
    async def add_device(self, device: Device) -> None:
        raise Refused(f"The disk is full: {device.id} was not kept.")


def test_the_dialog_is_there_at_once(house: House, client: Client) -> None:
    """From the click to the code: no waiting for names on the network."""
    client.post("/api/pair/dialog", {"address": LOOPBACK})

    started = time.monotonic()
    client.post("/api/pair/dialog", {"address": LOOPBACK})

    assert time.monotonic() - started < 0.5
    assert house.server.phone.is_open


def _again(house: House, label: str, before: str = "") -> Phone:
    """A phone that is about to be chosen, and says who it was."""
    phone = Phone(house.dialog()["url"], label=label)
    phone.before = before
    phone.hello()
    phone.reveal()
    return phone


def _choose(client: Client, phone: Phone, replaces: str | None = None) -> None:
    told = {"number": phone.number} | ({"replaces": replaces} if replaces else {})
    client.post("/api/pair/dialog/choice", told)


def _ends(events: Iterator[object]) -> bool:
    """Once it does."""
    try:
        for _ in events:
            pass
    except (OSError, ValueError):
        pass
    return True


def test_a_phone_that_comes_again_takes_its_old_place(house: House, client: Client) -> None:
    """One entry, the same name, a new key; the old key is worth nothing, and its streams end."""
    old = house.pair(label="My phone")
    events = old.events()
    next(events)
    phone = _again(house, "My phone")
    again = client.get("/api/pair/dialog")["again"]

    _choose(client, phone, again[0]["id"])
    before = set(house.backend.known_devices)
    phone.result()

    assert _ends(events)
    assert [one["id"] for one in again] == [old.device_id]
    assert before == {old.device_id, phone.device_id}
    assert [one.label for one in house.backend.known_devices.values()] == ["My phone"]
    assert (old.log_in().status, phone.log_in().status) == (401, 200)


def test_an_old_entry_stays_until_its_phone_has_come(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen, and then gone: the phone is what it was before."""
    monkeypatch.setattr(pairing, "COLLECT_WITHIN", 0.2)
    old = house.pair(label="My phone")
    phone = _again(house, "My phone")

    _choose(client, phone, old.device_id)
    shown = client.get("/api/pair/dialog")
    while shown["state"] != "none":
        shown = client.get(f"/api/pair/dialog?after={shown['version']}")

    assert set(house.backend.known_devices) == {old.device_id}
    assert old.log_in().status == 200


def test_who_it_was_counts_before_its_name(house: House, client: Client) -> None:
    """Two phones of one name: the key that this one still has tells which."""
    one, other = house.pair(label="Phone"), house.pair(label="Phone")
    _again(house, "Another name", before=one.device_id)
    by_key = client.get("/api/pair/dialog")["again"]
    _again(house, "Phone (7)")
    by_name = client.get("/api/pair/dialog")["again"]
    _again(house, "Somebody")
    nobody = client.get("/api/pair/dialog")["again"]

    assert [device["id"] for device in by_key] == [one.device_id]
    assert {device["id"] for device in by_name} == {one.device_id, other.device_id}
    assert nobody == []


def test_only_what_may_be_the_same_phone_is_replaced(house: House, client: Client) -> None:
    """Nobody's entry goes by a slip."""
    other = house.pair(label="Another phone")
    phone = _again(house, "My phone")

    with pytest.raises(Refused, match="not a device that this phone may have been"):
        _choose(client, phone, other.device_id)

    assert set(house.backend.known_devices) == {other.device_id}


def test_what_a_phone_was_cannot_be_changed_on_the_way(house: House) -> None:
    """It is part of what is proved."""
    phone = Phone(house.dialog()["url"])
    phone.hello()

    assert phone.reveal(before="0123456789abcdef").status == 403


def test_a_code_that_nobody_came_for_says_what_may_be_in_the_way(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall by its name; once a phone says hello, nothing of it any more."""
    monkeypatch.setattr("supervisor.remote.phone.NOBODY_SECONDS", 0.05)
    house.barriers = [Barrier(name="ufw", lets=False, remedy="sudo ufw allow 47820/tcp")]
    shown = client.post("/api/pair/dialog", {"address": LOOPBACK})

    while shown["reason"] is None:
        shown = client.get(f"/api/pair/dialog?after={shown['version']}")
    Phone(shown["url"]).hello()
    after = client.get("/api/pair/dialog")["reason"]

    assert "No device has reached" in shown["reason"]
    assert "ufw" in shown["reason"]
    assert after is None


def test_nothing_is_said_of_barriers_once_a_device_has_come(house: House, client: Client) -> None:
    """It may be slow, or its owner reads the warning: the way is open."""
    house.dialog()
    house.server.lan.knocks += 1
    house.run(house.server.phone._wonder(_dialog(house)))

    assert client.get("/api/pair/dialog")["reason"] is None


def _dialog(house: House) -> Dialog:
    found = house.server.phone._dialog
    assert found is not None
    return found


def test_the_random_name_is_offered_and_taken(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is announced; the code then names it. Another name is not ours."""
    monkeypatch.setattr(Lan, "is_announced", True)
    offered = client.post("/api/pair/dialog", {"address": LOOPBACK})["addresses"]
    name = house.server.lan.name

    chosen = client.post("/api/pair/dialog", {"address": name})

    assert name in [one["address"] for one in offered]
    assert chosen["url"].startswith(f"https://{name}:{house.server.lan.port}/#1.")
    assert not chosen["verified"]
    with pytest.raises(Refused, match="is not this machine's name"):
        client.post("/api/pair/dialog", {"address": "wakeline-0000000000.local"})


def test_the_authority_is_told_at_the_desk(house: House, client: Client) -> None:
    """Page, words and fingerprint, once phones are served."""
    with pytest.raises(Refused, match="not served"):
        client.get("/api/phone/authority")
    house.open_lan()

    told = client.get("/api/phone/authority")

    assert told["pages"] == [f"https://{house.host}/trust.html"]
    assert told["fingerprint_words"] == words(house.server.lan.root_sha256)
    assert told["fingerprint_sha256"].replace(":", "").lower() == house.server.lan.root_sha256.hex()
    assert told["name"] == house.server.lan.name
