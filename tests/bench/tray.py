"""What the icon costs: ``python -m tests.bench.tray``. A real panel, a fake supervisor with 20 sessions."""

import sys

assert sys.platform == "linux"

import tempfile
import time
from pathlib import Path

from tests.bench.__main__ import IDLE_SECONDS, SESSIONS, proportional_memory, spent
from tests.fakes.supervisor import Supervisor, serving, session
from tests.lab.desktop import Desktop, Host
from tests.lab.popups import Popups
from tests.lab.waiting import until

CHANGES = 500
ROOT = Path(__file__).parents[2]


def main() -> None:
    """Measure one after the other, and print."""
    with tempfile.TemporaryDirectory() as name, Desktop(Path(name)) as desktop:
        desktop.env["PYTHONPATH"] = str(ROOT)
        desktop.start_panel("xfce4-panel")
        sessions = [session(str(n), title=f"Session {n}", state="working") for n in range(SESSIONS)]
        socket = desktop.folder / "wakeline" / "run" / "api.sock"
        with serving(socket, Supervisor(sessions=sessions)) as supervisor:
            began = time.perf_counter()
            pid = desktop.start("tray", [sys.executable, "-m", "tray"])
            until(lambda: Host(desktop).has("● Session"))
            say("order to menu", (time.perf_counter() - began) * 1000, "ms")
            at_rest(pid, f"{SESSIONS} sessions")
            busy(supervisor, pid)
            popups = Popups(desktop)
            supervisor.tell(id="n1")
            until(lambda: popups.there() == 1)
            at_rest(pid, "after a popup")


def at_rest(pid: int, when: str) -> None:
    """What it costs to be there."""
    time.sleep(3)
    before = spent(pid)
    time.sleep(IDLE_SECONDS)
    after = spent(pid)
    say(f"{when}: memory (PSS)", proportional_memory(pid), "MB")
    say(f"{when}: wake-ups in {IDLE_SECONDS} s", after[1] - before[1], "")
    say(f"{when}: CPU in {IDLE_SECONDS} s", after[0] - before[0], "s")


def busy(supervisor: Supervisor, pid: int) -> None:
    """What changes cost that are seen in the menu."""
    before = spent(pid)[0]
    for number in range(CHANGES):
        supervisor.put(session("7", title=f"Session 7 for the {number}th time"))
    time.sleep(3)
    say("CPU for each change that is seen", (spent(pid)[0] - before) / CHANGES * 1e6, "us")


def say(name: str, figure: float, unit: str) -> None:
    """One line of the table."""
    print(f"{name:<44} {figure:>9.3g} {unit}", flush=True)


if __name__ == "__main__":
    main()
