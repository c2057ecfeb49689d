"""What the pairing window looks like. It draws scenes, and says what was pressed."""

import contextlib
import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from tkinter import ttk
from typing import Any

from supervisor.core.model import Scope
from tray import capture, style, words
from tray.follow import Client
from tray.pairing import Address, Conversation, Scene, scene

NEWS = "<<News>>"
#: Milliseconds after which the code is hidden.
SHOWN_FOR = 60_000
CODE_SIZE = 270
#: The white edge that a reader needs, in modules.
QUIET = 4
WRAP = 400


class Window:
    """Owner of everything on the screen. Only for the main thread."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self.root = style.window(words.PAIR_TITLE)
        self.root.resizable(False, False)
        self._news: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
        self._connect = connect
        self._conversation = Conversation(connect, self._received)
        self._control = tk.BooleanVar(self.root, value=False)
        self._address: str | None = None
        self._shown: Scene | None = None
        self._code: Code | None = None
        self._placed = False
        self._page = ttk.Frame(self.root, padding=style.px(self.root, 24))
        self._page.pack(fill="both", expand=True)
        self.root.bind(NEWS, lambda _: self._read())
        self.root.bind("<FocusOut>", lambda _: self.root.after_idle(self._look_away))
        self.root.bind("<Escape>", lambda _: self._close())
        self.root.protocol("WM_DELETE_WINDOW", self._close)

    def run(self) -> None:
        """Show it until it is closed."""
        self._draw(Scene(kind="wait", sentence=words.PAIR_WAIT))
        style.show(self.root)
        capture.keep_out(self.root)
        self.root.after_idle(self._ask)
        self.root.mainloop()

    def _ask(self) -> None:
        self._conversation.open(Scope.CONTROL if self._control.get() else Scope.VIEW, self._address)

    def _received(self, dialog: Mapping[str, Any]) -> None:
        """Called in other threads."""
        self._news.put(dialog)
        style.hand_over(self.root, NEWS)

    def _read(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._draw(scene(self._news.get_nowait()))

    def _close(self) -> None:
        self.root.withdraw()
        self.root.update()
        self._conversation.close()
        self.root.destroy()

    def _look_away(self) -> None:
        """Hide the code when the keyboard has gone to another program; a locked screen takes it too."""
        # An open list of ours has a window of its own, which only Tk itself knows.
        if self._code and not str(self.root.tk.call("focus")):
            self._code.hide()

    # Drawing.

    def _draw(self, new: Scene) -> None:
        if new == self._shown:
            return
        self._shown, self._code = new, None
        for child in self._page.winfo_children():
            child.destroy()
        draw = {"code": self._draw_code, "numbers": self._draw_numbers, "wait": self._draw_sentence}
        draw.get(new.kind, self._draw_end)(new)
        if new.kind == "code" and not self._placed:
            self._placed = True
            style.centre(self.root)

    def _draw_sentence(self, new: Scene) -> None:
        style.text(self._page, new.sentence, "Title.TLabel").pack(padx=60, pady=120)

    def _draw_code(self, new: Scene) -> None:
        style.text(self._page, words.PAIR_SCAN, "Title.TLabel").pack()
        style.text(
            self._page, words.PAIR_SAME_NETWORK, "Faint.TLabel", wraplength=WRAP, justify="center"
        ).pack(pady=(6, style.GAP))
        if new.sentence:
            style.text(self._page, new.sentence, "Strong.TLabel", wraplength=WRAP).pack(pady=(0, style.GAP))
        self._code = Code(self._page, new.url or "")
        self._code.pack()
        self._draw_addresses(new)
        ttk.Checkbutton(self._page, text=words.PAIR_CONTROL, variable=self._control, command=self._ask).pack(
            anchor="w", pady=(style.GAP, 0)
        )
        style.text(self._page, words.PAIR_VIEW_ONLY, "Faint.TLabel").pack(
            anchor="w", padx=style.px(self.root, 22)
        )
        self._draw_warning()

    def _draw_addresses(self, new: Scene) -> None:
        labels = [address.label for address in new.addresses]
        style.text(self._page, words.PAIR_ADDRESS, "Faint.TLabel").pack(anchor="w", pady=(style.GAP, 3))
        box = ttk.Combobox(self._page, values=labels, state="readonly")
        for place, address in enumerate(new.addresses):
            if address.address == new.chosen:
                box.current(place)
        box.bind("<<ComboboxSelected>>", lambda _: self._move(new.addresses, box.current()))
        box.pack(fill="x")

    def _move(self, addresses: Sequence[Address], place: int) -> None:
        self._address = addresses[place].address
        self._ask()

    def _draw_warning(self) -> None:
        card = ttk.Frame(self._page, style="Card.TFrame", padding=style.px(self.root, 12))
        card.pack(fill="x", pady=(style.GAP, 0))
        style.text(card, words.PAIR_WARNING, "Card.TLabel", wraplength=WRAP - 24).pack(anchor="w")

    def _draw_numbers(self, new: Scene) -> None:
        style.text(self._page, new.sentence, "Title.TLabel", wraplength=WRAP, justify="center").pack()
        style.text(self._page, words.PAIR_CHOOSE).pack(pady=(8, style.GAP))
        row = ttk.Frame(self._page)
        row.pack()
        for number in new.numbers:
            press = self._choice(number)
            style.button(row, str(number), press, "Number.TButton").pack(side="left", padx=8, pady=8)
        reject = style.button(self._page, words.PAIR_REJECT, self._reject)
        reject.pack(fill="x", pady=(style.GAP, 0))
        reject.focus_set()

    def _choice(self, number: int) -> Callable[[], None]:
        return lambda: self._conversation.choose(number)

    def _reject(self) -> None:
        self._conversation.close()
        self._draw(Scene(kind="failed", sentence=words.PAIR_REJECTED))

    def _draw_end(self, new: Scene) -> None:
        failed = new.kind == "failed"
        sign = style.text(self._page, "✗" if failed else "✓", font="Number")
        sign.configure(foreground=style.FAINT if failed else style.ACCENT)
        sign.pack(pady=(style.GAP, 0))
        style.text(self._page, new.sentence, "Title.TLabel", wraplength=WRAP, justify="center").pack(
            padx=style.GAP, pady=style.GAP
        )
        row = ttk.Frame(self._page)
        row.pack(pady=(style.GAP, 0))
        close = style.button(row, words.PAIR_CLOSE, self._close, "TButton" if failed else "Accent.TButton")
        close.pack(side="right", padx=6)
        if failed:
            style.button(row, words.PAIR_AGAIN, self._again, "Accent.TButton").pack(side="right", padx=6)
        close.focus_set()

    def _again(self) -> None:
        self._conversation = Conversation(self._connect, self._received)
        self._ask()


class Code(tk.Canvas):
    """A QR code on white that hides itself after a minute, or when told; a click shows it again."""

    def __init__(self, parent: tk.Misc, url: str) -> None:
        import segno

        dark = segno.make(url, error="m", micro=False).matrix
        self._rows = [bytes(row) for row in dark]
        self._module = round(CODE_SIZE * style.scale(parent) / (len(dark) + 2 * QUIET))
        self._side = self._module * (len(dark) + 2 * QUIET)
        super().__init__(
            parent, width=self._side, height=self._side, background="white", highlightthickness=1
        )
        self.configure(highlightbackground=style.EDGE, cursor="hand2")
        self._timer = ""
        self.bind("<Button-1>", lambda _: self._show())
        self._show()

    def _show(self) -> None:
        self.delete("all")
        size = self._module
        for y, row in enumerate(self._rows):
            for x in (x for x, dark in enumerate(row) if dark):
                left, top = (QUIET + x) * size + 1, (QUIET + y) * size + 1
                self.create_rectangle(left, top, left + size, top + size, fill="black", width=0)
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(SHOWN_FOR, self.hide)

    def hide(self) -> None:
        """Show words in its place."""
        self.delete("all")
        middle = self._side // 2
        self.create_text(middle, middle, text=words.PAIR_HIDDEN, justify="center", fill=style.FAINT)
