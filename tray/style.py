"""How our windows look: one set of colours and sizes, the same on all systems."""

import tkinter as tk
from collections.abc import Callable
from tkinter import font, ttk
from typing import Any

from tray import icon, words

PAPER, CARD, INK, FAINT = "#f4f6f8", "#ffffff", "#1d2733", "#66717f"
EDGE, ACCENT, ACCENT_DOWN, PALE = "#d5dbe2", "#0b8478", "#086a60", "#e3f3f1"
GAP = 14
#: How high a line is for the size of its letters, in most fonts.
LINE = 1.2


def window(title: str) -> tk.Tk:
    """An empty window of ours, not yet shown; ``TclError`` if there is no screen."""
    root = tk.Tk(className=words.NAME)
    root.withdraw()
    root.title(title)
    root.configure(background=PAPER)
    root.iconphoto(True, tk.PhotoImage(file=icon.folder() / "app" / "wakeline-512.png").subsample(8))
    _fonts(root)
    _colours(root, ttk.Style(root))
    return root


def show(root: tk.Tk, width: int = 0, height: int = 0) -> None:
    """Show it in the middle of the screen, in front; see ``centre``."""
    centre(root, width, height)
    root.deiconify()
    root.lift()
    root.focus_force()


def centre(root: tk.Tk, width: int = 0, height: int = 0) -> None:
    """Put it in the middle of the screen, at least this large (in pixels of an ordinary screen)."""
    root.update_idletasks()
    across, down = root.winfo_screenwidth(), root.winfo_screenheight()
    wide = min(max(round(width * scale(root)), root.winfo_reqwidth()), across)
    high = min(max(round(height * scale(root)), root.winfo_reqheight()), down)
    if width and height:
        root.geometry(f"{wide}x{high}")
    root.geometry(f"+{(across - wide) // 2}+{max(0, (down - high) // 2 - 24)}")


def scale(root: tk.Misc) -> float:
    """How many pixels a pixel of an ordinary screen is here, as letters are drawn.

    On Linux the desktop tells only its fonts how fine the screen is, and the X server something else.
    """
    plain = font.nametofont("TkDefaultFont", root=root)
    usual = abs(int(plain.actual("size"))) * 96 / 72 * LINE
    return max(1.0, root.winfo_fpixels("1i") / 96, round(2 * plain.metrics("linespace") / usual) / 2)


def px(root: tk.Misc, pixels: int) -> int:
    """So many pixels of an ordinary screen, as pixels of this one."""
    return round(pixels * scale(root))


def hand_over(root: tk.Tk, event: str) -> bool:
    """Tell the window, from another thread, that there is news; ``False`` if it has been closed."""
    try:
        root.event_generate(event, when="tail")
    except (RuntimeError, tk.TclError):
        return False
    return True


def text(parent: tk.Misc, words: str = "", style: str = "TLabel", **more: Any) -> ttk.Label:
    """A label; a *wraplength* is in pixels of an ordinary screen."""
    if "wraplength" in more:
        more["wraplength"] = px(parent, more["wraplength"])
    return ttk.Label(parent, text=words, style=style, **more)


def button(parent: tk.Misc, words: str, press: Callable[[], None], style: str = "TButton") -> ttk.Button:
    """A button; Enter presses it too when it has the focus."""
    made = ttk.Button(parent, text=words, command=press, style=style)
    made.bind("<Return>", lambda _: press())
    return made


def _fonts(root: tk.Tk) -> None:
    plain = font.nametofont("TkDefaultFont", root=root)
    size = max(10, abs(int(plain.actual("size"))))
    plain.configure(size=size)
    family = plain.actual("family")
    font.nametofont("TkTextFont", root=root).configure(size=size)
    font.nametofont("TkFixedFont", root=root).configure(size=size)
    for name, larger, weight in (("Title", 5, "bold"), ("Strong", 0, "bold"), ("Number", 16, "bold")):
        made = font.Font(root, name=name, exists=False, family=family, size=size + larger)
        made.configure(weight="bold" if weight == "bold" else "normal")
        _kept.append(made)


#: Tk forgets a font when Python forgets it.
_kept: list[font.Font] = []


def _colours(root: tk.Tk, style: ttk.Style) -> None:
    box, row = px(root, 14), px(root, 30)
    style.theme_use("clam")
    style.configure(".", background=PAPER, foreground=INK, bordercolor=EDGE, focuscolor=ACCENT)
    style.configure("Title.TLabel", font="Title")
    style.configure("Strong.TLabel", font="Strong")
    style.configure("Faint.TLabel", foreground=FAINT)
    style.configure("Card.TFrame", background=CARD, bordercolor=EDGE, relief="solid", borderwidth=1)
    style.configure("Card.TLabel", background=CARD)
    style.configure("TCheckbutton", indicatorsize=box, indicatormargin=(0, 0, 8, 0))
    style.map("TCheckbutton", background=[("active", PAPER)], indicatorbackground=[("selected", ACCENT)])
    style.configure(
        "TButton", background=CARD, padding=(box, box // 2), relief="flat", lightcolor=CARD, darkcolor=CARD
    )
    style.map("TButton", background=[("pressed", EDGE), ("active", PALE)])
    _strong_buttons(root, style)
    style.configure("TCombobox", padding=px(root, 6), arrowsize=box, fieldbackground=CARD, background=CARD)
    style.map("TCombobox", fieldbackground=[("readonly", CARD)], selectbackground=[("readonly", CARD)])
    style.map("TCombobox", selectforeground=[("readonly", INK)])
    style.configure("Treeview", background=CARD, fieldbackground=CARD, rowheight=row, borderwidth=0)
    style.map("Treeview", background=[("selected", ACCENT)], foreground=[("selected", CARD)])
    style.configure(
        "Vertical.TScrollbar", background=EDGE, troughcolor=PAPER, bordercolor=PAPER, arrowsize=px(root, 12)
    )


def _strong_buttons(root: tk.Tk, style: ttk.Style) -> None:
    """The one that most people want, and the numbers."""
    for name, more in (
        ("Accent.TButton", {"font": "Strong"}),
        ("Number.TButton", {"font": "Number", "padding": (px(root, 8), px(root, 16)), "width": 4}),
    ):
        style.configure(name, background=ACCENT, foreground=CARD, lightcolor=ACCENT, darkcolor=ACCENT, **more)
        style.map(name, background=[("disabled", EDGE), ("pressed", ACCENT_DOWN), ("active", ACCENT_DOWN)])
        style.map(name, foreground=[("disabled", FAINT)])
