"""Puts text on the clipboard so that it stays there after we are gone.

``python -m supervisor.clipboard`` is the last resort on X11: a small process that answers for the
clipboard, as X11 demands of whoever owns it, until somebody else does. Text comes on its stdin.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from supervisor import programs
from supervisor.core.errors import Failed

ANSWER_SECONDS = 5.0
#: What is said where nothing works, and what helps.
NO_CLIPBOARD = (
    "Nothing here can put text on the clipboard.",
    "Install xclip or wl-clipboard; the command is shown by: wakeline copy ID --print",
)
#: They go to the background by themselves.
ON_WAYLAND = ("wl-copy", "--type", "text/plain;charset=utf-8")
ON_X11 = (("xclip", "-selection", "clipboard", "-in"), ("xsel", "--clipboard", "--input"))


def copy(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Put exactly *text* on the clipboard; ``Failed`` if nothing here can."""
    if has_own() or not (environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")):
        _copy_by_system(text)
        return
    for keeper in keepers(environment):
        if _hand_over(keeper, text, environment):
            return
    if not environment.get("DISPLAY") or not _keep_ourselves(text, environment):
        raise Failed(*NO_CLIPBOARD)


def has_own() -> bool:
    """Whether this system keeps a text by itself, whatever display of X11 is there too."""
    return os.name == "nt" or shutil.which("pbcopy") is not None


def keepers(environment: Mapping[str, str]) -> list[Sequence[str]]:
    """The programs here that keep a text for others on this display, best first."""
    wanted: list[Sequence[str]] = [ON_WAYLAND] if environment.get("WAYLAND_DISPLAY") else []
    if environment.get("DISPLAY"):
        wanted += ON_X11
    return [keeper for keeper in wanted if shutil.which(keeper[0], path=environment.get("PATH"))]


def _hand_over(keeper: Sequence[str], text: str, environment: Mapping[str, str]) -> bool:
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            keeper,
            input=text.encode(),
            stdout=quiet,  # it lives on: a pipe would keep us waiting
            stderr=quiet,
            env=environment,
            start_new_session=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _keep_ourselves(text: str, environment: Mapping[str, str]) -> bool:
    command = programs.keeper_command()
    pipe = subprocess.PIPE
    keeper = programs.start(command, stdin=pipe, stdout=pipe, environment=environment)
    with keeper.stdin or sys.stdin.buffer as entrance, keeper.stdout or sys.stdin.buffer as answer:
        entrance.write(text.encode())
        entrance.close()
        return answer.readline() == KEPT


def _copy_by_system(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException as failure:
        raise Failed(*NO_CLIPBOARD) from failure


KEPT = b"kept\n"


def keep(text: str) -> None:
    """Own X11's clipboard with *text*, in this process, until somebody else takes it."""
    import tkinter as tk

    root = tk.Tk()
    root.withdraw()

    def part(offset: str, length: str) -> str:
        return text[int(offset) : int(offset) + int(length)]

    root.selection_handle(part, selection="CLIPBOARD")  # as Unicode too
    root.selection_own(selection="CLIPBOARD", command=root.destroy)
    root.update()
    sys.stdout.buffer.write(KEPT)
    sys.stdout.buffer.close()
    root.mainloop()


def main(_arguments: Sequence[str] = ()) -> None:
    """Keep what comes on stdin."""
    keep(sys.stdin.buffer.read().decode())


if __name__ == "__main__":
    main()
