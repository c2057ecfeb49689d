"""A terminal as a phone is told of it: rows of runs, lines above them, and whoever looks."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from supervisor.remote.stream import Pipe, chunk

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
        self.viewers: dict[Pipe, asyncio.Event] = {}
        #: How often somebody began to look.
        self.opened = 0

    async def serve(self, pipe: Pipe) -> None:
        """Show it to this reader until it goes or all is over."""
        over = self.viewers[pipe] = asyncio.Event()
        self.opened += 1
        pipe.send(self._framed(self._frame(whole=True, rows=self._all())))
        if self.ended is None:
            await over.wait()
        self.viewers.pop(pipe, None)

    def left(self, pipe: Pipe) -> None:
        """This reader is gone."""
        if over := self.viewers.pop(pipe, None):
            over.set()

    def cut(self) -> None:
        """Break every stream without a word."""
        for pipe in tuple(self.viewers):
            pipe.abort()

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
        for over in self.viewers.values():
            over.set()

    def past(self, before: int, wanted: int) -> dict[str, Any]:
        """A page of the lines above the screen."""
        first = max(0, before - wanted)
        lines = [[row] for row in self.history[first:before]]
        return {"first": first, "history": [0, len(self.history)], "rows": lines}

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
        for pipe in self.viewers:
            pipe.send(self._framed(frame))

    def _framed(self, frame: dict[str, Any]) -> bytes:
        return chunk(b"event: screen\ndata: %b\n\n" % json.dumps(frame).encode())
