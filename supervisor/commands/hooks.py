"""``hooks``: agents start in terminals of ours by their usual names, and tell us what they ask."""

import argparse
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from supervisor import programs, shims
from supervisor.agents.base import Agent
from supervisor.agents.catalog import AGENTS
from supervisor.commands import say
from supervisor.core.errors import Failed, Refused, WakelineError, WrongUse
from supervisor.folders import folders

_BACKUP: Final = ".before-wakeline"


def add_hooks(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``hooks install|remove|status [--shell S]… [--no-agents] [--json]``."""
    parser.add_argument("verb", choices=("install", "remove", "status"))
    parser.add_argument("--shell", action="append", choices=shims.SHELLS, help="only this shell's file")
    parser.add_argument("--no-agents", action="store_true", help="leave the agents' own settings alone")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _hooks


def _hooks(options: argparse.Namespace) -> int:
    act = {"install": _install, "remove": _remove, "status": _status}[options.verb]
    rows = [*_shells(options, act), *([] if options.no_agents else _agents(options.verb))]
    if options.json:
        say.document({"hooks": rows})
    else:
        for row in rows:
            print(f"{row['state']:<10} {row['what']:<12} {say.folder(row['file'])}")
    if options.verb == "install" and not options.json:
        print("Open a new terminal, and start your agent as usual. Away again: wakeline hooks remove")
    failed = [row for row in rows if row["state"] == "failed"]
    if failed:
        raise Refused(failed[0]["why"], "Everything else was done; that file was left as it was.")
    return 0


def _shells(options: argparse.Namespace, act: Callable[[str, Path], str]) -> Iterator[dict[str, Any]]:
    for shell in options.shell or _used():
        rc = shims.place(shell, os.environ)
        yield _row(shell, rc, partial(act, shell, rc))


def _used() -> Sequence[str]:
    """The user's own shell, and every other that has a file already."""
    own = Path(os.environ.get("SHELL", "")).name
    return [shell for shell in shims.SHELLS if shell == own or shims.place(shell, os.environ).exists()]


def _install(shell: str, rc: Path) -> str:
    return "installed" if shims.install(shell, rc).changed else "unchanged"


def _remove(shell: str, rc: Path) -> str:
    return "removed" if shims.remove(shell, rc).changed else "unchanged"


def _status(shell: str, rc: Path) -> str:
    return str(shims.status(shell, rc).state)


# -- the agents' own settings -----------------------------------------------------------------------


def _agents(verb: str) -> Iterator[dict[str, Any]]:
    for agent in AGENTS.values():
        home = agent.home(os.environ, Path.home())
        place = agent.steering.hook_file(home)
        if place is not None and (shutil.which(agent.name) or (verb == "remove" and place.exists())):
            yield _row(agent.title, place, partial(_edited, agent, place, verb))


def _edited(agent: Agent, place: Path, verb: str) -> str:
    target = Path(os.path.realpath(place))
    before = _text(target)
    if verb == "remove":
        wanted = agent.steering.without_hooks(before) if before else before
    else:
        hook = programs.hook_command(folders().socket)
        wanted = agent.steering.with_hooks(before, hook, _version(agent.name))
    if verb == "status":
        return "installed" if wanted == before else "absent"
    if wanted == before:
        return "unchanged"
    _write(target, before, wanted)
    return "removed" if verb == "remove" else "installed"


def _text(place: Path) -> str:
    """A file's bytes as characters, one to one where they are no UTF-8; empty if there is none."""
    try:
        return place.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as trouble:
        raise Failed(f"{place} cannot be read: {trouble.strerror}.") from trouble


def _write(place: Path, before: str, text: str) -> None:
    """All of it or nothing, with what was there before beside it."""
    backup = place.with_name(place.name + _BACKUP)
    new = place.with_name(place.name + ".wakeline-new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if before and not backup.exists():
            backup.write_bytes(before.encode("utf-8", "surrogateescape"))
            shutil.copymode(place, backup)
        new.write_bytes(text.encode("utf-8", "surrogateescape"))
        if place.exists():
            shutil.copymode(place, new)
        new.replace(place)
        if backup.exists() and _text(backup) == text:
            backup.unlink()
    except OSError as trouble:
        raise Failed(f"{place} cannot be written: {trouble.strerror}.", "It is as it was.") from trouble


def _version(name: str) -> str | None:
    """Which version of an agent is installed, by its own word."""
    found = shutil.which(name)
    if found is None:
        return None
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\d+\.\d+\.\d+", said.stdout)
    return number[0] if number else None


def _row(what: str, file: Path, act: Callable[[], str]) -> dict[str, Any]:
    """One file; a trouble with one keeps nobody from the others."""
    try:
        return {"what": what, "file": str(file), "state": act(), "why": None}
    except WrongUse:
        raise
    except WakelineError as trouble:
        return {"what": what, "file": str(file), "state": "failed", "why": trouble.title}
