"""``phone``: connect a phone. The QR code is shown here, and the number is chosen here."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from supervisor.client import Client, connect
from supervisor.commands import say
from supervisor.core.errors import Failed, Refused


def add_phone(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``phone [--address A] [--scope view|control]``, ``phone --on|--off``."""
    parser.add_argument("--address", metavar="A", help="listen on this address of this machine")
    parser.add_argument(
        "--scope", choices=("view", "control"), default="view", help="what the phone may do (default: view)"
    )
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument(
        "--on", action="store_true", help="serve the phones that are paired, connect no new one"
    )
    switch.add_argument("--off", action="store_true", help="serve no phone any more; they stay paired")
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


def _invite(dialog: dict[str, Any]) -> None:
    print(
        f"\nScan this with the phone's camera, on the same Wi-Fi."
        f" It works once, until {say.clock(dialog['expires_at'])}."
    )
    print(f"Or open: {dialog['url']}")
    control = "read and control: so far the keep-awake switch, later typing and approving, too"
    print(f"The phone may {control if dialog['scope'] == 'control' else 'read only'}.")
    print("The browser will warn that it does not know this machine: that is expected.")
    print(f"Go on if the address is {dialog['address']}:{dialog['port']}.")
    others = [a for a in dialog["addresses"] if not a["chosen"]]
    for other in others:
        note = f" ({other['note']})" if other["note"] else ""
        print(f"Not reached? Try: wakeline phone --address {other['address']}  {other['interface']}{note}")


def _wait(client: Client, dialog: dict[str, Any], state: str) -> dict[str, Any]:
    while dialog["state"] == state:
        dialog = client.get(f"/api/pair/dialog?after={dialog['version']}")
    return dialog


def _choose(client: Client, dialog: dict[str, Any]) -> dict[str, Any]:
    numbers = [str(number) for number in dialog["numbers"]]
    print(f"\n{say.plain(dialog['device_label'] or 'A phone')} wants to connect. Which number does it show?")
    print(
        "   " + "     ".join(say.coloured(number, "1") for number in numbers) + "     (Enter: none of them)"
    )
    sys.stdout.flush()
    answer = sys.stdin.readline().strip()
    if answer not in numbers:
        client.delete("/api/pair/dialog")
        raise Refused("Rejected. The code is dead, nothing was connected.", "Start again: wakeline phone")
    chosen: dict[str, Any] = client.post("/api/pair/dialog/choice", {"number": int(answer)})
    return chosen


def _outcome(dialog: dict[str, Any]) -> int:
    if dialog["state"] == "paired":
        label = say.plain(dialog["device"]["label"])
        print(f"Connected: {label} ({dialog['device']['scope']}). Remove it with: wakeline devices revoke")
        return 0
    reason = dialog["reason"] or f"The code is {dialog['state']}"
    raise Failed(say.plain(reason).rstrip(".") + ".", "Start again: wakeline phone")
