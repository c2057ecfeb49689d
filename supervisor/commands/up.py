"""``up``, ``down`` and ``status``."""

import argparse
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor import programs
from supervisor.client import Client, connect
from supervisor.commands import awake, say
from supervisor.core.errors import Failed, Unreachable
from supervisor.folders import Folders, folders

Act = Callable[[argparse.Namespace], int]

_READY_WITHIN = 15.0
_ASK_EVERY = 0.02


def add_up(parser: argparse.ArgumentParser) -> Act:
    """``up [--no-tray]``."""
    parser.add_argument("--no-tray", action="store_true", help="only the supervisor")
    return _up


def _up(options: argparse.Namespace) -> int:
    client = connect()
    started = not _reachable(client)
    if started:
        _start(folders())
        _wait_until(lambda: _reachable(client))
    if not options.no_tray:
        _start_with_log(programs.tray_command(), folders().state / "tray.log")
    print("Wakeline is running." if not started else "Wakeline has started.")
    _summary(client)
    return 0


def _start(places: Folders) -> None:
    child = _start_with_log(programs.supervisor_command(), places.log)
    # It must not end at once: then its log says why.
    try:
        code = child.wait(timeout=_ASK_EVERY)
    except subprocess.TimeoutExpired:
        return
    if code not in {0, 4}:
        raise Failed("The supervisor did not start.", f"See {places.log}")


def _start_with_log(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    with programs.opened_log(log) as output:
        return programs.start(command, stdout=output, stderr=output)


def _wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + _READY_WITHIN
    while not done():
        if time.monotonic() > end:
            raise Failed("The supervisor did not get ready.", f"See {folders().log}")
        time.sleep(_ASK_EVERY)  # noqa: TID251 -- a socket that does not exist yet cannot be waited for


def _reachable(client: Client) -> bool:
    try:
        client.get("/api/machine")
    except Unreachable:
        return False
    return True


def add_down(parser: argparse.ArgumentParser) -> Act:
    """``down``."""
    del parser
    return _down


def _down(_: argparse.Namespace) -> int:
    client = connect()
    try:
        client.post("/api/shutdown")
    except Unreachable:
        print("Wakeline is not running.")
        return 0
    _wait_until(lambda: not _reachable(client))
    print("Wakeline has stopped. Agents go on; nothing keeps the machine awake now.")
    return 0


def add_status(parser: argparse.ArgumentParser) -> Act:
    """``status [--json]``."""
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _status


def _status(options: argparse.Namespace) -> int:
    client = connect()
    if options.json:
        say.document({"machine": client.get("/api/machine"), **client.get("/api/sessions")})
    else:
        _summary(client)
    return 0


def _summary(client: Client) -> None:
    machine = client.get("/api/machine")
    sessions = client.get("/api/sessions")["sessions"]
    counts = Counter(session["state"] for session in sessions)
    order = [state for state in say.STATES if counts[state]]
    told = ", ".join(f"{counts[state]} {say.STATES[state][2]}" for state in order)
    print(f"{say.plain(machine['hostname'])}: {told or 'no agent sessions yet'}")
    print("\n".join(awake.told(machine["awake"])))
    if trouble := machine.get("trouble"):
        print(f"Nothing can be kept: {say.plain(trouble)}")
    if not counts:
        print("Start an agent (claude, codex, opencode) in any terminal and it appears: wakeline ls")
    print(_phones(client.get("/api/phone")))


def _phones(standing: dict[str, Any]) -> str:
    if standing["trouble"]:
        return f"{say.plain(standing['trouble'])} Allow it: wakeline phone --on"
    served = ", ".join(standing["addresses"])
    return f"Phones are served at {served}" if served else "See it on your phone: wakeline phone"
