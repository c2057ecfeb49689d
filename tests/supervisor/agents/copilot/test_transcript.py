"""What the events of a session mean, on files that Copilot CLI 1.0.102 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.copilot.transcript import Reading
from supervisor.core.failing import Cause
from supervisor.core.model import EntryKind, Record, Role, Sign

RECORDED = Path(__file__).parents[3] / "data" / "copilot"
TEXT, CALL, RESULT, ERROR = EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT, EntryKind.ERROR
NAMES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
LONG = "aborted-400-quota-killed-resumed"
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def lines(name: str) -> list[dict[str, Any]]:
    """One recorded file."""
    return [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]


def read(name: str) -> list[Record]:
    """One recorded file, read from its beginning."""
    reading = Reading()
    return [reading(line) for line in lines(name)]


def talk(name: str) -> list[tuple[Role, EntryKind, str]]:
    """Who said what."""
    return [(entry.role, entry.kind, entry.text) for record in read(name) for entry in record.entries]


def signs(name: str) -> list[Sign]:
    """How the turns stood, repetitions taken out."""
    given = [record.sign for record in read(name) if record.sign]
    return [sign for before, sign in zip([None, *given], given, strict=False) if sign is not before]


def test_a_conversation_is_told_once_with_its_facts() -> None:
    """Of the beginning version, model, folder and branch."""
    facts = read("normal")[0].facts

    assert talk("normal") == [
        (Role.USER, TEXT, "hello copilot"),
        (Role.ASSISTANT, TEXT, "Echo: hello copilot"),
    ]
    assert signs("normal") == [Sign.IDLE, Sign.WORKING, Sign.IDLE]
    assert facts is not None
    assert (facts.agent_version, facts.model) == ("1.0.102", "gpt-4.1")
    assert (facts.cwd, facts.git_branch) == ("/home/me/alpha", "master")


def test_a_call_is_told_when_it_begins_and_when_it_ends() -> None:
    """A turn in which something is called goes on."""
    assert talk("tool-call")[1:3] == [
        (Role.ASSISTANT, CALL, "echo hi from tool; exit 3"),
        (Role.TOOL, RESULT, "hi from tool\n<shellId: 0 completed with exit code 3>"),
    ]
    assert signs("tool-call")[:3] == [Sign.IDLE, Sign.WORKING, Sign.IDLE]


def test_it_asks_until_it_was_answered() -> None:
    """Between the request for a permission and its end."""
    told = signs("tui-permission")
    place = told.index(Sign.ASKING)

    assert told[place - 1 : place + 3] == [Sign.WORKING, Sign.ASKING, Sign.WORKING, Sign.IDLE]


def test_a_turn_that_was_aborted_is_an_interruption() -> None:
    """At a question, whose end is told later; and in the middle of an answer."""
    told = signs(LONG)
    place = told.index(Sign.ASKING)

    assert told[place : place + 4] == [Sign.ASKING, Sign.INTERRUPTED, Sign.WORKING, Sign.INTERRUPTED]


@pytest.mark.parametrize(
    ("name", "causes"),
    [("error-429", [Cause.RATE_LIMIT]), (LONG, [Cause.REQUEST, Cause.USAGE_LIMIT]), ("retried-drop", [])],
)
def test_an_error_event_is_a_failed_turn(name: str, causes: list[Cause]) -> None:
    """Told when it has given up; what it tries again with success is no failure."""
    failed = [record for record in read(name) if record.sign is Sign.FAILED]

    assert [record.facts and record.facts.cause for record in failed] == causes
    assert all(record.entries[0].kind is ERROR for record in failed)


def test_what_was_killed_is_still_at_work_until_it_is_resumed() -> None:
    """Then it waits for a word."""
    records = read(LONG)
    place = next(n for n, line in enumerate(lines(LONG)) if line["type"] == "session.resume")

    before = [record.sign for record in records[:place] if record.sign]
    assert (before[-1], records[place].sign) == (Sign.WORKING, Sign.IDLE)


def test_a_kind_that_nobody_knows_is_a_notice() -> None:
    """What a later version writes is not passed over in silence; what is known to say nothing is."""
    unknown = Reading()({"type": "session.hologram", "data": {}})
    known = Reading()({"type": "session.usage_record", "data": {}})

    assert [(entry.kind, entry.text) for entry in unknown.entries] == [
        (EntryKind.NOTICE, "[session.hologram]")
    ]
    assert known.entries == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_event_of_this_version_is_unknown(name: str) -> None:
    """Nothing of the program's own is shown to people."""
    assert not [text for _, kind, text in talk(name) if kind is EntryKind.NOTICE and text.startswith("[")]


@given(st.lists(st.sampled_from(NAMES)), st.data())
def test_damaged_events_are_borne(names: list[str], data: st.DataObject) -> None:
    """Any value of any event may be anything."""
    reading = Reading()
    for name in names:
        line = dict(data.draw(st.sampled_from(lines(name))))
        told = dict(line["data"])
        if told:
            told[data.draw(st.sampled_from(sorted(told)))] = data.draw(JSON)
        key = data.draw(st.sampled_from(sorted(line)))
        for damaged in ({**line, "data": told}, {**line, key: data.draw(JSON)}):
            for entry in reading(damaged).entries:
                entry.text.encode()
