"""Pairing as a table of steps: who gets in, and everything that keeps others out."""

import hmac
import unicodedata
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core import pairing
from supervisor.core.errors import Refused
from supervisor.core.model import Scope
from supervisor.core.pairing import Deed, Moment, Pairing, Step

START = Moment(1000.0, 1_760_000_000.0)
KEY = ec.derive_private_key(7, ec.SECP256R1()).public_key().public_bytes(
    Encoding.DER, PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip
OTHER_KEY = ec.derive_private_key(8, ec.SECP256R1()).public_key().public_bytes(
    Encoding.DER, PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip
NONCE = b"n" * 16


def _open(scope: Scope = Scope.VIEW) -> Pairing:
    random = bytes(range(64))
    return Pairing(offer=pairing.offer("https://192.168.1.5:47820", b"c" * 32, scope, START, random))


def _commitment(key: bytes = KEY) -> bytes:
    return sha256(pairing.lengths_and_parts(key, NONCE)).digest()


def _proof(standing: Pairing, key: bytes = KEY, label: str = "Phone", purpose: bytes = b"proof") -> bytes:
    seen = pairing.transcript_hash(standing.offer, standing.commitment or b"", key, NONCE, label)
    return hmac.digest(standing.offer.secret, purpose + seen, "sha256")


def _greeted() -> Pairing:
    return pairing.hello(_open(), _commitment(), START)


def _choosing() -> Pairing:
    greeted = _greeted()
    return pairing.reveal(greeted, KEY, NONCE, "Phone", _proof(greeted), START)


def _right(standing: Pairing) -> int:
    assert standing.request is not None
    return standing.request.number


def _later(seconds: float) -> Moment:
    return Moment(START.elapsed + seconds, START.wall + seconds)


def test_an_honest_phone_is_paired_by_the_right_number() -> None:
    """Hello, reveal, and the number that the phone shows: paired with the scope that was offered."""
    standing = _choosing()

    paired = pairing.pick(standing, _right(standing), _later(30))

    assert (standing.step, paired.step) == (Step.CHOOSING, Step.PAIRED)
    assert len(standing.numbers) == len(set(standing.numbers)) == 3
    assert paired.request is not None
    assert paired.request.public_key == KEY


def test_a_wrong_number_burns_the_code() -> None:
    """The owner picks a number that the phone does not show: nobody gets in with this code any more."""
    standing = _choosing()
    wrong = next(number for number in standing.numbers if number != _right(standing))

    burnt = pairing.pick(standing, wrong, _later(30))

    assert burnt.step is Step.FAILED
    assert pairing.pick(burnt, _right(standing), _later(31)).step is Step.FAILED


@pytest.mark.parametrize("clock", ["elapsed", "wall"])
@pytest.mark.parametrize("step", [Step.OPEN, Step.GREETED, Step.CHOOSING])
def test_a_code_dies_after_two_minutes_on_either_clock(clock: str, step: Step) -> None:
    """Setting one clock back does not keep a code alive."""
    standing = {Step.OPEN: _open(), Step.GREETED: _greeted(), Step.CHOOSING: _choosing()}[step]
    before, late = (replace(START, **{clock: getattr(START, clock) + seconds}) for seconds in (119.9, 120))

    steps = pairing.at(standing, before).step, pairing.at(standing, late).step

    assert steps == (step, Step.EXPIRED)


def test_every_deed_comes_too_late_after_two_minutes() -> None:
    """An expired code takes neither hello nor request nor number."""
    opened, greeted, choosing = _open(), _greeted(), _choosing()

    results = [
        pairing.hello(opened, _commitment(), _later(120)),
        pairing.reveal(greeted, KEY, NONCE, "Phone", _proof(greeted), _later(120)),
        pairing.pick(choosing, _right(choosing), _later(120)),
    ]

    assert [one.step for one in results] == [Step.EXPIRED] * 3


def test_the_fifth_bad_proof_kills_the_code_for_everybody() -> None:
    """After five wrong proofs even the right phone stays out."""
    standing = _greeted()

    steps = []
    for _ in range(5):
        standing = pairing.reveal(standing, KEY, NONCE, "Phone", b"x" * 32, START)
        steps.append(standing.step)

    assert steps == [Step.GREETED] * 4 + [Step.FAILED]
    assert pairing.reveal(standing, KEY, NONCE, "Phone", _proof(_greeted()), START).step is Step.FAILED


def test_bad_proofs_for_the_result_count_as_well() -> None:
    """Guessing for the result is guessing."""
    standing = _choosing()

    for _ in range(5):
        standing = pairing.wrong_result(standing, START)

    assert standing.step is Step.FAILED


def test_a_second_phone_is_refused_and_told() -> None:
    """The first phone's promise stands; the owner hears that another one tried."""
    standing = _greeted()

    after = pairing.hello(standing, _commitment(OTHER_KEY), START)

    assert after.commitment == standing.commitment
    assert after.rivals == 1


def test_a_hello_that_is_repeated_word_for_word_is_the_same_hello() -> None:
    """A phone whose first answer got lost may ask again."""
    standing = _greeted()

    again = pairing.hello(standing, _commitment(), START)

    assert again == standing


def test_another_key_than_the_promised_one_is_a_bad_proof() -> None:
    """Who saw our nonce cannot choose a key to fit it."""
    standing = _greeted()

    after = pairing.reveal(standing, OTHER_KEY, NONCE, "Phone", _proof(standing, OTHER_KEY), START)

    assert (after.step, after.bad_proofs) == (Step.GREETED, 1)


@pytest.mark.parametrize("label", ["Phone", "Another name"])
def test_a_repeated_request_is_void(label: str) -> None:
    """Changed or not, a second request ends it: the owner decides on what was shown, or on nothing."""
    standing = _choosing()

    after = pairing.reveal(standing, KEY, NONCE, label, _proof(standing, label=label), START)

    assert after.step is Step.FAILED
    assert pairing.pick(after, _right(standing), START).step is Step.FAILED


def test_a_code_is_used_once() -> None:
    """After success the code is worth nothing, and the attempt is told."""
    standing = _choosing()
    paired = pairing.pick(standing, _right(standing), START)

    again = pairing.hello(paired, _commitment(OTHER_KEY), START)

    assert (again.step, again.rivals) == (Step.PAIRED, 1)
    assert again.request == paired.request


def test_administration_is_never_offered_over_this_path() -> None:
    """Whatever is ticked, a phone that cannot verify us does not administrate us."""
    with pytest.raises(Refused, match="verify"):
        _open(Scope.ADMIN)


def test_only_the_pairs_in_the_table_move_a_pairing_on() -> None:
    """Every deed in every step either follows the table or changes no step."""
    standings = {
        Step.OPEN: _open(),
        Step.GREETED: _greeted(),
        Step.CHOOSING: _choosing(),
        Step.PAIRED: pairing.pick(_choosing(), _right(_choosing()), START),
        Step.FAILED: pairing.fail(_open(), "no"),
        Step.EXPIRED: pairing.at(_open(), _later(120)),
    }

    after = {(step, deed): _do(deed, one).step for step, one in standings.items() for deed in Deed}

    assert after == {pair: pairing.TRANSITIONS.get(pair, pair[0]) for pair in after}


def _do(deed: Deed, standing: Pairing) -> Pairing:
    match deed:
        case Deed.HELLO:
            return pairing.hello(standing, _commitment(), START)
        case Deed.REQUEST:
            return pairing.reveal(standing, KEY, NONCE, "Phone", _proof(standing), START)
        case Deed.RIGHT_NUMBER:
            return pairing.pick(standing, _right(_choosing()), START)
        case Deed.WRONG_NUMBER:
            return pairing.pick(standing, 1, START)
        case Deed.BAD_PROOFS:
            nearly = replace(standing, bad_proofs=pairing.BAD_PROOFS - 1)
            return pairing.wrong_result(nearly, START)
        case Deed.VOIDED:
            return pairing.fail(standing, "Cancelled.")
        case Deed.TOO_OLD:
            return pairing.at(standing, _later(120))


def test_only_the_phone_itself_may_ask_for_the_result() -> None:
    """The result is for whoever knows the secret."""
    standing = _choosing()

    answers = [
        pairing.knows_secret(standing, _proof(standing, purpose=b"result")),
        pairing.knows_secret(standing, _proof(standing, purpose=b"proof")),
        pairing.knows_secret(_open(), b"x" * 32),
    ]

    assert answers == [True, False, False]


@given(
    other=st.sampled_from(["origin", "certificate", "scope", "label", "key", "nonce", "server_nonce", "id"])
)
def test_both_sides_must_have_seen_the_same(other: str) -> None:
    """A single changed thing between phone and server makes another transcript."""
    offer = _open().offer
    changed = {
        "origin": replace(offer, origin="https://192.168.1.5:47821"),
        "certificate": replace(offer, certificate_sha256=b"d" * 32),
        "scope": replace(offer, scope=Scope.CONTROL),
        "server_nonce": replace(offer, server_nonce=b"m" * 16),
        "id": replace(offer, pairing_id=b"i" * 16),
    }.get(other, offer)
    label = "Phones" if other == "label" else "Phone"
    key, nonce = (OTHER_KEY if other == "key" else KEY), (b"m" * 16 if other == "nonce" else NONCE)

    hashes = {
        pairing.transcript_hash(offer, b"p" * 32, KEY, NONCE, "Phone"),
        pairing.transcript_hash(changed, b"p" * 32, key, nonce, label),
    }

    assert len(hashes) == 2


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_two_lists_of_parts_never_look_alike(one: list[bytes], other: list[bytes]) -> None:
    """What is hashed cannot be cut differently."""
    same = pairing.lengths_and_parts(*one) == pairing.lengths_and_parts(*other)

    assert same == (one == other)


@given(st.integers(10, 99), st.binary(min_size=16, max_size=16))
def test_the_right_number_is_one_of_three(number: int, seed: bytes) -> None:
    """Three different numbers of two digits, and the right one is among them."""
    numbers = pairing.three_numbers(number, seed)

    assert number in numbers
    assert len(set(numbers)) == 3
    assert all(10 <= one <= 99 for one in numbers)


@given(st.text(max_size=200))
def test_a_label_is_harmless_to_look_at(label: str) -> None:
    """No control, direction or invisible characters, and 40 at most."""
    shown = pairing.clean_label(label)

    assert 0 < len(shown) <= pairing.LABEL_LENGTH
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in shown)


def test_a_hostile_label_keeps_its_words() -> None:
    """What can be read stays, what could mislead goes."""
    shown = pairing.clean_label("My\n\x1b[2J \u202ephone\u202c <b>")

    assert shown == "My [2J phone <b>"


@given(st.integers(1, 2**255))
def test_real_keys_are_taken_for_keys(number: int) -> None:
    """Every key that a browser could export is one for us."""
    key = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert pairing.is_p256_key(told)


@given(st.integers(0, len(KEY) - 1), st.integers(1, 255))
def test_a_changed_key_is_no_key(place: int, change: int) -> None:
    """One changed byte: another curve, or a point that is on none."""
    told = bytes(byte ^ change if at == place else byte for at, byte in enumerate(KEY))

    assert not pairing.is_p256_key(told)
    assert not pairing.is_p256_key(KEY + b"\0")
