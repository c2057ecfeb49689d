"""Attacks on the ceremony: guessing, racing, repeating, and coming late."""

import secrets
import threading

import pytest

from supervisor.client import Client
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone, Reply


def _phones(house: House, count: int) -> list[Phone]:
    url = house.dialog()["url"]
    return [Phone(url, label=f"Phone {number}") for number in range(count)]


def _shown(house: House) -> dict[str, object]:
    shown: dict[str, object] = Client(house.socket).get("/api/pair/dialog")
    return shown


def test_two_phones_race_and_one_is_refused(house: House) -> None:
    """With one code: one request at most, the other phone is told no, and the owner that two tried."""
    phones = _phones(house, 8)
    replies: list[tuple[Phone, Reply]] = []

    def try_it(phone: Phone) -> None:
        replies.append((phone, phone.hello()))

    threads = [threading.Thread(target=try_it, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [phone for phone, reply in replies if reply.status == 200]
    assert len(winners) == 1
    assert sorted(reply.status for _, reply in replies)[1:] == [409] * 7
    assert _shown(house)["reason"] == "Another phone tried to use this code."
    assert winners[0].reveal().status == 200


def test_five_bad_proofs_end_it_for_the_right_phone_too(house: House) -> None:
    """The code is dead, whoever comes."""
    phone = _phones(house, 1)[0]
    phone.hello()

    statuses = [phone.reveal(proof=secrets.token_bytes(32)).status for _ in range(5)]

    assert statuses == [403] * 5
    assert phone.reveal().status == 403
    assert _shown(house)["state"] == "failed"
    assert house.backend.known_devices == {}


@pytest.mark.parametrize(
    "lie",
    [
        {"public_key": b"x" * 91},
        {"nonce": b"n" * 16},
        {"label": "Somebody else"},
        {"proof": b"\0" * 32},
    ],
)
def test_a_lie_in_the_request_is_refused(house: House, lie: dict[str, object]) -> None:
    """Key, nonce, label and proof all hang together."""
    phone = _phones(house, 1)[0]
    phone.hello()

    assert phone.reveal(**lie).status == 403
    assert _shown(house)["state"] == "open"


def test_a_code_works_once(house: House) -> None:
    """After success another phone with a photo of it stays out, and the owner hears of it."""
    first, second = _phones(house, 2)
    first.hello()
    first.reveal()
    house.run(house.server.phone.choose(first.number))
    first.result()

    assert second.hello().status == 409
    assert _shown(house)["reason"] == "Another phone tried to use this code."
    assert len(house.backend.known_devices) == 1


def test_a_changed_request_voids_the_one_that_is_shown(house: House) -> None:
    """What the owner looks at cannot be swapped: he picks the number, and nobody is paired."""
    phone = _phones(house, 1)[0]
    phone.hello()
    phone.reveal()
    number = phone.number
    phone.label = "Root access"

    again = phone.reveal()
    house.run(house.server.phone.choose(number))

    assert again.status == 403
    assert _shown(house)["state"] == "failed"
    assert house.backend.known_devices == {}


def test_a_phone_cannot_widen_its_own_scope(house: House) -> None:
    """The scope is the owner's word; a phone that mixes in another one proves nothing."""
    phone = Phone(house.dialog("view")["url"])
    phone.hello()
    phone.told["scope"] = "control"

    assert phone.reveal().status == 403


def test_a_proxy_under_another_name_proves_nothing(house: House) -> None:
    """A phone that saw another origin or another certificate does not get in."""
    for lie in ("origin", "certificate_sha256"):
        phone = Phone(house.dialog()["url"])
        phone.hello()
        phone.told[lie] = "https://evil.example" if lie == "origin" else "A" * 43
        assert phone.reveal().status == 403


def test_guessing_without_the_code_finds_nothing_and_disturbs_nobody(house: House) -> None:
    """A hundred guesses of the code's name are unknown paths, and the owner's phone still gets in."""
    phone = _phones(house, 1)[0]
    guesser = Phone(f"https://{house.host}/#1.AAAA.BBBB")

    statuses = {
        guesser.post("/api/pair/hello", pairing_id=secrets.token_bytes(16), commitment=b"c" * 32).status
        for _ in range(100)
    }

    assert statuses == {404}
    assert phone.hello().status == 200
    assert phone.reveal().status == 200


def test_who_knows_the_code_may_not_try_for_ever(house: House) -> None:
    """Ten attempts a minute from one address."""
    phones = _phones(house, 14)

    statuses = [phone.hello().status for phone in phones]

    assert statuses[0] == 200
    assert statuses[1:10] == [409] * 9
    assert set(statuses[10:]) == {429}


def test_the_result_is_for_the_phone_alone(house: House) -> None:
    """Who does not know the secret learns nothing and uses up its tries."""
    phone = _phones(house, 1)[0]
    phone.hello()
    phone.reveal()

    statuses = [
        phone.post("/api/pair/result", pairing_id=phone.pairing_id, proof=secrets.token_bytes(32)).status
        for _ in range(5)
    ]

    assert statuses == [403] * 5
    assert _shown(house)["state"] == "failed"


@pytest.mark.parametrize("path", ["hello", "reveal", "result"])
@pytest.mark.parametrize(
    "body",
    [{}, {"pairing_id": 5}, {"pairing_id": "AA=="}, {"pairing_id": "é"}, {"pairing_id": "A" * 2000}, [], "x"],
)
def test_a_malformed_word_is_refused_and_changes_nothing(house: House, path: str, body: object) -> None:
    """Whatever is sent instead of a word of the ceremony."""
    phone = _phones(house, 1)[0]

    status = phone.ask("POST", f"/api/pair/{path}", body).status

    assert status in (400, 404)
    assert _shown(house)["state"] == "open"
    assert phone.hello().status == 200


def test_administration_is_not_for_phones(house: House) -> None:
    """Neither asked for at the desk, nor by a phone."""
    with pytest.raises(Exception, match="verify"):
        house.dialog("admin")

    assert not house.server.phone.is_open
    assert house.server.lan.addresses == ()


def test_a_code_dies_with_the_supervisor(house: House) -> None:
    """Restarted while the code is on the screen: the code opens nothing, on the same address and port."""
    phone = Phone(house.dialog()["url"])
    phone.hello()
    house._port = house.server.lan.port
    house.run(house.server.close())
    house.run(house._open())
    house.open_lan()

    again = phone.hello().status
    house.dialog()
    beside_a_new_one = phone.hello().status

    assert (again, beside_a_new_one) == (404, 404)
    assert house.backend.known_devices == {}


def test_the_secret_of_a_code_is_not_kept_for_a_repeat(house: House) -> None:
    """Orders are remembered with their answers, on disk; the one that opens a dialog is not."""
    client = Client(house.socket)
    link = client.post("/api/pair/dialog", {"address": LOOPBACK})["url"]
    client.put("/api/awake", {"mode": "on"})

    secret = link.rpartition(".")[2]

    assert house.backend.answers
    assert secret not in repr(house.backend.answers)
    assert secret not in repr(house.backend.audited)
