"""How a phone is paired, as a table of steps. Pure: time, randomness and bytes are handed in.

All ways from one step to another are in the table; the architecture page draws it.
The phone commits to its key before it sees our nonce, so that nobody can grind for a matching
number. The secret of the QR code is proved and never sent. The first phone to say hello is the
only one; another is refused and the owner is told.
"""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from supervisor.core.errors import Refused, WrongUse
from supervisor.core.model import Device, Scope

#: Seconds from the opening of the dialog to its end, whatever happens.
LIFETIME = 120.0
#: Seconds in which a phone must come for its result, else it is not paired.
COLLECT_WITHIN = 60.0
BAD_PROOFS = 5
LABEL_LENGTH = 40

#: SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point (RFC 5480, section 2).
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
# The curve y² = x³ - 3x + b over the field of _P elements (FIPS 186-5, P-256).
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


class Step(StrEnum):
    """Where a pairing stands."""

    OPEN = "open"
    GREETED = "greeted"
    CHOOSING = "choosing"
    PAIRED = "paired"
    FAILED = "failed"
    EXPIRED = "expired"


class Deed(StrEnum):
    """What may happen to a pairing."""

    HELLO = "phone says hello"
    REQUEST = "request with a good proof"
    RIGHT_NUMBER = "owner picks its number"
    WRONG_NUMBER = "owner picks another number"
    BAD_PROOFS = "fifth bad proof"
    VOIDED = "dialog closed"
    TOO_OLD = "120 seconds over"


_UNDECIDED: Final = (Step.OPEN, Step.GREETED, Step.CHOOSING)

#: A pair that is not in it changes no step.
TRANSITIONS: Final[Mapping[tuple[Step, Deed], Step]] = {
    (Step.OPEN, Deed.HELLO): Step.GREETED,
    (Step.GREETED, Deed.REQUEST): Step.CHOOSING,
    (Step.CHOOSING, Deed.RIGHT_NUMBER): Step.PAIRED,
    (Step.CHOOSING, Deed.WRONG_NUMBER): Step.FAILED,
    # What the owner looks at is what is granted, or nothing is.
    (Step.CHOOSING, Deed.REQUEST): Step.FAILED,
    **{(step, Deed.BAD_PROOFS): Step.FAILED for step in _UNDECIDED},
    **{(step, Deed.VOIDED): Step.FAILED for step in _UNDECIDED},
    **{(step, Deed.TOO_OLD): Step.EXPIRED for step in _UNDECIDED},
}
#: Steps in which a code is still worth something.
ALIVE = frozenset(step for step, _ in TRANSITIONS)
#: What the owner is told of an end.
_REASONS: Final[Mapping[Deed, str]] = {
    Deed.REQUEST: "The phone asked a second time, so the first request is void.",
    Deed.WRONG_NUMBER: "That was not the number on the phone.",
    Deed.BAD_PROOFS: "Too many wrong proofs.",
    Deed.TOO_OLD: "The code is too old.",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One time on two clocks: *elapsed* runs on while the machine sleeps and is never set."""

    elapsed: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the owner grants, and what the QR code and the server's first answer say."""

    pairing_id: bytes
    #: 128 bits, only in the QR code.
    secret: bytes
    server_nonce: bytes
    #: Decides which wrong numbers are shown beside the right one.
    seed: bytes
    origin: str
    certificate_sha256: bytes
    scope: Scope
    opened: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the phone asked for; never changes once it stands."""

    public_key: bytes
    #: As the owner may see it: short, without control and direction characters.
    label: str
    #: The hash that both sides proved to have seen alike.
    transcript: bytes
    number: int
    #: The device that it says it was until now; empty: none.
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """One dialog. Owner: the phone dialog, which keeps the newest only."""

    offer: Offer
    step: Step = Step.OPEN
    commitment: bytes | None = None
    request: Request | None = None
    numbers: tuple[int, ...] = ()
    bad_proofs: int = 0
    #: Other phones that tried with this code, before or after the first one succeeded.
    rivals: int = 0
    reason: str | None = None
    paired_at: Moment | None = None
    collected: bool = False


def check_scope(scope: Scope) -> None:
    """Raises ``Refused`` for a scope that is never given over a path that the phone cannot verify."""
    if scope is Scope.ADMIN:
        raise Refused(
            "A phone cannot be paired for administration over a path that it cannot verify.",
            "Pair it for viewing or control.",
        )


def offer(origin: str, certificate_sha256: bytes, scope: Scope, now: Moment, random_bytes: bytes) -> Offer:
    """Make an offer from 64 random bytes. Raises ``Refused``, see ``check_scope``."""
    check_scope(scope)
    if len(random_bytes) != 64:
        raise WrongUse("An offer is made from 64 random bytes.")
    return Offer(
        pairing_id=random_bytes[:16],
        secret=random_bytes[16:32],
        server_nonce=random_bytes[32:48],
        seed=random_bytes[48:],
        origin=origin,
        certificate_sha256=certificate_sha256,
        scope=scope,
        opened=now,
    )


def hello(pairing: Pairing, commitment: bytes, now: Moment) -> Pairing:
    """A phone commits to its key. A repeat of the same commitment changes nothing."""
    pairing = at(pairing, now)
    if pairing.commitment == commitment and pairing.step is Step.GREETED:
        return pairing
    if pairing.step is not Step.OPEN or len(commitment) != sha256().digest_size:
        return replace(pairing, rivals=pairing.rivals + 1)
    return replace(_step(pairing, Deed.HELLO), commitment=commitment)


def reveal(
    pairing: Pairing,
    public_key: bytes,
    nonce: bytes,
    label: str,
    proof: bytes,
    now: Moment,
    before: str = "",
) -> Pairing:
    """The phone shows the key it committed to, and proves that it read the QR code.

    *before*: the id of the device that it was until now, if it was one.

    A second request from whoever knows the secret voids the first one.
    """
    pairing = at(pairing, now)
    if pairing.commitment is None or pairing.step not in ALIVE:
        return replace(pairing, rivals=pairing.rivals + 1)
    transcript = transcript_hash(pairing.offer, pairing.commitment, public_key, nonce, label, before)
    kept_promise = sha256(lengths_and_parts(public_key, nonce)).digest() == pairing.commitment
    proved = hmac.compare_digest(tag(pairing.offer.secret, b"proof", transcript), proof)
    if not (kept_promise and proved and is_p256_key(public_key)):
        return _bad_proof(pairing)
    after = _step(pairing, Deed.REQUEST)
    if after.step is not Step.CHOOSING:
        return after
    number = number_for(pairing.offer.secret, transcript)
    request = Request(
        public_key=public_key,
        label=clean_label(label),
        transcript=transcript,
        number=number,
        before=before,
    )
    return replace(after, request=request, numbers=three_numbers(number, pairing.offer.seed))


def pick(pairing: Pairing, number: int, now: Moment) -> Pairing:
    """The owner picks the number that the phone shows; a wrong one burns the code."""
    pairing = at(pairing, now)
    if pairing.step is not Step.CHOOSING or pairing.request is None:
        return pairing
    if number != pairing.request.number:
        return _step(pairing, Deed.WRONG_NUMBER)
    return replace(_step(pairing, Deed.RIGHT_NUMBER), paired_at=now)


def knows_secret(pairing: Pairing, proof: bytes) -> bool:
    """Whether *proof* comes from the phone whose request stands: it may learn the result."""
    if pairing.request is None:
        return False
    return hmac.compare_digest(tag(pairing.offer.secret, b"result", pairing.request.transcript), proof)


def wrong_result(pairing: Pairing, now: Moment) -> Pairing:
    """Somebody asked for the result without knowing the secret."""
    pairing = at(pairing, now)
    return _bad_proof(pairing) if pairing.step in ALIVE else pairing


def collect(pairing: Pairing) -> Pairing:
    """The phone learnt its result."""
    return replace(pairing, collected=True) if pairing.step is Step.PAIRED else pairing


def fail(pairing: Pairing, reason: str) -> Pairing:
    """The code dies; a dead one stays as it is."""
    return _step(pairing, Deed.VOIDED, reason)


def at(pairing: Pairing, now: Moment) -> Pairing:
    """The pairing at that time: expired once either clock says so."""
    opened = pairing.offer.opened
    age = max(now.elapsed - opened.elapsed, now.wall - opened.wall)
    return pairing if age < LIFETIME else _step(pairing, Deed.TOO_OLD)


def transcript_hash(
    offer: Offer, commitment: bytes, public_key: bytes, nonce: bytes, label: str, before: str = ""
) -> bytes:
    """What both sides saw, in one hash: a changed origin, certificate, key, scope or label shows."""
    return sha256(
        lengths_and_parts(
            b"wakeline-pair-v1",
            offer.origin.encode(),
            offer.certificate_sha256,
            offer.pairing_id,
            commitment,
            offer.server_nonce,
            public_key,
            nonce,
            offer.scope.encode(),
            label.encode("utf-8", "surrogatepass"),
            *([before.encode("utf-8", "surrogatepass")] if before else []),
        )
    ).digest()


def lengths_and_parts(*parts: bytes) -> bytes:
    """Each part behind its length in four bytes: two different lists never give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def tag(secret: bytes, purpose: bytes, transcript: bytes) -> bytes:
    """What only somebody with the secret can say about this transcript, for one purpose."""
    return hmac.digest(secret, purpose + transcript, "sha256")


def number_for(secret: bytes, transcript: bytes) -> int:
    """The two-digit number that both sides can work out."""
    return 10 + int.from_bytes(tag(secret, b"number", transcript)[:4], "big") % 90


def three_numbers(right: int, seed: bytes) -> tuple[int, ...]:
    """The right number and two others, ascending, so that its place says nothing."""
    others = [number for number in range(10, 100) if number != right]
    draw = hmac.digest(seed, b"numbers", "sha256")
    first = others.pop(int.from_bytes(draw[:8], "big") % len(others))
    second = others.pop(int.from_bytes(draw[8:16], "big") % len(others))
    return tuple(sorted((right, first, second)))


def clean_label(label: str) -> str:
    """A device's name as it may be shown: no control, direction or invisible characters, 40 at most."""
    seen = (" " if character.isspace() else character for character in label)
    visible = "".join(c for c in seen if c == " " or unicodedata.category(c)[0] not in "CZ")
    return " ".join(visible.split())[:LABEL_LENGTH].strip() or "A phone"


def same_phone(request: Request, known: Sequence[Device]) -> tuple[Device, ...]:
    """Which of these may be the phone that asks: the one it says it was, else those of its name."""
    said = [device for device in known if device.id == request.before]
    named = [device for device in known if _without_number(device.label) == _without_number(request.label)]
    return tuple(said or named)


def _without_number(label: str) -> str:
    """Two phones of one name are told apart by a number."""
    name, opening, number = label.rpartition(" (")
    return name if opening and number.endswith(")") and number[:-1].isdigit() else label


def is_p256_key(public_key: bytes) -> bool:
    """Whether these bytes are a point of P-256, in the one form that browsers export."""
    if len(public_key) != len(_SPKI) + 64 or not public_key.startswith(_SPKI):
        return False
    x = int.from_bytes(public_key[-64:-32], "big")
    y = int.from_bytes(public_key[-32:], "big")
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0


def _bad_proof(pairing: Pairing) -> Pairing:
    pairing = replace(pairing, bad_proofs=pairing.bad_proofs + 1)
    if pairing.bad_proofs < BAD_PROOFS:
        return pairing
    return _step(pairing, Deed.BAD_PROOFS)


def _step(pairing: Pairing, deed: Deed, reason: str | None = None) -> Pairing:
    """The pairing one step on, or as it is when the table knows no such step."""
    after = TRANSITIONS.get((pairing.step, deed))
    if after is None:
        return pairing
    if after in ALIVE:
        return replace(pairing, step=after)
    return replace(pairing, step=after, reason=reason or _REASONS.get(deed), numbers=())
