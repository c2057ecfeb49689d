"""Shell integration: plain ``claude`` starts in a terminal of ours, because a shell's own file says so.

A marked block in that file defines a function for each agent. It is put there, replaced and taken
away as a whole; every other byte of the file stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supervisor.core.errors import WrongUse
from supervisor.shims import block, rcfile
from supervisor.shims.known import PROGRAMS, Program

__all__ = [
    "PROGRAMS",
    "SHELLS",
    "Change",
    "Program",
    "Standing",
    "State",
    "install",
    "place",
    "remove",
    "status",
]

SHELLS = tuple(block.WRITERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was done. *rc*: the file that was edited, behind any link; *backup*: what it was before."""

    shell: str
    rc: Path
    changed: bool
    backup: Path | None


class State(StrEnum):
    """How a shell's file stands."""

    ABSENT = "absent"
    INSTALLED = "installed"
    #: Of another version, or for other agents.
    OUTDATED = "outdated"
    #: One of its marks is missing; it is left alone.
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one shell stands. *rc*: the file, behind any link."""

    shell: str
    rc: Path
    state: State


def install(shell: str, rc: Path, programs: Sequence[Program] = PROGRAMS) -> Change:
    """Put the block into *rc*, or bring it up to date; nothing is done when it is there already.

    Raises ``WrongUse`` for a shell or a program's name that cannot be, ``Refused`` for a file that is
    none or was damaged, ``Failed`` when it cannot be written; then it is as it was.
    """
    wanted = _block(shell, programs)
    file = rcfile.read(rc)
    backup = rcfile.put(file, wanted)
    return Change(shell=shell, rc=file.target, changed=backup is not rcfile.UNCHANGED, backup=_path(backup))


def remove(shell: str, rc: Path) -> Change:
    """Take the block out of *rc*, and the backup away; what else is in the file stays, byte for byte.

    A file that was made for the block goes too when nothing else is in it. Raises as ``install``.
    """
    _known(shell)
    file = rcfile.read(rc)
    return Change(shell=shell, rc=file.target, changed=rcfile.take_out(file), backup=None)


def status(shell: str, rc: Path, programs: Sequence[Program] = PROGRAMS) -> Standing:
    """How *rc* stands; changes nothing. Raises as ``install``."""
    wanted = _block(shell, programs)
    file = rcfile.read(rc)
    found = rcfile.blocks(file)
    if found is None:
        state = State.DAMAGED
    elif not found:
        state = State.ABSENT
    else:
        state = State.INSTALLED if rcfile.is_same(file, wanted) else State.OUTDATED
    return Standing(shell=shell, rc=file.target, state=state)


def place(shell: str, environment: Mapping[str, str]) -> Path:
    """The file that an interactive *shell* reads, whether it is there or not. Raises ``WrongUse``."""
    _known(shell)
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    match shell:
        case "bash":
            return home / ".bashrc"
        case "zsh":
            return Path(environment.get("ZDOTDIR") or home) / ".zshrc"
        case "fish":
            return config / "fish" / "config.fish"
        case _:
            return config / "powershell" / "Microsoft.PowerShell_profile.ps1"


def _block(shell: str, programs: Sequence[Program]) -> str:
    _known(shell)
    return block.WRITERS[shell](programs)


def _known(shell: str) -> None:
    if shell not in SHELLS:
        raise WrongUse(f"There is no shell called {shell!r} here.", f"Use one of {', '.join(SHELLS)}.")


def _path(backup: Path | rcfile.Unchanged | None) -> Path | None:
    return backup if isinstance(backup, Path) else None
