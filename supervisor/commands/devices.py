"""``devices``: paired phones, and taking their access away."""

import argparse
from collections.abc import Callable
from typing import Any

from supervisor.client import Client, connect
from supervisor.commands import say
from supervisor.core.errors import Failed, WrongUse


def add_devices(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``devices [revoke ID|--all] [--json]``."""
    parser.add_argument("verb", nargs="?", choices=("revoke",), help="take access away")
    parser.add_argument("id", nargs="?", help="any unique beginning of a device's id, or its label")
    parser.add_argument("--all", action="store_true", help="revoke all")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _devices


def _devices(options: argparse.Namespace) -> int:
    client = connect()
    answer = client.get("/api/devices")
    if options.verb == "revoke":
        return _revoke(client, answer["devices"], options)
    if options.all or options.id:
        raise WrongUse("--all and ID go with revoke.", "Write: wakeline devices revoke --all")
    if options.json:
        say.document(answer)
        return 0
    if not answer["devices"]:
        print("No phone is paired. Connect one: wakeline phone")
    for device in answer["devices"]:
        seen = (
            f"last seen {say.ago(device['last_seen_at'])} ago" if device["last_seen_at"] else "not seen yet"
        )
        where = f" at {device['last_address']}" if device["last_address"] else ""
        print(f"{device['id'][:8]}  {say.plain(device['label']):<24}  {device['scope']:<8}  {seen}{where}")
    return 0


def _revoke(client: Client, devices: list[dict[str, Any]], options: argparse.Namespace) -> int:
    chosen = devices if options.all else _called(devices, options.id)
    for device in chosen:
        client.delete(f"/api/devices/{device['id']}")
        print(f"Removed: {say.plain(device['label'])}")
    if not chosen:
        print("No phone is paired.")
    return 0


def _called(devices: list[dict[str, Any]], wanted: str | None) -> list[dict[str, Any]]:
    if not wanted:
        raise WrongUse("Which device?", "Write: wakeline devices revoke ID, or --all")
    found = [d for d in devices if d["id"].startswith(wanted) or d["label"] == wanted]
    if len(found) != 1:
        how_many = "No device is" if not found else f"{len(found)} devices are"
        raise Failed(f"{how_many} called {wanted!r}.", "See: wakeline devices")
    return found
