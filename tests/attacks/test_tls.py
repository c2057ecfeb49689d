"""Attacks on the line itself: old protocols, weak suites, sessions that come back, and who sits between."""

import base64
import http.client
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from supervisor.core.model import Scope
from supervisor.remote import tls
from supervisor.remote.access import TOKEN_SECONDS
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone, encoded, trusting
from tests.lab.authority import Authority


def _connected(house: House, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection((LOOPBACK, house.server.lan.port), 30)
    try:
        return context.wrap_socket(plain, session=session)
    except OSError:
        plain.close()
        raise


def _offering(suites: str) -> ssl.SSLContext:
    made = trusting(None)
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(f"{suites}:@SECLEVEL=0")
    return made


@pytest.mark.parametrize(
    "suites",
    [
        "AES128-GCM-SHA256",
        "AES256-SHA",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
        "aNULL",
        "eNULL",
    ],
)
def test_weak_suites_are_refused(house: House, suites: str) -> None:
    """Without forward secrecy, without authentication, without encryption, or with it bolted on behind."""
    house.open_lan()

    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        _connected(house, _offering(suites)).close()


def test_no_session_comes_back(house: House) -> None:
    """No ticket, nothing resumed: so there is no early data, which could be played again."""
    house.open_lan()
    context = trusting(None)
    with _connected(house, context) as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {house.host}\r\nConnection: close\r\n\r\n".encode())
        while line.recv(65536):
            pass
        session = line.session

    with _connected(house, context, session) as again:
        reused = again.session_reused

    assert session is None or not session.has_ticket
    assert not reused


def test_what_is_shown_is_a_leaf_and_its_constrained_issuer(house: House) -> None:
    """For exactly what is served, for servers only, ninety days at most, and no root on the wire."""
    house.open_lan()
    sent = x509.load_pem_x509_certificates((house.tls_folder / "leaf.crt").read_bytes())
    with _connected(house, trusting(None)) as line:
        leaf = x509.load_der_x509_certificate(line.getpeercert(binary_form=True) or b"")

    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    limits = sent[1].extensions.get_extension_for_class(x509.NameConstraints)
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == [LOOPBACK]
    assert names.get_values_for_type(x509.DNSName) == [house.server.lan.name]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days <= 90
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (sent[0], len(sent)) == (leaf, 2)
    assert limits.critical
    assert limits.value.permitted_subtrees


def test_the_roots_key_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In no file in any form, once the authority is made: nobody can make another one of it."""
    made: list[ec.EllipticCurvePrivateKey] = []
    generate = ec.generate_private_key

    def noted(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        made.append(generate(curve))
        return made[-1]

    monkeypatch.setattr(ec, "generate_private_key", noted)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    identity = tls.prepare(tmp_path / "tls", ["192.168.1.5"], 1_800_000_000.0)

    public = x509.load_der_x509_certificate(identity.root).public_key()
    root = next(key for key in made if key.public_key() == public)
    secret = root.private_numbers().private_value.to_bytes(32, "big")
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    unfolded = [b"".join(content.split()) for content in kept]
    assert len(made) == 3
    assert len(kept) == 5
    assert not [one for one in kept if secret in one or secret.hex().encode() in one]
    # In the middle of base64 it may begin at any of three places.
    parts = [base64.b64encode(b"\0" * shift + secret)[4:40] for shift in range(3)]
    assert not [one for one in unfolded for part in parts if part in one]


class _Between(Phone):
    """A phone whose owner clicks the warning of somebody between away."""

    port: int

    def connect(self) -> http.client.HTTPSConnection:
        """To the one between, under our name."""
        connection = super().connect()
        reach = socket.create_connection
        connection._create_connection = lambda _, *rest: reach((LOOPBACK, self.port), *rest)  # type: ignore[attr-defined]  # the only way in
        return connection


@contextmanager
def _interceptor(house: House, folder: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Ends TLS with a certificate of its own, passes on and keeps what phones say."""
    files = Authority().issue(folder, "somebody.example")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(files.certificate, files.key)
    heard: list[bytes] = []

    def carry(plain: socket.socket) -> None:
        with (
            theirs.wrap_socket(plain, server_side=True) as come_in,
            _connected(house, trusting(None)) as gone_out,
        ):
            said = b""
            while b"\r\n\r\n" not in said or len(said.partition(b"\r\n\r\n")[2]) < _length(said):
                said += come_in.recv(65536)
            heard.append(said)
            gone_out.sendall(said.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            while back := gone_out.recv(65536):
                come_in.sendall(back)

    with socket.create_server((LOOPBACK, 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    carry(listening.accept()[0])
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listening.getsockname()[1], heard
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _length(said: bytes) -> int:
    head = said.partition(b"\r\n\r\n")[0].lower()
    return int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)


def test_who_sat_between_is_left_with_nothing(house: House, tmp_path: Path) -> None:
    """It heard every word of a pairing. Gone, it cannot pair, log in or act; its token ends with its time."""
    with _interceptor(house, tmp_path / "between") as (port, heard):
        phone = _Between(house.run(house.server.phone.open(LOOPBACK, Scope.VIEW))["url"])
        phone.port = port
        assert (phone.hello().status, phone.reveal().status) == (200, 200)
        house.run(house.server.phone.choose(phone.number))
        phone.result()
        assert phone.log_in().status == 200
    devices, taken = dict(house.backend.known_devices), phone.token

    answers = [_said_again(house, words) for words in heard]
    house.server._tokens._elapsed = lambda: 10.0**12 + TOKEN_SECONDS
    stale = Phone(f"{phone.origin}/#1.AAAA.BBBB")
    stale.token = taken

    everything = b"".join(heard)
    assert encoded(phone.secret).encode() not in everything
    # Hello, request, result, challenge, token: a result names no secret, and a challenge is for everybody.
    assert answers == [b"409", b"403", b"200", b"200", b"401"]
    assert stale.get("/api/sessions").status == 401
    assert dict(house.backend.known_devices) == devices


def _said_again(house: House, words: bytes) -> bytes:
    with _connected(house, trusting(None)) as line:
        line.sendall(words.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        answer = b""
        while more := line.recv(65536):
            answer += more
    return answer.split(b" ")[1]
