"""Text that a program printed, safe to show: nothing that is not seen, nothing that turns words around."""

import re
from typing import Final

#: Longest title that is passed on.
_TITLE: Final = 200

#: Controls, marks of direction, separators, halves of pairs, invisible tags. A joiner within an emoji stays.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SPACES: Final = re.compile(r"\s+")
#: So many characters one cell may be made of: families have seven, and some scripts a few marks.
_PER_CELL: Final = 10


def cell(text: str) -> str:
    """What stands in one cell; a blank when nothing is left of it."""
    return _UNSEEN.sub("", text)[:_PER_CELL].strip("\u200d") or " "


def title(text: str) -> str:
    """One line, of bearable length."""
    plain = _SPACES.sub(" ", _UNSEEN.sub("", _SPACES.sub(" ", text))).strip()
    return plain if len(plain) <= _TITLE else plain[: _TITLE - 1] + "…"
