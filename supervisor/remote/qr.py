"""A link as a QR code: for windows, for pages and for terminals."""

import io
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

#: Light modules around the code; readers want four (ISO/IEC 18004).
_BORDER = 4
# Explicitly black on white: in a light theme the terminal's own colours would turn the code over.
_BLACK_ON_WHITE = "\x1b[30;107m"
_RESET = "\x1b[0m"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def png(text: str, scale: int = 8) -> bytes:
    """The code as a PNG, *scale* pixels for each module."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=scale, border=_BORDER)
    return out.getvalue()


def svg(text: str) -> str:
    """The code as an SVG document that scales."""
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=_BORDER, light="#fff", omitsize=True)
    return out.getvalue().decode("utf-8")


def terminal(text: str) -> str:
    """The code in half blocks, two modules to a character, black on white."""
    rows = [[bool(module) for module in row] for row in _code(text).matrix_iter(border=_BORDER)]
    lines = [_line(upper, lower) for upper, lower in zip_longest(rows[::2], rows[1::2])]
    return "".join(f"{_BLACK_ON_WHITE}{line}{_RESET}\n" for line in lines)


def _line(upper: Sequence[bool], lower: Sequence[bool] | None) -> str:
    return "".join(_HALVES[pair] for pair in zip(upper, lower or [False] * len(upper), strict=True))


def _code(text: str) -> Any:
    import segno

    # Phones do not read Micro QR, which segno makes of short texts unless told otherwise.
    return segno.make(text, error="m", micro=False)
