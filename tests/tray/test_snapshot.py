"""What the tray makes of the supervisor's events."""

import dataclasses
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import AwakeMode, Scope, State
from tray import snapshot
from tray.snapshot import Snapshot

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "id",
        "state",
        "since",
        "pid",
        "approval",
        "reconnect",
        "sessions",
        "awake",
        "mode",
        "reasons",
        "machine",
    ]
)
TOPICS = ["hello", "gap", "session", "awake", "machine", "entry", "job", "never heard of"]


def hello(*sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A picture of everything, as the stream begins with it."""
    return {"machine": {"hostname": "lighthouse"}, "sessions": list(sessions), "awake": {}} | more


def test_the_stream_begins_with_a_whole_picture() -> None:
    """What was known before is replaced, not added to."""
    before = snapshot.after(Snapshot(), "hello", hello({"id": "old", "state": "idle"}), 10.0)

    now = snapshot.after(before, "gap", hello({"id": "new", "state": "working"}), 20.0)

    assert [(one.id, one.state) for one in now.sessions] == [("new", State.WORKING)]
    assert (now.reachable, now.as_of, now.hostname) == (True, 10.0, "lighthouse")


def test_a_question_says_what_it_is_about_where_that_is_known() -> None:
    """A command to be allowed tells more than that there is a prompt."""
    vague = {"summary": "permission prompt", "tool": None, "text": None}
    exact = {"summary": "permission prompt", "tool": "Bash", "text": "npm publish"}
    read = [snapshot.session({"id": "a", "state": "needs_you", "approval": one}) for one in (vague, exact)]

    assert [one and one.question for one in read] == ["permission prompt", "Bash: npm publish"]


def test_a_changed_session_keeps_its_place_and_a_removed_one_goes() -> None:
    """One event changes one session."""
    before = snapshot.after(
        Snapshot(), "hello", hello({"id": "a", "state": "idle"}, {"id": "b", "state": "idle"}), 1
    )

    changed = snapshot.after(before, "session", {"id": "a", "state": "needs_you"}, 2)
    removed = snapshot.after(changed, "session", {"id": "a", "removed": True, "replaced_by": "c"}, 3)

    assert [(one.id, one.state) for one in changed.sessions] == [("a", State.NEEDS_YOU), ("b", State.IDLE)]
    assert [one.id for one in removed.sessions] == ["b"]


def test_an_event_that_changes_nothing_visible_leaves_an_equal_snapshot() -> None:
    """A working agent's every word must not make the menu anew."""
    before = snapshot.after(Snapshot(), "hello", hello({"id": "a", "state": "working", "tokens": 1}), 1)

    after = snapshot.after(before, "session", {"id": "a", "state": "working", "tokens": 2}, 2)

    assert after == before
    assert snapshot.after(before, "entry", {"session_id": "a"}, 3) is before


def test_without_an_answer_the_last_picture_stays_and_is_dated() -> None:
    """It is as old as the first failure, however many follow."""
    before = snapshot.after(Snapshot(), "hello", hello({"id": "a", "state": "working"}), 10.0)

    lost = snapshot.unreachable(snapshot.unreachable(before, 20.0), 30.0)

    assert (lost.reachable, lost.as_of) == (False, 20.0)
    assert lost.sessions == before.sessions


def test_what_is_known_of_a_session_is_read() -> None:
    """Each field of the API that the menu shows arrives."""
    fields = {
        "id": "a",
        "state": "cut_off",
        "agent": "codex",
        "since": "1970-01-01T00:01:00Z",
        "title": "t",
        "name": "n",
        "pid": 7,
        "approval": {"summary": "may I?"},
        "reconnect": {"attempt": 2, "next_try_at": "1970-01-01T00:02:00Z", "reason": "net", "policy": "p"},
        "stale": True,
    }

    read = snapshot.session(fields)

    assert read is not None
    assert (read.title, read.since, read.pid, read.question, read.stale) == ("n", 60.0, 7, "may I?", True)
    assert read.reconnect is not None
    assert (read.reconnect.attempt, read.reconnect.next_try_at) == (2, 120.0)


def test_keep_awake_and_devices_are_read() -> None:
    """What is missing or unheard of becomes the careful value."""
    awake = snapshot.awake(
        {"mode": "on", "held": True, "reasons": [{"text": "r", "since": "1970-01-01T00:00:05Z"}]}
    )
    devices = snapshot.devices({"devices": [{"id": "d", "scope": "emperor"}, {"label": "no id"}, 5]})

    assert (awake.mode, awake.held, awake.reasons[0].since) == (AwakeMode.ON, True, 5.0)
    assert [(one.id, one.label, one.scope) for one in devices] == [("d", "d", Scope.VIEW)]
    assert dataclasses.replace(awake, mode=AwakeMode.AUTO) != awake


@given(st.sampled_from(TOPICS), st.dictionaries(NAMES, JSON, max_size=8) | JSON)
def test_no_event_ever_raises(topic: str, event: Any) -> None:
    """A newer or a broken supervisor does not take the icon down."""
    before = snapshot.after(Snapshot(), "hello", hello({"id": "a", "state": "idle"}), 1)

    after = snapshot.after(before, topic, event, 2)

    assert isinstance(after, Snapshot)
