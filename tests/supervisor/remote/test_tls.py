"""Our certificates: what they say, what they may not, and how they are kept."""

import ipaddress
import os
import socket
import ssl
import stat
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from supervisor.core.errors import Refused
from supervisor.remote import tls
from tests.fakes.house import House
from tests.fakes.phone import trusting

NOW = 1_800_000_000.0
DAY = 86400.0
ADDRESSES = ["192.168.1.5", "fd00::5"]


def _certificates(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def _public_keys(folder: Path) -> dict[str, object]:
    return {path.name: _certificates(path)[0].public_key() for path in folder.glob("*.crt")}


def test_a_leaf_names_exactly_what_is_served(tmp_path: Path) -> None:
    """Served addresses and one random name, server only, ninety days, no authority, no host name."""
    identity = tls.prepare(tmp_path, ADDRESSES, NOW)

    leaf, middle = _certificates(identity.chain)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ADDRESSES
    assert names.get_values_for_type(x509.DNSName) == [identity.name]
    assert identity.name.endswith(".local")
    assert socket.gethostname() not in leaf.subject.rfc4514_string()
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 90
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    leaf.verify_directly_issued_by(middle)


def test_the_authority_may_speak_for_private_networks_and_one_name_only(tmp_path: Path) -> None:
    """Who installs the root trusts us with nothing out on the internet."""
    identity = tls.prepare(tmp_path, ADDRESSES, NOW)

    for name in ("root.crt", "intermediate.crt"):
        certificate = _certificates(tmp_path / name)[0]
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        trees = limits.value.permitted_subtrees or []
        networks = [
            ipaddress.ip_network(str(tree.value)) for tree in trees if isinstance(tree, x509.IPAddress)
        ]
        assert limits.critical
        assert [tree.value for tree in trees if isinstance(tree, x509.DNSName)] == [identity.name]
        assert all(not network.is_global for network in networks)
        assert len(networks) == 9


def test_the_key_of_the_root_is_nowhere(tmp_path: Path) -> None:
    """It signed one certificate, and no file holds it."""
    tls.prepare(tmp_path, ADDRESSES, NOW)

    keys = [load_pem_private_key(path.read_bytes(), None).public_key() for path in tmp_path.glob("*.key")]

    known = _public_keys(tmp_path)
    assert known["root.crt"] not in keys
    assert set(map(str, tmp_path.iterdir())) == {
        str(tmp_path / name)
        for name in ("root.crt", "intermediate.crt", "intermediate.key", "leaf.crt", "leaf.key")
    }
    assert known["intermediate.crt"] in keys
    assert known["leaf.crt"] in keys


def test_everything_is_for_this_user_only(tmp_path: Path) -> None:
    """Folder and files, keys and certificates."""
    folder = tmp_path / "tls"
    tls.prepare(folder, ADDRESSES, NOW)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_changes_while_nothing_has_to(tmp_path: Path) -> None:
    """The same addresses a month later: the same certificate."""
    first = tls.prepare(tmp_path, ADDRESSES, NOW)

    later = tls.prepare(tmp_path, ADDRESSES, NOW + 50 * DAY)

    assert later == first


@pytest.mark.parametrize(("addresses", "days"), [(ADDRESSES, 65), (ADDRESSES, 400), (["10.0.0.7"], 0)])
def test_a_new_leaf_keeps_key_name_and_authority(tmp_path: Path, addresses: list[str], days: int) -> None:
    """Renewed before it expires, and when addresses change: whoever installed the root sees no warning."""
    first = tls.prepare(tmp_path, ADDRESSES, NOW)
    keys = _public_keys(tmp_path)

    renewed = tls.prepare(tmp_path, addresses, NOW + days * DAY)

    assert renewed.certificate_sha256 != first.certificate_sha256
    assert (renewed.root, renewed.name) == (first.root, first.name)
    assert _public_keys(tmp_path) == keys
    assert renewed.renew_at > NOW + days * DAY


@pytest.mark.parametrize("name", ["leaf.key", "intermediate.key", "root.crt", "leaf.crt"])
def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """Nobody makes us read, or write, somewhere else."""
    tls.prepare(tmp_path, ADDRESSES, NOW)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Refused, match="plain file"):
        tls.prepare(tmp_path, ADDRESSES, NOW)


def test_loose_permissions_are_mended(tmp_path: Path) -> None:
    """A key that others could read is closed again."""
    tls.prepare(tmp_path, ADDRESSES, NOW)
    (tmp_path / "leaf.key").chmod(0o644)
    tmp_path.chmod(0o755)

    tls.prepare(tmp_path, ADDRESSES, NOW)

    assert stat.S_IMODE((tmp_path / "leaf.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """A key that somebody else put there is not ours."""
    if sys.platform == "win32" or os.getuid() != 0:
        pytest.skip("needs root to make a file of another user")
    tls.prepare(tmp_path, ADDRESSES, NOW)
    os.chown(tmp_path / "leaf.key", 12345, 12345)

    with pytest.raises(Refused, match="another user"):
        tls.prepare(tmp_path, ADDRESSES, NOW)


@pytest.mark.parametrize("name", ["leaf.key", "leaf.crt", "intermediate.key", "intermediate.crt", "root.crt"])
@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, name: str, damage: bytes | None) -> None:
    """Half a disk full of nonsense ends in a chain that fits together."""
    tls.prepare(tmp_path, ADDRESSES, NOW)
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(damage)

    identity = tls.prepare(tmp_path, ADDRESSES, NOW)

    leaf, middle = _certificates(identity.chain)
    leaf.verify_directly_issued_by(middle)
    middle.verify_directly_issued_by(x509.load_der_x509_certificate(identity.root))
    tls.context(identity)


def test_a_key_of_another_authority_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Files of two installations mixed up do not make one."""
    one, other = tmp_path / "one", tmp_path / "other"
    tls.prepare(one, ADDRESSES, NOW)
    tls.prepare(other, ADDRESSES, NOW)
    (one / "intermediate.key").write_bytes((other / "intermediate.key").read_bytes())

    identity = tls.prepare(one, ADDRESSES, NOW)

    leaf, middle = _certificates(identity.chain)
    leaf.verify_directly_issued_by(middle)


def test_a_phone_with_the_root_installed_sees_no_warning(house: House) -> None:
    """The whole chain is good for TLS as a client checks it, by address."""
    phone = house.pair()
    root = phone.get("/wakeline-ca.crt")

    phone._tls = trusting(root.body)
    told = phone.get("/api/machine")

    assert root.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert told.status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(house: House, version: ssl.TLSVersion) -> None:
    """Nothing below TLS 1.3."""
    house.open_lan()
    old = trusting(None)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = version

    with (
        socket.create_connection(("127.0.0.1", house.server.lan.port)) as plain,
        pytest.raises((ssl.SSLError, ConnectionResetError)),
    ):
        old.wrap_socket(plain)


def test_the_newest_tls_is_chosen(house: House) -> None:
    """TLS 1.3."""
    house.open_lan()

    plain = socket.create_connection(("127.0.0.1", house.server.lan.port))
    with trusting(None).wrap_socket(plain) as wrapped:
        version = wrapped.version()

    assert version == "TLSv1.3"
