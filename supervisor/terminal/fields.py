"""Values as bytes and back, by the letters of a layout.

n number, b yes or no, f float, t text, l texts, r the rest. Numbers are signed and 8 bytes long.
"""

import struct
from collections.abc import Iterable
from typing import Final, TypeAlias

Value: TypeAlias = int | float | bytes | tuple[bytes, ...]

_NUMBER: Final = struct.Struct(">q")
_FLOAT: Final = struct.Struct(">d")
_LENGTH: Final = struct.Struct(">I")


class Broken(ValueError):
    """What came is no frame of ours."""


def packed(layout: str, values: Iterable[object]) -> bytes:
    """As many *values* as the layout has letters, each of the kind that it says."""
    return b"".join([_pack(form, value) for form, value in zip(layout, values, strict=True)])


def _pack(form: str, value: object) -> bytes:
    match form, value:
        case "n", int():
            return _NUMBER.pack(value)
        case "r", bytes():
            return value
        case "t", bytes():
            return _LENGTH.pack(len(value)) + value
        case "b", bool():
            return b"\1" if value else b"\0"
        case "f", float() | int():
            return _FLOAT.pack(value)
        case "l", tuple():
            return _LENGTH.pack(len(value)) + b"".join([_LENGTH.pack(len(text)) + text for text in value])
        case _:
            raise TypeError(f"{value!r} does not go into a field of form {form}")


def unpacked(layout: str, text: bytes, place: int, end: int) -> list[Value]:
    """The values from *place* to *end*; what comes after them is a later version's. Raises ``Broken``."""
    values: list[Value] = []
    try:
        for form in layout:
            value, place = _unpack(form, text, place, end)
            values.append(value)
    except struct.error as trouble:
        raise Broken("a frame that ends too early") from trouble
    if place > end:
        raise Broken("a text longer than its frame")
    return values


def _unpack(form: str, text: bytes, place: int, end: int) -> tuple[Value, int]:
    """One value, and where it ends: beyond the end, if it says so."""
    if form == "n":
        return _NUMBER.unpack_from(text, place)[0], place + _NUMBER.size
    if form == "r":
        return text[place:end], end
    if form == "b":
        return text[place : place + 1] != b"\0", place + 1
    if form == "f":
        return _FLOAT.unpack_from(text, place)[0], place + _FLOAT.size
    (count,) = _LENGTH.unpack_from(text, place)
    place += _LENGTH.size
    if form == "t":
        return text[place : place + count], place + count
    texts = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(text, place)
        begin, place = place + _LENGTH.size, place + _LENGTH.size + length
        texts.append(text[begin:place])
    return tuple(texts), place
