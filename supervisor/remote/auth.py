"""How a paired phone proves its key: it signs our nonce. Nothing is kept for those who only ask."""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256

from supervisor.core.model import Device
from supervisor.core.pairing import lengths_and_parts

_NONCE_MILLISECONDS = 60_000
_TIME, _RANDOM, _TAG = 8, 16, 16
NONCE_BYTES = _TIME + _RANDOM + _TAG
SIGNATURE_BYTES = 64


class Challenges:
    """Owns the key that marks our nonces, and which of them were used. *elapsed*: seconds."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}

    def nonce(self, device_id: str) -> bytes:
        """A nonce for this device, known or not, good for a minute."""
        body = self._now().to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
        return body + self._tag(body, device_id)

    def use(self, nonce: bytes, device_id: str) -> bool:
        """Whether it is ours, for this device, fresh and unused; from now on it is used."""
        body, tag = nonce[: _TIME + _RANDOM], nonce[_TIME + _RANDOM :]
        if not hmac.compare_digest(tag, self._tag(body, device_id)):
            return False
        made, now = int.from_bytes(body[:_TIME], "big"), self._now()
        self._used = {old: ends for old, ends in self._used.items() if ends > now}
        ends = made + _NONCE_MILLISECONDS
        if ends <= now or nonce in self._used:
            return False
        self._used[nonce] = ends
        return True

    def _now(self) -> int:
        return int(self._elapsed() * 1000)

    def _tag(self, body: bytes, device_id: str) -> bytes:
        return hmac.digest(self._key, body + device_id.encode("utf-8", "replace"), sha256)[:_TAG]


def signed(device: Device, origin: str, nonce: bytes, signature: bytes) -> bool:
    """Whether the device's key made this signature (r and s, 32 bytes each) over nonce and origin."""
    # Slow to import, and only needed once a phone is there.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    message = lengths_and_parts(b"wakeline-auth-v1", origin.encode(), nonce, device.id.encode())
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key = load_der_public_key(device.public_key)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
