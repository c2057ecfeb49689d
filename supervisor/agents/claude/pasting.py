"""How a text becomes a prompt of Claude Code that says the same words, whatever they are.

The program takes some beginnings and some whole words for orders to itself, and what comes in one
long paste for somebody else's words: it tells the model not to follow what stands in it.
"""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.core.steering import Typing

TYPING: Final = Typing(takes_while_working=True, empties=b"\x03")

#: What the program cuts off before it looks: JavaScript's trim().
_BLANK: Final = " \t\n\v\f\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
#: A name that begins with a slash. With another slash in it, it is a path and no order.
_ORDER: Final = re.compile(rf"[{_BLANK}]*/(?![^\s/]*/)")
#: A command for the shell, or a note in old versions: only as the very first character.
_MODE: Final = re.compile(r"[!#]")
#: As the whole prompt they end the program.
_FAREWELL: Final = re.compile(rf"[{_BLANK}]*(?:exit|quit|:q!?|:wq!?)[{_BLANK}]*")

#: Characters and ends of lines in a paste that is taken as typed. The program takes twice as many,
#: and counts some twice.
_LONGEST_PASTE: Final = 400
_MOST_ENDS: Final = 2
#: The program needs its time for each; with more, Enter would come too early.
_MOST_PASTES: Final = 100


def as_text(text: str) -> str:
    """What to paste so that *text* is words to the model: if need be with something before it."""
    if _ORDER.match(text) or _FAREWELL.fullmatch(text):
        return f"\\{text.lstrip()}"
    return f" {text}" if _MODE.match(text) else text


def pastes(text: str) -> Sequence[str]:
    """The pieces in which it is pasted, in one write; of a very long text it is one."""
    pieces = [""]
    for part in re.findall(r"[^\n]*\n|[^\n]+", text):
        rest = part
        while rest:
            room = _LONGEST_PASTE - len(pieces[-1])
            if not room or (pieces[-1].count("\n") == _MOST_ENDS and "\n" in rest[:room]):
                pieces.append("")
                continue
            pieces[-1] += rest[:room]
            rest = rest[room:]
    return pieces if len(pieces) <= _MOST_PASTES else [text]
