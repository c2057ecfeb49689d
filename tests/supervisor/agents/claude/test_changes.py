"""Changes of files as diffs."""

from typing import Any

import pytest

from supervisor.agents.claude.changes import difference

PATH = "/home/me/a.txt"


def diff(**told: Any) -> list[str]:
    """The lines of the diff behind its head."""
    shown = difference({"file_path": PATH, **told}, 1000)
    assert shown is not None
    place, text = shown
    assert place == PATH
    assert text.split("\n")[:2] == [f"--- {PATH}", f"+++ {PATH}"]
    return text.split("\n")[2:]


def test_an_edit_shows_what_goes_and_what_comes() -> None:
    """With what stands around it in the words of the agent."""
    lines = diff(old_string="one\ntwo\nthree", new_string="one\n2\nthree", replace_all=True)

    assert lines == ["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a", "", ["@@ -1 +0,0 @@", "-a"]),
        ("", "a\n", ["@@ -0,0 +1 @@", "+a"]),
        ("a", "a\n", ["@@ -1,2 +1 @@", " a", "-\\ No newline at the end"]),
        ("a\r\n", "a\n", ["@@ -1 +1 @@", "-a\r", "+a"]),
        ("a\x0cb", "a\x0cc", ["@@ -1 +1 @@", "-a\x0cb", "+a\x0cc"]),
    ],
)
def test_nothing_that_changes_is_left_out(old: str, new: str, lines: list[str]) -> None:
    """Not even the end of the last line."""
    assert diff(old_string=old, new_string=new) == lines


def test_several_edits_are_shown_one_after_the_other() -> None:
    """In their order."""
    edits = [{"old_string": "a", "new_string": "b"}, {"old_string": "c", "new_string": "d"}]

    assert diff(edits=edits) == ["@@ -1 +1 @@", "-a", "+b", "@@ -1 +1 @@", "-c", "+d"]


def test_a_new_file_is_all_its_lines() -> None:
    """It may take the place of an old one; that is not looked at."""
    assert diff(content="a\nb\n") == ["@@ -0,0 +1,2 @@", "+a", "+b"]
    assert diff(content="a\nb") == ["@@ -0,0 +1,2 @@", "+a", "+b", "\\ No newline at the end"]


def test_a_cell_of_a_notebook_is_named() -> None:
    """What becomes of which cell, and its new source."""
    told = {"notebook_path": PATH, "cell_id": "c1", "new_source": "x = 2", "edit_mode": "replace"}

    shown = difference(told, 1000)

    assert shown is not None
    assert '"cell_id": "c1"' in shown[0]
    assert shown[1].endswith("+x = 2\n\\ No newline at the end")


@pytest.mark.parametrize("size", [3000, 100_000])
def test_what_is_too_long_makes_a_diff_that_is_too_long(size: int) -> None:
    """Two long texts that differ in one letter only: whoever sees the beginning has not seen it."""
    text = "x\n" * size

    shown = difference({"file_path": PATH, "old_string": f"{text}a", "new_string": f"{text}b"}, 1000)

    assert shown is not None
    assert len(shown[1]) > 1000
    assert "-a" in shown[1].split("\n")
    assert "+b" in shown[1].split("\n")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"file_path": PATH},
        {"file_path": 7, "old_string": "a", "new_string": "b"},
        {"file_path": PATH, "old_string": "a", "new_string": "a"},
        {"file_path": PATH, "old_string": "a", "new_string": 7},
        {"file_path": PATH, "old_string": "a", "new_string": "b", "mode": "0777"},
        {"file_path": PATH, "content": "a", "old_string": "a", "new_string": "b"},
        {"file_path": PATH, "content": ""},
        {"file_path": PATH, "edits": [{"old_string": "a", "new_string": "b", "replace_all": True}]},
        {"file_path": PATH, "edits": [{"old_string": "a", "new_string": "b"}, {}]},
        {"file_path": PATH, "edits": [7]},
        {"notebook_path": PATH, "edit_mode": "delete"},
    ],
)
def test_what_a_diff_would_not_show_is_no_diff(told: dict[str, Any]) -> None:
    """Then all of it is shown as it came."""
    assert difference(told, 1000) is None


def test_comparing_takes_no_time_to_speak_of() -> None:
    """Lines that are all alike are the hardest."""
    old, new = "\n".join("ab" * 250), "\n".join("ba" * 250)

    assert difference({"file_path": PATH, "old_string": old, "new_string": new}, 10_000)
