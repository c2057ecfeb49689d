"""What a terminal of ours tells, on what Qwen Code 0.24.4 told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.qwen.hearing import Hearing
from supervisor.core.model import Sign

RECORDED = Path(__file__).parents[3] / "data" / "qwen"
TOLD: list[dict[str, Any]] = [
    json.loads(line) for line in (RECORDED / "channel.jsonl").read_text().splitlines()
]
SESSION = "fd1c1c67-2699-454e-bf87-d50e61987e95"
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def heard(until: str) -> Hearing:
    """All that was told up to the first event that holds these words."""
    hearing = Hearing("", "/home/me/alpha")
    for event in TOLD:
        hearing.hear(event)
        if until in json.dumps(event):
            return hearing
    raise AssertionError(until)


def question(**request: Any) -> dict[str, Any]:
    """A request for a permission."""
    told = {"subtype": "can_use_tool", "tool_name": "run_shell_command", "tool_use_id": "call_1", "input": {}}
    return {"type": "control_request", "request_id": "one", "request": {**told, **request}}


@pytest.mark.parametrize(
    ("until", "sign"),
    [
        ("session_start", Sign.IDLE),
        ("from the input file", Sign.WORKING),
        ("Echo: from the input file", Sign.WORKING),
        ("message_stop", Sign.IDLE),
        ("can_use_tool", Sign.ASKING),
        ('"type": "control_response"', Sign.WORKING),
        ("session_end", Sign.IDLE),
    ],
)
def test_each_event_says_how_the_turn_stands(until: str, sign: Sign) -> None:
    """From its start to its end."""
    hearing = heard(until)

    assert (hearing.session_id, hearing.sign) == (SESSION, sign)


def test_a_question_shows_all_of_what_is_to_be_allowed() -> None:
    """The whole command, its tool, its reason and its folder."""
    asked = heard("can_use_tool").open

    assert len(asked) == 1
    assert (asked[0].session_id, asked[0].tool, asked[0].text) == (
        SESSION,
        "run_shell_command",
        "touch f5.txt",
    )
    assert (asked[0].reason, asked[0].cwd) == ("fake shell call", "/home/me/alpha")
    assert asked[0].answerable


def test_a_failed_turn_is_one_that_was_given_up() -> None:
    """The words in place of an answer say so, after all tries."""
    hearing = heard("bad %%400%%")
    hearing.hear({"type": "stream_event", "event": {"type": "message_start"}})
    told = [{"type": "text", "text": "[API Error: 400 fake 400 error]"}]
    hearing.hear({"type": "assistant", "message": {"content": told}})
    hearing.hear({"type": "stream_event", "event": {"type": "message_stop"}})

    assert hearing.sign is Sign.FAILED


def test_what_wants_answers_is_answered_at_the_desk() -> None:
    """A yes or no is all that the channel carries; the question is shown all the same."""
    options = [{"label": "A", "description": "the first"}, {"label": "B"}]
    given_to_it = {"questions": [{"question": "Which?", "header": "H", "options": options}]}
    hearing = Hearing("session")

    hearing.hear(question(tool_name="ask_user_question", input=given_to_it))

    (asked,) = hearing.open
    assert (asked.summary, asked.answerable) == ("Which?", False)
    assert [choice.label for choice in asked.questions[0].choices] == ["A", "B"]


@pytest.mark.parametrize(("status", "sign"), [("cancelled", Sign.INTERRUPTED), ("success", Sign.WORKING)])
def test_a_refusal_at_the_desk_is_found_in_the_transcript(tmp_path: Path, status: str, sign: Sign) -> None:
    """Of that nothing is told; the end of the call is written down."""
    hearing = Hearing("session")
    hearing.hear(question())
    transcript = tmp_path / "transcript.jsonl"
    line = {"type": "tool_result", "toolCallResult": {"callId": "call_1", "status": status}}
    transcript.write_text(f"{json.dumps(line)}\n")

    hearing.look_up(str(transcript))

    assert (hearing.open, hearing.sign) == ((), sign)


def test_what_was_answered_here_is_asked_no_more() -> None:
    """Until something comes of it, it works."""
    hearing = Hearing("session")
    hearing.hear(question())

    hearing.settle("one")

    assert (hearing.open, hearing.sign) == ((), Sign.WORKING)
    assert hearing.asked


@given(st.lists(st.sampled_from(TOLD)), st.data())
def test_damaged_events_are_borne(events: list[dict[str, Any]], data: st.DataObject) -> None:
    """Any value of any event may be anything."""
    hearing = Hearing("session")
    for event in events:
        key = data.draw(st.sampled_from(sorted(event)))
        hearing.hear({**event, key: data.draw(JSON)})
        hearing.hear(question(**{key: data.draw(JSON)}))
