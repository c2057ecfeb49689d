"""What the details window looks like: sessions on the left, everything of one on the right."""

import contextlib
import threading
import time
import tkinter as tk
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from tkinter import ttk
from typing import Any

from supervisor import clipboard
from supervisor.core.errors import WakelineError
from tray import details, style, words
from tray.card import Card
from tray.follow import Client, Follower
from tray.snapshot import Approval, mapping, rows, session

NEWS = "<<News>>"
SIZE = (880, 660)
WRAP = 430
COPIED_FOR = 2_000  # milliseconds
MORE = "more"

#: Something to be done in the window's thread, handed over by another one.
Work = Callable[[], None]


class Window:
    """Owner of everything on the screen. Only for the main thread."""

    def __init__(self, connect: Callable[[], Client], chosen: str | None) -> None:
        self.root = style.window(words.DETAILS_TITLE)
        self._source = details.Source(connect)
        self._follower = Follower(connect(), self._happened)
        self._news: SimpleQueue[Work] = SimpleQueue()
        self._chosen, self._next = chosen, ""
        self._shown: object = None
        self._list = self._make_list()
        self._facts = ttk.Frame(self.root, padding=(style.GAP, style.GAP))
        self._facts.pack(side="left", fill="both", expand=True)
        self.root.bind(NEWS, lambda _: self._read())
        self.root.bind("<Escape>", lambda _: self._close())
        self.root.protocol("WM_DELETE_WINDOW", self._close)

    def run(self) -> None:
        """Show it until it is closed."""
        self._say(words.PICK)
        style.show(self.root, *SIZE)
        self.root.after_idle(self._begin)
        self.root.mainloop()

    def _begin(self) -> None:
        self._follower.start()
        self._ask_page(None)
        if self._chosen:
            self._ask_session(self._chosen)

    def _close(self) -> None:
        self._follower.stop()
        self.root.destroy()

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

    def _happened(self, topic: str | None, event: Any, _at: float) -> None:
        fields = mapping(event)
        if topic in ("hello", "gap"):
            self._hand_over(lambda: self._refresh(rows(fields.get("sessions"))))
        elif topic == "session":
            self._hand_over(lambda: self._changed(fields))

    def _refresh(self, found: Any) -> None:
        """A whole picture: anything may have changed."""
        self._put_rows(found)
        if self._chosen:
            self._ask_session(self._chosen)

    def _changed(self, fields: Mapping[str, Any]) -> None:
        if fields.get("removed") is True:
            if self._list.exists(str(fields.get("id"))):
                self._list.delete(str(fields.get("id")))
            return
        self._put_rows([fields])
        if fields.get("id") == self._chosen:
            self._ask_session(str(self._chosen))

    # The list.

    def _make_list(self) -> ttk.Treeview:
        side = ttk.Frame(self.root)
        side.pack(side="left", fill="both")
        made = ttk.Treeview(side, show="tree", selectmode="browse", height=16)
        made.column("#0", width=style.px(self.root, 320))
        bar = ttk.Scrollbar(side, orient="vertical", command=made.yview)
        made.configure(yscrollcommand=bar.set)
        made.pack(side="left", fill="both", expand=True)
        bar.pack(side="left", fill="y")
        made.bind("<<TreeviewSelect>>", lambda _: self._selected())
        return made

    def _ask_page(self, before: str | None) -> None:
        def ask() -> Work:
            found, following, problem = self._source.page(before)
            return lambda: self._got_page(found, following, problem)

        self._in_background(ask)

    def _got_page(self, found: list[Mapping[str, Any]], following: str | None, problem: str) -> None:
        self._put_rows(found)
        self._next = following or ""
        if following:
            self._list.insert("", "end", MORE, text=words.OLDER)
        if problem and not self._chosen:
            self._say(problem)

    def _put_rows(self, found: Any) -> None:
        for known in (session(fields) for fields in found):
            if known is None:
                continue
            if self._list.exists(known.id):
                self._list.item(known.id, text=words.title(known))
            else:
                self._list.insert("", "end", known.id, text=words.title(known))
            if known.id == self._chosen and not self._list.selection():
                self._list.selection_set(known.id)

    def _selected(self) -> None:
        picked = self._list.selection()
        if not picked:
            return
        if picked[0] == MORE:
            self._list.delete(MORE)
            self._ask_page(self._next)
            return
        self._chosen = picked[0]
        self._ask_session(picked[0])

    # One session.

    def _ask_session(self, session_id: str) -> None:
        def ask() -> Work:
            fields, resume, problem = self._source.session(session_id)
            return lambda: self._got_session(session_id, fields, resume, problem)

        self._in_background(ask)

    def _got_session(
        self, session_id: str, fields: Mapping[str, Any], resume: Mapping[str, Any], problem: str
    ) -> None:
        if session_id != self._chosen:
            return
        if problem:
            self._say(problem)
            return
        found, known = details.facts(fields, time.time()), session(fields)
        asked = known.approvals[0] if known and known.approvals else None
        if known is None or (found, resume, asked) == self._shown:
            return
        self._shown = (found, resume, asked)
        self._empty()
        style.text(self._facts, words.title(known)[2:], "Title.TLabel", wraplength=WRAP).pack(anchor="w")
        if asked and asked.digest:
            self._draw_question(asked)
            found = [fact for fact in found if fact[0] != words.FACTS["question"]]
        self._draw_facts(found)
        self._draw_resume(resume)

    def _empty(self) -> None:
        for child in self._facts.winfo_children():
            child.destroy()

    def _say(self, sentence: str) -> None:
        self._shown = None
        self._empty()
        style.text(self._facts, sentence, "Faint.TLabel", wraplength=WRAP).pack(expand=True)

    def _draw_question(self, asked: Approval) -> None:
        def answer(allow: bool) -> None:
            def decide() -> Work:
                sentence = self._source.decide(asked, allow)
                return lambda: card.answered(sentence)

            self._in_background(decide)

        card = Card(self._facts, asked, answer)

    def _draw_facts(self, found: list[tuple[str, str]]) -> None:
        grid = ttk.Frame(self._facts)
        grid.pack(anchor="w", fill="x", pady=style.GAP)
        for row, (name, value) in enumerate(found):
            style.text(grid, name, "Faint.TLabel").grid(row=row, column=0, sticky="nw", padx=(0, 18), pady=3)
            style.text(grid, value, wraplength=WRAP - 130).grid(row=row, column=1, sticky="nw", pady=3)

    def _draw_resume(self, resume: Mapping[str, Any]) -> None:
        command, remark = details.resume_text(resume)
        style.text(self._facts, words.RESUME, "Strong.TLabel").pack(anchor="w", pady=(4, 6))
        if remark:
            style.text(self._facts, remark, "Faint.TLabel", wraplength=WRAP).pack(anchor="w", pady=(0, 6))
        if not command:
            return
        lines = min(5, -(-len(command) // 54))
        box = tk.Text(self._facts, height=lines, width=54, wrap="char", font="TkFixedFont")
        box.configure(relief="flat", background=style.CARD, foreground=style.INK, padx=10, pady=8)
        box.configure(highlightthickness=1, highlightbackground=style.EDGE, highlightcolor=style.ACCENT)
        box.insert("1.0", command)
        box.configure(state="disabled")
        box.pack(fill="x")
        copy = style.button(self._facts, words.COPY_SHORT, lambda: self._copy(copy, command))
        copy.configure(style="Accent.TButton")
        copy.pack(anchor="e", pady=(10, 0))

    def _copy(self, button: ttk.Button, command: str) -> None:
        """By a keeper that outlives the window; by the window itself if there is none."""
        try:
            clipboard.copy(command)
        except WakelineError:
            self.root.clipboard_clear()
            self.root.clipboard_append(command)
        button.configure(text=words.COPIED)
        self.root.after(COPIED_FOR, lambda: self._uncopied(button))

    def _uncopied(self, button: ttk.Button) -> None:
        if button.winfo_exists():
            button.configure(text=words.COPY_SHORT)
