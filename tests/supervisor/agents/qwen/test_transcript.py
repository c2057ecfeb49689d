"""What the lines of a conversation mean, on files that Qwen Code 0.24.4 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.qwen.transcript import Reading
from supervisor.core.failing import Cause
from supervisor.core.model import EntryKind, Record, Role, Sign

RECORDED = Path(__file__).parents[3] / "data" / "qwen"
TEXT, CALL, RESULT, ERROR = EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT, EntryKind.ERROR
NAMES = sorted({path.stem for path in RECORDED.glob("*.jsonl")} - {"channel"})
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


def test_a_conversation_is_told_once_with_its_facts() -> None:
    """Prompt and answer, and of every line the version, the folder and the branch."""
    records = read("normal")

    assert talk("normal") == [(Role.USER, TEXT, "hello qwen"), (Role.ASSISTANT, TEXT, "Echo: hello qwen")]
    assert signs("normal") == [Sign.WORKING, Sign.IDLE]
    facts = records[3].facts
    assert facts is not None
    assert (facts.model, facts.agent_version, facts.git_branch) == ("fake-model", "0.24.4", "master")
    assert facts.cwd == "/home/me/alpha"


def test_a_call_is_shown_as_it_is_typed() -> None:
    """With what came of it, and the turn that went on after it."""
    told = talk("tool-call")

    assert told[1][1:] == (CALL, "touch f9.txt; exit 3")
    assert told[2][1] is RESULT
    assert "Exit Code: 3" in told[2][2]
    assert signs("tool-call") == [Sign.WORKING, Sign.WORKING, Sign.IDLE, Sign.WORKING, Sign.IDLE]


def test_what_ends_a_turn_before_its_end_is_an_interruption() -> None:
    """An answer that was stopped, and a call that was not allowed."""
    assert signs("interrupted-denied-steered")[:4] == [
        Sign.WORKING,
        Sign.INTERRUPTED,
        Sign.WORKING,
        Sign.INTERRUPTED,
    ]


def test_a_word_given_while_it_works_is_the_users() -> None:
    """It stands in the same turn, as it was typed."""
    assert (Role.USER, TEXT, "while busy") in talk("interrupted-denied-steered")


@pytest.mark.parametrize(
    ("name", "cause", "failed"),
    [
        ("error-401", Cause.AUTHENTICATION, True),
        ("connection-refused", Cause.NETWORK, True),
        ("gave-up-after-500", Cause.SERVER, True),
        ("drop-continued", Cause.DROPPED, False),
    ],
)
def test_a_turn_has_failed_when_it_is_not_tried_again(name: str, cause: Cause, failed: bool) -> None:
    """What it asks again after is told, and no more; what broke off it continues by itself."""
    records = read(name)

    errors = [record for record in records if any(entry.kind is ERROR for entry in record.entries)]
    assert errors[0].facts is not None
    assert errors[0].facts.cause is cause
    assert errors[0].facts.failure
    assert (signs(name)[-1] is Sign.FAILED) is failed
    assert [record.sign for record in errors[:-1]] == [None] * (len(errors) - 1)


def test_it_is_out_of_quota_and_tries_again() -> None:
    """Four failed requests are no failed turn yet."""
    records = read("cancelled-dropped-quota-killed")

    causes = [record.facts.cause for record in records if record.facts and record.facts.cause]
    assert causes.count(Cause.USAGE_LIMIT) == 4
    assert Sign.FAILED not in signs("cancelled-dropped-quota-killed")
    assert signs("cancelled-dropped-quota-killed")[-1] is Sign.WORKING


def test_what_it_asks_for_itself_is_not_the_turns() -> None:
    """Its memory is looked after with requests of their own: when those fail, no turn has failed."""
    line = lines("error-401")[-1]
    line["systemPayload"]["uiEvent"]["prompt_id"] = f"{line['sessionId']}#managed-auto-memory-extractor-1#0"

    record = Reading()(line)

    assert (record.entries, record.sign) == ((), None)


def test_a_command_to_itself_is_a_notice() -> None:
    """It is no prompt, and begins no turn."""
    records = read("interrupted-denied-steered")

    notices = [entry.text for record in records for entry in record.entries if entry.kind is EntryKind.NOTICE]
    assert notices == ["/help"]


@pytest.mark.parametrize(
    ("line", "notice"),
    [({"type": "hologram"}, "[hologram]"), ({"type": "system", "subtype": "new_kind"}, "[new_kind]")],
)
def test_a_kind_that_nobody_knows_is_a_notice(line: dict[str, str], notice: str) -> None:
    """What a later version writes is not passed over in silence."""
    record = Reading()(line)

    assert [(entry.kind, entry.text) for entry in record.entries] == [(EntryKind.NOTICE, notice)]
    assert record.sign is None


@given(
    st.lists(st.sampled_from([p.stem for p in RECORDED.glob("*.jsonl") if p.stem != "channel"])), st.data()
)
def test_damaged_lines_are_borne(names: list[str], data: st.DataObject) -> None:
    """Any value of any line may be anything."""
    reading = Reading()
    for name in names:
        line = dict(data.draw(st.sampled_from(lines(name))))
        line[data.draw(st.sampled_from(sorted(line)))] = data.draw(JSON)
        for entry in reading(line).entries:
            entry.text.encode()
