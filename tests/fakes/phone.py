"""A phone in Python: pairs, proves its key, reads and follows, over real TLS."""

import hmac
import http.client
import json
import os
import ssl
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Reply:
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as the document that it is."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Event:
    """One event of the stream."""

    id: str
    topic: str
    data: Any


class Phone:
    """Holds one key. *url* is what the QR code said."""

    def __init__(self, url: str, *, label: str = "Test phone", root: bytes | None = None) -> None:
        parts = urlsplit(url)
        _, pairing_id, secret = parts.fragment.split(".")
        self.host = parts.netloc
        self.origin = f"https://{parts.netloc}"
        self.pairing_id, self.secret = decoded(pairing_id), decoded(secret)
        self.label = label
        #: The device that it says it was until now.
        self.before = ""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.nonce = os.urandom(16)
        self.device_id = ""
        self.scope = ""
        self.token = ""
        self.told: dict[str, Any] = {}
        self._tls = trusting(root)
        self._orders = 0

    @property
    def public_key(self) -> bytes:
        """As a browser exports it."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def commitment(self) -> bytes:
        """The promise of the first word."""
        return sha256(parts(self.public_key, self.nonce)).digest()

    @property
    def transcript(self) -> bytes:
        """What this phone saw."""
        return sha256(
            parts(
                b"wakeline-pair-v1",
                self.told["origin"].encode(),
                decoded(self.told["certificate_sha256"]),
                self.pairing_id,
                self.commitment,
                decoded(self.told["server_nonce"]),
                self.public_key,
                self.nonce,
                self.told["scope"].encode(),
                self.label.encode(),
                *([self.before.encode()] if self.before else []),
            )
        ).digest()

    @property
    def number(self) -> int:
        """What it shows to its owner."""
        return 10 + int.from_bytes(self.tag(b"number")[:4], "big") % 90

    def tag(self, purpose: bytes) -> bytes:
        """What only somebody with the secret can say."""
        return hmac.digest(self.secret, purpose + self.transcript, "sha256")

    def hello(self) -> Reply:
        """The first word."""
        reply = self.post("/api/pair/hello", pairing_id=self.pairing_id, commitment=self.commitment)
        if reply.status == 200:
            self.told = reply.json
        return reply

    def reveal(self, **other: Any) -> Reply:
        """The second word; *other* fields make it a lie."""
        honest: dict[str, Any] = {
            "pairing_id": self.pairing_id,
            "public_key": self.public_key,
            "nonce": self.nonce,
            "label": self.label,
            "proof": self.tag(b"proof"),
        }
        if self.before:
            honest["before"] = self.before
        return self.post("/api/pair/reveal", **{**honest, **other})

    def result(self) -> Reply:
        """What became of it."""
        reply = self.post("/api/pair/result", pairing_id=self.pairing_id, proof=self.tag(b"result"))
        if reply.status == 200 and reply.json["state"] == "paired":
            self.device_id, self.scope = reply.json["device_id"], reply.json["scope"]
        return reply

    def challenge(self) -> bytes:
        """A nonce to sign."""
        return decoded(self.post("/api/auth/challenge", device_id=self.device_id).json["nonce"])

    def signature(self, nonce: bytes, origin: str | None = None) -> bytes:
        """Over a nonce, as WebCrypto writes it."""
        message = parts(b"wakeline-auth-v1", (origin or self.origin).encode(), nonce, self.device_id.encode())
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def log_in(self) -> Reply:
        """Get a token."""
        nonce = self.challenge()
        reply = self.post(
            "/api/auth/token", device_id=self.device_id, nonce=nonce, signature=self.signature(nonce)
        )
        self.token = reply.json["token"] if reply.status == 200 else ""
        return reply

    def post(self, path: str, **fields: Any) -> Reply:
        """An order without a token; bytes are sent as base64url."""
        body = {name: encoded(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        return self.ask("POST", path, body, {"Authorization": ""})

    def get(self, path: str) -> Reply:
        """Read something."""
        return self.ask("GET", path)

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str | None] | None = None
    ) -> Reply:
        """One request as the page makes it; a header set to ``None`` is left out."""
        connection = self.connect()
        try:
            sent = self._headers(method) | dict(headers or {})
            told = None if body is None else json.dumps(body).encode()
            connection.request(method, path, told, {k: v for k, v in sent.items() if v is not None})
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def events(self, after: str | None = None, session: str | None = None) -> Generator[Event, None, None]:
        """Follow the stream until the server ends it or this is closed."""
        asked = {name: value for name, value in (("after", after), ("session", session)) if value}
        connection = self.connect()
        try:
            connection.request("GET", "/api/events?" + urlencode(asked) if asked else "/api/events", headers={
                "Authorization": f"Bearer {self.token}"
            })  # fmt: skip
            response = connection.getresponse()
            if response.status != 200:
                raise ConnectionRefusedError(response.status)
            yield from parsed(response)
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of its own."""
        return http.client.HTTPSConnection(self.host, context=self._tls, timeout=30)

    def _headers(self, method: str) -> dict[str, str | None]:
        headers: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "Sec-Fetch-Site": "same-origin",
        }
        if method != "GET":
            self._orders += 1
            key = f"order-{self._orders}-{encoded(self.nonce)}"
            headers |= {"Origin": self.origin, "Content-Type": "application/json", "Idempotency-Key": key}
        return headers


def parsed(lines: "http.client.HTTPResponse") -> Iterator[Event]:
    """The events in a stream of lines; heartbeats are skipped."""
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode().rstrip("\n")
        if not line and "data" in fields:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
        if not line:
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def trusting(root: bytes | None) -> ssl.SSLContext:
    """TLS that trusts one authority, or, like a person who clicks a warning away, anybody."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if root is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_verify_locations(cadata=root)
    return made


def parts(*given: bytes) -> bytes:
    """Each part behind its length in four bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in given)


def encoded(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The reverse."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
