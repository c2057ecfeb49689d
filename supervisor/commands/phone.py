"""``phone``: connect a phone. The QR code is shown here, and the number is chosen here."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from supervisor.client import Client, connect
from supervisor.commands import say
from supervisor.core.errors import Failed, Refused


def add_phone(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``phone [--address A] [--scope view|control]``, ``phone --on|--off|--trust``."""
    parser.add_argument(
        "--address", metavar="A", help="listen on this address of this machine, or use this name of it"
    )
    parser.add_argument(
        "--scope", choices=("view", "control"), default="view", help="what the phone may do (default: view)"
    )
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument(
        "--on", action="store_true", help="serve the phones that are paired, connect no new one"
    )
    switch.add_argument("--off", action="store_true", help="serve no phone any more; they stay paired")
    switch.add_argument(
        "--trust", action="store_true", help="show how a phone comes to trust this machine: no more warning"
    )
    return _phone


def _phone(options: argparse.Namespace) -> int:
    client = connect()
    place = {"address": options.address} if options.address else {}
    if options.off:
        client.delete("/api/phone")
        print("Off: nothing listens on the network. Paired phones can come back after: wakeline phone --on")
        return 0
    if options.on:
        client.put("/api/phone", place)
        print("On: paired phones can come back.")
        return 0
    if options.trust:
        return _trust(client.get("/api/phone/authority"))
    dialog = client.post("/api/pair/dialog", {"scope": options.scope} | place)
    try:
        print(client.get("/api/pair/dialog/qr")["text"])
        _invite(dialog)
        dialog = _wait(client, dialog, "open")
        if dialog["state"] == "choosing":
            dialog = _choose(client, dialog)
        return _outcome(dialog)
    except KeyboardInterrupt:
        client.delete("/api/pair/dialog")
        print("\nCancelled. The code is dead.")
        return 130


def _trust(authority: dict[str, Any]) -> int:
    print(authority["text"])
    print("Open this page on the phone; it says step by step how to trust this machine:")
    for page in authority["pages"]:
        print(f"  {page}")
    print("\nIt must show these words, and the phone's own settings this SHA-256 fingerprint:")
    print(f"  {say.coloured(authority['fingerprint_words'], '1')}")
    print(f"  {authority['fingerprint_sha256']}")
    return 0


def _invite(dialog: dict[str, Any]) -> None:
    print(
        f"\nScan this with the phone's camera, on the same Wi-Fi."
        f" It works once, until {say.clock(dialog['expires_at'])}."
    )
    print(f"Or open: {dialog['url']}")
    control = "read and control: so far the keep-awake switch, later typing and approving, too"
    print(f"The phone may {control if dialog['scope'] == 'control' else 'read only'}.")
    place = f"{dialog['address']}:{dialog['port']}"
    if dialog["verified"]:
        print(f"The browser knows {place}. If it warns, do not go on.")
    else:
        print("The browser will warn that it does not know this machine: that is expected.")
        print(f"Go on if the address is {place}. To get rid of the warning: wakeline phone --trust")
    others = [a for a in dialog["addresses"] if not a["chosen"]]
    for other in others:
        note = f" ({other['note']})" if other["note"] else ""
        words = f"wakeline phone --address {other['address']}  {other['interface']}{note}"
        print(f"Not reached? Try: {words}")


def _wait(client: Client, dialog: dict[str, Any], state: str) -> dict[str, Any]:
    told = None
    while dialog["state"] == state:
        if dialog["reason"] not in (None, told):
            told = dialog["reason"]
            print(f"\n{say.plain(told)}")
        dialog = client.get(f"/api/pair/dialog?after={dialog['version']}")
    return dialog


def _choose(client: Client, dialog: dict[str, Any]) -> dict[str, Any]:
    numbers = [str(number) for number in dialog["numbers"]]
    print(f"\n{say.plain(dialog['device_label'] or 'A phone')} wants to connect. Which number does it show?")
    print(
        "   " + "     ".join(say.coloured(number, "1") for number in numbers) + "     (Enter: none of them)"
    )
    again = dialog["again"][:1]
    for device in again:
        seen = f", last seen {say.clock(device['last_seen_at'])}" if device["last_seen_at"] else ""
        print(
            f"Is it {say.plain(device['label'])} again{seen}? Write r behind the number: its old entry goes."
        )
    sys.stdout.flush()
    answer, is_again, rest = sys.stdin.readline().strip().lower().partition("r")
    if answer not in numbers or rest or (is_again and not again):
        client.delete("/api/pair/dialog")
        raise Refused("Rejected. The code is dead, nothing was connected.", "Start again: wakeline phone")
    replaces = {"replaces": again[0]["id"]} if is_again else {}
    chosen: dict[str, Any] = client.post("/api/pair/dialog/choice", {"number": int(answer)} | replaces)
    return chosen


def _outcome(dialog: dict[str, Any]) -> int:
    if dialog["state"] == "paired":
        label = say.plain(dialog["device"]["label"])
        print(f"Connected: {label} ({dialog['device']['scope']}). Remove it with: wakeline devices revoke")
        return 0
    reason = dialog["reason"] or f"The code is {dialog['state']}"
    raise Failed(say.plain(reason).rstrip(".") + ".", "Start again: wakeline phone")
