"""A JSON document with the places of its values, for whoever changes a few of its bytes and no others.

More patient than the standard: comments and a comma at the end are passed over. What is unclear is
an error, so that nobody writes into what was not understood.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

#: Deeper documents are not settings of anybody.
_DEEPEST: Final = 64

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_WORD: Final = re.compile(
    r"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])"
)


class Unclear(Exception):
    """This is no JSON, at this place."""

    def __init__(self, text: str, at: int) -> None:
        """Say where."""
        super().__init__(f"line {text.count(chr(10), 0, at) + 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands. In an object each member is a node of its own, see ``Member``."""

    start: int
    end: int
    value: Any
    items: tuple["Node", ...] = ()
    members: tuple["Member", ...] = ()

    def get(self, key: str) -> "Member | None":
        """The member of that name; of several the last, as everybody reads it."""
        return next((member for member in reversed(self.members) if member.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A key with its value; *start* is where the key begins."""

    key: str
    start: int
    node: Node

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.node.end


def scanned(text: str) -> Node:
    """The one value of a document. Raises ``Unclear``."""
    node = _node(text, after_blank(text, 1 if text.startswith("\ufeff") else 0), 0)
    if after_blank(text, node.end) != len(text):
        raise Unclear(text, node.end)
    return node


def after_blank(text: str, at: int) -> int:
    """The next place that is neither blank nor comment."""
    found = _BLANK.match(text, at)
    assert found is not None
    return found.end()


def _node(text: str, at: int, depth: int) -> Node:
    if depth > _DEEPEST:
        raise Unclear(text, at)
    match text[at : at + 1]:
        case "{":
            return _object(text, at, depth)
        case "[":
            return _array(text, at, depth)
    found = _STRING.match(text, at) or _WORD.match(text, at)
    if found is None:
        raise Unclear(text, at)
    try:
        return Node(start=at, end=found.end(), value=json.loads(found.group()))
    except ValueError as endless:  # a number of thousands of digits
        raise Unclear(text, at) from endless


def _array(text: str, at: int, depth: int) -> Node:
    items: list[Node] = []
    end = at + 1
    while (start := _next(text, end, "]", first=not items)) is not None:
        items.append(_node(text, start, depth + 1))
        end = items[-1].end
    values = [item.value for item in items]
    return Node(start=at, end=_closed(text, end), value=values, items=tuple(items))


def _object(text: str, at: int, depth: int) -> Node:
    members: list[Member] = []
    end = at + 1
    while (start := _next(text, end, "}", first=not members)) is not None:
        members.append(_member(text, start, depth))
        end = members[-1].end
    values = {member.key: member.node.value for member in members}
    return Node(start=at, end=_closed(text, end), value=values, members=tuple(members))


def _member(text: str, at: int, depth: int) -> Member:
    key = _STRING.match(text, at)
    if key is None:
        raise Unclear(text, at)
    colon = after_blank(text, key.end())
    if text[colon : colon + 1] != ":":
        raise Unclear(text, colon)
    node = _node(text, after_blank(text, colon + 1), depth + 1)
    return Member(key=json.loads(key.group()), start=at, node=node)


def _next(text: str, end: int, closing: str, *, first: bool) -> int | None:
    """Where the next element begins, after the one before it and its comma; ``None`` if there is none."""
    at = after_blank(text, end)
    if not first and text[at : at + 1] == ",":
        at = after_blank(text, at + 1)
    elif not first and text[at : at + 1] != closing:
        raise Unclear(text, at)
    return None if text[at : at + 1] == closing else at


def _closed(text: str, end: int) -> int:
    """The place behind the bracket that closes what ended last at *end*."""
    at = after_blank(text, end)
    if text[at : at + 1] == ",":
        at = after_blank(text, at + 1)
    return at + 1
