"""How a call of a tool is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.calls import shown

LIMIT = 1000


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"command": "ls\nrm x", "description": "List"}, "ls\nrm x"),
        ({"file_path": "/a", "old_string": "one", "new_string": "two"}, "/a\n- one\n+ two"),
        ({"file_path": "/a", "content": "x\ny\n"}, "/a\n+ x\n+ y"),
        ({"notebook_path": "/a.ipynb", "new_source": "print()"}, "/a.ipynb\n+ print()"),
        (
            {"file_path": "/a", "edits": [{"old_string": "x\ny", "new_string": "z"}, {"new_string": "w"}]},
            "/a\n- x\n- y\n+ z\n+ w",
        ),
        ({"file_path": "/ä"}, '{"file_path":"/ä"}'),
        ({"content": "of no file"}, '{"content":"of no file"}'),
        ({}, "{}"),
    ],
    ids=["command", "change", "new file", "notebook", "several changes", "read", "no file", "nothing"],
)
def test_a_call_is_shown_as_what_it_does(arguments: dict[str, Any], text: str) -> None:
    """A command as it is typed, a change with its path first, anything else as it was called."""
    assert shown(arguments, LIMIT) == text


def test_a_huge_change_is_looked_at_in_part() -> None:
    """Megabytes are not taken apart into lines that nobody reads."""
    text = shown({"file_path": "/a", "content": "x\n" * 1_000_000}, LIMIT)

    assert text == "/a" + "\n+ x" * (LIMIT // 2)


def test_a_bottomless_call_is_shown_as_such() -> None:
    """Nobody can look to the ground of it."""
    bottomless: dict[str, Any] = {}
    for _ in range(100_000):
        bottomless = {"a": bottomless}

    assert shown(bottomless, LIMIT) == "{…}"


_anything = (
    st.none() | st.integers() | st.text() | st.lists(st.text() | st.dictionaries(st.text(), st.text()))
)


@given(
    arguments=st.dictionaries(
        st.sampled_from(["command", "file_path", "edits", "old_string", "content", "other"]), _anything
    )
)
def test_no_call_is_too_odd_to_be_shown(arguments: dict[str, Any]) -> None:
    """Whatever its arguments are."""
    assert isinstance(shown(arguments, LIMIT), str)
