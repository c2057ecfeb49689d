"""What a session is called until its agent gives it a title: the beginning of its first prompt."""

from typing import Final

LENGTH: Final = 80


def of_prompt(text: str) -> str | None:
    """The first line that says something, cut; ``None`` for an empty prompt."""
    line = next(iter(text.strip().splitlines()), "").strip()
    if not line:
        return None
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
