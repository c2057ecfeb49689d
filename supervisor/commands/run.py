"""``run`` and ``attach``: a command in a terminal that outlives this one."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from supervisor import settings, terminal
from supervisor.agents import AGENTS, OTHER_NAMES
from supervisor.client import Client
from supervisor.core.errors import NoSuchSession, Refused, Unreachable, WakelineError, WrongUse
from supervisor.core.steering import Launch
from supervisor.environment import clean
from supervisor.folders import Folders, folders

if TYPE_CHECKING:
    from supervisor.agents.base import Agent

Act = Callable[[argparse.Namespace], int]

_OVER = frozenset({"ended", "lost"})


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
    launch = _prepared(places, command)
    order = terminal.Order(
        argv=launch.argv, cwd=launch.cwd, environment=tuple(launch.environment.items()), name=options.name
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


def _prepared(places: Folders, command: Sequence[str]) -> Launch:
    """What is really started: with the agent's own hooks and channels. Raises ``Refused``."""
    from supervisor import programs

    launch = Launch(argv=tuple(command), environment=clean(os.environ), cwd=str(Path.cwd()))
    program = Path(command[0]).stem
    name = OTHER_NAMES.get(program, program)
    if name not in AGENTS:
        return launch
    # Only this one: all of them together take longer to load than everything else that happens here.
    agent: Agent = importlib.import_module(f"supervisor.agents.{name}")
    _refuse_second_writer(places, agent.steering.writes_to(command))
    return agent.steering.prepare(launch, programs.hook_command(places.socket))


def _refuse_second_writer(places: Folders, session_id: str | None) -> None:
    """A conversation that is served already must not be written by a second process."""
    if session_id is None:
        return
    try:
        session = Client(places.socket).get(f"/api/sessions/{quote(session_id, safe='')}")
    except WakelineError:
        return  # nobody knows of it, or nobody can be asked
    if session["state"] not in _OVER:
        way = "attach" if session["terminal"] else "takeover"
        raise Refused(
            f"Session {session_id} runs already (process {session['pid']}): two writers would spoil it.",
            f"Say: wakeline {way} {session_id[:8]}",
        )


def attached(terminal_id: str) -> int:
    """Be a screen of that terminal; the exit code."""
    places = folders()
    key = settings.load(places.settings).terminal.detach_key
    return _ended(terminal.attach(_sockets(places), terminal_id, detach_key=key))


def add_attach(parser: argparse.ArgumentParser) -> Act:
    """``attach ID``."""
    parser.add_argument("id", help="any unique beginning of the session's or terminal's id, or its name")
    return _attach


def _attach(options: argparse.Namespace) -> int:
    return attached(_terminal(folders(), options.id))


def _ended(parted: terminal.Parted) -> int:
    if parted.left:
        print(f"Left. It goes on; back to it: wakeline attach {parted.terminal}", file=sys.stderr)
    return parted.code


def _sockets(places: Folders) -> Path:
    from supervisor.system.instance import private

    private(places.runtime)
    private(places.terminals)
    return places.terminals


def _start_nursery(places: Folders, end: int) -> None:
    from supervisor import programs

    programs.start_nursery(places.holders_log, end)


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
