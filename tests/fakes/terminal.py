"""A terminal as a phone is told of it: rows of runs, lines above them, and whoever looks."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

Run = list[Any]
Row = list[Run]


class Terminal:
    """Owns the rows, the history and the viewers. Lives on the server's loop."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self.size = (rows, columns)
        self.rows: list[Row] = [[] for _ in range(rows)]
        self.history: list[Row] = []
        self.cursor: list[Any] = [0, 0, True]
        self.title = "claude"
        self.ended: int | None = None
        self.viewers: set[asyncio.Queue[bytes | None]] = set()
        #: How often somebody began to look.
        self.opened = 0

    async def frames(self) -> AsyncIterator[bytes]:
        """All of it, then what changes, until it ends or the reader goes."""
        coming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.opened += 1
        self.viewers.add(coming)
        coming.put_nowait(json.dumps(self._frame(whole=True, rows=self._all())).encode())
        if self.ended is not None:
            coming.put_nowait(None)
        try:
            while frame := await coming.get():
                yield frame
        finally:
            self.viewers.discard(coming)

    # --- what happens in it

    def put(self, at: int, row: Row) -> None:
        """This row is so now."""
        self.rows[at] = row
        self._tell(self._frame(rows=[[at, row]]))

    def print(self, *lines: Row) -> None:
        """These lines are printed at the end; what has no room goes up into the history."""
        all_rows = [*self.rows, *lines]
        self.history += all_rows[: len(lines)]
        self.rows = all_rows[len(lines) :]
        scrolled = min(len(lines), len(self.rows))
        first = len(self.rows) - scrolled
        changed = [[first + at, row] for at, row in enumerate(self.rows[first:])]
        self._tell(self._frame(rows=changed, scrolled=scrolled))

    def resize(self, rows: int, columns: int) -> None:
        """It has another size now."""
        self.size = (rows, columns)
        self.rows = [*self.rows, *([] for _ in range(rows))][:rows]
        self._tell(self._frame(whole=True, rows=self._all()))

    def end(self, code: int) -> None:
        """Its command ended."""
        self.ended = code
        self._tell(self._frame())
        for coming in self.viewers:
            coming.put_nowait(None)

    def past(self, before: int, wanted: int) -> bytes:
        """A page of the lines above the screen."""
        first = max(0, before - wanted)
        lines = [[row] for row in self.history[first:before]]
        return json.dumps({"first": first, "history": [0, len(self.history)], "rows": lines}).encode()

    # --- frames

    def _all(self) -> list[Any]:
        return [[at, row] for at, row in enumerate(self.rows) if row]

    def _frame(self, *, whole: bool = False, rows: Sequence[Any] = (), scrolled: int = 0) -> dict[str, Any]:
        modes = dict.fromkeys(["alternate", "application_cursor", "bracketed_paste", "mouse"], False)
        return {
            "whole": whole,
            "size": self.size,
            "cursor": self.cursor,
            "title": self.title,
            "modes": modes,
            "history": [0, len(self.history)],
            "ended": self.ended,
            "scrolled": scrolled,
            "rows": rows,
        }

    def _tell(self, frame: dict[str, Any]) -> None:
        for coming in self.viewers:
            coming.put_nowait(json.dumps(frame).encode())
