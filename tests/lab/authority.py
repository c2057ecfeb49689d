"""A public authority as a browser knows many, and what it signs. Nothing of it is ours."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from supervisor.remote.vouched import Files


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when, in days from now."""

    starts: float = -1
    ends: float = 60


class Authority:
    """Owns a root that tests may trust."""

    def __init__(self) -> None:
        """A new one each time."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of others")])
        self._root = (
            self._begun(self._name, self._key.public_key(), Term(ends=365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, SHA256())
        )

    @property
    def root(self) -> bytes:
        """As it is trusted."""
        return self._root.public_bytes(Encoding.DER)

    def issue(
        self, folder: Path, *names: str, term: Term = Term(), for_servers: bool = True, wanted: str = ""
    ) -> Files:
        """Certificate and key for these names, in two files of this user."""
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = x509.oid.ExtendedKeyUsageOID
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leaf")])
        begun = self._begun(subject, key.public_key(), term).add_extension(
            x509.ExtendedKeyUsage([purpose.SERVER_AUTH if for_servers else purpose.EMAIL_PROTECTION]), False
        )
        if names:
            begun = begun.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        leaf = begun.sign(self._key, SHA256())
        files = Files(certificate=folder / "chain.pem", key=folder / "key.pem", name=wanted)
        files.certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
        files.key.touch(mode=0o600)
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _begun(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, term: Term
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=term.starts))
            .not_valid_after(now + dt.timedelta(days=term.ends))
        )
