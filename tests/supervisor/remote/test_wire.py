"""Core objects as JSON: what is unknown is null, what is broken stays harmless."""

import json
import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import (
    Awake,
    Device,
    Entry,
    EntryKind,
    Job,
    Kind,
    Page,
    Power,
    Reconnect,
    Resume,
    Role,
    Run,
    Scope,
    Session,
    State,
)
from supervisor.core.steering import Approval, Focus
from supervisor.remote import wire
from supervisor.remote.backend import Picture
from tests.fakes.backend import MACHINE, MemoryBackend, entry, kept_awake, session

FIELDS = """
id agent agent_version model name title pid run_started_at cwd hostname machine git_branch state since
last_activity_at last_entry kind terminal pane focus prompts jobs approval approvals reconnect
attempts policy policy_chosen keeps_awake
context_used_percent
tokens cost_usd resume_command stale parent_id failure cause can cannot
"""
FULL = Session(
    id="s-1",
    agent="claude",
    kind=Kind.SEEN,
    state=State.CUT_OFF,
    since=1_760_000_000.5,
    name="fix",
    title="Fix it",
    run=Run(12, 1_760_000_000.0),
    cwd="/home/me",
    git_branch="main",
    agent_version="2.1",
    model="opus",
    parent_id="s-0",
    last_activity_at=1_760_000_001.0,
    last_entry=entry(3),
    focus=Focus(holder="desk", label="the desk", since=1.0),
    jobs=(Job(pid=1, command="make", started_at=1_760_000_000.0, cpu_seconds=math.nan),),
    approvals=(Approval(id="a", session_id="s-1", at=1.0, summary="run?"),),
    reconnect=Reconnect(attempt=2, next_try_at=1_760_000_060.0, reason="overloaded", policy="backoff"),
    failure="529",
    keeps_awake=True,
    context_used_percent=41.5,
    tokens=10,
    cost_usd=0.25,
    resume=Resume(argv=("claude", "--resume", "s-1"), cwd="/home/me"),
)


def test_a_session_has_every_field_of_the_interface() -> None:
    """What other programs rely on is there, under its agreed name."""
    told = wire.session(FULL, MACHINE)

    assert list(told) == FIELDS.split()
    assert told["since"] == "2025-10-09T08:53:20.500Z"
    assert told["resume_command"] == "cd -- '/home/me' && claude --resume s-1"
    assert told["reconnect"] == {
        "attempt": 2,
        "next_try_at": "2025-10-09T08:54:20.000Z",
        "reason": "overloaded",
        "policy": "backoff",
        "phase": "waiting",
        "note": None,
        "history": [],
    }


def test_what_is_unknown_is_null() -> None:
    """A session of which hardly anything is known says so, and makes nothing up."""
    told = wire.session(Session(id="s", agent="codex"), MACHINE)

    unknown = {name for name, value in told.items() if value is None}
    assert unknown >= {
        "pid",
        "model",
        "cwd",
        "title",
        "approval",
        "reconnect",
        "tokens",
        "cost_usd",
        "last_entry",
    }


def test_a_number_that_is_none_is_null() -> None:
    """Not-a-number never reaches a browser, which could not read the document."""
    told = wire.session(replace(FULL, context_used_percent=math.inf, cost_usd=math.nan), MACHINE)

    assert (told["context_used_percent"], told["cost_usd"], wire.job(FULL.jobs[0])["cpu_seconds"]) == (
        None,
        None,
        None,
    )


@given(st.text() | st.text(alphabet=st.characters(categories=["Cs"])), st.integers(0, 300))
def test_a_cut_text_keeps_whole_characters_within_its_bytes(text: str, limit: int) -> None:
    """However a text is cut, it is its own beginning, and never longer than it may be."""
    whole = text.encode("utf-8", "replace").decode()

    cut, was_cut = wire.cut(text, limit)

    assert len(cut.encode("utf-8", "replace")) <= limit or not was_cut
    assert was_cut == (len(whole.encode()) > limit)
    assert whole.startswith(cut) or not was_cut


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_what_is_encoded_can_be_read_again(document: object) -> None:
    """Every document is valid UTF-8 and valid JSON, whatever stood in a transcript."""
    told = wire.encode(document)

    assert json.loads(told.decode("utf-8")) is not NotImplemented
    assert b"\n" not in told


def test_half_a_character_becomes_a_question_mark() -> None:
    """A transcript may be cut in the middle of a character; the page is not."""
    told = wire.encode({"text": "a\ud800b"})

    assert told == b'{"text":"a?b"}'


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_time_is_too_odd_to_be_told(seconds: float) -> None:
    """A time that no calendar has is unknown."""
    told = wire.time(seconds)

    assert told is None or (told.endswith("Z") and wire.seconds(told) is not None)


@given(st.floats(0, 4e9))
def test_a_time_survives_the_way_there_and_back(seconds: float) -> None:
    """RFC 3339 and back is the same to the millisecond."""
    there_and_back = wire.seconds(wire.time(seconds) or "")

    assert there_and_back is not None
    assert abs(there_and_back - seconds) <= 0.001


def test_a_time_without_a_zone_is_no_time() -> None:
    """Whose noon it is must be said."""
    readings = [wire.seconds(text) for text in ("2026-01-31T12:00:00", "yesterday", "")]

    assert readings == [None, None, None]


def test_the_machine_says_why_it_stays_awake() -> None:
    """Battery, network and reasons, each where the page expects it."""
    backend = MemoryBackend(awake=kept_awake(1_760_000_000.0))

    told = wire.machine(backend.picture())

    assert told["battery"] == {"percent": 81.0, "on_battery": False}
    assert told["network"] == {"online": True}
    assert told["reasons"] == told["awake"]["reasons"]
    assert told["reasons"][0]["text"] == "s-1 is working"
    assert told["versions"]["agents"] == {"claude": "2.1.0", "codex": None}


def test_a_machine_without_a_battery_says_null() -> None:
    """No battery is not an empty one."""
    seen = Picture(machine=MACHINE, sessions=(), awake=Awake(), power=Power(), online=None)

    told = wire.machine(seen)

    assert (told["battery"], told["network"]) == (None, {"online": None})


def test_sessions_come_newest_activity_first() -> None:
    """The list is sorted by what happened last, and by the state's time where nothing did."""
    known = [session("old", at=1.0), session("new", at=9.0), Session(id="none", agent="x", since=5.0)]

    told = wire.sessions(known, MACHINE)

    assert [one["id"] for one in told] == ["new", "none", "old"]


def test_a_page_of_a_transcript_keeps_its_order_and_says_what_is_before() -> None:
    """Oldest first, with the number that asks for the page before."""
    told = wire.page(Page(entries=[entry(3), entry(4, "x" * (wire.PAGE_TEXT + 1))], before=3))

    assert [one["seq"] for one in told["entries"]] == [3, 4]
    assert [one["truncated"] for one in told["entries"]] == [False, True]
    assert told["before"] == 3


def test_a_device_never_tells_its_key() -> None:
    """What is listed has no key in it."""
    device = Device(id="d", label="Phone", scope=Scope.VIEW, public_key=b"secret", paired_at=1_760_000_000.0)

    told = wire.device(device)

    assert list(told) == ["id", "label", "scope", "paired_at", "last_seen_at", "last_address"]


def test_a_folder_that_cannot_be_quoted_is_told_apart_from_the_command() -> None:
    """The answer says that it is not safe, and gives id and folder separately."""
    told = wire.resume(Resume(argv=("claude",), cwd="/home/a\nb"), "s-1", "posix")

    assert told == {
        "command": None,
        "argv": ["claude"],
        "cwd": "/home/a\nb",
        "session_id": "s-1",
        "safe": False,
    }


def test_each_kind_of_event_has_its_data() -> None:
    """What the stream carries for every topic."""
    backend = MemoryBackend()
    job = Job(pid=1, command="make", started_at=1.0)
    question = Approval(id="a", session_id="s", at=1.0, summary="run?")
    gone = {"id": "s", "removed": True, "replaced_by": None}

    told = {
        topic: wire.published(topic, "s", data, backend.picture)
        for topic, data in {
            "entry": Entry(seq=1, id="e", at=None, role=Role.USER, kind=EntryKind.TEXT, text="x" * 20_000),
            "session": session("s"),
            "awake": Awake(),
            "job": job,
            "approval": question,
            "machine": None,
            "gap": "transcript replaced",
            "focus": Focus(holder="desk", label="the desk", since=1.0),
        }.items()
    }

    entries, gap = told["entry"], told["gap"]
    assert isinstance(entries, dict)
    assert isinstance(gap, dict)
    assert entries["entry"]["truncated"]
    assert list(gap) == ["reason", "session_id", "machine", "sessions", "awake"]
    assert told["focus"] == {
        "session_id": "s",
        "focus": {"holder": "desk", "label": "the desk", "since": "1970-01-01T00:00:01.000Z"},
    }
    assert told["job"] == {"session_id": "s", "job": wire.job(job)}
    assert told["approval"] == {"session_id": "s", "approval": wire.approval(question)}
    assert wire.published("session", "s", gone, backend.picture) == gone
    assert wire.published("approval", "s", None, backend.picture) == {"session_id": "s", "approval": None}
