"""Our own PNGs as the pixels that a StatusNotifierItem sends: without an imaging library.

``icons/make.py`` writes RGBA with 8 bits, no interlace and no filters; nothing else is read here.
"""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

#: Width, height, and A, R, G, B bytes line by line (network byte order of a 32-bit number).
Pixmap = tuple[int, int, bytes]


def pixmaps(files: Iterable[Path]) -> list[Pixmap]:
    """One pixmap for each file; files that are missing or not ours are left out."""
    found = []
    for file in files:
        try:
            found.append(decode(file.read_bytes()))
        except (OSError, ValueError, struct.error, zlib.error):
            continue
    return found


def decode(png: bytes) -> Pixmap:
    """The pixels of a PNG of ours; ``ValueError`` for any other."""
    width, height, *form = struct.unpack_from(">IIBBBBB", png, 16)
    if not png.startswith(b"\x89PNG") or form != [8, 6, 0, 0, 0]:
        raise ValueError("not one of our pictures")
    lines = zlib.decompress(_compressed(png))
    stride = width * 4 + 1
    if len(lines) != stride * height or any(lines[::stride]):
        raise ValueError("not one of our pictures")
    rgba = b"".join(lines[start + 1 : start + stride] for start in range(0, len(lines), stride))
    argb = bytearray(len(rgba))
    argb[0::4], argb[1::4], argb[2::4], argb[3::4] = rgba[3::4], rgba[0::4], rgba[1::4], rgba[2::4]
    return width, height, bytes(argb)


def _compressed(png: bytes) -> bytes:
    parts, at = [], 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return b"".join(parts)
