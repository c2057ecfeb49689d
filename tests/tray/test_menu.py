"""The menu, as data."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from supervisor.core.model import Awake, AwakeMode, Reason, Scope, State
from tray import lines, menu, words
from tray.lines import Entry, Item
from tray.snapshot import Device, Session, Snapshot

NOW = 1_772_366_400.0


def session(session_id: str, state: State = State.WORKING, **more: Any) -> Session:
    """A session with a command to resume it."""
    usual: dict[str, Any] = {
        "agent": "claude",
        "since": NOW,
        "resume_command": f"claude --resume {session_id}",
    }
    return Session(id=session_id, state=state, **usual | more)


def rendered(*sessions: Session, **more: Any) -> tuple[Entry, ...]:
    """The menu for these sessions."""
    usual: dict[str, Any] = {"reachable": True, "sessions": sessions}
    return menu.render(Snapshot(**usual | more), NOW)


def item(entries: Iterable[Entry], *keys: str) -> Item:
    """An item by the keys on the way to it."""
    found = next(entry for entry in entries if entry.key == keys[0])
    assert isinstance(found, Item)
    return found if len(keys) == 1 else item(found.children, *keys[1:])


def all_items(entries: Iterable[Entry]) -> Iterator[Item]:
    """Every item at every depth."""
    for entry in entries:
        if isinstance(entry, Item):
            yield entry
            yield from all_items(entry.children)


def sessions_shown(entries: Iterable[Entry]) -> list[str]:
    """The ids of the sessions at the top, in order."""
    return [entry.key.removeprefix("session ") for entry in entries if entry.key.startswith("session ")]


def test_the_most_urgent_session_is_first_and_the_order_is_stable() -> None:
    """Needs-you, cut off, working, paused, idle; then by time, not by chatter."""
    states = [State.IDLE, State.WORKING, State.PAUSED, State.NEEDS_YOU, State.CUT_OFF]
    sessions = [session(state.value, state) for state in states]

    shown = rendered(*sessions)

    assert sessions_shown(shown) == ["needs_you", "cut_off", "working", "paused", "idle"]
    assert item(shown, "state").label == "1 needs you, 1 cut off, 1 working, 1 paused, 1 idle"


def test_more_than_twelve_sessions_are_behind_all_sessions() -> None:
    """The menu stays shorter than the screen."""
    shown = rendered(*(session(f"{n:02}") for n in range(20)))

    assert len(sessions_shown(shown)) == 12
    assert "8 more" in item(shown, "all").label


def test_side_conversations_are_shown_only_when_they_need_somebody() -> None:
    """Sub-agents are part of their session."""
    shown = rendered(session("side", parent_id="a"), session("asks", State.NEEDS_YOU, parent_id="a"))

    assert sessions_shown(shown) == ["asks"]


def test_copy_resume_command_carries_exactly_the_command() -> None:
    """Titles are cleaned for the eye; the command is never touched."""
    command = "cd '/tmp/ä  b' && claude --resume x"

    shown = rendered(session("x", title="a\u202eb\nc", resume_command=command))

    assert item(shown, "session x", "copy").action == lines.CopyResume(command, "x")
    assert item(shown, "session x").label == "● a b c"


def test_without_a_known_command_the_line_says_so_and_cannot_be_chosen() -> None:
    """Nothing made up reaches the clipboard."""
    shown = rendered(session("x", resume_command=None))

    line = item(shown, "session x", "copy")
    assert (line.label, line.enabled, line.action) == (words.NO_COMMAND, False, None)


def test_a_question_and_a_reconnect_are_seen_without_opening_a_window() -> None:
    """Why a session needs somebody is one step away."""
    shown = rendered(session("q", State.NEEDS_YOU, question="Run `rm -rf build`?"))

    assert item(shown, "session q", "question").label == "Run `rm -rf build`?"


def test_keep_awake_ticks_what_is_set_and_gives_its_reasons() -> None:
    """Which session, since when, by what: all of it in one place."""
    reasons = tuple(Reason(text=f"reason {n}", since=NOW) for n in range(8))
    awake = Awake(mode=AwakeMode.ON, mode_until=NOW + 7200, held=True, mechanism="logind", reasons=reasons)

    below = item(rendered(awake=awake), "awake").children

    ticked = [entry.key for entry in below if isinstance(entry, Item) and entry.checked]
    assert ticked == ["hours"]
    assert item(below, "hours").action == lines.SetAwake(AwakeMode.ON, 7200)
    assert "logind" in item(below, "held").label
    assert item(below, "more").label == "and 2 more"


def test_each_device_can_be_removed_where_it_is_listed() -> None:
    """Two steps: no finger slips into it."""
    devices = (Device(id="d1", label="My phone", scope=Scope.CONTROL),)

    shown = rendered(devices=devices)

    assert item(shown, "devices", "device d1", "remove").action == lines.RemoveDevice("d1")
    assert "type" in item(shown, "devices", "device d1", "may").label


def test_what_was_lost_has_a_menu_of_its_own_before_what_is_over() -> None:
    """After a crash the lost ones are what one looks for."""
    shown = rendered(session("e", State.ENDED), session("l", State.LOST))

    assert sessions_shown(item(shown, "over").children) == ["e"]
    assert item(shown, "lost").label == "1 session was lost"
    assert item(shown, "lost", "lost l", "copy").action == lines.CopyResume("claude --resume l", "l")
    assert sessions_shown(shown) == []


def test_when_nobody_answers_the_menu_says_so_and_still_gives_the_commands() -> None:
    """A crashed supervisor does not take the way back with it."""
    shown = rendered(session("x"), reachable=False, as_of=NOW)

    assert item(shown, "state").label == words.NOT_RUNNING
    assert item(shown, "start").action == lines.StartSupervisor()
    assert item(shown, "session x", "copy").enabled
    assert item(shown, "session x", "state").label.startswith("Was working")
    assert not item(shown, "session x", "details").enabled


@pytest.mark.parametrize("reachable", [True, False])
def test_keys_are_unique_and_a_left_click_does_exactly_one_thing(reachable: bool) -> None:
    """An open menu can be changed in place only if every line is known by its key."""
    shown = rendered(session("a"), session("b", State.LOST), reachable=reachable)

    for entries in [shown, *(one.children for one in all_items(shown))]:
        assert len({entry.key for entry in entries}) == len(entries)
    assert sum(one.default for one in all_items(shown)) == 1
    assert menu.default_action(shown) is not None
    for one in all_items(shown):
        assert bool(one.action) + bool(one.children) + (not one.enabled) >= 1
