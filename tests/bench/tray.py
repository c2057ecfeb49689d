"""What the icon costs: a real panel, a fake supervisor with 20 sessions."""

import sys

assert sys.platform == "linux"

import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.events import SESSIONS
from tests.bench.rows import Row, proportional_memory, spent
from tests.fakes.supervisor import Supervisor, serving, session
from tests.lab.desktop import Desktop, Host
from tests.lab.popups import Popups
from tests.lab.waiting import until

CHANGES = 500
IDLE_SECONDS = 20
ROOT = Path(__file__).parents[2]


def tray(folder: Path) -> list[Row]:
    """The icon: its start, its memory, its idleness, and what a change costs."""
    return list(_figures(folder))


def _figures(folder: Path) -> Iterator[Row]:
    with Desktop(folder) as desktop:
        desktop.env["PYTHONPATH"] = str(ROOT)
        desktop.start_panel("xfce4-panel")
        sessions = [session(str(n), title=f"Session {n}", state="working") for n in range(SESSIONS)]
        socket = desktop.folder / "wakeline" / "run" / "api.sock"
        with serving(socket, Supervisor(sessions=sessions)) as supervisor:
            began = time.perf_counter()
            pid = desktop.start("tray", [sys.executable, "-m", "tray"])
            until(lambda: Host(desktop).has("● Session"))
            yield Row("tray: order to menu", (time.perf_counter() - began) * 1000, "ms")
            yield from _at_rest(pid, f"{SESSIONS} sessions")
            yield from _busy(supervisor, pid)
            popups = Popups(desktop)
            supervisor.tell(id="n1")
            until(lambda: popups.there() == 1)
            yield from _at_rest(pid, "after a popup")


def _at_rest(pid: int, when: str) -> Iterator[Row]:
    time.sleep(3)
    before = spent(pid)
    time.sleep(IDLE_SECONDS)
    after = spent(pid)
    yield Row(f"tray, {when}: memory (PSS)", proportional_memory(pid), "MB")
    yield Row(f"tray, {when}: wake-ups in {IDLE_SECONDS} s", after[1] - before[1], "")
    yield Row(f"tray, {when}: CPU in {IDLE_SECONDS} s", after[0] - before[0], "s")


def _busy(supervisor: Supervisor, pid: int) -> Iterator[Row]:
    before = spent(pid)[0]
    for number in range(CHANGES):
        supervisor.put(session("7", title=f"Session 7 for the {number}th time"))
    time.sleep(3)
    yield Row("tray: CPU for each change that is seen", (spent(pid)[0] - before) / CHANGES * 1e6, "us")
