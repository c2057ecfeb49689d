"""How a call of a tool is shown: a command as it is, changes of a file as a diff, else JSON."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from supervisor.agents.fields import mapping, sequence


def shown(arguments: Mapping[str, Any], limit: int) -> str:
    """What a tool is asked to do; of each text in a change at most *limit* characters."""
    command = arguments.get("command")
    if isinstance(command, str):
        return command
    path = arguments.get("file_path") or arguments.get("notebook_path")
    changes = [arguments, *sequence(arguments.get("edits"))]
    lines = [line for change in changes for line in _changed(mapping(change), limit)]
    if isinstance(path, str) and lines:
        return "\n".join([path, *lines])
    try:
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return "{…}"


def _changed(change: Mapping[str, Any], limit: int) -> Iterator[str]:
    """The lines that go and the lines that come."""
    for sign, key in (("-", "old_string"), ("+", "new_string"), ("+", "content"), ("+", "new_source")):
        text = change.get(key)
        if isinstance(text, str):
            yield from (f"{sign} {line}" for line in text[:limit].splitlines())
