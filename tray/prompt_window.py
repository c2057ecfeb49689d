"""What the window for a prompt looks like. A prompt that was refused stays in it."""

import contextlib
import threading
import tkinter as tk
from collections.abc import Callable
from queue import Empty, SimpleQueue
from tkinter import ttk

from tray import style, words
from tray.prompt import Giver
from tray.snapshot import Session

NEWS = "<<News>>"
SIZE = (560, 320)
#: Milliseconds for which it says that the prompt has arrived.
READ_FOR = 1_200

Work = Callable[[], None]


class Window:
    """Owner of everything on the screen. Only for the main thread."""

    def __init__(self, giver: Giver) -> None:
        self.root = style.window(words.PROMPT_TITLE)
        self._giver = giver
        self._news: SimpleQueue[Work] = SimpleQueue()
        frame = ttk.Frame(self.root, padding=style.GAP)
        frame.pack(fill="both", expand=True)
        self._who = style.text(frame, "", "Title.TLabel", wraplength=SIZE[0] - 40)
        self._who.pack(anchor="w", pady=(0, style.GAP))
        bar = ttk.Frame(frame)
        bar.pack(side="bottom", fill="x", pady=(style.GAP, 0))
        self._when = tk.BooleanVar(self.root, value=False)
        ttk.Checkbutton(bar, text=words.PROMPT_IDLE, variable=self._when).pack(side="left")
        self._send = style.button(bar, words.PROMPT_SEND, self._press, "Accent.TButton")
        self._send.pack(side="right")
        self._said = style.text(frame, "", "Faint.TLabel", wraplength=SIZE[0] - 40)
        self._said.pack(side="bottom", anchor="w", pady=(8, 0))
        self._box = tk.Text(frame, height=6, wrap="word", font="TkTextFont", undo=True)
        self._box.configure(relief="flat", background=style.CARD, foreground=style.INK, padx=10, pady=8)
        self._box.configure(highlightthickness=1, highlightbackground=style.EDGE, highlightcolor=style.ACCENT)
        self._box.pack(fill="both", expand=True)
        self._box.bind("<Control-Return>", lambda _: self._press_by_key())
        self.root.bind(NEWS, lambda _: self._read())
        self.root.bind("<Escape>", lambda _: self.root.destroy())

    def run(self) -> None:
        """Show it until it is closed, or the prompt has arrived."""
        style.show(self.root, *SIZE)
        self._box.focus_set()
        self.root.after_idle(self._ask)
        self.root.mainloop()

    def _ask(self) -> None:
        def ask() -> Work:
            known, problem = self._giver.session()
            return lambda: self._know(known, problem)

        self._in_background(ask)

    def _know(self, known: Session | None, problem: str) -> None:
        if known is None:
            self._said.configure(text=problem or words.PROMPT_GONE)
            return
        self._who.configure(text=words.title(known)[2:])
        if "prompt" not in known.can:
            self._said.configure(text=words.PROMPT_GONE)

    def _press_by_key(self) -> str:
        self._press()
        return "break"  # no new line as well

    def _press(self) -> None:
        prompt = self._box.get("1.0", "end-1c")
        if not prompt.strip():
            self._said.configure(text=words.PROMPT_EMPTY)
            return
        when = "idle" if self._when.get() else "now"
        self._send.state(["disabled"])
        self._said.configure(text=words.PROMPT_SENDING)

        def give() -> Work:
            taken, sentence = self._giver.give(prompt, when)
            return lambda: self._given(taken, sentence)

        self._in_background(give)

    def _given(self, taken: bool, sentence: str) -> None:
        self._said.configure(text=words.plain(sentence, 200))
        if taken:
            self.root.after(READ_FOR, self.root.destroy)
        else:
            self._send.state(["!disabled"])

    # What other threads hand over.

    def _in_background(self, ask: Callable[[], Work]) -> None:
        threading.Thread(target=lambda: self._hand_over(ask()), daemon=True).start()

    def _hand_over(self, work: Work) -> None:
        self._news.put(work)
        style.hand_over(self.root, NEWS)

    def _read(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._news.get_nowait()()
