"""The window in which a prompt for one session is written."""

import argparse
import sys
from collections.abc import Callable, Sequence
from urllib.parse import quote

from supervisor.core.errors import WakelineError
from tray import words
from tray.follow import Client
from tray.snapshot import Session, mapping, session, text


class Giver:
    """Speaks with the supervisor about one session. Every method may block."""

    def __init__(self, connect: Callable[[], Client], session_id: str) -> None:
        self._connect = connect
        self._path = f"/api/sessions/{quote(session_id, safe='')}"

    def session(self) -> tuple[Session | None, str]:
        """The session, and what went wrong."""
        try:
            return session(mapping(self._connect().get(self._path))), ""
        except WakelineError as failure:
            return None, f"{failure.title} {failure.hint}".strip()

    def give(self, prompt: str, when: str) -> tuple[bool, str]:
        """Give it the prompt ``now`` or when it is ``idle``; whether it was taken, and what to say."""
        try:
            answer = self._connect().post(f"{self._path}/prompt", {"text": prompt, "when": when})
        except WakelineError as failure:
            return False, f"{failure.title} {failure.hint}".strip()
        state = text(mapping(mapping(answer).get("prompt")).get("state"))
        return True, words.PROMPT_WAITS if state == "waiting" else words.PROMPT_SENT


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window until it is closed; the exit code."""
    from supervisor.client import connect

    parser = argparse.ArgumentParser(prog="tray.prompt", description=__doc__)
    parser.add_argument("--session", required=True, help="the id of the session")
    chosen = parser.parse_args(arguments).session
    try:
        import tkinter as tk

        from tray.prompt_window import Window
    except ImportError:
        sys.stderr.write(f"{words.NO_WINDOWS} {words.PROMPT_HINT}\n")
        return 1
    try:
        window = Window(Giver(connect, chosen))
    except tk.TclError:
        sys.stderr.write(f"{words.NO_SCREEN} {words.PROMPT_HINT}\n")
        return 1
    window.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
