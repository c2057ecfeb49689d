"""From a head to an answer: each order once."""

from threading import Thread

from tests.fakes.house import House


def test_an_order_with_the_same_key_is_carried_out_once(house: House) -> None:
    """A repeat gets the first answer; another order under the same key is a conflict."""
    phone = house.pair("control")
    key = {"Idempotency-Key": "k-1"}

    first = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
    again = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
    other = phone.ask("PUT", "/api/awake", {"mode": "off"}, key)

    assert (first.status, again.status, other.status) == (200, 200, 409)
    assert first.body == again.body
    assert house.backend.awake_changes == 1


def test_fifty_repeats_at_once_are_one_order(house: House) -> None:
    """A phone that hammers does not do things twice."""
    phone = house.pair("control")
    key = {"Idempotency-Key": "k-2"}
    replies: list[tuple[int, bytes]] = []

    def order() -> None:
        reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
        replies.append((reply.status, reply.body))

    threads = [Thread(target=order) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert house.backend.awake_changes == 1
    assert len(set(replies)) == 1


def test_a_refusal_is_repeated_as_a_refusal(house: House) -> None:
    """A repeat of what was refused gets the same words again."""
    phone = house.pair("control")
    key = {"Idempotency-Key": "k-3"}

    first = phone.ask("PUT", "/api/awake", {"mode": "maybe"}, key)
    again = phone.ask("PUT", "/api/awake", {"mode": "maybe"}, key)

    assert first.status == again.status == 400
    assert first.body == again.body
    assert again.headers["Content-Type"] == "application/problem+json"


def test_keys_of_two_phones_do_not_meet(house: House) -> None:
    """A key is the caller's own."""
    phones = [house.pair("control"), house.pair("control")]

    statuses = [
        phone.ask("PUT", "/api/awake", {"mode": mode}, {"Idempotency-Key": "same"}).status
        for phone, mode in zip(phones, ("on", "off"), strict=True)
    ]

    assert statuses == [200, 200]
    assert house.backend.awake_changes == 2
