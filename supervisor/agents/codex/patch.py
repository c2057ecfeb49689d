"""Changes to files as Codex tells them, as one unified diff."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from supervisor.agents.fields import clean, mapping, sequence, string

_NOTHING: Final = "/dev/null"


def as_diff(changes: object) -> str | None:
    """All changes together; ``None`` if there is one that is not understood, or none at all."""
    told = [_change(mapping(change)) for change in sequence(changes)]
    whole = [diff for diff in told if diff is not None]
    return clean("".join(whole)) if whole and len(whole) == len(told) else None


def _change(change: Mapping[str, Any]) -> str | None:
    path, diff = string(change.get("path")), change.get("diff")
    kind = mapping(change.get("kind"))
    if not path or not isinstance(diff, str):
        return None
    match kind.get("type"):
        case "add":
            return _file(_NOTHING, path, f"@@ -0,0 +{_range(diff)} @@\n{_marked('+', diff)}")
        case "delete":
            return _file(path, _NOTHING, f"@@ -{_range(diff)} +0,0 @@\n{_marked('-', diff)}")
        case "update":
            return _file(path, string(kind.get("move_path")) or path, diff)
        case _:
            return None


def _file(before: str, after: str, hunks: str) -> str:
    return f"--- {_name(before)}\n+++ {_name(after)}\n{hunks}" + ("" if hunks.endswith("\n") else "\n")


def _name(path: str) -> str:
    """In one line, whatever it holds."""
    return path if path.isprintable() else json.dumps(path)


def _range(text: str) -> str:
    lines = len(_lines(text))
    return f"{1 if lines else 0},{lines}"


def _marked(sign: str, text: str) -> str:
    return "".join(_signed(sign, text))


def _signed(sign: str, text: str) -> Iterator[str]:
    for line in _lines(text):
        yield f"{sign}{line}\n"
    if text and not text.endswith("\n"):
        yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """As patches count them: only a line feed ends one."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]
