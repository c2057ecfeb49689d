"""What a conversation says, by its recorded lines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.agents.base import Reader
from supervisor.agents.claude.transcript import _MEANINGS, TEXT_LIMIT, Reading
from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign
from tests.supervisor.agents.claude.recorded import recorded


def read(lines: Sequence[Mapping[str, Any]], reading: Reader | None = None) -> list[Record]:
    """What these lines mean, one after the other."""
    reading = reading or Reading()
    return [reading(line) for line in lines]


def entries(records: Sequence[Record]) -> list[Entry]:
    """All entries of these records."""
    return [entry for record in records for entry in record.entries]


def told(records: Sequence[Record]) -> Facts:
    """What is known after these records: later words count, unknown ones change nothing."""
    known: dict[str, Any] = {}
    for record in records:
        if record.facts:
            pairs = ((field.name, getattr(record.facts, field.name)) for field in fields(Facts))
            known |= {name: value for name, value in pairs if value is not None}
    return Facts(**known)


def last_sign(records: Sequence[Record]) -> Sign | None:
    """The last sign of these records."""
    return next((record.sign for record in reversed(records) if record.sign), None)


def answer(*blocks: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A line of an answer with these blocks."""
    message = {"id": "msg_1", "model": "claude-opus-5-5", "content": list(blocks), "stop_reason": "end_turn"}
    return {"type": "assistant", "uuid": "a", "message": message | fields}


@pytest.mark.parametrize(
    ("conversation", "sign", "failure"),
    [
        ("normal", Sign.IDLE, None),
        ("tool-use", Sign.IDLE, None),
        ("question", Sign.IDLE, None),
        ("background", Sign.IDLE, None),
        ("compacted-renamed", Sign.IDLE, None),
        ("waiting-permission", Sign.WORKING, None),
        ("killed-in-stream", Sign.WORKING, None),
        ("killed-in-tool", Sign.WORKING, None),
        ("resumed-after-kill", Sign.IDLE, None),
        ("resumed-auto-continue", Sign.IDLE, None),
        ("interrupted-esc", Sign.INTERRUPTED, None),
        ("api-error", Sign.FAILED, "API Error: Repeated 529 Overloaded errors."),
        ("api-error-connection-refused", Sign.FAILED, "API Error: Connection refused"),
        ("api-error-429-401-toolong", Sign.FAILED, "Prompt is too long"),
        ("api-error-then-continue", Sign.IDLE, "API Error: Repeated 529 Overloaded errors."),
    ],
)
def test_a_conversation_tells_how_its_last_turn_stands(
    conversation: str, sign: Sign, failure: str | None
) -> None:
    """Finished, failed, interrupted, or still at work when the file ends."""
    records = read(recorded(conversation))

    facts = told(records)

    assert last_sign(records) is sign
    assert (facts.failure or "").startswith(failure or "")
    assert (facts.failure is None) is (failure is None)
    assert (facts.agent_version, facts.cwd, facts.git_branch) == ("2.1.329", "/home/user/project", "main")
    assert facts.model == "claude-opus-5-5"


def test_a_conversation_reads_as_it_was_led() -> None:
    """Prompts, answers, commands and what came of them, in their order."""
    said = entries(read(recorded("tool-use")))[:5]

    assert [(entry.role, entry.kind, entry.tool, entry.text) for entry in said] == [
        (Role.USER, EntryKind.TEXT, None, "SCENARIO:bash task 1 made.txt"),
        (Role.ASSISTANT, EntryKind.TEXT, None, "Running a command."),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "Bash", "task 1 made.txt"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "Bash", "tick 0"),
        (Role.ASSISTANT, EntryKind.TEXT, None, "Done."),
    ]
    assert said[0].at == pytest.approx(1_795_239_617.345, abs=10)
    assert len({entry.id for entry in said}) == 5


def test_a_call_of_a_tool_tells_what_it_is_to_do() -> None:
    """Not the whole call as it was made, but what a person wants to know of it."""
    calls = [entry for entry in entries(read(recorded("tool-use"))) if entry.tool == "Edit"]

    assert calls[0].text == "/home/user/project/a.txt\n- one\n+ ONE"


def test_an_error_of_the_api_is_an_error_in_the_agents_words() -> None:
    """It is no word of the model."""
    errors = [entry for entry in entries(read(recorded("api-error"))) if entry.kind is EntryKind.ERROR]

    assert [(entry.role, entry.text[:35]) for entry in errors] == [
        (Role.SYSTEM, "API Error: Repeated 529 Overloaded ")
    ]


def test_notices_tell_what_was_neither_asked_nor_answered() -> None:
    """Slash commands, compaction, interruptions and finished background work."""
    texts = [
        entry.text.splitlines()[0][:60]
        for name in ("compacted-renamed", "interrupted-esc", "background")
        for entry in entries(read(recorded(name)))
        if entry.kind is EntryKind.NOTICE
    ]

    assert texts == [
        "/rename fixture session",
        "Session renamed to: fixture session",
        "Conversation compacted",
        "This session is being continued from a previous conversation",
        "/compact",
        "Compacted (ctrl+o to see full summary)",
        "[Request interrupted by user]",
        "[Request interrupted by user for tool use]",
        'Background command "A command" completed (exit code 0)',
        'Agent "sub job" finished',
    ]


def test_the_users_title_stands_above_a_made_one() -> None:
    """Whatever comes last."""
    lines = [
        {"type": "ai-title", "aiTitle": "made"},
        {"type": "custom-title", "customTitle": "given"},
        {"type": "ai-title", "aiTitle": "made again"},
    ]

    assert told(read(lines[:1])).title == "made"
    assert told(read(lines)).title == "given"
    assert told(read(recorded("compacted-renamed"))).title == "fixture session"


def test_tokens_are_counted_once_for_each_answer() -> None:
    """Every block of an answer repeats its usage."""
    lines = recorded("tool-use")
    usages = {
        line["message"]["id"]: line["message"]["usage"] for line in lines if line["type"] == "assistant"
    }
    spent = sum(usage["input_tokens"] + usage["output_tokens"] for usage in usages.values())

    assert told(read(lines)).tokens == spent


def test_tokens_are_unknown_when_a_part_was_not_read() -> None:
    """The tail of a long conversation tells no total."""
    lines = recorded("tool-use")

    records = read([lines[0], *lines[len(lines) // 2 :]])

    assert told(records).tokens is None
    assert told(records).model == "claude-opus-5-5"


def test_the_context_is_known_only_with_its_window() -> None:
    """No window is assumed."""
    request = {"type": "api-request", "querySource": "repl_main_thread"}
    long = request | {"params": {"betas": ["context-1m-2025-08-07"]}}
    said = answer(
        {"type": "text", "text": "x"}, usage={"input_tokens": 200_000, "cache_read_input_tokens": 50_000}
    )

    assert told(read([long, said])).context_used_percent == 25.0
    assert told(read([request, said])).context_used_percent is None
    assert told(read([long, request, said])).context_used_percent is None


def test_the_bill_is_told_where_every_model_has_a_price() -> None:
    """What the agent says it cost, or nothing."""
    bill = {"type": "cost-state", "totalCostUSD": 0.25}

    assert told(read(recorded("normal"))).cost_usd == 0.11448
    assert told(read([bill])).cost_usd == 0.25
    assert told(read([bill | {"hasUnknownModelCost": True}])).cost_usd is None
    assert told(read([bill | {"totalCostUSD": float("nan")}])).cost_usd is None


def test_lines_of_sub_agents_and_hidden_ones_are_not_said_by_anybody() -> None:
    """Old versions write both into one file."""
    lines = recorded("background.subagent")
    hidden = {"type": "user", "isMeta": True, "message": {"content": "reminder"}}

    assert entries(read([*lines, hidden])) == []
    assert last_sign(read([*lines, hidden])) is None
    assert len(entries(read(lines, Reading(sidechain=True)))) == 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('\n\n<pasted_content id="e82d">\na\nb\n</pasted_content id="e82d">\n', "a\nb"),
        (
            'Read: \n\n<pasted_content id="e8">\na\n</pasted_content id="e8">\n and that',
            "Read: \n\na\n and that",
        ),
        ("<pasted_content>", "<pasted_content>"),
        ("\nas it is\n", "\nas it is\n"),
    ],
)
def test_a_prompt_is_shown_as_it_stood_in_the_terminal(text: str, shown: str) -> None:
    """What the model is told about pastes is not for people."""
    [record] = read([{"type": "user", "message": {"role": "user", "content": text}}])

    assert [(entry.role, entry.text) for entry in record.entries] == [(Role.USER, shown)]


def test_a_prompt_typed_while_it_works_is_a_prompt() -> None:
    """It is given to the model between two steps."""
    queued = {"type": "queued_command", "prompt": "while you are busy", "commandMode": "prompt"}

    [entry] = entries(read([{"type": "attachment", "uuid": "a", "attachment": queued}]))

    assert (entry.role, entry.kind, entry.text) == (Role.USER, EntryKind.TEXT, "while you are busy")


def test_a_command_of_the_user_is_shown_with_what_came_of_it() -> None:
    """As typed with an exclamation mark."""
    texts = [
        "<bash-input>echo bang</bash-input>",
        "<bash-stdout>bang</bash-stdout><bash-stderr></bash-stderr>",
    ]

    said = entries(read([{"type": "user", "message": {"content": text}} for text in texts]))

    assert [(entry.role, entry.text) for entry in said] == [(Role.USER, "! echo bang"), (Role.SYSTEM, "bang")]


def test_what_cannot_be_shown_is_named() -> None:
    """Pictures and unknown blocks leave a note; unknown lines leave none."""
    blocks = [{"type": "image", "source": {}}, {"type": "hologram"}, {"type": "thinking", "thinking": ""}]
    result = {
        "type": "tool_result",
        "tool_use_id": "1",
        "content": [{"type": "image"}, {"type": "text", "text": "x"}],
    }

    said = entries(
        read(
            [
                {"type": "user", "message": {"content": blocks}},
                {"type": "user", "message": {"content": [result]}},
                {"type": "no-such-line", "message": {"content": "x"}},
            ]
        )
    )

    assert [(entry.kind, entry.text) for entry in said] == [
        (EntryKind.NOTICE, "[image]"),
        (EntryKind.NOTICE, "[hologram]"),
        (EntryKind.TOOL_RESULT, "[image]\nx"),
    ]


def test_a_very_long_text_is_cut_and_says_so() -> None:
    """Nobody reads megabytes of one entry."""
    [entry] = entries(read([answer({"type": "text", "text": "x" * 1_000_000})]))

    assert len(entry.text) == TEXT_LIMIT
    assert entry.truncated


def test_half_a_character_does_not_travel_on() -> None:
    """JSON may hold what UTF-8 cannot."""
    [entry] = entries(read([json.loads(json.dumps(answer({"type": "text", "text": "a\ud800b"})))]))

    assert entry.text == "a?b"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _some(*keys: str) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(keys, _anything)


_block = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image"]) | _anything},
    optional=_some("text", "thinking", "id", "name", "input", "tool_use_id", "content"),
)
_message = st.fixed_dictionaries(
    {"content": _anything | st.lists(_block, max_size=4)},
    optional=_some("id", "model", "usage", "stop_reason"),
)
_line = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(_MEANINGS)) | _anything},
    optional={
        "message": _message | _anything,
        **_some("uuid", "parentUuid", "timestamp", "cwd", "version", "gitBranch", "isMeta", "isSidechain"),
        **_some("isApiErrorMessage", "isCompactSummary", "subtype", "content", "hookErrors", "attachment"),
        **_some("customTitle", "aiTitle", "totalCostUSD", "querySource", "params"),
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(_line, max_size=5))
def test_no_line_makes_the_reader_fail(lines: list[dict[str, Any]]) -> None:
    """Whatever is written, entries come numbered from zero and can be sent on."""
    reading = Reading()

    for line in lines:
        record = reading(line)

        assert [entry.seq for entry in record.entries] == list(range(len(record.entries)))
        assert all(entry.text.encode() is not None for entry in record.entries)
