"""Which picture stands for the state of everything."""

import pytest

from supervisor.core.model import State
from tray import icon
from tray.snapshot import Session, Snapshot


def picture(*states: State, reachable: bool = True) -> str:
    """The picture for sessions in these states."""
    sessions = tuple(Session(id=str(n), agent="claude", state=state) for n, state in enumerate(states))
    return icon.picture(Snapshot(reachable=reachable, sessions=sessions))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "nothing"),
        ([State.ENDED, State.LOST], "nothing"),
        ([State.IDLE, State.PAUSED], "idle"),
        ([State.PAUSED], "paused"),
        ([State.IDLE, State.STARTING], "working"),
        ([State.WORKING, State.CUT_OFF], "cut_off"),
        ([State.CUT_OFF, State.NEEDS_YOU, State.NEEDS_YOU], "needs_you-2"),
        ([State.NEEDS_YOU] * 10, "needs_you"),
    ],
)
def test_the_most_urgent_state_gives_the_picture(states: list[State], expected: str) -> None:
    """One look says whether somebody has to come."""
    assert picture(*states) == expected


def test_when_nobody_answers_no_old_state_is_shown() -> None:
    """The icon never claims that something works when nobody knows."""
    assert picture(State.WORKING, reachable=False) == "offline"


def test_every_picture_is_there_for_every_panel() -> None:
    """No state has an empty place in the tray."""
    names = ["nothing", "idle", "paused", "working", "cut_off", "offline", "needs_you"]

    for name in [*names, *(f"needs_you-{n}" for n in range(1, 10))]:
        for panel in ("any", "light", "dark"):
            assert all(file.is_file() for file in icon.files(name, panel).values())
