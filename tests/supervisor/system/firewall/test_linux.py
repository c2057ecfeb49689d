"""Firewalls of Linux: ufw's files, firewalld's program, and what nftables really has."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("ufw, firewalld and nftables are things of Linux", allow_module_level=True)
assert sys.platform == "linux"

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from supervisor.system import firewall
from supervisor.system.firewall.linux import barriers
from tests.lab.fixtures import do_without

PORT = 47820
ROOT = Path(__file__).parents[4]
ASK = """
import json
from supervisor.system.firewall import barriers
print(json.dumps([[one.name, one.lets] for one in barriers(47820)]))
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any firewall, and without programs to ask."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("supervisor.system.firewall.linux._NFT_FOLDERS", ())
    (tmp_path / "bin").mkdir()
    return tmp_path


def write(path: Path, text: str) -> None:
    """A file of the system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def program(root: Path, name: str, text: str) -> None:
    """A program of the system."""
    write(root / "bin" / name, f"#!/bin/sh\n{text}\n")
    (root / "bin" / name).chmod(0o755)


def told(root: Path) -> list[tuple[str, bool | None]]:
    """Who may be in the way, and whether that is sure."""
    return [(one.name, one.lets) for one in barriers(PORT, root)]


def test_without_a_firewall_there_is_none(root: Path) -> None:
    """Nothing is made up."""
    assert told(root) == []


def test_ufw_that_is_off_is_no_barrier(root: Path) -> None:
    """Installed, not turned on."""
    write(root / "etc/ufw/ufw.conf", "# ENABLED=yes\nENABLED=no\n")

    assert told(root) == []


def test_ufw_that_nobody_may_read_may_be_one(root: Path) -> None:
    """Its rules are for root; that it is on anybody can see."""
    write(root / "etc/ufw/ufw.conf", "ENABLED=yes\n")

    assert told(root) == [("ufw", None)]
    assert barriers(PORT, root)[0].remedy == "sudo ufw allow 47820/tcp"


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("-A ufw-user-input -p tcp --dport 22 -j ACCEPT", [("ufw", False)]),
        ("-A ufw-user-input -p udp --dport 47820 -j ACCEPT", [("ufw", False)]),
        ("-A ufw-user-input -p tcp --dport 47820 -j DROP", [("ufw", False)]),
        ("-A ufw-user-output -p tcp --dport 47820 -j ACCEPT", [("ufw", False)]),
        ("-A ufw-user-input -p tcp --dport 47820 -j ACCEPT", []),
        ("-A ufw-user-input -p tcp -m multiport --dports 22,47000:48000 -j ACCEPT", []),
        ("-A ufw-user-input -s 192.168.1.0/24 -j ACCEPT", []),
    ],
)
def test_the_rules_of_ufw_decide(root: Path, rule: str, found: list[tuple[str, bool | None]]) -> None:
    """Where they can be read."""
    write(root / "etc/ufw/ufw.conf", "ENABLED=yes\n")
    write(root / "etc/ufw/user.rules", f"*filter\n{rule}\nCOMMIT\n")

    assert told(root) == found


def test_ufw_that_lets_everything_in_is_no_barrier(root: Path) -> None:
    """Its usual answer is yes."""
    write(root / "etc/ufw/ufw.conf", "ENABLED=yes\n")
    write(root / "etc/default/ufw", 'DEFAULT_INPUT_POLICY="ACCEPT"\n')

    assert told(root) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [(0, []), (1, [("firewalld", False)]), (253, [("firewalld", None)])],
)
def test_firewalld_is_asked_by_its_program(
    root: Path, answer: int, found: list[tuple[str, bool | None]]
) -> None:
    """Open, shut, or not allowed to know."""
    program(
        root, "firewall-cmd", f'case "$1" in --state) exit 0;; --query-port=47820/tcp) exit {answer};; esac'
    )

    assert told(root) == found


def test_firewalld_that_does_not_run_is_none(root: Path) -> None:
    """Installed, stopped."""
    program(root, "firewall-cmd", "exit 252")

    assert told(root) == []


def test_rules_that_only_root_may_see_may_be_a_barrier(root: Path) -> None:
    """As on a desktop: nft refuses, but its rules are loaded at every start."""
    program(root, "nft", "echo 'Operation not permitted' >&2; exit 1")
    assert told(root) == []

    wants = root / "etc/systemd/system/sysinit.target.wants"
    wants.mkdir(parents=True)
    (wants / "nftables.service").symlink_to("/lib/systemd/system/nftables.service")

    assert told(root) == [("nftables", None)]


def test_nonsense_of_a_program_is_borne(root: Path) -> None:
    """It answers, and nobody understands it."""
    program(root, "nft", "echo nonsense")

    assert told(root) == [("nftables", None)]


@pytest.fixture
def network() -> Iterator[str]:
    """A network namespace with no rules."""
    if shutil.which("nft") is None or shutil.which("ip") is None:
        do_without("needs nft and ip: apt install nftables iproute2")
    if os.geteuid() != 0:
        do_without("network namespaces need root: run the tests as root")
    name = f"wlf{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        do_without("network namespaces are not allowed here: run on a machine of your own")
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True)


_DROPS = "add chain inet t i { type filter hook input priority 0; policy drop; }"
_ANSWERS = "add rule inet t i ct state established,related accept"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], []),
        (["add chain inet t i { type filter hook input priority 0; policy accept; }"], []),
        ([_DROPS], [["nftables", False]]),
        ([_DROPS, _ANSWERS, "add rule inet t i iifname lo accept"], [["nftables", False]]),
        ([_DROPS, "add rule inet t i tcp dport 22 accept"], [["nftables", False]]),
        ([_DROPS, _ANSWERS, "add rule inet t i tcp dport 47820 accept"], []),
        ([_DROPS, "add rule inet t i tcp dport { 22, 47000-48000 } accept"], []),
        ([_DROPS, "add rule inet t i ip saddr 192.168.0.0/16 accept"], [["nftables", None]]),
        (
            [
                "add chain inet t i { type filter hook input priority 0; policy accept; }",
                "add rule inet t i tcp dport 47820 reject",
            ],
            [["nftables", False]],
        ),
        ([_DROPS, "add chain inet t more", "add rule inet t i jump more"], [["nftables", None]]),
    ],
    ids=["none", "accepts", "drops", "answers", "ssh", "ours", "range", "neighbours", "rejects", "jumps"],
)
def test_what_nftables_has_decides(
    network: str, rules: list[str], found: list[list[str | bool | None]]
) -> None:
    """Real rules in a network of their own: shut, open, or too intricate to say."""
    script = "\n".join(["add table inet t", *rules])
    inside = ["ip", "netns", "exec", network]
    subprocess.run([*inside, "nft", "-f", "-"], input=script, text=True, check=True, timeout=60)

    asked = subprocess.run(
        [*inside, sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )

    assert json.loads(asked.stdout) == found


def test_this_machine_can_be_asked() -> None:
    """Whatever it has, it is a list, and there is a remedy for each."""
    assert all(one.remedy and one.lets is not True for one in firewall.barriers(PORT))
