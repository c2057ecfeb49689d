"""A terminal without a window: output in, what stands on its screen out.

The one place that knows libghostty. Nothing is ever answered to the program: viewers are not its terminal.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pyghostty import ffi, lib

from supervisor.terminal.view import harmless, runs
from supervisor.terminal.view.picture import Modes, Picture

#: No screen is larger for us: a program can claim any size, and each cell is paid for.
ROWS: Final = 250
COLUMNS: Final = 700
#: At least so many lines above the screen are kept …
LINES: Final = 2000
#: … and no more than fit in so much.
_LINES_BYTES: Final = 24 * 2**20
#: They are dropped by pages of about so many cells.
_PAGE: Final = 50_000
#: An image, or another string for a use of its own, is not kept beyond this.
_STRING: Final = 4096
#: So many bytes one cell's text may have.
_CELL: Final = 256

_APPLICATION_CURSOR, _BRACKETED_PASTE, _SYNCHRONIZED, _CLUSTERS = 1, 2004, 2026, 2027
_FLAGS: Final = (
    ("bold", "bold"),
    ("faint", "faint"),
    ("italic", "italic"),
    ("underline", "underline"),
    ("inverse", "inverse"),
    ("strikethrough", "strike"),
)

#: Where in a cell's number what stands: the library says it, for that may change.
_BITS: Final = json.loads(ffi.string(lib.ghostty_type_json()))["types"]["GhosttyCell"]["bits"]
_AT: Final = {name: (said["lsb"], (1 << said["width"]) - 1) for name, said in _BITS.items()}
(_TAG, _TAG_MASK), (_CONTENT, _CONTENT_MASK) = _AT["content_tag"], _AT["content"]
(_STYLE, _STYLE_MASK), (_WIDE, _WIDE_MASK) = _AT["style_id"], _AT["wide"]
_CODE_MASK: Final = (1 << 21) - 1
_LOOK: Final = _STYLE_MASK << _STYLE
#: The same for cells that are nothing but a background.
_BACKGROUND: Final = (_CONTENT_MASK << _CONTENT) | (_TAG_MASK << _TAG)
_GRAPHEME, _PALETTE = lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME, lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE
_IS_WIDE, _TAIL = lib.GHOSTTY_CELL_WIDE_WIDE, lib.GHOSTTY_CELL_WIDE_SPACER_TAIL

# A union cannot be passed by value here; a struct of the same layout can.
_track = ffi.cast(
    "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyTrackedGridRef*)",
    ffi.addressof(lib, "ghostty_terminal_grid_ref_track"),
)


class Emulator:
    """Owns one terminal of the library, its numbers for lines, and what was last said of its rows."""

    def __init__(self, rows: int, columns: int) -> None:
        """An empty screen of that size, or of the largest there is."""
        self._size = _bounded(rows, columns)
        #: The number of the screen's top row, and the place in the library that had it.
        self._top = 0
        self._anchor: Any = None
        self._said: list[str] = []
        self._renew()

    def feed(self, text: bytes) -> None:
        """The program has printed this."""
        # Every terminal passes over DEL; this one shows a blank.
        text = text.replace(b"\x7f", b"")
        lib.ghostty_terminal_vt_write(self._terminal, text, len(text))

    def resize(self, rows: int, columns: int) -> None:
        """The screen has this size now."""
        self._size = _bounded(rows, columns)
        self._fit()

    def start_again(self, modes: bytes) -> None:
        """Something was missed: a fresh terminal in these modes."""
        self._number_lines()
        self._renew()
        self.feed(modes)

    @property
    def is_painting(self) -> bool:
        """Whether the program has asked that nothing be shown until it is done."""
        return self._mode(_SYNCHRONIZED)

    def picture(self) -> Picture:
        """All but the rows."""
        self._fit()
        self._number_lines()
        alternate = self._is_alternate()
        return Picture(
            size=self._size,
            cursor=(
                int(self._get("CURSOR_Y", "uint16_t")),
                int(self._get("CURSOR_X", "uint16_t")),
                bool(self._get("CURSOR_VISIBLE", "bool")),
            ),
            title=self._title(),
            modes=Modes(
                alternate=alternate,
                application_cursor=self._mode(_APPLICATION_CURSOR),
                bracketed_paste=self._mode(_BRACKETED_PASTE),
                mouse=bool(self._get("MOUSE_TRACKING", "bool")),
            ),
            history=(self._top - self._above(), self._top),
        )

    def changed(self) -> Mapping[int, str]:
        """Row → its JSON, for all that have changed since the last call; all rows after a resize."""
        self._update(0)
        rows, _ = self._size
        if len(self._said) != rows:
            self._said = [""] * rows
        changed = {}
        for row, text in self._rows(range(rows), only_new=True):
            if text != self._said[row]:
                self._said[row] = changed[row] = text
        lib.ghostty_render_state_clean(self._render)
        return changed

    def lines(self, before: int, count: int) -> tuple[int, Sequence[str]]:
        """At most *count* lines from above the screen, before that number: the first's number, their JSON."""
        self._number_lines()
        oldest = self._top - self._above()
        last = min(max(before, oldest), self._top)
        first = max(oldest, last - max(count, 0))
        if first >= last:
            return last, ()
        self._update(self._top - first)
        places = range(first - self._top, last - self._top)
        return first, [text for _, text in self._rows(places, only_new=False)]

    # -- the library's terminal -------------------------------------------------------------------

    def _renew(self) -> None:
        rows, columns = self._size
        made = ffi.new("GhosttyTerminal*")
        _check(lib.ghostty_terminal_new(ffi.NULL, made, columns, rows))
        self._anchor = None
        self._terminal = ffi.gc(made[0], lib.ghostty_terminal_free)
        self._set("SCROLLBACK_MAX_BYTES", "size_t", _LINES_BYTES)
        self._set("SCROLLBACK_MAX_LINES", "size_t", LINES + _PAGE // columns)
        # What a program may make us keep, or do, besides the screen: nothing.
        self._set("KITTY_IMAGE_STORAGE_LIMIT", "uint64_t", 0)
        self._set("KITTY_IMAGE_MEDIUM_FILE", "bool", False)
        self._set("KITTY_IMAGE_MEDIUM_SHARED_MEM", "bool", False)
        self._set("APC_MAX_BYTES", "size_t", _STRING)
        self._set("CLIPBOARD_WRITE_MAX_BYTES", "size_t", _STRING)
        # A flag or a family is one character of two cells, as agents count them.
        self._set("MODE_DEFAULT", "GhosttyTerminalModeConfig", {"mode": _CLUSTERS, "value": True})
        self._set("MODE", "GhosttyTerminalModeConfig", {"mode": _CLUSTERS, "value": True})
        made = ffi.new("GhosttyRenderState*")
        _check(lib.ghostty_render_state_new(ffi.NULL, made))
        self._render = ffi.gc(made[0], lib.ghostty_render_state_free)
        made = ffi.new("GhosttyRenderStateRowIterator*")
        _check(lib.ghostty_render_state_row_iterator_new(ffi.NULL, made))
        self._iterator = ffi.gc(made[0], lib.ghostty_render_state_row_iterator_free)
        made = ffi.new("GhosttyRenderStateRowCells*")
        _check(lib.ghostty_render_state_row_cells_new(ffi.NULL, made))
        self._cells = ffi.gc(made[0], lib.ghostty_render_state_row_cells_free)

    def _get(self, what: str, form: str) -> Any:
        out = ffi.new(f"{form}*")
        _check(lib.ghostty_terminal_get(self._terminal, getattr(lib, f"GHOSTTY_TERMINAL_DATA_{what}"), out))
        return out[0]

    def _set(self, what: str, form: str, value: object) -> None:
        option = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{what}")
        _check(lib.ghostty_terminal_set(self._terminal, option, ffi.new(f"{form}*", value)))

    def _mode(self, number: int) -> bool:
        asked = ffi.new("GhosttyTerminalModeConfig*")
        asked.mode = number
        _check(lib.ghostty_terminal_get(self._terminal, lib.GHOSTTY_TERMINAL_DATA_MODE, asked))
        return bool(asked.value)

    def _is_alternate(self) -> bool:
        return bool(self._get("ACTIVE_SCREEN", "GhosttyTerminalScreen"))

    def _title(self) -> str:
        said = self._get("TITLE", "GhosttyString")
        return harmless.title(ffi.buffer(said.ptr, said.len)[:].decode(errors="replace")) if said.len else ""

    def _fit(self) -> None:
        """Be as large as we were told: a program can ask for other sizes too."""
        rows, columns = self._size
        if (self._get("ROWS", "uint16_t"), self._get("COLS", "uint16_t")) == (rows, columns):
            return
        self._number_lines()
        _check(lib.ghostty_terminal_resize(self._terminal, columns, rows, 8, 16))
        self._set("SCROLLBACK_MAX_LINES", "size_t", LINES + _PAGE // columns)
        # Lines are broken anew: what they were called before is void.
        self._anchor = None

    # -- the numbers of lines ---------------------------------------------------------------------

    def _above(self) -> int:
        return int(self._get("SCROLLBACK_ROWS", "size_t"))

    def _number_lines(self) -> None:
        """See how far the screen's top has moved on: a place in the library moves with its line."""
        if self._is_alternate():
            return
        above, place = self._above(), ffi.new("GhosttyPointCoordinate*")
        tag = lib.GHOSTTY_POINT_TAG_SCREEN
        if self._anchor and lib.ghostty_tracked_grid_ref_point(self._anchor, tag, place) == 0:
            self._top += max(0, above - place.y)
        else:
            # That line is not kept any more: every one is new.
            self._top += above + (self._size[0] if self._top else 0)
        made = ffi.new("GhosttyTrackedGridRef*")
        top = ffi.new("GhosttyPointS*")
        top.tag = lib.GHOSTTY_POINT_TAG_ACTIVE
        _check(_track(self._terminal, top[0], made))
        self._anchor = ffi.gc(made[0], lib.ghostty_tracked_grid_ref_free)

    # -- rows -------------------------------------------------------------------------------------

    def _update(self, above: int) -> None:
        """Let the library gather the screen and so many lines above it."""
        wanted = ffi.new("GhosttyRenderStateOverscan*", {"above": min(above, 0xFFFF), "below": 0})
        _check(lib.ghostty_render_state_set(self._render, lib.GHOSTTY_RENDER_STATE_OPTION_OVERSCAN, wanted))
        _check(lib.ghostty_render_state_update(self._render, self._terminal))

    def _rows(self, places: range, *, only_new: bool) -> Iterator[tuple[int, str]]:
        """Those of these rows (negative: above the screen) that were gathered, as JSON."""
        handle = ffi.new("GhosttyRenderStateRowIterator*", self._iterator)
        _check(lib.ghostty_render_state_get(self._render, lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, handle))
        place, is_new = ffi.new("int32_t*"), ffi.new("bool*")
        while lib.ghostty_render_state_row_iterator_next(self._iterator):
            self._of_row("VIEWPORT_Y", place)
            self._of_row("DIRTY", is_new)
            if place[0] in places and (is_new[0] or not only_new):
                yield int(place[0]), self._row()

    def _of_row(self, what: str, out: Any) -> None:
        key = getattr(lib, f"GHOSTTY_RENDER_STATE_ROW_DATA_{what}")
        _check(lib.ghostty_render_state_row_get(self._iterator, key, out))

    def _row(self) -> str:
        """The JSON of the row that the iterator is at."""
        view, row, wraps = ffi.new("GhosttyCellsView*"), ffi.new("GhosttyRow*"), ffi.new("bool*")
        self._of_row("CELLS_RAW", view)
        self._of_row("CELLS", ffi.new("GhosttyRenderStateRowCells*", self._cells))
        self._of_row("RAW", row)
        _check(lib.ghostty_row_get(row[0], lib.GHOSTTY_ROW_DATA_WRAP, wraps))
        return runs.encoded(self._runs(ffi.unpack(view.ptr, view.len)), wraps=bool(wraps[0]))

    def _runs(self, cells: Sequence[int]) -> Iterator[runs.Run]:
        text, width, look, sure, style = "", 0, -1, True, runs.PLAIN
        styles = {0: runs.PLAIN}
        for column, cell in enumerate(cells):
            wide = cell >> _WIDE & _WIDE_MASK
            if wide == _TAIL:
                continue
            tag = cell >> _TAG & _TAG_MASK
            new_look = cell & _BACKGROUND if tag >= _PALETTE else cell & _LOOK
            char, is_sure = self._char(column, cell, tag)
            is_sure = is_sure and wide != _IS_WIDE
            if new_look != look or is_sure != sure:
                if width:
                    yield runs.Run(text, style, width, sure)
                text, width, look, sure = "", 0, new_look, is_sure
                if new_look not in styles:
                    styles[new_look] = self._style(column, cell, tag)
                style = styles[new_look]
            text += char
            width += 2 if wide == _IS_WIDE else 1
        if width:
            yield runs.Run(text, style, width, sure)

    def _char(self, column: int, cell: int, tag: int) -> tuple[str, bool]:
        if tag >= _PALETTE:
            return " ", True
        if tag == _GRAPHEME:
            return runs.shown(self._grapheme(column))
        code = cell >> _CONTENT & _CODE_MASK
        return runs.shown(chr(code)) if code else (" ", True)

    def _grapheme(self, column: int) -> str:
        """The text of a cell of more than one character."""
        room = ffi.new("uint8_t[]", _CELL)
        buffer = ffi.new("GhosttyBuffer*", {"ptr": room, "cap": _CELL, "len": 0})
        _check(lib.ghostty_render_state_row_cells_select(self._cells, column))
        key = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_UTF8
        if lib.ghostty_render_state_row_cells_get(self._cells, key, buffer) != lib.GHOSTTY_SUCCESS:
            return "\ufffd"
        return bytes(ffi.buffer(room, buffer.len)).decode(errors="replace")

    def _style(self, column: int, cell: int, tag: int) -> runs.Style:
        if tag >= _PALETTE:
            content = cell >> _CONTENT & _CONTENT_MASK
            colour = content & 0xFF if tag == _PALETTE else _rgb(content, content >> 8, content >> 16)
            return runs.style([("bg", colour)], (), hidden=False)
        said = ffi.new("GhosttyStyle*")
        said.size = ffi.sizeof("GhosttyStyle")
        _check(lib.ghostty_render_state_row_cells_select(self._cells, column))
        key = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE
        _check(lib.ghostty_render_state_row_cells_get(self._cells, key, said))
        colours = (("fg", _colour(said.fg_color)), ("bg", _colour(said.bg_color)))
        flags = [name for theirs, name in _FLAGS if getattr(said, theirs)]
        return runs.style(colours, flags, hidden=bool(said.invisible))


def _bounded(rows: int, columns: int) -> tuple[int, int]:
    return min(max(rows, 1), ROWS), min(max(columns, 1), COLUMNS)


def _colour(said: Any) -> int | str | None:
    if said.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(said.value.palette)
    if said.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        return _rgb(said.value.rgb.r, said.value.rgb.g, said.value.rgb.b)
    return None


def _rgb(red: int, green: int, blue: int) -> str:
    return f"#{red & 0xFF:02x}{green & 0xFF:02x}{blue & 0xFF:02x}"


def _check(result: int) -> None:
    if result != lib.GHOSTTY_SUCCESS:
        raise MemoryError(f"the terminal's emulation failed: {result}")
