"""Draws the core's tables into the architecture page: ``python -m tests.architecture.draw``."""

import re
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from supervisor.core import pairing, session
from supervisor.core.model import State

PAGE = Path(__file__).parents[2] / "supervisor" / "README.md"

TABLES: Mapping[str, tuple[Mapping[tuple[Any, Any], Any], Any]] = {
    "session": (session.TRANSITIONS, State.STARTING),
    "pairing": (pairing.TRANSITIONS, pairing.Step.OPEN),
}


def picture(name: str) -> str:
    """One table as a Mermaid state diagram: arrows between the same two states share a line."""
    table, start = TABLES[name]
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (state, trigger), after in table.items():
        arrows[word(state), word(after)].append(word(trigger).replace("_", " "))
    lines = [f"    {before} --> {after}: {', '.join(why)}" for (before, after), why in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {word(start)}", *lines, "```"])


def word(value: Any) -> str:
    """A state or trigger as it is written in a picture."""
    text = value.value if isinstance(value, Enum) else getattr(value, "__name__", value)
    return str(text)


def drawn(page: str) -> str:
    """The page with every picture as the tables have it now."""
    for name in TABLES:
        begin, end = f"<!-- drawn: {name} -->", "<!-- end -->"
        pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
        assert pattern.search(page), f"the page has no place for {name}"
        page = pattern.sub(lambda _, n=name, b=begin, e=end: f"{b}\n{picture(n)}\n{e}", page)  # type: ignore[misc]  # defaults bind the loop's names
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
