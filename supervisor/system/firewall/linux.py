"""ufw, firewalld and nftables: their files and their own programs are asked, which send nothing."""

import sys

assert sys.platform == "linux"

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from supervisor.core.networks import Barrier

_SECONDS: Final = 5.0
#: What lets answers, this machine itself or pings through lets no phone in.
_HARMLESS: Final = frozenset({"ct", "iif", "iifname", "meta l4proto", "icmp", "icmpv6"})
_NFT_FOLDERS: Final = ("/usr/sbin", "/sbin")


def barriers(port: int, root: Path = Path("/")) -> Sequence[Barrier]:
    """See ``firewall.barriers``. *root*: below which the system's files lie."""
    looks: tuple[Callable[[int, Path], Barrier | None], ...] = (_ufw, _firewalld)
    # Both write their rules with nftables: what it has is theirs.
    found = [look(port, root) for look in looks]
    if not any(found):
        found = [_nftables(port, root)]
    return [one for one in found if one and one.lets is not True]


def _ufw(port: int, root: Path) -> Barrier | None:
    if not re.search(r"^ENABLED=yes\b", _text(root / "etc/ufw/ufw.conf"), re.MULTILINE):
        return None
    usual = _text(root / "etc/default/ufw")
    if re.search(r'^DEFAULT_INPUT_POLICY="?ACCEPT', usual, re.MULTILINE):
        return None
    rules = _text(root / "etc/ufw/user.rules")
    lets = any(_ufw_lets(line, port) for line in rules.splitlines()) if rules else None
    return Barrier(name="ufw", lets=lets, remedy=f"sudo ufw allow {port}/tcp")


def _ufw_lets(rule: str, port: int) -> bool:
    if not rule.startswith("-A ufw-user-input ") or "-j ACCEPT" not in rule or "-p udp" in rule:
        return False
    ports = re.search(r"--dports? (\S+)", rule)
    return ports is None or any(_within(part, port) for part in ports[1].split(","))


def _within(part: str, port: int) -> bool:
    first, _, last = part.partition(":")
    return first.isdigit() and int(first) <= port <= int(last if last.isdigit() else first)


def _firewalld(port: int, _: Path) -> Barrier | None:
    if shutil.which("firewall-cmd") is None or _run("firewall-cmd", "--state")[0] != 0:
        return None
    code, _told = _run("firewall-cmd", f"--query-port={port}/tcp")
    lets = {0: True, 1: False}.get(code)
    return Barrier(name="firewalld", lets=lets, remedy=f"sudo firewall-cmd --add-port={port}/tcp")


def _nftables(port: int, root: Path) -> Barrier | None:
    remedy = f"let TCP port {port} in"
    program = shutil.which("nft") or next((f"{f}/nft" for f in _NFT_FOLDERS if Path(f, "nft").exists()), None)
    code, told = _run(program, "-j", "list", "ruleset") if program else (1, "")
    if code == 0:
        lets = _nft_lets(told, port)
        return None if lets is True else Barrier(name="nftables", lets=lets, remedy=remedy)
    # Only root may see the rules; anybody sees that they are loaded when the machine starts.
    if not (root / "etc/systemd/system/sysinit.target.wants/nftables.service").is_symlink():
        return None
    return Barrier(name="nftables", lets=None, remedy=remedy)


def _nft_lets(told: str, port: int) -> bool | None:
    """Whether all chains that see what comes in let our port through; ``None``: too intricate to say."""
    try:
        items: list[dict[str, Any]] = json.loads(told)["nftables"]
    except (ValueError, KeyError, TypeError):
        return None
    chains = [item["chain"] for item in items if item.get("chain", {}).get("hook") == "input"]
    rules = [item["rule"] for item in items if "rule" in item]
    answers = [_chain_lets(chain, rules, port) for chain in chains]
    return False if False in answers else None if None in answers else True


def _chain_lets(chain: dict[str, Any], rules: Iterable[dict[str, Any]], port: int) -> bool | None:
    place = ("family", "table", "name")
    own = [r for r in rules if (r["family"], r["table"], r["chain"]) == tuple(chain[key] for key in place)]
    unsure = False
    for rule in own:
        verdict = _verdict(rule.get("expr", []))
        ports, others = _matches(rule.get("expr", []))
        if verdict is None or (ports and not any(_holds(one, port) for one in ports)):
            continue
        if others and others <= _HARMLESS:
            continue
        if others or verdict == "elsewhere":
            unsure = True
            continue
        return verdict == "accept"
    return None if unsure else chain.get("policy") != "drop"


def _verdict(parts: Iterable[dict[str, Any]]) -> str | None:
    for part in parts:
        for word in ("accept", "drop", "reject"):
            if word in part:
                return word
        if "jump" in part or "goto" in part:
            return "elsewhere"
    return None


def _matches(parts: Iterable[dict[str, Any]]) -> tuple[list[Any], set[str]]:
    """The ports that a rule is for, and what else it looks at."""
    ports: list[Any] = []
    others: set[str] = set()
    for match in (part["match"] for part in parts if "match" in part):
        left = match.get("left", {})
        payload, meta = left.get("payload", {}), left.get("meta", {})
        if payload.get("field") == "dport" and match.get("op") == "==":
            ports.append(match.get("right") if payload.get("protocol") != "udp" else -1)
        elif meta:
            others.add(meta["key"] if meta["key"].startswith("iif") else f"meta {meta['key']}")
        else:
            others.add(str(payload.get("protocol") or next(iter(left), "")))
    return ports, others


def _holds(ports: Any, port: int) -> bool:
    match ports:
        case int():
            return ports == port
        case {"range": [int(first), int(last)]}:
            return first <= port <= last
        case {"set": [*parts]}:
            return any(_holds(part, port) for part in parts)
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _run(*command: str) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return -1, ""
    return done.returncode, done.stdout
