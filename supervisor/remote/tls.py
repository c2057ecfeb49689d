"""Our certificate: a leaf from a small authority that may speak for this machine only.

The root is made once, signs one intermediate, and its key is forgotten at once. Root and
intermediate are constrained to private addresses and one random ``.local`` name, so that who
installs the root on a phone trusts us with nothing else.
"""

import contextlib
import datetime as dt
import ipaddress
import os
import secrets
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.remote import private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

LEAF_DAYS = 90
_RENEW_DAYS = 30
_AUTHORITY_DAYS = 3650
#: Clocks of phones go wrong too.
_BACKDATE = dt.timedelta(days=1)

_PRIVATE_NETWORKS = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the listener shows. *ends*: when the leaf expires, in seconds since 1970."""

    chain: Path
    key: Path
    certificate_sha256: bytes
    root: bytes
    #: Our random name on the local network, without a trailing dot.
    name: str
    ends: float
    addresses: tuple[str, ...]

    @property
    def renew_at(self) -> float:
        """When a new leaf is due, in seconds since 1970."""
        return self.ends - _RENEW_DAYS * 86400

    @property
    def root_sha256(self) -> bytes:
        """The fingerprint that a phone shows for the root."""
        return sha256(self.root).digest()


def prepare(folder: Path, addresses: Sequence[str], now: float) -> Identity:
    """Make what is missing or due, and say what is there. *folder* becomes user-only.

    Raises ``Refused`` when a file in it is a link or somebody else's.
    """
    private.folder(folder)
    authority = _authority(folder, now)
    key = _leaf_key(folder)
    return _leaf(folder, authority, key, tuple(addresses), now)


def context(identity: Identity) -> ssl.SSLContext:
    """TLS 1.2 and later for our listener, without anything that keeps secrets for later."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    made.set_alpn_protocols(["http/1.1"])
    made.load_cert_chain(identity.chain, identity.key)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authority:
    root: "x509.Certificate"
    certificate: "x509.Certificate"
    key: "EllipticCurvePrivateKey"
    name: str


def _authority(folder: Path, now: float) -> _Authority:
    """The authority in this folder, made anew when it is not there, incomplete or not ours."""
    try:
        return _read_authority(folder)
    except (FileNotFoundError, ValueError, TypeError):
        return _new_authority(folder, now)


def _read_authority(folder: Path) -> _Authority:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    root = x509.load_pem_x509_certificate(private.read(folder / "root.crt"))
    certificate = x509.load_pem_x509_certificate(private.read(folder / "intermediate.crt"))
    key = load_pem_private_key(private.read(folder / "intermediate.key"), None)
    try:
        certificate.verify_directly_issued_by(root)
    except InvalidSignature as trouble:
        raise ValueError("the root is another authority's") from trouble
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError("the key is another authority's")
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    names = [tree.value for tree in constraints.permitted_subtrees or () if isinstance(tree, x509.DNSName)]
    return _Authority(root=root, certificate=certificate, key=key, name=names[0])


def _new_authority(folder: Path, now: float) -> _Authority:
    from cryptography.hazmat.primitives.asymmetric import ec

    name = f"wakeline-{secrets.token_hex(5)}.local"
    # A local variable is all the root's key ever is.
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _common_name(f"Wakeline on this network {name[9:15]}")
    root = _authority_certificate(root_key.public_key(), root_name, root_key, root_name, name, now, depth=1)
    middle_name = _common_name(f"Wakeline machine {name[9:15]}")
    certificate = _authority_certificate(
        key.public_key(), middle_name, root_key, root_name, name, now, depth=0
    )
    private.write(folder / "intermediate.key", _key_pem(key))
    private.write(folder / "intermediate.crt", _pem(certificate))
    private.write(folder / "root.crt", _pem(root))
    return _Authority(root=root, certificate=certificate, key=key, name=name)


def _authority_certificate(
    public_key: "EllipticCurvePublicKey",
    subject: "x509.Name",
    signer: "EllipticCurvePrivateKey",
    issuer: "x509.Name",
    name: str,
    now: float,
    *,
    depth: int,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    networks = [x509.IPAddress(ipaddress.ip_network(text)) for text in _PRIVATE_NETWORKS]
    allowed = x509.NameConstraints([x509.DNSName(name), *networks], None)
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        _certificate(subject, issuer, public_key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(allowed, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_issuer_key(signer), critical=False)
        .sign(signer, SHA256())
    )


def _leaf_key(folder: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = folder / "leaf.key"
    try:
        key = load_pem_private_key(private.read(path), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    except (FileNotFoundError, ValueError, TypeError):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    private.write(path, _key_pem(key))
    return key


def _leaf(
    folder: Path,
    authority: _Authority,
    key: "EllipticCurvePrivateKey",
    addresses: tuple[str, ...],
    now: float,
) -> Identity:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    path = folder / "leaf.crt"
    try:
        leaf = x509.load_pem_x509_certificate(private.read(path))
        good = _is_good(leaf, authority, key, addresses, now)
    except (FileNotFoundError, ValueError):
        good = False
    if not good:
        leaf = _new_leaf(authority, key, addresses, now)
        private.write(path, _pem(leaf) + _pem(authority.certificate))
    der = leaf.public_bytes(Encoding.DER)
    return Identity(
        chain=path,
        key=folder / "leaf.key",
        certificate_sha256=sha256(der).digest(),
        root=authority.root.public_bytes(Encoding.DER),
        name=authority.name,
        ends=leaf.not_valid_after_utc.timestamp(),
        addresses=addresses,
    )


def _is_good(
    leaf: "x509.Certificate",
    authority: _Authority,
    key: "EllipticCurvePrivateKey",
    addresses: tuple[str, ...],
    now: float,
) -> bool:
    """Whether this leaf is ours, for these addresses, and good for a while yet."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        leaf.verify_directly_issued_by(authority.certificate)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (InvalidSignature, x509.ExtensionNotFound, ValueError, TypeError):
        return False
    served = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    starts, ends = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
    fresh = starts <= now <= ends - _RENEW_DAYS * 86400
    return fresh and served == set(addresses) and leaf.public_key() == key.public_key()


def _new_leaf(
    authority: _Authority, key: "EllipticCurvePrivateKey", addresses: tuple[str, ...], now: float
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    served = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    names = x509.SubjectAlternativeName([x509.DNSName(authority.name), *served])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    purpose = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
    issuer = authority.certificate.subject
    return (
        _certificate(_common_name(authority.name), issuer, key.public_key(), now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(names, critical=False)
        .add_extension(_issuer_key(authority.key), critical=False)
        .sign(authority.key, SHA256())
    )


def _certificate(
    subject: "x509.Name",
    issuer: "x509.Name",
    public_key: "EllipticCurvePublicKey",
    now: float,
    days: int,
) -> "x509.CertificateBuilder":
    from cryptography import x509

    starts = dt.datetime.fromtimestamp(int(now), dt.UTC) - _BACKDATE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + dt.timedelta(days=days))
    )


def _issuer_key(signer: "EllipticCurvePrivateKey") -> "x509.AuthorityKeyIdentifier":
    from cryptography import x509

    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def _common_name(text: str) -> "x509.Name":
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _pem(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextlib.contextmanager
def without_authorities() -> Iterator[None]:
    """Let TLS contexts that are made meanwhile know no authority: reading all costs 2 MB and 40 ms.

    Only while nothing else runs: it changes the environment for a moment.
    """
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    known = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in known.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
