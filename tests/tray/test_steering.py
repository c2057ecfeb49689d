"""The lines by which sessions are answered, steered and brought back."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from supervisor.core.model import Reconnect as Link
from supervisor.core.model import State
from tray import menu, steering, words
from tray.lines import Decide, Entry, Item, Order, Reconnect, Recover, SendPrompt, Separator, ShowDetails
from tray.snapshot import Approval, Session, Snapshot


def session(state: State, **more: Any) -> Session:
    """A session in a state."""
    return Session(**{"id": "a", "agent": "claude", "state": state, "title": "Build", **more})


def asked(text: str, approval_id: str = "q", **more: Any) -> Approval:
    """A question."""
    return Approval(
        id=approval_id, digest=f"d {text}", summary="s", tool="Bash", text=text, answerable=True, **more
    )


def items(entries: Iterable[Entry]) -> list[Item]:
    """All but the thin lines."""
    return [one for one in entries if not isinstance(one, Separator)]


def labels(entries: Sequence[Entry]) -> list[str]:
    """What they say."""
    return [one.label for one in items(entries)]


def test_a_question_stands_at_the_top_with_its_answers() -> None:
    """One look, one click."""
    asks = session(State.NEEDS_YOU, approvals=(asked("rm -rf build"),))

    shown = menu.render(Snapshot(reachable=True, sessions=(asks,)), 0.0)

    question = items(shown)[1]
    assert question.label == "! Build: Bash: rm -rf build"
    below = {one.label: one.action for one in items(question.children)}
    assert below[words.ALLOW_ONCE] == Decide("q", "d rm -rf build", "a", allow=True)
    assert below[words.DENY] == Decide("q", "d rm -rf build", "a", allow=False)


def test_another_question_is_another_line() -> None:
    """In a menu that is open, no answer ever comes to mean another question."""
    keys = [
        items(steering.questions([session(State.NEEDS_YOU, approvals=(asked(text),))]))[0].key
        for text in ("make", "rm -rf /")
    ]

    assert keys[0] != keys[1]


def test_a_long_question_leads_to_the_window() -> None:
    """It cannot be allowed where its end is not seen."""
    asks = session(State.NEEDS_YOU, approvals=(asked("x" * 500),))

    (question,) = items(steering.questions([asks]))

    assert len(question.label) < 90
    assert [one.action for one in items(question.children) if one.action] == [ShowDetails("a")]


def test_the_menu_stays_short_however_much_is_asked() -> None:
    """The rest is in its sessions."""
    many = tuple(asked("make", f"q{n}") for n in range(20))

    assert len(steering.questions([session(State.NEEDS_YOU, approvals=many)])) == steering.QUESTIONS


@pytest.mark.parametrize(
    ("state", "can", "expected"),
    [
        (
            State.WORKING,
            ("stop", "pause", "interrupt", "prompt"),
            [words.SEND_PROMPT, words.INTERRUPT, words.PAUSE, words.STOP_SESSION],
        ),
        (State.PAUSED, ("stop", "continue"), [words.CONTINUE, words.STOP_SESSION]),
        (State.IDLE, (), []),
    ],
)
def test_only_what_would_not_be_refused_is_offered(
    state: State, can: tuple[str, ...], expected: list[str]
) -> None:
    """The supervisor says what makes sense now."""
    assert labels(steering.orders(session(state, can=can))) == expected


def test_ending_a_session_takes_two_steps() -> None:
    """One slip of the hand ends nothing."""
    (end,) = items(steering.orders(session(State.IDLE, can=("stop",))))

    assert end.action is None
    (sure,) = items(end.children)
    assert sure.action == Order("a", "stop")


def test_a_prompt_opens_its_window() -> None:
    """With its session."""
    (prompt,) = items(steering.orders(session(State.IDLE, can=("prompt",))))

    assert prompt.action == SendPrompt("a")


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("waiting", [Reconnect("a", "now"), Reconnect("a", "stop")]),
        ("asking", [Reconnect("a", "now"), Reconnect("a", "wait")]),
        ("stopped", [Reconnect("a", "now")]),
        ("trying", []),
    ],
)
def test_what_is_cut_off_can_be_tried_or_left(phase: str, expected: list[object]) -> None:
    """As far as that changes anything."""
    link = Link(attempt=1, next_try_at=None, reason="network", policy="auto", phase=phase)

    found = steering.orders(session(State.CUT_OFF, reconnect=link))

    assert [one.action for one in items(found)] == expected


def test_what_was_lost_is_resumed_one_by_one_or_all_at_once() -> None:
    """After a reboot, one click."""
    lost = [
        session(State.LOST, id=f"l{n}", title=f"Task {n}", can=("resume",), resume_command=f"claude {n}")
        for n in range(3)
    ]

    (line,) = items(steering.lost(lost, 0.0))

    assert line.label == "3 sessions were lost"
    every, *single = items(line.children)
    assert every.action == Recover()
    resume, copy, _ = [one for one in items(single[0].children) if one.enabled]
    assert (resume.action, copy.label) == (Recover(("l0",)), words.COPY)


def test_a_lost_session_that_cannot_be_resumed_says_so() -> None:
    """No click into the void."""
    (line,) = items(steering.lost([session(State.LOST)], 0.0))

    below = items(items(line.children)[0].children)
    assert words.RESUME_IT not in labels(below)
    assert words.NO_COMMAND in labels(below)
