"""What the lines of a conversation mean, on files that Gemini CLI 0.61.0 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.gemini.transcript import Reading
from supervisor.core.failing import Cause
from supervisor.core.model import EntryKind, Record, Role, Sign

RECORDED = Path(__file__).parents[3] / "data" / "gemini"
TEXT, CALL, RESULT, ERROR = EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT, EntryKind.ERROR
NAMES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
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
    """How the turns stood."""
    return [record.sign for record in read(name) if record.sign]


def test_a_conversation_is_told_once() -> None:
    """Without what the model is told of the machine; at rest before the first word and after the last."""
    assert talk("normal") == [(Role.USER, TEXT, "hello gem"), (Role.ASSISTANT, TEXT, "Echo: hello gem")]
    assert signs("normal") == [Sign.IDLE, Sign.WORKING, Sign.IDLE]
    models = {record.facts.model for record in read("normal") if record.facts}
    assert models == {"gemini-2.5-pro"}


def test_a_conversation_that_was_resumed_goes_on() -> None:
    """In the same file, each turn once."""
    said = [text for role, _, text in talk("resumed") if role is Role.USER]

    assert said == ["hello there", "second one", "third one"]


def test_a_call_is_told_with_its_result_when_it_has_ended() -> None:
    """An answer that is written again with its tools is told once."""
    assert talk("tool-call")[1:] == [
        (Role.ASSISTANT, CALL, "touch x.txt; exit 3"),
        (Role.TOOL, RESULT, "Output: (empty)\nExit Code: 3\nProcess Group PGID: 9247"),
        (Role.ASSISTANT, TEXT, "Finished tool (touch x.txt; exit 3). Tool results seen: 1."),
    ]


def test_what_is_written_again_is_not_told_again() -> None:
    """After a call that was refused Gemini writes down anew what was said before."""
    answers = [text for _, kind, text in talk("cancelled-written-again-401") if kind is TEXT]

    assert answers.count("Echo: hello there") == 1
    assert not any(text.startswith("<session_context>") for text in answers)


def test_a_request_that_was_cancelled_is_an_interruption() -> None:
    """Whether it had begun to answer or not, and after a call that was refused."""
    assert signs("tool-cancel-error").count(Sign.INTERRUPTED) == 1
    assert signs("cancelled-written-again-401").count(Sign.INTERRUPTED) == 6


@pytest.mark.parametrize(
    ("name", "causes"),
    [
        ("errors-rolled-back", [Cause.REQUEST, Cause.DROPPED]),
        ("tool-cancel-error", [Cause.REQUEST, Cause.DROPPED]),
        ("cancelled-written-again-401", [Cause.AUTHENTICATION]),
    ],
)
def test_an_error_line_is_a_failed_turn(name: str, causes: list[Cause]) -> None:
    """In the words of the API, without what is put around them."""
    failed = [record for record in read(name) if record.sign is Sign.FAILED]

    assert [record.facts and record.facts.cause for record in failed] == causes
    assert all(record.entries[0].kind is ERROR for record in failed)
    assert not any("{" in record.entries[0].text for record in failed)


@pytest.mark.parametrize(
    ("line", "notice"),
    [({"type": "hologram"}, "[hologram]"), ({"$rewindTo": "x"}, "Went back to an earlier prompt")],
)
def test_a_kind_that_nobody_knows_is_a_notice(line: dict[str, str], notice: str) -> None:
    """What a later version writes is not passed over in silence."""
    assert [(entry.kind, entry.text) for entry in Reading()(line).entries] == [(EntryKind.NOTICE, notice)]


@given(st.lists(st.sampled_from(NAMES)), st.data())
def test_damaged_lines_are_borne(names: list[str], data: st.DataObject) -> None:
    """Any value of any line may be anything."""
    reading = Reading()
    for name in names:
        line = dict(data.draw(st.sampled_from(lines(name))))
        line[data.draw(st.sampled_from(sorted(line)))] = data.draw(JSON)
        for entry in reading(line).entries:
            entry.text.encode()
