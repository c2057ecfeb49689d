"""A row of cells as runs of text of one look, in the JSON that a phone is sent."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from supervisor.terminal.view import harmless

#: Beyond Latin, Greek and Cyrillic, what every font for terminals has, one cell wide: dashes, quotes, dots.
_USUAL: Final = frozenset("\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026")
#: A row of more bytes is somebody's joke: it is passed on without its looks.
_LONGEST: Final = 16 * 1024


class Style(NamedTuple):
    """How text looks. *json*: empty for the usual look; *hidden*: it is not to be seen."""

    json: str
    hidden: bool = False


PLAIN: Final = Style("")


class Run(NamedTuple):
    """Text of one look, so many cells wide. *sure*: each character is one cell, in any font."""

    text: str
    style: Style
    cells: int
    sure: bool


def style(colours: Iterable[tuple[str, int | str | None]], flags: Iterable[str], *, hidden: bool) -> Style:
    """*colours*: ``fg`` and ``bg``, each a palette number, ``#rrggbb`` or none; *flags*: what is so."""
    said: dict[str, int | str | bool] = {name: colour for name, colour in colours if colour is not None}
    said.update(dict.fromkeys(flags, True))
    return Style(json.dumps(said, separators=(",", ":")) if said else "", hidden)


@lru_cache(maxsize=4096)
def shown(text: str) -> tuple[str, bool]:
    """What is shown of one cell's text, and whether it is surely one cell wide."""
    safe = harmless.cell(text)
    return safe, len(safe) == 1 and (safe < "\u0250" or "\u0370" <= safe < "\u0530" or safe in _USUAL)


def encoded(runs: Iterable[Run], *, wraps: bool) -> str:
    """The end of a row's JSON: its runs, and whether it goes on in the next row."""
    trimmed = list(_trimmed(list(runs)))
    said = ",".join(map(_encoded, trimmed))
    if len(said) > _LONGEST:
        cells = sum(run.cells for run in trimmed)
        text = "".join(" " * run.cells if run.style.hidden else run.text for run in trimmed)[:cells]
        said = _encoded(Run(text, PLAIN, cells, sure=False))
    return f"[{said}],true" if wraps else f"[{said}]"


def _trimmed(runs: list[Run]) -> Iterator[Run]:
    """Without the blanks at the right that look like nothing."""
    while runs and runs[-1].style is PLAIN and not runs[-1].text.strip(" "):
        del runs[-1]
    yield from runs[:-1]
    for last in runs[-1:]:
        yield last._replace(text=last.text.rstrip(" ")) if last.style is PLAIN and last.sure else last


def _encoded(run: Run) -> str:
    text = json.dumps(" " * run.cells if run.style.hidden else run.text)
    if not run.sure and not run.style.hidden:
        return f"[{text},{run.style.json or 'null'},{run.cells}]"
    return f"[{text},{run.style.json}]" if run.style.json else f"[{text}]"
