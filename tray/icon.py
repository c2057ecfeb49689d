"""A snapshot becomes a picture: which one, and where its files are."""

from collections.abc import Mapping
from pathlib import Path

from supervisor.core.model import State
from tray.menu import live
from tray.snapshot import Snapshot

#: What panels ask for, and twice as much for screens with fine pixels.
SIZES = (16, 22, 24, 32, 44, 48, 64)
#: A session in the first state here that any session has gives the picture.
BY_STATE: Mapping[State, str] = {
    State.CUT_OFF: "cut_off",
    State.WORKING: "working",
    State.STARTING: "working",
    State.IDLE: "idle",
    State.PAUSED: "paused",
}


def picture(snapshot: Snapshot) -> str:
    """The name of the picture for the state of everything."""
    if not snapshot.reachable:
        return "offline"
    states = [session.state for session in live(snapshot)]
    if waiting := states.count(State.NEEDS_YOU):
        return f"needs_you-{waiting}" if waiting <= 9 else "needs_you"
    return next((name for state, name in BY_STATE.items() if state in states), "nothing")


def folder() -> Path:
    """Where the pictures are: beside us when installed, in the source tree else."""
    installed = Path(__file__).parent / "icons"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "icons"


def files(name: str, panel: str) -> dict[int, Path]:
    """The files of a picture by size in pixels; *panel*: ``light``, ``dark`` or ``any``."""
    return {size: folder() / "tray" / panel / f"{name}-{size}.png" for size in SIZES}
