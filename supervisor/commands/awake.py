"""``awake``: what keeps the machine awake, and the switch for it."""

import argparse
import re
from collections.abc import Callable
from typing import Any

from supervisor.client import connect
from supervisor.commands import say
from supervisor.core.errors import WrongUse

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_awake(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``awake [auto|on|off] [--for 2h] [--json]``."""
    parser.add_argument("mode", nargs="?", choices=("auto", "on", "off"), help="change it")
    parser.add_argument(
        "--for", dest="span", metavar="TIME", help="for so long, then auto again: 90m, 2h, 1h30m"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _awake


def seconds(text: str) -> int:
    """``2h``, ``90m``, ``1h30m`` or ``45`` (minutes) in seconds."""
    if text.isdigit() and text.isascii():
        text += "m"
    if not re.fullmatch(r"(?:\d{1,6}[smhd])+", text, re.ASCII):
        raise WrongUse(f"{text!r} is no duration.", "Write it like 90m, 2h or 1h30m.")
    total = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
    if total <= 0:
        raise WrongUse("The duration must be more than nothing.", "Write it like 90m, 2h or 1h30m.")
    return total


def _awake(options: argparse.Namespace) -> int:
    if options.span and options.mode in {None, "auto"}:
        raise WrongUse("--for goes with on or off.", "Write: wakeline awake on --for 2h")
    client = connect()
    if options.mode:
        body = {"mode": options.mode, "seconds": seconds(options.span) if options.span else None}
        awake = client.put("/api/awake", body)
    else:
        awake = client.get("/api/machine")["awake"]
    if options.json:
        say.document(awake)
    else:
        print("\n".join(told(awake)))
    return 0


def told(awake: dict[str, Any]) -> list[str]:
    """Keep-awake in a few lines for people."""
    lines = [_headline(awake), *_still(awake)]
    lines += [
        f"  because {say.plain(r['text'])}, for {say.ago(r['since'])}"
        + (f", until {say.clock(r['until'])}" if r["until"] else "")
        for r in awake["reasons"]
    ]
    if awake["releases_at"]:
        lines.append(f"  lets go in {say.until(awake['releases_at'])} if nothing happens")
    if awake["mode"] != "auto":
        back = f", back to auto in {say.until(awake['mode_until'])}" if awake["mode_until"] else ""
        lines.append(f"  set to {awake['mode']} by you{back}")
    return lines


def _still(awake: dict[str, Any]) -> list[str]:
    """What puts it to sleep all the same: nobody should find that out in a bag."""
    if not awake["held"]:
        return []
    # Its lock stops the user, too, since systemd 257; a desktop knows who it is that asks.
    yourself = ": first wakeline awake off" if awake["mechanism"].startswith("logind") else ""
    return [f"  a closed lid still puts it to sleep, and so can you{yourself}"]


def _headline(awake: dict[str, Any]) -> str:
    if awake["held"]:
        return f"This machine is kept awake ({awake['mechanism']}, verified)."
    if awake["problem"]:
        return f"This machine may sleep: {say.plain(awake['problem'])}"
    if awake["wanted"]:
        return "This machine is about to be kept awake."
    return "This machine may sleep: no work runs."
