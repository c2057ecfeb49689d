"""Nonces and signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import Device, Scope
from supervisor.remote.auth import Challenges, signed
from tests.fakes.phone import Phone

PHONE = Phone("https://192.168.1.5:47820/#1.AAAA.BBBB")
PHONE.device_id = "d-1"
DEVICE = Device(id="d-1", label="Phone", scope=Scope.VIEW, public_key=PHONE.public_key, paired_at=0.0)


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """The seconds."""
        return self.at


def test_a_nonce_is_used_once() -> None:
    """For its device, within a minute, one time."""
    challenges = Challenges(Clock())
    nonce = challenges.nonce("d-1")

    uses = [challenges.use(nonce, "d-2"), challenges.use(nonce, "d-1"), challenges.use(nonce, "d-1")]

    assert uses == [False, True, False]


def test_a_nonce_lives_a_minute_and_is_forgotten_then() -> None:
    """Nothing grows with those who ask, and little with those who prove."""
    clock = Clock()
    challenges = Challenges(clock)
    nonces = [challenges.nonce("d-1") for _ in range(100)]
    assert all(challenges.use(nonce, "d-1") for nonce in nonces[1:])

    clock.at += 60
    late = challenges.use(nonces[0], "d-1")
    challenges.use(challenges.nonce("d-1"), "d-1")

    assert not late
    assert len(challenges._used) == 1


@given(st.binary(max_size=60))
def test_a_nonce_cannot_be_made_up(nonce: bytes) -> None:
    """Only ours are."""
    assert not Challenges(Clock()).use(nonce, "d-1")


def test_another_supervisors_nonce_is_not_ours() -> None:
    """After a restart the phone asks again."""
    nonce = Challenges(Clock()).nonce("d-1")

    assert not Challenges(Clock()).use(nonce, "d-1")


def test_the_right_key_over_the_right_words_is_right() -> None:
    """And every other word makes it wrong."""
    signature = PHONE.signature(b"n" * 40)

    answers = [
        signed(DEVICE, PHONE.origin, b"n" * 40, signature),
        signed(DEVICE, "https://192.168.1.6:47820", b"n" * 40, signature),
        signed(DEVICE, PHONE.origin, b"m" * 40, signature),
        signed(DEVICE, PHONE.origin, b"n" * 40, signature[::-1]),
    ]

    assert answers == [True, False, False, False]


@pytest.mark.parametrize("key", [b"", b"nonsense", PHONE.public_key[:-1], bytes(91)])
def test_a_damaged_key_opens_nothing(key: bytes) -> None:
    """A store that was damaged refuses, and does not break."""
    damaged = Device(id="d-1", label="Phone", scope=Scope.VIEW, public_key=key, paired_at=0.0)

    assert not signed(damaged, PHONE.origin, b"n" * 40, PHONE.signature(b"n" * 40))


@given(st.binary(min_size=64, max_size=64))
def test_no_other_signature_is_taken(signature: bytes) -> None:
    """Whatever 64 bytes are sent."""
    assert not signed(DEVICE, PHONE.origin, b"n" * 40, signature)
