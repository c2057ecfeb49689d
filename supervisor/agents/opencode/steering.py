"""How OpenCode is steered: by the server that each of its terminals can have, and by its own commands."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supervisor.agents.base import Processes
from supervisor.agents.opencode import endpoint, store
from supervisor.agents.opencode import export as exported
from supervisor.agents.opencode.live import SESSION_ID, command
from supervisor.agents.opencode.options import DOOR, SERVERS, kept, words
from supervisor.agents.steering import Line, Steering
from supervisor.core.model import Resume, Run, Session
from supervisor.core.steering import Launch, Remains, Typing

if TYPE_CHECKING:
    from supervisor.agents.opencode.line import OpenCodeLine

_PASSWORD: Final = "OPENCODE_SERVER_PASSWORD"
#: A free port, for this machine only; it finds one, and the system tells us which.
_OUR_DOOR: Final = ("--hostname", "127.0.0.1", "--port", "0")
#: Words that end the program, alone in a prompt.
_GOODBYES: Final = frozenset({"exit", "quit", ":q"})


class OpenCodeSteering(Steering):
    """By its servers. Owns the channel of each home."""

    typing = Typing(interrupt_presses=2, takes_while_working=True, commands="/!")

    def __init__(self) -> None:
        """No home is known yet."""
        self._lines: dict[Path, OpenCodeLine] = {}

    def line(self, home: Path, processes: Processes) -> Line:
        """See ``Steering.line``."""
        # Imported late: who only starts a terminal calls nobody.
        from supervisor.agents.opencode.line import OpenCodeLine

        line = self._lines[home] = OpenCodeLine(home, processes)
        return line

    def known(self, home: Path) -> "OpenCodeLine | None":
        """The channel of this home, if anybody wanted one."""
        return self._lines.get(home)

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """A terminal of its own gets a server that only we can use, unless its user asked for one."""
        del hook
        found = words(launch.argv)
        if found is None or found.command or not command(launch.argv):
            return launch
        if "--mini" in found or any(option in found for option in DOOR):
            return launch
        environment: Mapping[str, str] = launch.environment
        if not environment.get(_PASSWORD):
            environment = {**environment, _PASSWORD: secrets.token_urlsafe(32)}
        return replace(launch, argv=(launch.argv[0], *_OUR_DOOR, *launch.argv[1:]), environment=environment)

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """See ``Steering.writes_to``."""
        found = command(argv)
        return found.session if found else None

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """See ``Steering.relaunch``; always in the session's own folder, for elsewhere it may hang."""
        if session.cwd is None or not SESSION_ID.fullmatch(session.id):
            return None
        ours = tuple(argv[1:5]) == _OUR_DOOR
        found = words((*argv[:1], *argv[5:]) if ours else argv)
        if found is None:
            return session.resume
        return Resume(argv=(_program(argv), *kept(found), "-s", session.id), cwd=session.cwd)

    def ends_by(self, session: Session, processes: Processes) -> Run | None:
        """See ``Steering.ends_by``: a server's end would end other sessions too."""
        process = processes.find(session.run.pid) if session.run else None
        found = command(process.argv) if process else None
        return None if found and found.name in SERVERS else session.run

    def as_text(self, text: str) -> str | None:
        """A blank before what would be a command; one after what would open a list that takes Enter."""
        if text.strip() in _GOODBYES:
            return None
        before = " " if text.startswith(("/", "!")) else ""
        last = text.split()[-1:]
        after = " " if any(sign in word for word in last for sign in "/@") else ""
        return f"{before}{text}{after}"

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """A URL of its model's API that answers anybody who can reach it."""
        del home
        return endpoint.endpoint(environment, session.model)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """See ``Steering.remains``: the session and its sub-agents', each as OpenCode imports it."""
        documents = exported.documents(home / store.FILE, session_id)
        if not documents:
            return None
        return Remains(
            agent="opencode", session_id=session_id, root=str(home), export=exported.packed(documents)
        )

    def discarded_by(self, session: Session) -> Resume | None:
        """See ``Steering.discarded_by``; sub-agents' sessions go with it."""
        if not SESSION_ID.fullmatch(session.id):
            return None
        return Resume(argv=(_program(session.argv), "session", "delete", session.id), cwd=session.cwd)

    def restored_by(self, export: bytes) -> Sequence[tuple[bytes, Resume]]:
        """See ``Steering.restored_by``; a session belongs to the folder in which it is imported."""
        return [
            (document, Resume(argv=("opencode", "import"), cwd=folder))
            for folder, document in exported.unpacked(export)
        ]


def _program(argv: Sequence[str]) -> str:
    """The very program that it was, if that is known and there."""
    known = words(argv) is not None and Path(argv[0]).is_absolute() and Path(argv[0]).is_file()
    return argv[0] if known else "opencode"
