"""The change of a file that a tool asks for, as a unified diff: made from what it says, not from the file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from supervisor.agents.fields import clean, mapping, sequence, short

#: Lines of old and new together. Of more, what goes and what comes is not compared line by line.
_MOST_LINES: Final = 1000
_EDIT: Final = frozenset({"file_path", "old_string", "new_string", "replace_all"})
_EDITS: Final = frozenset({"file_path", "edits"})
_WRITE: Final = frozenset({"file_path", "content"})
_UNENDED: Final = "\\ No newline at the end"


def difference(told: Mapping[str, Any], longest: int) -> tuple[str, str] | None:
    """What is changed and how; ``None`` where *told* asks for something else, or for more.

    Nothing is left out: what is longer than *longest* makes a diff that is longer.
    """
    path = short(told.get("file_path")) or short(told.get("notebook_path"))
    if path is None:
        return None
    lines = _lines_of_change(told, longest)
    if not lines:
        return None
    return _place(told, path), "\n".join([f"--- {path}", f"+++ {path}", *lines])


def _lines_of_change(told: Mapping[str, Any], longest: int) -> Sequence[str]:
    keys = told.keys()
    if keys <= _WRITE:
        return _written(told.get("content"))
    if keys <= _EDIT:
        return _edited(told, longest)
    if keys <= _EDITS:
        edits = [mapping(edit) for edit in sequence(told.get("edits"))]
        hunks = [_edited(edit, longest) for edit in edits]
        # Which of them are for all places would be seen nowhere.
        known = all(hunks) and all(edit.keys() <= _EDIT and not edit.get("replace_all") for edit in edits)
        return [line for hunk in hunks for line in hunk] if known else []
    return _written(told.get("new_source")) if "notebook_path" in keys else []


def _place(told: Mapping[str, Any], path: str) -> str:
    """The file; of a notebook all that says what becomes of which cell."""
    if "notebook_path" not in told:
        return path
    rest = {key: value for key, value in told.items() if key != "new_source"}
    return clean(json.dumps(rest, ensure_ascii=False, indent=2))


def _written(content: object) -> Sequence[str]:
    """A whole new content."""
    if not isinstance(content, str) or not content:
        return []
    lines = _split(clean(content))
    end = [] if content.endswith("\n") else [_UNENDED]
    return [f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines), *end]


def _edited(edit: Mapping[str, Any], longest: int) -> Sequence[str]:
    """One text in the place of another."""
    old, new = edit.get("old_string"), edit.get("new_string")
    if not isinstance(old, str) or not isinstance(new, str):
        return []
    before, after = _split(clean(old)), _split(clean(new))
    if new and old and old.endswith("\n") != new.endswith("\n"):
        (before if new.endswith("\n") else after).append(_UNENDED)
    if len(old) + len(new) > longest or len(before) + len(after) > _MOST_LINES:
        return list(_side_by_side(before, after))
    import difflib  # not before an edit is to be allowed

    return list(difflib.unified_diff(before, after, lineterm=""))[2:]


def _side_by_side(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield f"@@ -1,{len(before)} +1,{len(after)} @@"
    yield from (f"-{line}" for line in before)
    yield from (f"+{line}" for line in after)


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]
