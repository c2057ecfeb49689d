"""Messages in parts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents import parts
from supervisor.core.model import EntryKind, Role

KEYS = ["text", "thought", "functionCall", "functionResponse"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_each_part_is_an_entry_of_its_kind() -> None:
    """Words, thoughts, calls, answers and what cannot be shown as text."""
    content = [
        {"text": "words"},
        {"text": "a thought", "thought": True},
        {"functionCall": {"name": "run_shell_command", "args": {"command": "ls"}}},
        {"functionResponse": {"name": "run_shell_command", "response": {"output": "a file"}}},
        {"functionResponse": {"name": "read_file", "response": {"error": "no such file"}}},
        {"inlineData": {"data": "…"}},
        {"text": ""},
    ]

    found = parts.parts(content, Role.ASSISTANT)

    assert [(part.role, part.kind, part.text, part.tool) for part in found] == [
        (Role.ASSISTANT, EntryKind.TEXT, "words", None),
        (Role.ASSISTANT, EntryKind.THINKING, "a thought", None),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "ls", "run_shell_command"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "a file", "run_shell_command"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "no such file", "read_file"),
        (Role.ASSISTANT, EntryKind.NOTICE, "[inlineData]", None),
    ]


def test_entries_of_one_record_have_ids_of_their_own() -> None:
    """The first has the record's name; a text that is too long is cut, and says so."""
    found = parts.entries([parts.notice("a"), parts.error("x" * (parts.TEXT_LIMIT + 1))], "name", 1.0)

    assert [(entry.seq, entry.id, entry.truncated) for entry in found] == [
        (0, "name", False),
        (1, "name.1", True),
    ]
    assert len(found[1].text) == parts.TEXT_LIMIT


@given(JSON)
def test_whatever_stands_in_a_message_is_borne(content: Any) -> None:
    """Nothing raises, and all that comes of it can be sent on."""
    for entry in parts.entries(parts.parts(content, Role.USER), "name", None):
        entry.text.encode()


@given(
    st.lists(st.dictionaries(st.sampled_from(["text", "thought", "functionCall", "functionResponse"]), JSON))
)
def test_parts_of_unexpected_kinds_are_borne(content: Any) -> None:
    """The same with the names that count."""
    for entry in parts.entries(parts.parts(content, Role.USER), "name", None):
        entry.text.encode()
