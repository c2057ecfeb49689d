"""``doctor``: checks everything that Wakeline needs, and says in plain words what is missing.

It looks for itself, because what is broken may be the supervisor.
"""

import argparse
import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from supervisor import settings
from supervisor.client import connect
from supervisor.commands import say
from supervisor.core.errors import WakelineError
from supervisor.folders import Folders, folders

_LEAST_ROOM = 64 * 2**20
_FEW_WATCHES = 16_384


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. *ok* is ``None`` where nothing is wrong but something is missing."""

    name: str
    ok: bool | None
    finding: str
    advice: str = ""


def add_doctor(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``doctor [--json]``."""
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _doctor


def _doctor(options: argparse.Namespace) -> int:
    checks = [check for look in LOOKS for check in look(folders())]
    if options.json:
        say.document({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            _tell(check)
    return 1 if any(check.ok is False for check in checks) else 0


def _tell(check: Check) -> None:
    mark = {True: say.coloured("ok     ", "32"), False: say.coloured("wrong  ", "31;1"), None: "note   "}[
        check.ok
    ]
    print(f"{mark} {check.name:<11} {say.plain(check.finding)}")
    if check.advice:
        print(f"{'':19} {check.advice}")


def _supervisor(_: Folders) -> Iterator[Check]:
    try:
        machine = connect().get("/api/machine")
    except WakelineError as trouble:
        yield Check("supervisor", None, trouble.title, "Start it: wakeline")
        return
    yield Check("supervisor", True, f"runs, version {machine['versions']['wakeline']}")
    if unkept := machine.get("trouble"):
        yield Check("keeping", False, unkept, "Sessions are shown and held meanwhile; it mends itself then.")
    awake = machine["awake"]
    if awake["problem"]:
        yield Check("keep-awake", None, awake["problem"])
    elif awake["held"]:
        yield Check("keep-awake", True, f"held by {awake['mechanism']}")
    else:
        yield Check("keep-awake", True, "not needed now; wakeline awake on --for 1m tries it")


def _settings(places: Folders) -> Iterator[Check]:
    try:
        settings.load(places.settings)
    except WakelineError as trouble:
        yield Check("settings", False, trouble.title, trouble.hint)
        return
    there = (
        str(places.settings) if places.settings.exists() else f"defaults ({places.settings} does not exist)"
    )
    yield Check("settings", True, there)


def _room(places: Folders) -> Iterator[Check]:
    nearest = next((f for f in (places.state, *places.state.parents) if f.exists()), Path("/"))
    if not os.access(nearest, os.W_OK):
        yield Check("disk", False, f"{nearest} cannot be written", "Change its owner, or set WAKELINE_HOME.")
        return
    free = shutil.disk_usage(nearest).free
    enough = free >= _LEAST_ROOM
    yield Check("disk", enough, f"{free // 2**20:,} MB free at {nearest}", "" if enough else "Make room.")


def _kept(places: Folders) -> Iterator[Check]:
    from supervisor.store import audit
    from supervisor.store.database import look_into

    file = places.state / "wakeline.db"
    for aside in sorted(places.state.glob(f"{file.name}.damaged-*[0-9]")):
        yield Check("state", None, f"a damaged state file lies at {aside}", "Delete it if nothing is missed.")
    if not file.exists():
        return
    try:
        with contextlib.closing(look_into(file)) as database:
            broken = audit.first_broken_line(database)
    except WakelineError as trouble:
        yield Check("state", False, trouble.title, trouble.hint)
        return
    yield Check("state", True, f"{file} can be read")
    if broken is None:
        yield Check("audit log", True, "as it was written")
    else:
        advice = "Whoever did that may write as you; look at: wakeline devices"
        yield Check("audit log", False, f"changed by somebody from line {broken} on", advice)


def _agents(_: Folders) -> Iterator[Check]:
    from supervisor.agents import OTHER_NAMES
    from supervisor.agents.catalog import AGENTS

    for name, agent in AGENTS.items():
        if name == "plain":
            continue
        called = [name, *(other for other, known in OTHER_NAMES.items() if known == name)]
        program = next(filter(None, map(shutil.which, called)), None)
        home = agent.home(os.environ, Path.home())
        files = f"keeps its sessions in {home}" if home.exists() else f"has no sessions yet ({home})"
        if home == Path.home():
            files = "its files are not read"
        if program:
            yield Check(name, True, f"{program}, {files}")
        else:
            yield Check(name, None, f"not installed, {files}")


def _watches(_: Folders) -> Iterator[Check]:
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    if not limit.exists():
        return
    number = int(limit.read_text(encoding="ascii"))
    advice = (
        "" if number >= _FEW_WATCHES else "Raise fs.inotify.max_user_watches; until then files are polled."
    )
    yield Check("file watch", True if not advice else None, f"{number:,} folders can be watched", advice)


def _addresses(_: Folders) -> Iterator[Check]:
    from supervisor.remote.address import ranked

    found = [f"{one.address} ({one.interface})" for one in ranked()]
    if found:
        yield Check("phone", True, f"can listen on {', '.join(found)}")
    else:
        yield Check("phone", None, "this machine has no network address", "Join the phone's network first.")


def _terminals(_: Folders) -> Iterator[Check]:
    from supervisor.terminal import check

    try:
        check()
    except WakelineError as trouble:
        yield Check("terminals", None, trouble.title, trouble.hint)


def _clipboard(_: Folders) -> Iterator[Check]:
    from supervisor.clipboard import has_own, keepers

    found = keepers(os.environ)
    if has_own():
        yield Check("clipboard", True, "the system's own")
    elif found:
        yield Check("clipboard", True, f"by {found[0][0]}")
    elif os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield Check("clipboard", None, "neither xclip nor wl-copy is here", "Install one of them.")
    else:
        yield Check("clipboard", None, "no screen, so no clipboard", "Use: wakeline copy ID --print")


def _notices(places: Folders) -> Iterator[Check]:
    from supervisor.system.popups import shown_by

    try:
        told = settings.load(places.settings).notices
    except WakelineError:  # said already
        return
    if not told.desktop:
        yield Check("notices", True, "not shown here, as you have set")
    elif by := shown_by():
        yield Check("notices", True, f"shown by {by}, level {told.level}")
    else:
        yield Check("notices", None, "nobody shows notices on this desktop", "Install one, such as dunst.")
    if told.urls:
        yield from _addresses_of_notices(told.urls)
        if os.name == "posix" and places.settings.exists() and places.settings.stat().st_mode & 0o077:
            advice = f"chmod 600 {places.settings}"
            yield Check("notices", None, "others can read the settings, which have addresses in them", advice)


def _addresses_of_notices(urls: Sequence[str]) -> Iterator[Check]:
    """By their numbers: they are secrets."""
    from supervisor.notify.sender import open_post

    for number, url in enumerate(urls, start=1):
        if open_post(url):
            yield Check("notices", True, f"address {number} can be used")
        else:
            yield Check("notices", False, f"address {number} is no apprise URL", "See notices.urls.")


LOOKS = (
    _supervisor,
    _settings,
    _room,
    _kept,
    _agents,
    _watches,
    _addresses,
    _terminals,
    _clipboard,
    _notices,
)
