"""A question of an agent with all of it, and its answers. What is long must be read to its end."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from tray import style, words
from tray.snapshot import Approval

LINES, ACROSS = 9, 54

#: Takes whether it is allowed.
Answer = Callable[[bool], None]


class Card:
    """Owner of one question on the screen."""

    def __init__(self, parent: tk.Misc, asked: Approval, answer: Answer) -> None:
        """*answer* is called once, with what was pressed."""
        self._answer = answer
        self._frame = ttk.Frame(parent)
        self._frame.pack(fill="x", pady=(style.GAP, 0))
        self._said = style.text(self._frame, words.ASKS, "Strong.TLabel")
        self._said.pack(anchor="w", pady=(0, 6))
        self._box = self._make_box(words.whole_card(asked))
        self._allow: ttk.Button | None = None
        self._buttons = ttk.Frame(self._frame)
        self._buttons.pack(fill="x", pady=(8, 0))
        if not asked.answerable or asked.questions:
            style.text(self._buttons, words.AT_THE_DESK, "Faint.TLabel").pack(anchor="e")
            return
        self._allow = style.button(
            self._buttons, words.ALLOW_ONCE, lambda: self._press(True), "Accent.TButton"
        )
        self._allow.pack(side="right")
        style.button(self._buttons, words.DENY, lambda: self._press(False)).pack(side="right", padx=(0, 10))
        self._allow.state(["disabled"])
        self._box.after_idle(self._read_on)

    def answered(self, sentence: str) -> None:
        """Say what became of the answer."""
        if self._said.winfo_exists():
            self._said.configure(text=sentence)

    def _make_box(self, text: str) -> tk.Text:
        row = ttk.Frame(self._frame)
        row.pack(fill="x")
        bar = ttk.Scrollbar(row, orient="vertical")
        lines = sum(max(1, -(-len(line) // ACROSS)) for line in text.split("\n"))
        box = tk.Text(row, height=min(LINES, lines), width=ACROSS, wrap="char", font="TkFixedFont")
        box.configure(relief="flat", background=style.CARD, foreground=style.INK, padx=10, pady=8)
        box.configure(highlightthickness=1, highlightbackground=style.EDGE, highlightcolor=style.ACCENT)
        box.insert("1.0", text)
        box.configure(state="disabled")
        box.pack(side="left", fill="x", expand=True)
        bar.configure(command=box.yview)
        if lines > LINES:
            bar.pack(side="left", fill="y")
        box.configure(yscrollcommand=lambda first, last: self._scrolled(bar, first, last))
        return box

    def _scrolled(self, bar: ttk.Scrollbar, first: float, last: float) -> None:
        bar.set(first, last)
        if self._box.winfo_ismapped():
            self._read_on()

    def _read_on(self) -> None:
        """Once its last line was on the screen, it may be allowed."""
        if self._allow is None or not self._allow.winfo_exists():
            return
        self._box.update_idletasks()
        if self._box.yview()[1] >= 1.0:
            self._allow.state(["!disabled"])
            self._allow.configure(text=words.ALLOW_ONCE)
        elif self._allow.instate(["disabled"]):
            self._allow.configure(text=words.READ_ON)

    def _press(self, allow: bool) -> None:
        for button in self._buttons.winfo_children():
            if isinstance(button, ttk.Button):
                button.state(["disabled"])
        self._answer(allow)
