"""``autostart``: Wakeline is there after a login, and with it what a reboot has ended."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from supervisor import programs
from supervisor.commands import say
from supervisor.system import autostart

#: Where there is none (Windows), the folder must be set for all that the user starts.
_ENV: Final = "/usr/bin/env"


def add_autostart(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``autostart [on|off] [--json]``."""
    parser.add_argument("mode", nargs="?", choices=("on", "off"), help="change it")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _autostart


def _autostart(options: argparse.Namespace) -> int:
    place = None
    if options.mode == "on":
        place = autostart.turn_on(_ours())
    elif options.mode == "off":
        autostart.turn_off()
    started = autostart.command()
    if options.json:
        say.document({"on": started is not None, "command": started and list(started), "place": place})
        return 0
    print("Wakeline starts at login." if started else "Wakeline does not start at login.")
    if place:
        print(say.coloured(f"{place} · what comes back by itself: [reconnect] at_login in the settings", "2"))
    return 0


def _ours() -> Sequence[str]:
    """With the folder of its own that this Wakeline has, if it has one."""
    home = os.environ.get("WAKELINE_HOME")
    front = [_ENV, f"WAKELINE_HOME={home}"] if home and Path(_ENV).exists() else []
    return [*front, *programs.up_command()]
