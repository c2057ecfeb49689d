"""How Codex is steered: by its shared daemon where that serves the session, else by its terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Processes
from supervisor.agents.codex import endpoint, files, flags
from supervisor.agents.codex.line import DaemonLine
from supervisor.agents.codex.screens import home_of, is_daemon, screens_of, shared
from supervisor.agents.steering import Line, Steering
from supervisor.core.model import Process, Resume, Run, Session
from supervisor.core.steering import Remains, Typing

#: A last word in which the terminal would look for files, chats and skills: Enter then picks one.
_OPENS_A_LIST: Final = re.compile(r"\S*[@$]\S*\Z")


class CodexSteering(Steering):
    """By its daemon, which is the only writer of all that it serves, however many terminals show it."""

    typing = Typing(commands="/!")

    def line(self, home: Path, processes: Processes) -> Line:
        """The daemon of this home."""
        del processes
        return DaemonLine(home)

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """``codex resume ID``, ``codex exec resume ID``."""
        return flags.writes_to(argv)

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """With its model, profile, permissions and settings; see ``flags``."""
        return flags.relaunch(session, argv)

    def ends_by(self, session: Session, processes: Processes) -> Run | None:
        """Never the daemon: of what that serves, the youngest terminal; ``None`` if none is known."""
        if session.run is None or not self.joins(session, processes):
            return session.run
        environment = processes.environment(session.run.pid)
        home = home_of(environment, Path(environment.get("HOME") or environment.get("USERPROFILE") or "/"))
        screens = screens_of(home, processes, shared(home, processes)).get(session.id, ())
        return screens[-1] if screens else None

    def joins(self, session: Session, processes: Processes) -> bool:
        """Whether the daemon serves it: another terminal joins in, and nothing has to end for that."""
        return session.run is not None and is_daemon(processes.find(session.run.pid))

    def marks(self, session_id: str) -> Mapping[str, str]:
        """See ``Steering.marks``."""
        return {"CODEX_THREAD_ID": session_id}

    def spares(self, process: Process) -> bool:
        """The daemon and its updater, whoever's child they are: whoever starts first starts them."""
        return is_daemon(process)

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """A URL of its model's API that answers anybody who can reach it."""
        del session
        return endpoint.endpoint(home, environment)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """Its rollout and those of its sub-agents; Codex's databases find them again when they come back."""
        if not files.SESSION_ID.fullmatch(session_id):
            return None
        paths = [path for each in _with_sub_agents(home, session_id) for path in files.stored_of(home, each)]
        if not paths:
            return None
        return Remains(
            agent="codex",
            session_id=session_id,
            root=str(home),
            paths=tuple(str(path.relative_to(home)) for path in paths),
        )

    def as_text(self, text: str) -> str:
        """A blank before a command, one behind what would open a list; Codex takes both away again."""
        before = " " if text.startswith(tuple(self.typing.commands)) else ""
        return before + text + (" " if _OPENS_A_LIST.search(text) else "")


def _with_sub_agents(home: Path, session_id: str) -> Iterator[str]:
    """A session and all that were begun from it, each once."""
    parents: Mapping[str, str] = files.parents(home)
    known = [session_id]
    for each in known:
        known += [child for child, parent in parents.items() if parent == each and child not in known]
    yield from known
