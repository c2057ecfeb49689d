"""``wakeline-tray``: sees to a running supervisor, then shows the icon until somebody quits."""

import hashlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from supervisor import programs
from supervisor.core.errors import Unreachable, WakelineError
from supervisor.folders import folders
from tray import backend, popups, words
from tray.app import Tray
from tray.follow import Client

#: In a frozen program there is no ``python -m``: the first word says which window is meant.
WINDOWS = {
    "pairing": "tray.pairing",
    "details": "tray.details",
    "prompt": "tray.prompt",
    "clipboard": "supervisor.clipboard",
}
#: Whoever starts us has seen to the supervisor: one that is gone again was stopped on purpose.
FOLLOW = "--follow"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tray, or one of its windows; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in WINDOWS:
        return int(import_module(WINDOWS[given[0]]).main(given[1:]) or 0)
    lock = lock_file(folders().runtime, os.environ)
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = backend.hold(lock)
    if held is None:
        say(words.ALREADY)
        return 0
    with held:
        return run(starts_supervisor=FOLLOW not in given)


def run(*, starts_supervisor: bool) -> int:
    """Start what is missing, if that is ours to do, and serve the icon until it is taken away."""
    from supervisor.client import connect

    client = connect()
    if starts_supervisor:
        start_if_missing(client)
    lock = lock_file(folders().runtime, os.environ)
    # The popups act by the tray, which has them.
    shown = popups.make(lambda action: tray.act(action), lock.with_suffix(".popups"))
    tray = Tray(client, programs.start_supervisor, shown)
    icon = backend.make(tray.act, tray.opened, lambda: say(words.NO_TRAY))
    if icon is None:
        return 0
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: tray.stop())
    tray.run(icon)
    return 0


def start_if_missing(client: Client) -> None:
    """Start the supervisor if nobody answers; one that answers with an error is there."""
    try:
        client.get("/api/machine")
    except Unreachable:
        programs.start_supervisor()
    except WakelineError as failure:
        say(failure.title)


def lock_file(runtime: Path, environment: Mapping[str, str]) -> Path:
    """One icon for each screen of this user, so one lock."""
    screen = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or ""
    return runtime / f"tray-{hashlib.sha256(screen.encode()).hexdigest()[:12]}.lock"


def say(sentence: str) -> None:
    """One line for whoever started us in a terminal."""
    if sys.stderr:  # a windowed program on Windows has none
        sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
