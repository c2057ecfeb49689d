"""``run`` and ``attach``: a command in a terminal that outlives this one."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from supervisor import settings, terminal
from supervisor.client import Client
from supervisor.core.errors import NoSuchSession, Refused, Unreachable, WakelineError, WrongUse
from supervisor.folders import Folders, folders

Act = Callable[[argparse.Namespace], int]

#: By these an agent tells the programs that it starts that they are its own.
_OF_AN_AGENT = ("CLAUDECODE", "AI_AGENT")
#: The user's own choice, also where an agent starts us.
_OF_THE_USER = frozenset({"CLAUDE_CONFIG_DIR"})


def add_run(parser: argparse.ArgumentParser) -> Act:
    """``run [--name N] [--detach] -- CMD…``."""
    parser.add_argument("--name", default="", metavar="N", help="a name to find it by")
    parser.add_argument("--detach", action="store_true", help="print its id, and leave it alone")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD…", help="what to run")
    return _run


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise WrongUse("There is nothing to run.", "Say for example: wakeline run -- claude")
    places = folders()
    order = terminal.Order(
        argv=command, cwd=str(Path.cwd()), environment=tuple(clean(os.environ).items()), name=options.name
    )
    key = settings.load(places.settings).terminal.detach_key
    _see_to_supervisor(places)
    parted = terminal.start(
        _sockets(places),
        lambda end: _start_nursery(places, end),
        order,
        detach_key=key,
        detached=options.detach,
    )
    if options.detach:
        print(parted.terminal)
        return 0
    return _ended(parted)


def add_attach(parser: argparse.ArgumentParser) -> Act:
    """``attach ID``."""
    parser.add_argument("id", help="any unique beginning of the session's or terminal's id, or its name")
    return _attach


def _attach(options: argparse.Namespace) -> int:
    places = folders()
    found = _terminal(places, options.id)
    key = settings.load(places.settings).terminal.detach_key
    return _ended(terminal.attach(_sockets(places), found, detach_key=key))


def _ended(parted: terminal.Parted) -> int:
    if parted.left:
        print(f"Left. It goes on; back to it: wakeline attach {parted.terminal}", file=sys.stderr)
    return parted.code


def clean(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What a held command gets of our environment: nothing that is about us, or an agent around us."""
    inside = any(name in environment for name in _OF_AN_AGENT)
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("WAKELINE_") and not (inside and _is_an_agents(name))
    }


def _is_an_agents(name: str) -> bool:
    return name in _OF_AN_AGENT or (name.startswith("CLAUDE") and name not in _OF_THE_USER)


def _sockets(places: Folders) -> Path:
    from supervisor.system.instance import private

    private(places.runtime)
    private(places.terminals)
    return places.terminals


def _start_nursery(places: Folders, end: int) -> None:
    from supervisor import programs

    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (places.state / "holders.log").open("ab") as log:
        programs.start(programs.nursery_command(), stdin=end, stdout=log, stderr=log)


def _see_to_supervisor(places: Folders) -> None:
    """Start it if nobody answers; the command does not wait for it."""
    if not places.socket.exists() or not _answers(Client(places.socket)):
        from supervisor import programs

        places.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with places.log.open("ab") as log:
            programs.start(programs.supervisor_command(), stdout=log, stderr=log)


def _terminal(places: Folders, wanted: str) -> str:
    """The one terminal that is meant, by its own id or name, or its session's."""
    held = terminal.held(_sockets(places))
    found = {own_id for own_id, name in held if own_id == wanted or name == wanted}
    found = found or {own_id for own_id, _ in held if wanted and own_id.startswith(wanted)}
    if not found:
        found = {_of_session(places, wanted)}
    if len(found) > 1:
        raise NoSuchSession(
            f"{len(found)} terminals are called {wanted!r}.", "Say more of the id: wakeline ls"
        )
    return found.pop()


def _of_session(places: Folders, wanted: str) -> str:
    from supervisor.commands import find

    try:
        session = find.session(Client(places.socket), wanted)
    except Unreachable as trouble:
        raise NoSuchSession(
            f"No terminal that is held is called {wanted[:80]!r}.",
            "Sessions are known to the supervisor, and it does not run: wakeline up",
        ) from trouble
    if not session["terminal"]:
        raise Refused(
            f"Session {session['id']} has no terminal of ours.",
            "Only what was started by wakeline run can be attached.",
        )
    return str(session["terminal"])


def _answers(client: Client) -> bool:
    try:
        client.get("/api/machine")
    except WakelineError:
        return False
    return True
