"""Other people's programs, by their own command line: no shell, no terminal, no long wait."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from supervisor.core.errors import Failed

#: For an answer; and for a deed, which had better not be cut off half way.
SECONDS, DEED_SECONDS = 2.0, 10.0
#: Where such programs are when a desktop started us with a short PATH.
_ELSEWHERE: Final = (
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/Applications/kitty.app/Contents/MacOS",
    "/Applications/WezTerm.app/Contents/MacOS",
)
#: By these a program would take us for somebody inside one of its panes.
_NOT_OURS: Final = (
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "ZELLIJ",
    "ZELLIJ_PANE_ID",
    "ZELLIJ_SESSION_NAME",
    "KITTY_LISTEN_ON",
    "KITTY_WINDOW_ID",
    "WEZTERM_PANE",
)


class Answer(NamedTuple):
    """What a program printed, and its exit code."""

    code: int
    output: str
    complaint: str


def ask(
    argv: Sequence[str],
    typed: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Answer:
    """Run it to its end. Raises ``Failed`` when it is missing, or silent for so long."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ELSEWHERE))
    program = shutil.which(argv[0], path=path)
    if program is None:
        raise Failed(f"{argv[0]} is not installed, or not found.", f"Put {argv[0]} into the PATH.")
    ours = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            input=typed,
            capture_output=True,
            env={**ours, **(environment or {})},
            timeout=SECONDS if seconds is None else seconds,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as silent:
        raise Failed(f"{argv[0]} does not answer.", "Look whether it hangs.") from silent
    except (OSError, ValueError) as trouble:
        raise Failed(f"{argv[0]} could not be started: {trouble}.") from trouble
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def told(argv: Sequence[str], typed: bytes = b"", environment: Mapping[str, str] | None = None) -> str | None:
    """What it printed; ``None`` when it could not answer, whatever the reason."""
    try:
        answer = ask(argv, typed, environment)
    except Failed:
        return None
    return answer.output if answer.code == 0 else None


def done(argv: Sequence[str], typed: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
    """Run it, and insist that it worked; what it printed. Raises ``Failed`` with its own words."""
    answer = ask(argv, typed, environment, DEED_SECONDS)
    if answer.code != 0:
        words = " ".join((answer.complaint or answer.output).split()) or f"exit code {answer.code}"
        raise Failed(f"{argv[0]} could not do it: {words}.")
    return answer.output
