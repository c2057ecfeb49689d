"""Agents in somebody else's terminal: found by its device, typed into by that program's own interface.

Everything blocks and belongs into a thread. Nothing is ever typed unless the agent itself is in
front of the terminal: what stands behind it may be a shell.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from supervisor.core.errors import Failed, Refused, WrongUse
from supervisor.core.model import Run
from supervisor.terminal.adopted.base import Pane, Program

__all__ = [
    "Pane",
    "attended",
    "find",
    "keys",
    "panes",
    "paste",
    "screen_text",
    "terminal_of",
    "title",
    "types",
]

_MOST_BYTES: Final = 64 * 1024


def panes() -> Sequence[Pane]:
    """Every pane of every terminal program of this user that can be reached."""
    return [pane for program in _programs() for pane in program.panes()]


def find(tty: str, environment: Mapping[str, str]) -> Pane | None:
    """The pane with that device. *environment*: of the agent's process."""
    found = (program.find(tty, environment) for program in _programs())
    return next((pane for pane in found if pane), None)


def terminal_of(pid: int) -> str | None:
    """The device that this process is controlled by; ``None`` if there is none, or it is no window's."""
    if sys.platform == "win32":
        return None
    else:
        from supervisor.terminal.adopted import ttys

        return ttys.terminal_of(pid)


def title(pane: Pane) -> str:
    """The name of its program, for people."""
    return _program(pane).title


def types(pane: Pane) -> bool:
    """Whether it can be typed into, or only be read."""
    return _program(pane).types


def paste(pane: Pane, text: str, *, expects: Run, takes_pastes: bool | None = None) -> None:
    """Type a text as one paste, without Enter. *expects*: the agent; *takes_pastes*: if known of it.

    Raises ``Refused`` when the agent is not in front, or when lines would be sent one by one;
    ``Failed`` when the pane is gone or its program silent; ``WrongUse`` for what is no plain text.
    """
    _insist_on_text(text)
    _insist_on_front(pane, expects)
    program = _program(pane)
    told = program.ready(pane)
    takes = takes_pastes if told is None else told
    if "\n" in text:
        _insist_on_pastes(pane, takes)
    # Again: the answer took its time, and a shell may be in front by now.
    _insist_on_front(pane, expects)
    program.paste(pane, text, bracketed=bool(takes))


def keys(pane: Pane, data: bytes, *, expects: Run) -> None:
    """Press these keys. *expects*: the agent. Raises as ``paste`` does."""
    _insist_on_front(pane, expects)
    program = _program(pane)
    program.ready(pane)
    _insist_on_front(pane, expects)
    program.keys(pane, data)


def screen_text(pane: Pane) -> str | None:
    """What it shows now, line by line; ``None`` when it cannot be had."""
    return _program(pane).screen_text(pane)


def attended(pane: Pane) -> bool | None:
    """Whether somebody has it before their eyes; ``None`` where that is not told."""
    return _program(pane).attended(pane)


def _insist_on_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as wrong:
        raise WrongUse("The text cannot be written in UTF-8.", "Send plain text.") from wrong
    if size > _MOST_BYTES:
        raise WrongUse("The text is longer than 64 KiB.", "Put it into a file, and send its name.")
    # A control character could end the paste, and what follows would be typed.
    if any((code < " " and code not in "\n\t") or "\x7f" <= code <= "\x9f" for code in text):
        raise WrongUse("The text has control characters in it.", "Send plain text.")


def _insist_on_front(pane: Pane, agent: Run) -> None:
    if sys.platform != "win32":
        from supervisor.terminal.adopted import ttys

        if not ttys.in_front(agent, pane.tty):
            raise Refused(
                "The agent is not in front of its terminal: it has ended, or was suspended.",
                "Bring it to the front there, with fg.",
            )


def _insist_on_pastes(pane: Pane, takes: bool | None) -> None:
    """Lines that do not come as one paste are sent one by one."""
    if takes is None:
        raise Refused(
            f"{title(pane)} does not tell whether a text of several lines would arrive as one.",
            "Send it as one line.",
        )
    if not takes or _by_lines(pane):
        raise Refused(
            "What runs in the terminal takes no pastes now: each line would be sent by itself.",
            "Send it as one line.",
        )


def _by_lines(pane: Pane) -> bool:
    if sys.platform == "win32":
        return True
    else:
        from supervisor.terminal.adopted import ttys

        return ttys.by_lines(pane.tty) is True


def _program(pane: Pane) -> Program:
    for program in _programs():
        if pane.program == program.name:
            return program
    raise Failed(f"There is no {pane.program} on this system.")


def _programs() -> Sequence[Program]:
    if sys.platform == "win32":
        return ()
    else:
        from supervisor.terminal.adopted import kitty, screen, tmux, wezterm, zellij

        if sys.platform != "darwin":
            return (tmux, screen, zellij, kitty, wezterm)
        from supervisor.terminal.adopted import iterm2, terminal_app

        return (tmux, screen, zellij, kitty, wezterm, iterm2, terminal_app)
