"""Changes to files, as one unified diff that ``patch`` understands."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.codex.patch import as_diff


def change(path: object, kind: str, diff: object, **more: Any) -> dict[str, Any]:
    """A change as Codex tells it."""
    return {"path": path, "kind": {"type": kind, **more}, "diff": diff}


@pytest.mark.skipif(shutil.which("patch") is None, reason="install patch")
def test_the_diff_does_what_codex_would(tmp_path: Path) -> None:
    """A file that is new, one that goes, one that changes, and one without a last line feed."""
    (tmp_path / "old").write_text("gone\n")
    (tmp_path / "changed").write_text("one\ntwo\nthree\n")
    diff = as_diff(
        [
            change("new", "add", "hello\nthere\n"),
            change("bare", "add", "no end"),
            change("old", "delete", "gone\n"),
            change("changed", "update", "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n", move_path=None),
        ]
    )

    subprocess.run(
        ["patch", "-p0", "-E"], input=diff, text=True, cwd=tmp_path, check=True, capture_output=True
    )

    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"new": "hello\nthere\n", "bare": "no end", "changed": "one\nTWO\nthree\n"}


def test_a_file_that_moves_is_told_by_both_names() -> None:
    """And a name that would break the line is quoted."""
    moved = as_diff([change("a", "update", "@@ -1 +1 @@\n-x\n+y\n", move_path="b\n+++ /etc/passwd")])

    assert moved == '--- a\n+++ "b\\n+++ /etc/passwd"\n@@ -1 +1 @@\n-x\n+y\n'


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [],
        {},
        [7],
        [change("a", "add", "x\n"), change("b", "unheard of", "")],
        [change("", "add", "x")],
        [change(["a"], "add", "x")],
        [change("a", "delete", None)],
    ],
)
def test_what_is_not_understood_is_no_diff(changes: object) -> None:
    """Rather nothing than a part: somebody is asked to allow all of it."""
    assert as_diff(changes) is None


def test_an_empty_file_is_told_too() -> None:
    """It has no lines to show, and is new all the same."""
    assert as_diff([change("a", "add", "")]) == "--- /dev/null\n+++ a\n@@ -0,0 +0,0 @@\n"


def test_halves_of_characters_are_borne() -> None:
    """JSON may hold what UTF-8 cannot."""
    assert "?" in str(as_diff([change("a", "add", "\ud800\n")]))
