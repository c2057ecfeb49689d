"""What an emulator, or a viewer of frames, has on its screen, in the words of the oracle."""

import json
from collections.abc import Iterable, Sequence

from supervisor.terminal.view.emulator import Emulator
from supervisor.terminal.view.picture import Picture
from tests.lab.oracle import PLAIN, Cell, Seen


class Screen:
    """A phone: it puts rows in their places. Owns what it was told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.rows: dict[int, list[Cell]] = {}

    def take(self, emulator: Emulator) -> Seen:
        """What the emulator shows now, by what it says has changed."""
        picture = emulator.picture()
        for row, said in emulator.changed().items():
            self.rows[row] = cells(json.loads(f"[{said}]")[0])
        return seen(picture, [self.rows[row] for row in range(picture.size[0])])

    def put(self, rows: Sequence[str]) -> None:
        """These rows, from the top."""
        self.rows = {number: cells(json.loads(f"[{said}]")[0]) for number, said in enumerate(rows)}

    def texts(self) -> list[str]:
        """All rows, without looks."""
        return ["".join(char for char, _ in row) for row in self.rows.values()]


def seen(picture: Picture, rows: list[list[Cell]]) -> Seen:
    """The same, as the oracle says it."""
    return Seen(
        rows=rows,
        cursor=picture.cursor,
        alternate=picture.modes.alternate,
        application_cursor=picture.modes.application_cursor,
        mouse=picture.modes.mouse,
        title=picture.title,
    )


def cells(runs: Iterable[list[object]]) -> list[Cell]:
    """The characters of a row and their looks."""
    found: list[Cell] = []
    for text, *rest in runs:
        style = rest[0] if rest else None
        look = PLAIN
        if isinstance(style, dict):
            flags = frozenset(name for name in style if name not in ("fg", "bg"))
            look = (style.get("fg"), style.get("bg"), flags)
        found += [(char, look) for char in str(text)]
    return found
