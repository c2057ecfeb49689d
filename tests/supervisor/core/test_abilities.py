"""What a screen offers for a session."""

from typing import Any

import pytest

from supervisor.core.abilities import can, cannot
from supervisor.core.model import Resume, Session, State

WAY = Resume(argv=("claude", "--resume", "s"), cwd="/p")


def session(state: State, **more: Any) -> Session:
    return Session(id="s", agent="claude", state=state, resume=WAY, **more)


@pytest.mark.parametrize(
    ("state", "more", "offers"),
    [
        (
            State.IDLE,
            {"terminal": "t", "reachable": True},
            {"stop", "pause", "keys", "focus", "screen", "prompt"},
        ),
        (
            State.WORKING,
            {"pane": "tmux %1", "reachable": True},
            {"stop", "pause", "takeover", "keys", "focus", "interrupt", "prompt"},
        ),
        (State.IDLE, {}, {"stop", "pause", "takeover"}),
        (State.PAUSED, {"terminal": "t", "reachable": True}, {"stop", "continue", "keys", "focus", "screen"}),
        (State.LOST, {"transcript": "/t"}, {"resume", "delete"}),
        (State.ENDED, {}, {"resume"}),
    ],
)
def test_only_what_makes_sense_is_offered(state: State, more: dict[str, Any], offers: set[str]) -> None:
    """Nothing is offered that would be refused at once, and nothing possible is hidden."""
    assert set(can(session(state, **more))) == offers


def test_why_nothing_can_be_typed_is_said() -> None:
    """With what to do about it."""
    assert "Take it over" in cannot(session(State.IDLE))["prompt"]
    assert cannot(session(State.WORKING, reachable=True)) == {}
