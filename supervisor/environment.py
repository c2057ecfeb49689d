"""The environment that agents are started with: the user's own, without what is about us."""

import os
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

#: By these an agent tells the programs that it starts that they are its own.
_OF_AN_AGENT: Final = ("CLAUDECODE", "AI_AGENT")
#: The user's own choice, also where an agent starts us.
_OF_THE_USER: Final = frozenset({"CLAUDE_CONFIG_DIR"})
#: Seconds that a shell may take to say what it sets.
_PATIENCE: Final = 10.0
_MARK: Final = b"\0wakeline\0"
#: What a shell sets about itself.
_OF_THE_SHELL: Final = frozenset({"SHLVL", "PWD", "OLDPWD", "_"})


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """What a held command gets of *environment*: nothing that is about us, or an agent around us."""
    inside = any(name in environment for name in _OF_AN_AGENT)
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("WAKELINE_") and not (inside and _is_an_agents(name))
    }


def of_login() -> dict[str, str]:
    """What the user's own shell would give a program: we may have been started by a desktop that knows less.

    Blocks until the shell has read its files. Where there is no such shell: our own environment.
    """
    shell = os.environ.get("SHELL", "")
    told = _told_by(shell) if shell and Path(shell).is_absolute() else {}
    return clean({**os.environ, **told})


@lru_cache(maxsize=1)
def _told_by(shell: str) -> Mapping[str, str]:
    # Files of shells print what they like: what is ours comes after a mark.
    script = "printf '\\0wakeline\\0'; env -0"
    try:
        done = subprocess.run(
            [shell, "-l", "-i", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    _, mark, told = done.stdout.partition(_MARK)
    pairs = [line.partition(b"=") for line in told.split(b"\0") if b"=" in line] if mark else []
    found = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    return {name: value for name, value in found.items() if name not in _OF_THE_SHELL}


def _is_an_agents(name: str) -> bool:
    return name in _OF_AN_AGENT or (name.startswith("CLAUDE") and name not in _OF_THE_USER)
