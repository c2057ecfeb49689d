"""What the lines of a rollout mean, on files that the real programs of four versions wrote."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.codex.rollout import Rollout, first_line, parent_in_head
from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign

RECORDED = Path(__file__).parents[3] / "data" / "codex"
DROPPED = "stream disconnected before completion"
TEXT, CALL, RESULT = EntryKind.TEXT, EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The lines of one recorded file."""
    for line in (RECORDED / f"rollout-{name}.jsonl").read_text().splitlines():
        yield json.loads(line)


def read(name: str) -> list[Record]:
    """One recorded file, read from its beginning."""
    rollout = Rollout()
    return [rollout(line) for line in lines(name)]


def entries(records: list[Record]) -> list[Entry]:
    """All entries in order."""
    return [entry for record in records for entry in record.entries]


def talk(name: str) -> list[tuple[Role, EntryKind, str]]:
    """Who said what in one recorded file."""
    return [(entry.role, entry.kind, entry.text) for entry in entries(read(name))]


def signs(name: str) -> list[Sign]:
    """The signs of one recorded file, repetitions taken out."""
    given = [record.sign for record in read(name) if record.sign]
    return [sign for before, sign in zip([None, *given], given, strict=False) if sign is not before]


def facts(name: str) -> Facts:
    """All that one recorded file tells of its session; what comes later counts."""
    known: dict[str, Any] = {}
    for record in read(name):
        for field in Facts.__dataclass_fields__:
            if record.facts and (value := getattr(record.facts, field)) is not None:
                known[field] = value
    return Facts(**known)


def event(kind: str, **payload: Any) -> dict[str, Any]:
    """A line as Codex writes it."""
    return {
        "timestamp": "2026-11-21T04:51:20.089Z",
        "type": "event_msg",
        "payload": {"type": kind, **payload},
    }


def step(name: str, status: str) -> dict[str, str]:
    """A step of a plan, as Codex writes it."""
    return {"step": name, "status": status}


@pytest.mark.parametrize("version", ["0.65.0", "0.125.0", "0.145.0"])
def test_words_of_older_versions_are_told_once(version: str) -> None:
    """A conversation is shown once, although older versions wrote each message in two ways."""
    told = talk(f"{version}-normal")

    assert told == [(Role.USER, TEXT, "hello old"), (Role.ASSISTANT, TEXT, "Echo: hello old")]


def test_words_of_the_newest_version_are_told_once() -> None:
    """A conversation is shown once, also after it was resumed twice, once in another folder."""
    told = talk("0.169-normal-then-resumed-in-other-cwd")

    assert told == [
        (Role.USER, TEXT, "hello one"),
        (Role.ASSISTANT, TEXT, "Echo: hello one"),
        (Role.USER, TEXT, "second turn"),
        (Role.ASSISTANT, TEXT, "Echo: second turn"),
        (Role.USER, TEXT, "third turn from beta"),
        (Role.ASSISTANT, TEXT, "Echo: third turn from beta"),
    ]


@pytest.mark.parametrize("name", sorted(path.stem.removeprefix("rollout-") for path in RECORDED.iterdir()))
def test_words_of_the_machine_are_never_the_users(name: str) -> None:
    """What Codex tells its model about folders, rules and interruptions is not shown as a prompt."""
    told = talk(name)

    assert not [text for role, _, text in told if role is Role.USER and text.startswith("<")]
    assert not [text for _, _, text in told if "CONTEXT CHECKPOINT" in text]


@pytest.mark.parametrize(
    ("version", "tool"),
    [("0.65.0", "shell_command"), ("0.125.0", "exec_command"), ("0.145.0", "exec_command")],
)
def test_a_command_is_shown_as_it_is_typed(version: str, tool: str) -> None:
    """A tool call shows its command and its tool, its result only what the command printed."""
    told = [(entry.kind, entry.tool, entry.text) for entry in entries(read(f"{version}-tool-call"))]

    assert told[1:3] == [(CALL, tool, "echo hi old"), (RESULT, tool, "hi old\n")]


def test_a_command_that_failed_says_so() -> None:
    """The exit code is kept if it is not 0."""
    told = [(entry.kind, entry.text) for entry in entries(read("0.169-tool-call"))]

    assert told[1:3] == [(CALL, "echo hi from tool; exit 3"), (RESULT, "hi from tool\nexit code 3")]


def test_every_kind_of_tool_shows_what_it_was_asked() -> None:
    """Patches, searches, plans and tools nobody knows are calls in plain words, each once."""
    calls = [(e.tool, e.text) for e in entries(read("0.169-thinking-and-many-tools")) if e.kind is CALL]

    assert calls[:6] == [
        ("exec_command", "echo one"),
        ("apply_patch", "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n"),
        (
            "update_plan",
            json.dumps({"plan": [step("a", "completed"), step("b", "pending")], "explanation": "why"}),
        ),
        ("web_search", "cats"),
        ("view_image", "x.png"),
        ("nonexistent", '{"x": 1}'),
    ]


def test_half_a_character_does_not_travel_on() -> None:
    """The JSON within a call may hold what UTF-8 cannot, even where the line around it was made whole."""
    call = {"type": "function_call", "name": "shell", "arguments": r'{"cmd": "echo a\ud800b"}'}
    result = {"type": "function_call_output", "call_id": "1", "output": r'{"output": "a\ud800b"}'}
    rollout = Rollout()

    told = [rollout({"type": "response_item", "payload": payload}) for payload in (call, result)]

    assert [entry.text for entry in entries(told)] == ["echo a?b", "a?b"]


def test_thoughts_are_thinking() -> None:
    """What the model thought is shown as such, once."""
    told = talk("0.169-thinking-and-many-tools")

    assert [text for _, kind, text in told if kind is EntryKind.THINKING] == [
        "**Thinking hard**\n\nI look first."
    ]


def test_a_command_of_the_users_own_is_the_users() -> None:
    """What was typed after ``!`` is a call by the user, with its result."""
    told = talk("0.169-sub-agent-compaction-shell")

    assert told[-2:] == [(Role.USER, CALL, "echo by hand"), (Role.TOOL, RESULT, "by hand\n")]


def test_compaction_is_one_notice() -> None:
    """The summary that was made for the model is not shown as an answer."""
    told = talk("0.169-sub-agent-compaction-shell")

    assert [text for _, kind, text in told if kind is EntryKind.NOTICE] == ["Context compacted"]


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        (
            "0.145.0-error-429",
            "exceeded retry limit, last status: 429 Too Many Requests (response too many failed attempts)",
        ),
        (
            "0.169-error-quota",
            "Quota exceeded. Check your plan and billing details. (usage limit exceeded)",
        ),
        (
            "0.169-error-stream-dropped",
            f"{DROPPED}: Transport error: network error: error decoding response body",
        ),
    ],
)
def test_a_failed_turn_says_why(name: str, failure: str) -> None:
    """The reason of a failure is an entry, a fact and a sign, in Codex's words with the kind it names."""
    records = read(name)

    assert records[-1].sign is Sign.FAILED
    told = records[-1].facts
    assert told is not None
    assert told.failure == failure
    assert told.cause is not None
    assert [(entry.kind, entry.text) for entry in records[-1].entries] == [(EntryKind.ERROR, failure)]


def test_an_error_before_the_end_of_a_turn_stays_one() -> None:
    """Where the end of a turn does not repeat the error, the turn still failed; the next one is new."""
    rollout = Rollout()

    told = [
        rollout(line).sign
        for line in (
            event("task_started"),
            event("error", message="no such model", codex_error_info="other"),
            event("task_complete", last_agent_message=None),
            event("task_started"),
            event("task_complete", last_agent_message="done"),
        )
    ]

    assert told == [Sign.WORKING, Sign.FAILED, None, Sign.WORKING, Sign.IDLE]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("0.65.0-normal", []),
        ("0.125.0-normal", [Sign.WORKING, Sign.IDLE]),
        ("0.169-interrupted", [Sign.WORKING, Sign.INTERRUPTED]),
        ("0.169-killed-then-resumed", [Sign.WORKING, Sign.IDLE]),
        ("0.169-question", [Sign.WORKING, Sign.IDLE, Sign.WORKING, Sign.ASKING, Sign.WORKING, Sign.IDLE]),
    ],
)
def test_the_turn_stands_as_the_last_line_about_it_says(name: str, told: list[Sign]) -> None:
    """Start, end, interruption and a question to the user; nothing is guessed where nothing is said."""
    assert signs(name) == told


def test_an_approval_is_never_guessed() -> None:
    """A command that waits for its approval looks like one that runs, so nothing is said of it."""
    given = [record.sign for record in read("0.169-tui-approval-and-interrupt") if record.sign]

    assert Sign.ASKING not in given


def test_an_interruption_is_a_notice() -> None:
    """The user's own interruption is shown, without what the model is told of it."""
    assert talk("0.169-interrupted")[-1] == (Role.SYSTEM, EntryKind.NOTICE, "Interrupted")


def test_facts_come_from_the_head_and_the_newest_turn() -> None:
    """Version and branch are those of the beginning, model, folder and tokens those of the last turn."""
    known = facts("0.169-normal-then-resumed-in-other-cwd")

    assert known == Facts(
        model="gpt-5.1-codex",
        agent_version="0.169.0",
        cwd="/home/user/projects/beta",
        git_branch="master",
        tokens=360,
        context_used_percent=100.0 * 120 / 258_400,
    )


def test_a_copied_head_does_not_change_whose_session_it_is() -> None:
    """A forked session holds the head of its source too; the first one counts."""
    rollout = Rollout()
    own = rollout({"type": "session_meta", "payload": {"cwd": "/here", "cli_version": "0.169.0"}})

    copied = rollout({"type": "session_meta", "payload": {"cwd": "/there", "cli_version": "0.1.0"}})

    assert own.facts == Facts(cwd="/here", agent_version="0.169.0")
    assert copied == Record()


def test_the_title_is_asked_for_once_and_told_with_the_head() -> None:
    """A reader gives the title that its maker found, cut to one line."""
    titles = iter(["\n  Mend the roof\nand more"])
    rollout = Rollout(lambda: next(titles))

    told = [rollout(line) for line in lines("0.169-tool-call")]

    assert told[0].facts is not None
    assert told[0].facts.title == "Mend the roof"
    assert next(titles, None) is None


def test_a_sub_agent_names_its_parent() -> None:
    """The head of a sub-agent's rollout says to whom it belongs, in two ways; an ordinary one does not."""
    head = next(lines("0.169-of-a-sub-agent"))["payload"]

    parent = parent_in_head(head)

    assert parent == "01a1fd20-aec5-7eb3-bd93-583925cc941f"
    assert parent_in_head({"source": head["source"]}) == parent
    assert parent_in_head(next(lines("0.169-tool-call"))["payload"]) is None


def test_the_same_prompt_twice_is_two_prompts() -> None:
    """Only the two ways of one version to write the same words are one entry."""
    rollout = Rollout()
    content = [{"type": "text", "text": "continue"}]
    as_event = event("user_message", message="continue")
    as_item = event("item_completed", item={"type": "UserMessage", "id": "1", "content": content})

    told = [len(rollout(line).entries) for line in (as_event, as_item, as_event, as_item, as_item)]

    assert told == [1, 0, 1, 0, 1]


def test_a_picture_in_a_prompt_is_mentioned() -> None:
    """A prompt of a picture alone is not an empty one."""
    content = [{"type": "text", "text": "see"}, {"type": "local_image", "path": "/tmp/x.png"}]

    record = Rollout()(event("item_completed", item={"type": "UserMessage", "content": content}))

    assert [entry.text for entry in record.entries] == ["see\n\n[image]"]


def test_the_numbers_of_entries_begin_anew_in_each_line() -> None:
    """Entries are numbered within their line, and no two of a file have one id."""
    records = read("0.169-sub-agent-compaction-shell")

    assert all([e.seq for e in r.entries] == list(range(len(r.entries))) for r in records)
    assert len({entry.id for entry in entries(read("0.145.0-tool-call"))}) == 4


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=10,
)
RECORDED_LINES = [line for path in sorted(RECORDED.iterdir()) for line in lines(path.stem[8:])]


def damaged(line: Any, path: list[int], value: Any) -> Any:
    """A copy of *line* with something else at a place that *path* leads to."""
    if not path or not line or not isinstance(line, dict | list):
        return value
    if isinstance(line, list):
        at = path[0] % len(line)
        return [damaged(each, path[1:], value) if i == at else each for i, each in enumerate(line)]
    key = sorted(line)[path[0] % len(line)]
    return {**line, key: damaged(line[key], path[1:], value)}


@given(
    line=st.sampled_from(RECORDED_LINES),
    path=st.lists(st.integers(0, 30), min_size=1, max_size=5),
    value=json_values,
)
def test_a_damaged_line_never_raises(line: Any, path: list[int], value: Any) -> None:
    """Whatever stands anywhere in a line, it is read or passed over."""
    broken = damaged(line, path, value)

    record = Rollout()(broken)

    assert all(isinstance(entry.text, str) for entry in record.entries)


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    """A prompt of any length makes a title that fits a list."""
    line = first_line(text)

    assert line is None or (0 < len(line) <= 80 and len(line.splitlines()) == 1)
