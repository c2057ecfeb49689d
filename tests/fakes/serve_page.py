"""Try the phone's page in a browser: ``python -m tests.fakes.serve_page [--port N] [--scope S]``.

Serves the page over TLS on loopback with an in-memory supervisor behind it, prints the link of a
pairing dialog, and picks the number that the browser shows when you type it. A session writes a
line every now and then. Ctrl+C ends it.
"""

import argparse
import itertools
import sys
import tempfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from supervisor.core.model import Entry, EntryKind, Job, Kind, Reconnect, Role, State
from supervisor.core.steering import Approval
from tests.fakes.backend import entry, kept_awake, session
from tests.fakes.house import House
from tests.fakes.steered import SteeredBackend, steering
from tests.fakes.terminal import Row, Terminal


def main() -> None:
    """Serve until interrupted."""
    told = _arguments()
    backend = SteeredBackend()
    with tempfile.TemporaryDirectory() as folder, steering(lambda: backend.steered):
        house = House(Path(folder), port=told.port)
        house.backend = backend
        with house:
            _serve(house, backend, told)


def _serve(house: House, backend: SteeredBackend, told: argparse.Namespace) -> None:
    _furnish(house)
    house.call(partial(_print, backend.steered.terminal("s-1")))
    print(f"LOCAL {house.socket}", flush=True)
    print(f"OPEN {house.dialog(told.scope)['url']}", flush=True)
    over = threading.Event()
    threading.Thread(target=_live, args=(house, over, told.pace), daemon=True).start()
    try:
        _choose(house, told.scope, auto=told.auto)
    except KeyboardInterrupt:
        pass
    finally:
        over.set()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=47821)
    parser.add_argument("--scope", choices=["view", "control"], default="control")
    parser.add_argument("--pace", type=float, default=3.0, help="seconds between two written lines")
    parser.add_argument("--auto", action="store_true", help="pick the right number without asking")
    return parser.parse_args()


def _furnish(house: House) -> None:
    """Some sessions in different states, one with a long transcript."""
    now = time.time()
    waiting = Approval(
        id="a-1",
        session_id="s-2",
        at=now - 20,
        summary="wants to run a command",
        tool="Bash",
        text="rm -rf build && npm run build\n" * 12,
        answerable=True,
    )
    drop = Reconnect(attempt=3, next_try_at=now + 40, reason="overloaded", policy="backoff")
    build = Job(pid=4242, command="npm run build", started_at=now - 60, cpu_seconds=88.0)
    sessions = [
        replace(session("s-1", at=now), jobs=(build,), jobs_running=True, git_branch="main", tokens=48_123),
        replace(session("s-2", at=now - 20, state=State.NEEDS_YOU), agent="codex", approvals=(waiting,)),
        replace(session("s-3", at=now - 300, state=State.CUT_OFF), reconnect=drop, failure="overloaded"),
        replace(session("s-4", at=now - 4000, state=State.IDLE), title=None, name="spare"),
        replace(session("s-5", at=now - 9000, state=State.LOST), run=None, keeps_awake=False),
    ]
    for one in sessions:
        kind = Kind.SEEN if one.state is State.CUT_OFF else Kind.HOSTED
        house.call(partial(house.backend.put, replace(one, kind=kind)))
    house.backend.awake = kept_awake(now - 600)
    house.backend.past = [
        replace(session(f"old-{n}", at=now - 86400 * n, state=State.ENDED), run=None) for n in range(2, 60)
    ]
    lines = [
        entry(n, f"Line {n} of a long conversation.\n\n```\ncode {n}\n```", at=now - 9000 + n)
        for n in range(300)
    ]
    lines[5] = replace(
        lines[5], text="<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3))"
    )
    house.backend.transcripts["s-1"] = lines


def _print(terminal: Terminal) -> None:
    """A hundred lines in sixteen colours."""
    lines: list[Row] = [[[f"line {n} ", {"fg": n % 16}], ["of a long output"]] for n in range(100)]
    terminal.print(*lines)


def _live(house: House, over: threading.Event, pace: float) -> None:
    """The first session works on."""
    kinds = itertools.cycle([EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT, EntryKind.THINKING])
    for number in itertools.count(1000):
        if over.wait(pace):
            return
        now = time.time()
        written = replace(
            entry(number, f"Something new at {now:.0f}.", role=Role.ASSISTANT, at=now), kind=next(kinds)
        )
        house.call(partial(_write, house, written, now))


def _write(house: House, written: Entry, now: float) -> None:
    house.backend.write("s-1", written)
    seen = house.backend.sessions["s-1"]
    house.backend.put(replace(seen, last_activity_at=now, last_entry=written))


def _choose(house: House, scope: str, *, auto: bool) -> None:
    """Follow the dialog: print its state, ask for the number, open a new one when it is over."""
    version = None
    while True:
        shown = house.run(house.server.phone.wait(version))
        version = shown["version"]
        print(f"STATE {shown['state']} {shown['numbers'] or ''} {shown['reason'] or ''}", flush=True)
        if shown["state"] == "choosing":
            number = _right_number(house) if auto else int(input("Which number does the phone show? ") or 0)
            house.run(house.server.phone.choose(number))
        elif shown["state"] in ("failed", "expired", "none"):
            print(f"OPEN {house.dialog(scope)['url']}", flush=True)


def _right_number(house: House) -> int:
    dialog = house.server.phone._dialog
    if dialog is None or dialog.pairing.request is None:
        sys.exit("There is no number to choose.")
    return dialog.pairing.request.number


if __name__ == "__main__":
    main()
