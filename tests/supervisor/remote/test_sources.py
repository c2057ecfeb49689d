"""Where certificates of others come from. Tailscale's program is a stand-in with its documented commands."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from supervisor.core.errors import Refused, WrongUse
from supervisor.core.model import Scope
from supervisor.remote.sources import Own, Tailscale, of_settings
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone
from tests.lab.authority import Authority

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")

NAME = "desk.tail1234.ts.net"
RUNNING: dict[str, Any] = {
    "BackendState": "Running",
    "Self": {"DNSName": f"{NAME}.", "TailscaleIPs": [LOOPBACK, "fd7a:115c:a1e0::1"]},
    "CertDomains": [NAME],
}
#: What ``tailscale`` does when it is asked as its manual says; each asking is one line in ``asked``.
STAND_IN = f"""#!{sys.executable}
import json, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
match sys.argv[1:]:
    case ["status", "--json", "--peers=false"]:
        print((here / "status").read_text())
    case ["cert", "--cert-file", certificate, "--key-file", key, name] if not (here / "refuses").exists():
        shutil.copy(here / "own" / "chain.pem", certificate)
        shutil.copy(here / "own" / "key.pem", key)
    case _:
        sys.exit((here / "refuses").read_text())
"""


class Tailnet:
    """This machine in a tailnet, as the stand-in tells it."""

    def __init__(self, folder: Path) -> None:
        """Connected, with certificates turned on."""
        self.folder = folder
        self.authority = Authority()
        self.authority.issue(folder / "own", NAME)
        self.is_now(RUNNING)
        self.program = folder / "tailscale"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)

    def is_now(self, status: object) -> None:
        """What ``tailscale status`` tells from now on."""
        (self.folder / "status").write_text(json.dumps(status))

    def refuses(self, why: str) -> None:
        """No certificate any more."""
        (self.folder / "refuses").write_text(why)

    def asked(self) -> list[list[str]]:
        """What it was asked for."""
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def source(self) -> Tailscale:
        """What Wakeline makes of it."""
        return Tailscale(self.folder / "kept", str(self.program))


@pytest.fixture
def tailnet(tmp_path: Path) -> Tailnet:
    """A program named tailscale."""
    return Tailnet(tmp_path)


class _Resolved(Phone):
    """A phone in the tailnet, which knows where its names lead."""

    def connect(self) -> Any:
        """As MagicDNS has it."""
        import socket

        connection = super().connect()
        port = int(self.host.rpartition(":")[2])
        connection._create_connection = lambda _, *rest: socket.create_connection((LOOPBACK, port), *rest)  # type: ignore[attr-defined]  # the only way in
        return connection


def test_a_phone_comes_by_the_name_in_the_tailnet(tailnet: Tailnet, tmp_path: Path) -> None:
    """Asked as its manual says; the phone trusts the public authority and nobody else."""
    with House(tmp_path / "house", vouched=tailnet.source()) as house:
        dialog = house.run(house.server.phone.open(None, Scope.VIEW))
        phone = _Resolved(dialog["url"], root=tailnet.authority.root)
        phone.hello()
        status = phone.reveal().status

    kept = tmp_path / "kept"
    certificate = [
        "cert",
        "--cert-file",
        str(kept / f"{NAME}.crt"),
        "--key-file",
        str(kept / f"{NAME}.key"),
        NAME,
    ]
    assert status == 200
    assert dialog["url"].startswith(f"https://{NAME}:")
    assert dialog["verified"]
    assert ["status", "--json", "--peers=false"] in tailnet.asked()
    assert certificate in tailnet.asked()
    assert (kept / f"{NAME}.key").stat().st_mode & 0o077 == 0
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RUNNING | {"BackendState": "Stopped"}, "is not connected"),
        (RUNNING | {"CertDomains": None}, "gives no certificates"),
        (RUNNING | {"CertDomains": ["other.ts.net"]}, "gives no certificates"),
        (RUNNING | {"Self": {"DNSName": ""}}, "no name in Tailscale"),
        (RUNNING | {"Self": {"DNSName": "../../etc/x."}}, "no name in Tailscale"),
        (RUNNING | {"Self": None}, "was not understood"),
        ([], "was not understood"),
        ("x", "was not understood"),
    ],
)
async def test_what_is_missing_in_tailscale_is_said(tailnet: Tailnet, status: object, said: str) -> None:
    """With what to do about it, and before any file is written."""
    tailnet.is_now(status)

    with pytest.raises(Refused, match=said) as refused:
        await tailnet.source().bring()

    assert refused.value.hint
    assert not (tailnet.folder / "kept").exists()


@pytest.mark.anyio
async def test_what_tailscale_complains_of_is_passed_on(tailnet: Tailnet) -> None:
    """In its own words, in one line."""
    tailnet.refuses("Access denied: cert access denied\nUse 'sudo tailscale cert'.")

    with pytest.raises(Refused, match="Access denied: cert access denied Use"):
        await tailnet.source().bring()


@pytest.mark.anyio
async def test_without_the_program_it_is_said(tmp_path: Path) -> None:
    """The setting is on, Tailscale is not installed."""
    with pytest.raises(Refused, match="program is not here"):
        await Tailscale(tmp_path, str(tmp_path / "none")).bring()


@pytest.mark.anyio
async def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it for ever, and nothing of it is left."""
    program = tmp_path / "tailscale"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr("supervisor.remote.sources._STATUS_SECONDS", 0.2)

    with pytest.raises(Refused, match="did not answer"):
        await Tailscale(tmp_path, str(program)).bring()


@pytest.mark.anyio
async def test_an_own_name_is_looked_up(tmp_path: Path) -> None:
    """As this machine resolves it; who is not found is said."""
    own = Own(Authority().issue(tmp_path, "localhost"))

    assert LOOPBACK in await own.addresses("localhost")
    with pytest.raises(Refused, match="Nobody knows where"):
        await own.addresses("nothing.invalid")


def test_the_settings_choose(tmp_path: Path) -> None:
    """None, files of your own, or Tailscale."""

    def chosen(certificate: str = "", key: str = "", *, tailscale: bool = False) -> object:
        return of_settings(
            tmp_path, certificate=certificate, key=key, name="desk.example", tailscale=tailscale
        )

    own = chosen("~/c.pem", "/k.pem")

    assert chosen() is None
    assert isinstance(chosen(tailscale=True), Tailscale)
    assert isinstance(own, Own)
    assert (own.files.certificate, own.files.name) == (Path.home() / "c.pem", "desk.example")
    with pytest.raises(WrongUse):
        chosen(key="x")
