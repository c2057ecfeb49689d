"""Certificates that others vouch for: of a domain of your own, or of your machine in Tailscale.

A phone that comes by such a name sees no warning. What is wrong with one is said in plain words,
and a name without a good certificate is not answered: nobody is led to click a warning away.
"""

import asyncio
import ipaddress
import os
import ssl
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from supervisor.core.errors import Refused, WrongUse
from supervisor.remote import tls

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST = 1 << 20
#: So long before its end a certificate is asked for anew.
_RENEW_SECONDS = 30 * 86400.0
#: Device, file, time of change, size: another file, or another content.
Stamp: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """A certificate that others vouch for. *ends*: seconds since 1970."""

    name: str
    certificate_sha256: bytes
    ends: float
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where certificate and key lie, and the name that is wanted; empty: the first one in it."""

    certificate: Path
    key: Path
    name: str = ""


class Source(Protocol):
    """Who brings certificate and key."""

    async def bring(self) -> Files:
        """Certificate and key, made anew if that is due. Raises ``Refused``."""
        ...

    async def addresses(self, name: str) -> Sequence[str]:
        """Where this name leads. Raises ``Refused``."""
        ...


def check_wishes(certificate: str, key: str, *, tailscale: bool) -> None:
    """Raises ``WrongUse`` for settings that contradict each other."""
    if bool(certificate) != bool(key):
        raise WrongUse(
            "phone.certificate and phone.key belong together, and only one is set.", "Set both, or none."
        )
    if certificate and tailscale:
        raise WrongUse(
            "phone.certificate and phone.tailscale are both set.", "Keep one: a phone comes by one name."
        )


def read(files: Files, now: float) -> Vouched:
    """What lies there, checked. Raises ``Refused``: what is wrong with it, and what to do.

    Links are followed, because that is how certificates are renewed; what is opened is checked.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    told, secret = _bytes(files.certificate, "certificate"), _bytes(files.key, "key")
    try:
        chain = x509.load_pem_x509_certificates(told)
    except ValueError as trouble:
        raise _bad(files.certificate, "is not a certificate in PEM form", "Give the full chain.") from trouble
    leaf = chain[0]
    _check_times(files.certificate, leaf, now)
    _check_purpose(files.certificate, leaf)
    _check_key(files, leaf, secret)
    name = _name(files, leaf)
    return Vouched(
        name=name,
        certificate_sha256=leaf.fingerprint(SHA256()),
        ends=leaf.not_valid_after_utc.timestamp(),
        context=_context(told, secret, files),
    )


class Keeper:
    """Owns the certificate in use. It is looked at whenever somebody comes by its name."""

    def __init__(self, source: Source, now: Callable[[], float]) -> None:
        """*now*: seconds since 1970."""
        self._source = source
        self._now = now
        self._files: Files | None = None
        self._stamps: tuple[Stamp, ...] | None = ()
        self._vouched: Vouched | None = None
        self._turn = asyncio.Lock()
        #: The name that phones use; empty before it is known. It stays when its certificate is bad.
        self.name = ""
        #: Why there is none, in a sentence and a hint.
        self.trouble: Refused | None = None

    async def prepare(self) -> Vouched:
        """Bring it, and check it. Raises ``Refused``."""
        async with self._turn:
            try:
                self._files = await self._source.bring()
            except Refused as trouble:
                self.trouble = trouble
            # What was good before may be good for weeks yet.
            if vouched := self.current():
                return vouched
            raise self.trouble or Refused("There is no certificate.", "See [phone] in the settings.")

    @property
    def renew_at(self) -> float:
        """When a new one is due, in seconds since 1970."""
        return self._vouched.ends - _RENEW_SECONDS if self._vouched else 0.0

    async def addresses(self) -> Sequence[str]:
        """Where its name leads. Raises ``Refused``."""
        return await self._source.addresses(self.name)

    def current(self) -> Vouched | None:
        """The certificate as its files are now; ``None``: see ``trouble``.

        A change for the worse keeps the one that was good, until it ends.
        """
        if self._files is None:
            return None
        if (stamps := _stamps(self._files)) != self._stamps:
            self._stamps = stamps
            try:
                self._vouched, self.trouble = read(self._files, self._now()), None
                self.name = self._vouched.name
            except Refused as trouble:
                self.trouble = trouble
        if self._vouched and self._vouched.ends <= self._now():
            self.trouble = self.trouble or _expired(self._files.certificate, self._vouched.ends)
            self._vouched = None
        return self._vouched


def addresses_of(found: Sequence[str]) -> list[str]:
    """Those that are addresses, each in its one spelling."""
    known = []
    for text in found:
        try:
            known.append(str(ipaddress.ip_address(text.partition("%")[0])))
        except ValueError:
            continue
    return known


def _stamps(files: Files) -> tuple[Stamp, ...] | None:
    try:
        seen = [path.stat() for path in (files.certificate, files.key)]
    except OSError:
        return None
    return tuple((one.st_dev, one.st_ino, one.st_mtime_ns, one.st_size) for one in seen)


def _bytes(path: Path, what: str) -> bytes:
    """The content of a file that is fit to hold a key or a certificate."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as trouble:
        raise _bad(
            path, f"cannot be read: {trouble.strerror}", f"See phone.{what} in the settings."
        ) from trouble
    try:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise _bad(path, "is not a plain file", f"See phone.{what} in the settings.")
        if what == "key":
            _check_closed(path, seen)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_LONGEST)
    finally:
        os.close(descriptor)


def _check_closed(path: Path, seen: os.stat_result) -> None:
    """A key that others can read is no secret. A group may, where root has given it to that group."""
    if not hasattr(os, "getuid"):
        return
    if seen.st_uid not in (0, os.getuid()):
        raise _bad(path, "belongs to another user", "Take a key of your own.")
    open_to = stat.S_IMODE(seen.st_mode) & (0o027 if seen.st_uid == 0 != os.getuid() else 0o077)
    if open_to:
        raise _bad(path, "can be read by others, so it is no secret", f"chmod 600 {path}")


def _check_times(path: Path, leaf: "x509.Certificate", now: float) -> None:
    starts, ends = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
    if ends <= now:
        raise _expired(path, ends)
    if starts > now:
        raise _bad(path, f"is not valid before {_day(starts)}", "Look whether this machine's clock is right.")


def _check_purpose(path: Path, leaf: "x509.Certificate") -> None:
    from cryptography import x509

    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if x509.oid.ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        raise _bad(path, "is not for servers", "Take one that is for TLS servers.")


def _check_key(files: Files, leaf: "x509.Certificate", secret: bytes) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(secret, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as trouble:
        hint = "Take a key in PEM form without a pass phrase: nobody is here to type it."
        raise _bad(files.key, "is not a key that can be used", hint) from trouble
    if key.public_key() != leaf.public_key():
        hint = "Set phone.certificate and phone.key to what belongs together."
        raise _bad(files.key, f"is not the key of {files.certificate}", hint)


def _name(files: Files, leaf: "x509.Certificate") -> str:
    """The name that phones use, as the certificate covers it."""
    from cryptography import x509

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        covered = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, ValueError):
        covered = []
    wanted = files.name.lower().rstrip(".")
    if wanted and (wanted in covered or f"*.{wanted.partition('.')[2]}" in covered):
        return wanted
    if wanted:
        hint = "Set phone.name to one of its names, or take another certificate."
        raise _bad(files.certificate, f"is not for {wanted}, but for {', '.join(covered) or 'no name'}", hint)
    whole = [name for name in covered if "*" not in name]
    if not whole:
        raise _bad(files.certificate, "has no name that phones could use", "Set phone.name in the settings.")
    return whole[0]


def _context(told: bytes, secret: bytes, files: Files) -> ssl.SSLContext:
    """TLS with exactly the bytes that were checked: the files may be others by now."""
    with tempfile.TemporaryDirectory(prefix="wakeline-") as folder:
        # Made for this user only, and gone in a moment.
        chain, key = Path(folder, "chain"), Path(folder, "key")
        chain.write_bytes(told)
        key.touch(mode=0o600)
        key.write_bytes(secret)
        try:
            return tls.hardened(chain, key)
        except ssl.SSLError as trouble:
            raise _bad(
                files.certificate, f"cannot be used: {trouble.reason}", "Take another one."
            ) from trouble


def _expired(path: Path, ends: float) -> Refused:
    return _bad(path, f"expired on {_day(ends)}", "Renew it; the new one is taken up by itself.")


def _bad(path: Path, what: str, hint: str) -> Refused:
    return Refused(f"{path} {what}.", hint)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
