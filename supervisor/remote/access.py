"""Who may ask for what. Every request passes here before a byte of its body is read.

Nothing in a header can switch a check off; forwarding headers are not looked at.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl

from supervisor.core.model import Device, Scope
from supervisor.remote.exchange import Caller, Head, Listener, Refusal

HEAD_BYTES = 16 * 1024
HEADER_COUNT = 100
BODY_BYTES = 200 * 1024
#: On the local socket: an agent tells its hook whole files that it wants to write.
LOCAL_BODY_BYTES = 8 * 2**20 + 4096
TOKEN_SECONDS = 900.0
READS_PER_MINUTE = 300
MUTATIONS_PER_MINUTE = 60
#: Somebody types quickly, or holds a key down.
KEYS_PER_MINUTE = 1200
#: Page files, challenges and everything else before a proof, for each address.
STRANGER_PER_MINUTE = 240
#: Attempts at pairing: for each address, and altogether.
PAIRING_PER_MINUTE = 10
PAIRING_TOTAL_PER_MINUTE = 30
_TOKENS_PER_DEVICE = 16
_KEYS_REMEMBERED = 2048

_READING = frozenset({"GET"})
_RANK = {Scope.VIEW: 0, Scope.CONTROL: 1, Scope.ADMIN: 2}
_KEY = re.compile(r"[!-~]{1,128}")
_TARGET = re.compile(r"/[!-~]*")

#: On every answer, errors and files alike.
POLICY: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types offline"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def check_shape(head: Head) -> None:
    """Refuse what is no plain HTTP/1.1 request with a length. Raises ``Refusal``."""
    size = len(head.target) + sum(len(name) + len(value) + 4 for name, value in head.headers)
    if size > HEAD_BYTES or len(head.headers) > HEADER_COUNT:
        raise Refusal(431)
    if not _TARGET.fullmatch(head.target) or "#" in head.target:
        raise Refusal(400)
    # A length is all we need, and two ways to say it are how requests get smuggled.
    if head.all("transfer-encoding") or head.all("upgrade"):
        raise Refusal(400)
    if head.all("content-encoding"):
        raise Refusal(415)
    if head.all("expect"):
        raise Refusal(417)
    body_length(head)


def body_length(head: Head) -> int:
    """The announced length of the body, 0 without one. Raises ``Refusal`` for anything unclear."""
    match head.all("content-length"):
        case []:
            return 0
        case [told] if told.isascii() and told.isdigit() and len(told) <= 10:
            return int(told)
    raise Refusal(400)


def check_origin(head: Head, listener: Listener, mutates: bool) -> None:
    """Refuse names that are not ours and pages that are not ours. Raises ``Refusal``."""
    host = head.one("host")
    # Case does not matter in a name (RFC 9110, section 4.2.3); everything else does.
    if host is None or host.lower() not in listener.hosts:
        raise Refusal(400)
    if listener.local:
        # No browser has a business here, and every browser says where it comes from.
        if head.all("origin") or head.all("referer") or head.all("sec-fetch-site"):
            raise Refusal(403)
        return
    origins = head.all("origin")
    if (origins or mutates) and origins != [f"https://{host.lower()}"]:
        raise Refusal(403)


def check_fetch_site(head: Head, is_page: bool) -> None:
    """Refuse what another site makes a browser send. A page may be opened from anywhere."""
    site = head.all("sec-fetch-site")
    if site in ([], ["same-origin"]):
        return
    navigates = head.one("sec-fetch-mode") == "navigate" and head.one("sec-fetch-dest") == "document"
    if is_page and (site == ["none"] or navigates):
        return
    raise Refusal(403)


def local_caller(head: Head, listener: Listener) -> Caller:
    """The user at this machine. Raises ``Refusal`` where a token must prove that and does not."""
    if listener.token_sha256 is not None:
        shown = sha256(_bearer(head).encode()).digest()
        if not compare_digest(shown, listener.token_sha256):
            raise Refusal(401)
    return Caller(device_id=None, scope=Scope.ADMIN, address=head.address, pid=head.pid)


def covers(has: Scope, needs: Scope) -> bool:
    """Whether one scope includes another."""
    return _RANK[has] >= _RANK[needs]


def query_of(text: str, known: frozenset[str]) -> Mapping[str, str]:
    """The query's fields, each known and given once. Raises ``Refusal``."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as trouble:
        raise Refusal(400, detail="The query cannot be read.", close=False) from trouble
    found = dict(fields)
    if len(found) != len(fields) or not found.keys() <= known:
        raise Refusal(400, detail="The query has a field that is unknown or given twice.", close=False)
    return found


def idempotency_key(head: Head) -> str | None:
    """The key that makes a repeat harmless, ``None`` without one. Raises ``Refusal``."""
    match head.all("idempotency-key"):
        case []:
            return None
        case [key] if _KEY.fullmatch(key):
            return key
    raise Refusal(400, detail="The Idempotency-Key must be 1 to 128 visible characters.", close=False)


def document(body: bytes) -> dict[str, Any]:
    """A JSON object of somebody else's making, on the local socket. Raises ``Refusal``."""
    try:
        told = json.loads(body.decode("utf-8", "replace"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as trouble:
        raise _bad_body("The body is not a JSON document.") from trouble
    if not isinstance(told, dict):
        raise _bad_body("The body must be a JSON object.")
    return told


def body_fields(body: bytes, known: frozenset[str]) -> dict[str, Any]:
    """A JSON object with known fields only. Raises ``Refusal`` for everything else, however odd."""
    if not body:
        return {}
    try:
        told = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as trouble:
        raise _bad_body("The body is not a JSON document.") from trouble
    if not isinstance(told, dict):
        raise _bad_body("The body must be a JSON object.")
    if unknown := told.keys() - known:
        raise _bad_body(f"Unknown field {min(unknown)!r:.50}.")
    return told


def text_field(fields: Mapping[str, Any], name: str, longest: int) -> str:
    """A required text without broken characters. Raises ``Refusal``."""
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise _bad_body(f"{name} must be a text of at most {longest} characters.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as trouble:
        raise _bad_body(f"{name} is not valid Unicode.") from trouble
    return value


def _bad_body(detail: str) -> Refusal:
    return Refusal(400, detail=detail, close=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _bearer(head: Head) -> str:
    """The token of the Authorization header, empty without one: never of a query or a cookie."""
    scheme, _, token = (head.one("authorization") or "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class _Grant:
    device_id: str
    scope: Scope
    ends: float


class Tokens:
    """Owns the bearer tokens: in memory, hashed, for 15 minutes of *elapsed* time."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._grants: OrderedDict[bytes, _Grant] = OrderedDict()

    def issue(self, device: Device) -> str:
        """A new token for a device that has just proved its key."""
        self._forget(device.id)
        token = token_urlsafe(32)
        ends = self._elapsed() + TOKEN_SECONDS
        self._grants[sha256(token.encode()).digest()] = _Grant(device.id, device.scope, ends)
        return token

    def caller(self, head: Head) -> Caller:
        """Whose token it is. Raises ``Refusal``, the same for every reason."""
        grant = self._grants.get(sha256(_bearer(head).encode("utf-8", "replace")).digest())
        if grant is None or grant.ends <= self._elapsed():
            raise Refusal(401, close=False)
        return Caller(device_id=grant.device_id, scope=grant.scope, address=head.address)

    def revoke(self, device_id: str) -> None:
        """Every token of this device is worth nothing from now on."""
        for key in [key for key, grant in self._grants.items() if grant.device_id == device_id]:
            del self._grants[key]

    def _forget(self, device_id: str) -> None:
        now = self._elapsed()
        for key in [key for key, grant in self._grants.items() if grant.ends <= now]:
            del self._grants[key]
        own = [key for key, grant in self._grants.items() if grant.device_id == device_id]
        for key in own[: max(0, len(own) + 1 - _TOKENS_PER_DEVICE)]:
            del self._grants[key]


class Rate:
    """Owns one kind of allowance: so many a minute for each key, refilled steadily."""

    def __init__(self, per_minute: int, elapsed: Callable[[], float]) -> None:
        self._full = float(per_minute)
        self._elapsed = elapsed
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Use one up. Raises ``Refusal`` when there is none left."""
        now = self._elapsed()
        left, seen = self._left.pop(key, (self._full, now))
        left = min(self._full, left + (now - seen) * self._full / 60)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _KEYS_REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise Refusal(429, close=False, retry_after=1 + int((1 - left) * 60 / self._full))


class Rates:
    """All allowances. A stranger's never touches a device's."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._reads = Rate(READS_PER_MINUTE, elapsed)
        self._mutations = Rate(MUTATIONS_PER_MINUTE, elapsed)
        self._keys = Rate(KEYS_PER_MINUTE, elapsed)
        self._strangers = Rate(STRANGER_PER_MINUTE, elapsed)
        self._pairing = Rate(PAIRING_PER_MINUTE, elapsed)
        self._all_pairing = Rate(PAIRING_TOTAL_PER_MINUTE, elapsed)

    def device(self, caller: Caller, method: str, *, typing: bool = False) -> None:
        """A request of a proved device. Raises ``Refusal``. *typing*: one of many, as keys are."""
        if caller.device_id is None:
            return
        rate = self._keys if typing else self._reads if method in _READING else self._mutations
        rate.take(caller.device_id)

    def stranger(self, address: str) -> None:
        """A request without a proof. Raises ``Refusal``, and then the connection ends as well."""
        try:
            self._strangers.take(address)
        except Refusal as refusal:
            raise Refusal(refusal.status, retry_after=refusal.retry_after) from None

    def pairing(self, address: str) -> None:
        """An attempt at pairing. Raises ``Refusal``."""
        self._pairing.take(address)
        self._all_pairing.take("all")
