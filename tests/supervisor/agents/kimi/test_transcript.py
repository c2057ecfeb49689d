"""What the records of a session mean, on files that Kimi Code 2.1.0 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.kimi.transcript import Reading
from supervisor.core.failing import Cause
from supervisor.core.model import EntryKind, Record, Role, Sign

RECORDED = Path(__file__).parents[3] / "data" / "kimi"
TEXT, CALL, RESULT = EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT
NAMES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
LONG = "approved-rejected-interrupted-failed"
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
    """Without what the program says to the model, and with the model that was chosen."""
    models = {record.facts.model for record in read("normal") if record.facts}

    assert talk("normal") == [
        (Role.USER, TEXT, "hello there"),
        (Role.ASSISTANT, TEXT, "Echo: hello there"),
    ]
    assert signs("normal") == [Sign.WORKING, Sign.IDLE]
    assert models == {"fake/fake-model"}


def test_it_asks_until_it_was_answered() -> None:
    """A call is told when it was allowed; what was rejected says so."""
    told = signs(LONG)
    place = told.index(Sign.ASKING)

    assert told[place : place + 2] == [Sign.ASKING, Sign.WORKING]
    assert (Role.ASSISTANT, CALL, "touch made") in talk(LONG)
    assert (Role.TOOL, RESULT, "Command executed successfully.") in talk(LONG)
    assert any("rejected the approval" in text for _, kind, text in talk(LONG) if kind is RESULT)


def test_an_interrupted_turn_keeps_what_was_said() -> None:
    """Its end is told as such."""
    place = next(i for i, (_, _, text) in enumerate(talk(LONG)) if text == "Interrupted")

    assert talk(LONG)[place - 1][2].startswith("word0 word1")
    assert Sign.INTERRUPTED in signs(LONG)


def test_failed_turns_say_why() -> None:
    """A refusal, a key, a bill, a quota and a rate; too long a conversation it shortens by itself."""
    told = [record.facts for record in read(LONG) if record.sign is Sign.FAILED]

    assert [facts.cause for facts in told if facts] == [
        Cause.REQUEST,
        Cause.AUTHENTICATION,
        Cause.PAYMENT,
        Cause.USAGE_LIMIT,
        Cause.RATE_LIMIT,
    ]
    assert next(facts.failure for facts in told if facts) == "400 fake 400 error"
    assert [text for _, _, text in talk(LONG)].count("Conversation compacted") == 2


def test_a_turn_that_is_asked_again_goes_on() -> None:
    """Its own ten tries are no failure."""
    assert Sign.FAILED not in signs("queued-dropped-cancelled")
    assert signs("queued-dropped-cancelled")[-1] is Sign.INTERRUPTED


def test_a_prompt_that_was_typed_meanwhile_is_the_next_turn() -> None:
    """It is kept until then."""
    said = [text for role, _, text in talk("queued-dropped-cancelled") if role is Role.USER]

    assert said[:2] == ["%%slow:8%% please", "steered while working"]


def test_who_was_killed_was_working() -> None:
    """Nothing after the prompt."""
    assert signs("renamed-question-killed")[-1] is Sign.WORKING


@pytest.mark.parametrize("name", NAMES)
def test_no_recorded_record_is_unknown(name: str) -> None:
    """None becomes a notice of its kind, and entries have different ids."""
    entries = [entry for record in read(name) for entry in record.entries]

    assert [entry.text for entry in entries if entry.text.startswith("[")] == []
    assert len({entry.id for entry in entries}) == len(entries)


def test_an_unknown_record_is_shown_as_such() -> None:
    """A later version may write more."""
    (entry,) = Reading()({"type": "brand.new", "time": 1795297609505}).entries

    assert (entry.kind, entry.text, entry.at) == (EntryKind.NOTICE, "[brand.new]", 1795297609.505)


@given(st.sampled_from(sorted({line["type"] for name in NAMES for line in lines(name)})), JSON, JSON)
def test_no_record_is_a_reason_to_fail(kind: str, one: object, other: object) -> None:
    """Whatever its fields hold."""
    record = Reading()({"type": kind, "event": one, "input": other, "error": one, "time": other})

    assert isinstance(record, Record)
