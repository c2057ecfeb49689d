"""Certificates of others: taken when they are good, refused in plain words when they are not."""

import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused, WrongUse
from supervisor.core.model import Scope
from supervisor.remote.sources import Own
from supervisor.remote.vouched import Files, Keeper, addresses_of, check_wishes, read
from tests.fakes.backend import session
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone, trusting
from tests.lab.authority import Authority, Term

#: The one name that leads to this machine everywhere.
NAME = "localhost"


@pytest.fixture
def authority() -> Authority:
    """One that browsers know."""
    return Authority()


@pytest.fixture
def own(tmp_path: Path, authority: Authority) -> Files:
    """Certificate and key of a domain of ours."""
    return authority.issue(tmp_path / "own", NAME)


@pytest.fixture
def house(tmp_path: Path, own: Files) -> Iterator[House]:
    """A server whose settings name them."""
    with House(tmp_path, vouched=Own(own)) as house:
        yield house


def shown_to(house: House, name: str | None) -> bytes:
    """The certificate that a browser is shown that asks for this name."""
    with (
        socket.create_connection((LOOPBACK, house.server.lan.port), 30) as plain,
        trusting(None).wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def come(house: House, authority: Authority) -> Phone:
    """A phone that trusts nobody but that authority is paired."""
    dialog = house.run(house.server.phone.open(None, Scope.VIEW))
    phone = Phone(dialog["url"], root=authority.root)
    phone.hello()
    phone.reveal()
    house.run(house.server.phone.choose(phone.number))
    phone.result()
    phone.log_in()
    return phone


def test_a_phone_comes_by_the_name_and_is_not_warned(house: House, authority: Authority) -> None:
    """The code names the domain; the certificate is good for it as any client checks it."""
    phone = come(house, authority)

    shown = Client(house.socket).get("/api/pair/dialog")
    assert phone.get("/api/machine").status == 200
    assert (shown["address"], shown["verified"]) == (NAME, True)
    assert phone.origin == f"https://{NAME}:{house.server.lan.port}"
    assert Client(house.socket).get("/api/phone")["name"] == f"{NAME}:{house.server.lan.port}"


def test_phones_that_were_paired_by_address_stay_paired(house: House) -> None:
    """They are shown our own certificate as ever; only the name has the other one."""
    phone = house.pair()
    house.run(house.server.lan.vouch())

    by_address, by_name = shown_to(house, None), shown_to(house, NAME)

    assert phone.get("/api/machine").status == 200
    assert sha256(by_address).digest() == house.server.lan.certificate_sha256
    assert by_name != by_address
    assert shown_to(house, house.server.lan.name) == by_address


def test_a_new_certificate_is_taken_up_without_a_restart(
    house: House, authority: Authority, tmp_path: Path
) -> None:
    """As a renewal leaves it: the next connection is shown it, open ones stay."""
    phone = come(house, authority)
    events = phone.events()
    next(events)
    before = shown_to(house, NAME)

    authority.issue(tmp_path / "own", NAME)
    after = shown_to(house, NAME)
    house.call(lambda: house.backend.put(session("s-1")))

    assert before != after
    assert phone.get("/api/machine").status == 200
    assert next(events).topic == "session"
    events.close()


def test_a_change_for_the_worse_keeps_the_good_one_and_is_told(house: House, own: Files) -> None:
    """Half a renewal, or nonsense: phones are served, and the owner hears of it."""
    house.open_lan()
    house.run(house.server.lan.vouch())
    before = shown_to(house, NAME)

    own.certificate.write_text("nonsense")
    after = shown_to(house, NAME)

    assert after == before
    assert "is not a certificate in PEM form" in Client(house.socket).get("/api/phone")["trouble"]


def test_a_name_without_a_good_certificate_is_not_answered(house: House) -> None:
    """Nobody is led to click a warning away: it ends, and only our addresses are served."""
    phone = house.pair()
    house.run(house.server.lan.vouch())
    house.server.lan.keeper._now = lambda: time.time() + 61 * 86400  # type: ignore[union-attr]

    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        shown_to(house, NAME)

    assert phone.get("/api/machine").status == 200
    with pytest.raises(Refused, match="expired on"):
        house.run(house.server.phone.open(None, Scope.VIEW))


def test_a_wished_address_is_taken_whatever_the_certificate(house: House, own: Files) -> None:
    """The way out while the certificate is broken."""
    own.key.unlink()

    dialog = house.run(house.server.phone.open(LOOPBACK, Scope.VIEW))

    assert (dialog["address"], dialog["verified"]) == (LOOPBACK, False)
    with pytest.raises(Refused, match="cannot be read"):
        house.run(house.server.phone.open(None, Scope.VIEW))


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, authority: Authority) -> None:
    """A phone would go there: say so before the code is shown."""
    files = authority.issue(tmp_path / "own", "elsewhere.example")

    class Elsewhere(Own):
        async def addresses(self, name: str) -> list[str]:
            return ["192.0.2.7"] if name == "elsewhere.example" else []

    with House(tmp_path, vouched=Elsewhere(files)) as house, pytest.raises(Refused, match=r"192\.0\.2\.7"):
        house.run(house.server.phone.open(None, Scope.VIEW))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda a, f: a.issue(f, NAME, term=Term(starts=-9, ends=-1)), "expired on"),
        (lambda a, f: a.issue(f, NAME, term=Term(starts=1)), "is not valid before"),
        (lambda a, f: a.issue(f, NAME, for_servers=False), "is not for servers"),
        (
            lambda a, f: a.issue(f, "other.example", wanted=NAME),
            "is not for localhost, but for other.example",
        ),
        (lambda a, f: a.issue(f, "*.example"), "has no name that phones could use"),
        (lambda a, f: a.issue(f), "has no name that phones could use"),
    ],
    ids=["old", "early", "mail", "other", "wildcard", "nameless"],
)
def test_a_certificate_that_is_not_good_is_refused(
    tmp_path: Path, authority: Authority, spoil: Callable[[Authority, Path], Files], said: str
) -> None:
    """In plain words, with the file and what to do."""
    files = spoil(authority, tmp_path / "own")

    with pytest.raises(Refused, match=said) as refused:
        read(files, time.time())

    assert str(files.certificate) in refused.value.title
    assert refused.value.hint


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_cannot_be_used_is_refused(own: Files, content: str) -> None:
    """Broken, or with a pass phrase that nobody is there to type."""
    own.key.write_text(content)

    with pytest.raises(Refused, match="is not a key that can be used"):
        read(own, time.time())


def test_a_key_of_another_certificate_is_refused(own: Files, authority: Authority, tmp_path: Path) -> None:
    """Two files that do not belong together."""
    other = authority.issue(tmp_path / "other", NAME)

    with pytest.raises(Refused, match="is not the key of"):
        read(replace(own, key=other.key), time.time())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(own: Files, mode: int) -> None:
    """It is no secret any more."""
    own.key.chmod(mode)

    with pytest.raises(Refused, match="can be read by others") as refused:
        read(own, time.time())

    assert "chmod 600" in refused.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no owner numbers")
def test_a_key_of_another_user_is_refused(own: Files) -> None:
    """Whose it is may change it."""
    if os.getuid() != 0:
        pytest.skip("needs root to make a file of another user")
    os.chown(own.key, 12345, 12345)

    with pytest.raises(Refused, match="belongs to another user"):
        read(own, time.time())


def test_what_is_no_file_is_not_waited_for(own: Files) -> None:
    """A pipe or a folder in the place of a key ends at once."""
    own.key.unlink()
    own.key.mkdir()
    with pytest.raises(Refused):
        read(own, time.time())
    if sys.platform != "win32":
        own.key.rmdir()
        os.mkfifo(own.key, 0o600)
        with pytest.raises(Refused, match="is not a plain file"):
            read(own, time.time())


def test_a_wildcard_serves_the_name_that_is_set(tmp_path: Path, authority: Authority) -> None:
    """One level below, as certificates mean it."""
    files = authority.issue(tmp_path / "own", "*.home.example", wanted="Desk.home.example")

    assert read(files, time.time()).name == "desk.home.example"
    with pytest.raises(Refused, match=r"is not for a\.b\.home\.example"):
        read(replace(files, name="a.b.home.example"), time.time())


def test_a_link_is_followed(own: Files, tmp_path: Path) -> None:
    """As renewing programs lay them; what is opened behind it is checked."""
    linked = tmp_path / "linked.pem"
    try:
        linked.symlink_to(own.key)
    except OSError:
        pytest.skip("links are not allowed here")

    assert read(replace(own, key=linked), time.time()).name == NAME


def test_nothing_of_the_key_is_left_behind(
    own: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was checked is what is loaded; the copy for that is gone."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    read(own, time.time())

    assert list(scratch.iterdir()) == []


@pytest.mark.anyio
async def test_an_old_certificate_is_used_while_no_new_one_can_be_had(own: Files) -> None:
    """The authority is away: what is good for weeks yet goes on."""

    class Moody(Own):
        async def bring(self) -> Files:
            if moods.pop(0):
                return await super().bring()
            raise Refused("Away.")

    moods = [True, False]
    keeper = Keeper(Moody(own), time.time)
    first = await keeper.prepare()

    second = await keeper.prepare()

    assert second is first
    assert keeper.trouble is not None
    assert keeper.trouble.title == "Away."


@pytest.mark.parametrize(
    ("certificate", "key", "tailscale"), [("x", "", False), ("", "x", False), ("x", "y", True)]
)
def test_settings_that_contradict_each_other_are_said(certificate: str, key: str, tailscale: bool) -> None:
    """Half a pair, or two sources at once."""
    with pytest.raises(WrongUse, match=r"phone\.certificate"):
        check_wishes(certificate, key, tailscale=tailscale)


def test_only_addresses_are_taken_for_addresses() -> None:
    """Whatever a resolver or another program says."""
    assert addresses_of(["127.0.0.1", "FD00::5", "fe80::1%eth0", "x", ""]) == [
        "127.0.0.1",
        "fd00::5",
        "fe80::1",
    ]
