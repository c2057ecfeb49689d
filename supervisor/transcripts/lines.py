"""Bytes in, whole records out; what cannot be read is told once and costs nothing beside it.

A line ends with a line feed and with nothing else. JSON holds no zero byte, so a zero byte ends a
record too: it is what a crash leaves behind where a file was longer than what had been written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

#: A record that is longer is skipped, in bytes. It keeps one line from taking all the memory.
LONGEST_LINE = 8 * 1024 * 1024
#: Deeper JSON is not read: whoever walks through a record may recurse.
DEEPEST = 100
#: A number with more digits is unknown.
MOST_DIGITS = 40
#: How many characters are read again at most to find records in a damaged line.
_EFFORT = 4 * LONGEST_LINE
#: So many pieces between zero bytes are looked at in one line; nobody who crashes leaves more.
_MOST_PIECES = 1000
#: So many unreadable lines in a row are told one by one; all that follow are told as one.
_MOST_GAPS = 100
#: What a decoder that gives up for depth has read at most, in characters; a guess.
_DEEP_EFFORT = 10_000

_ZEROS_OR_NOT = re.compile(rb"\0+|[^\0]+")
_OPENING = re.compile(r'\{[ \t\r]*"')
_AFTER = re.compile(r"[ \t\r]*(?:\{|\Z)")
_BLANK = " \t\r\ufeff"
#: Without one of these bytes there is no record: a brace, or what a byte-order mark begins with.
_SIGNS = (b"{", b"\xef")
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Why(StrEnum):
    """What is wrong with bytes that were skipped; of several reasons the first one here is told."""

    TOO_LONG = "the line is longer than 8 MiB"
    UNREADABLE = "this is no whole JSON record"
    ZEROS = "only zero bytes are there"
    TOO_MUCH = "too much was written at once to be followed"


_RANK = {why: rank for rank, why in enumerate(Why)}


@dataclass(frozen=True, slots=True)
class Whole:
    """A record that came through whole. *at*: byte offset of its opening brace."""

    at: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes that held no record: *size* of them from byte offset *at* on."""

    at: int
    size: int
    why: Why


def foreign_encoding(head: bytes) -> str | None:
    """Name the encoding of a file that is not UTF-8, by its first bytes."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b'{\0"\0', b'\0{\0"')):
        return "UTF-16"
    return None


class Lines:
    """Cuts bytes that come in any portions into records; holds at most one line.

    Where the portions end makes no difference to what is found.
    """

    def __init__(self, offset: int = 0, longest: int = LONGEST_LINE) -> None:
        """Begin at *offset*, which must be the start of a line."""
        #: The byte offset of what is to be fed next.
        self.position = offset
        #: Where the line in hand begins: feeding again from there loses and doubles nothing.
        self.line_at = offset
        self._longest = longest
        self._piece: list[bytes] = []
        self._piece_at = offset
        self._too_long = False
        #: Pieces of the line in hand that zero bytes have ended, and lines without a record in a row.
        self._pieces = 0
        self._gaps = 0
        self._gap: Skipped | None = None
        self._found: list[Whole | Skipped] = []

    def feed(self, block: bytes) -> list[Whole | Skipped]:
        """Take the next bytes; give what the lines that end in them hold, in order."""
        told: list[Whole | Skipped] = []
        for number, part in enumerate(block.split(b"\n")):
            if number:
                told += self._end_line()
            if 0 in part:
                self._take_with_zeros(part)
            else:
                self._take(part)
        if self.line_at != self._piece_at and self.position - self.line_at > self._longest:
            told += self._let_go()
        return told

    def give_up(self) -> list[Whole | Skipped]:
        """Give what the line in hand holds although its end has not come; it counts as skipped."""
        self._miss(self._piece_at, self.position - self._piece_at, Why.UNREADABLE)
        if self._too_long:
            self._miss(self._piece_at, self.position - self._piece_at, Why.TOO_LONG)
        self._pieces = 0
        self._begin_piece()
        self._close_gap()
        return self._let_go()

    def _take(self, part: bytes) -> None:
        self.position += len(part)
        if self._too_long or not part or self._is_hopeless:
            return
        self._piece.append(part)
        if self.position - self._piece_at > self._longest:
            self._too_long = True
            self._piece.clear()

    def _take_with_zeros(self, part: bytes) -> None:
        for found in _ZEROS_OR_NOT.finditer(part):
            if self._is_hopeless:
                self.position += len(part) - found.start()
                return
            run = found[0]
            if run[0]:
                self._take(run)
                continue
            self._pieces += self.position > self._piece_at
            self._end_piece()
            self._miss(self.position, len(run), Why.ZEROS)
            self.position += len(run)
            self._begin_piece()

    @property
    def _is_hopeless(self) -> bool:
        """Whether nothing more is looked for in the line in hand."""
        return self._pieces > _MOST_PIECES

    def _end_line(self) -> list[Whole | Skipped]:
        self._end_piece()
        self._pieces = 0
        self._gaps += self._gap is not None
        if self._gaps <= _MOST_GAPS:
            self._close_gap()
        self.position += 1
        self._begin_piece()
        return self._let_go()

    def _begin_piece(self) -> None:
        self._piece.clear()
        self._piece_at = self.position
        self._too_long = False

    def _end_piece(self) -> None:
        if self._too_long:
            self._miss(self._piece_at, self.position - self._piece_at, Why.TOO_LONG)
            return
        if self.position == self._piece_at:
            return
        if self._is_hopeless:
            self._miss(self._piece_at, self.position - self._piece_at, Why.UNREADABLE)
            return
        for item in records(b"".join(self._piece), self._piece_at):
            if isinstance(item, Skipped):
                self._miss(item.at, item.size, item.why)
            else:
                self._close_gap()
                self._gaps = 0
                self._found.append(item)

    def _miss(self, at: int, size: int, why: Why) -> None:
        if not size:
            return
        gap = self._gap
        if gap is None:
            self._gap = Skipped(at, size, why)
        else:
            self._gap = Skipped(gap.at, at + size - gap.at, min(gap.why, why, key=_RANK.__getitem__))

    def _close_gap(self) -> None:
        if self._gap:
            self._found.append(self._gap)
            self._gap = None

    def _let_go(self) -> list[Whole | Skipped]:
        told, self._found = self._found, []
        self.line_at = self._piece_at
        return told


def records(piece: bytes, at: int) -> list[Whole | Skipped]:
    """Find all whole records in the bytes of one line that begins at offset *at*."""
    if not any(sign in piece for sign in _SIGNS):
        return [Skipped(at, len(piece), Why.UNREADABLE)] if piece.strip(b" \t\r") else []
    try:
        text = piece.decode()
        fields = _decoder.decode(text.strip(_BLANK))
    except (ValueError, RecursionError):
        return list(_salvaged(piece, at))
    if not isinstance(fields, dict) or _too_deep(fields):
        return list(_salvaged(piece, at))
    return [Whole(at + _bytes(text[: text.index("{")]), _cleaned(fields, text))]


def _salvaged(piece: bytes, at: int) -> Iterator[Whole | Skipped]:
    text = piece.decode(errors="surrogateescape")
    done = 0
    for begin, end, fields in _whole_objects(text):
        lost = _bytes(text[done:begin])
        if text[done:begin].strip(_BLANK):
            yield Skipped(at, lost, Why.UNREADABLE)
        yield Whole(at + lost, _clean(fields))
        at += lost + _bytes(text[begin:end])
        done = end
    if text[done:].strip(_BLANK):
        yield Skipped(at, _bytes(text[done:]), Why.UNREADABLE)


def _whole_objects(text: str) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    """Find objects that are records of their own, and no parts of a record that was cut off.

    A part is followed by a comma or a bracket; a record by the end or by the next record.
    """
    first = len(text) - len(text.lstrip(_BLANK))
    start, effort = 0, _EFFORT
    while effort > 0 and (opening := _OPENING.search(text, start)):
        begin = opening.start()
        fields, end, spent = _attempt(text, begin)
        effort -= spent
        start = end
        if fields is not None and (begin == first or _AFTER.match(text, end)):
            yield begin, end, fields


def _attempt(text: str, begin: int) -> tuple[Mapping[str, Any] | None, int, int]:
    """Read an object; give it, where to look next, and the characters that this has cost."""
    try:
        fields, end = _decoder.raw_decode(text, begin)
    except json.JSONDecodeError as problem:
        unterminated = problem.msg.startswith("Unterminated")
        return None, begin + 1, (len(text) if unterminated else problem.pos) - begin + 1
    except RecursionError:
        return None, begin + 1, _DEEP_EFFORT
    return (None if _too_deep(fields) else fields), end, end - begin


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))


def _too_deep(fields: Mapping[str, Any]) -> bool:
    level: list[Any] = [fields]
    for _ in range(DEEPEST):
        inner = (box.values() if isinstance(box, dict) else box for box in level)
        level = [value for box in inner for value in box if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def _cleaned(fields: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    return _clean(fields) if _LONE_SURROGATE.search(text) else fields


def _clean(value: Any) -> Any:
    """Replace half characters, which no encoder takes, by the replacement character."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {_clean(key): _clean(inner) for key, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
        case _:
            return value


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= MOST_DIGITS else None


def _number(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


def _unknown(_constant: str) -> None:
    """NaN and Infinity are no JSON, and nobody could pass them on."""


# Not strict: agents have been seen to leave raw control characters in strings.
_decoder = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_number, parse_constant=_unknown)
