"""Agents of which nothing but their processes is seen: who is alive, in which folder, and how to resume.

What they store is elsewhere, undocumented, or was never seen by us: it is not read, and no state is guessed.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.commands import Command
from supervisor.agents.silent import Silent
from supervisor.agents.steering import Steering
from supervisor.core.model import Facts, Process, Resume, Session, Sighting, Sign, Transcript
from supervisor.core.steering import Typing

_TYPING: Final = Typing(shows_prompts=False)


def _nothing(words: Sequence[str]) -> tuple[str, ...]:
    """Its command names the session, and that is all."""
    del words
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One such agent.

    *command* reads a command line, ``None`` if it starts no conversation of it; *named*: the session
    that it names, or that its folder has; *session_id*: how its ids look; *resumes*: its own command.
    """

    name: str
    title: str
    command: Callable[[Sequence[str]], Command | None]
    named: Callable[[Command, str | None], str | None]
    session_id: re.Pattern[str]
    resumes: Callable[[str], tuple[str, ...]]
    typing: Typing = _TYPING
    #: Of the words after its program, those that it is brought back with.
    kept: Callable[[Sequence[str]], tuple[str, ...]] = _nothing

    @property
    def steering(self) -> Steering:
        """By its terminal alone."""
        return _ByTerminal(self)

    def home(self, environment: Mapping[str, str], user_home: Path) -> Path:
        """None of its folders is looked at."""
        del environment
        return user_home

    def watched(self, home: Path) -> Sequence[Watched]:
        """No file tells anything of it."""
        del home
        return ()

    def concern(self, home: Path, changed: Path) -> tuple[Concern, str | None]:
        """No file tells anything of it."""
        del home, changed
        return Concern.NOTHING, None

    def look(self, home: Path, processes: Processes) -> Sequence[Sighting]:
        """Its innermost processes; what starts them again under the same name is no session."""
        del home
        read = ((process, self.command(process.argv)) for process in processes.running())
        own = [(process, command) for process, command in read if command]
        outer = {process.parent_pid for process, _ in own}
        found: list[Sighting] = []
        for process, command in sorted(own, key=lambda each: each[0].run.started_at):
            if process.run.pid not in outer:
                taken = {one.session_id for one in found}
                found.append(self._seen(process, self.told(command, process.cwd), taken))
        return found

    def _seen(self, process: Process, session_id: str | None, taken: Collection[str | None]) -> Sighting:
        """One session has one process: a second one that names it is shown as one of its own."""
        return Sighting(
            agent=self.name,
            session_id=None if session_id in taken else session_id,
            run=process.run,
            alive=True,
            facts=Facts(cwd=process.cwd),
            # Of its turns nothing is known: it counts as waiting for a prompt.
            sign=Sign.STARTING,
        )

    def told(self, command: Command, cwd: str | None) -> str | None:
        """The session that a command line names, or that its folder has."""
        named = self.named(command, cwd)
        return named if named and self.session_id.fullmatch(named) else None

    def transcripts(self, home: Path) -> Iterator[Transcript]:
        """Nothing that we read is stored."""
        del home
        return iter(())

    def find(self, home: Path, session_id: str) -> Transcript | None:
        """Nothing that we read is stored."""
        del home, session_id
        return None

    def open(self, transcript: Transcript, lines: OpenLines) -> History:
        """A history that says that there is none."""
        del transcript, lines
        return Silent(f"What {self.title} stores is not read; look at its screen")

    def resume(self, session_id: str, cwd: str | None) -> Resume | None:
        """Its own command, in the folder in which it ran."""
        if cwd is None or not self.session_id.fullmatch(session_id):
            return None
        return Resume(argv=self.resumes(session_id), cwd=cwd)


class _ByTerminal(Steering):
    """What is typed is all there is: no transcript shows it."""

    def __init__(self, agent: Unread) -> None:
        """Of this agent."""
        self._agent = agent
        self.typing = agent.typing

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """See ``Steering.writes_to``."""
        found = self._agent.command(argv)
        return self._agent.told(found, None) if found else None

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """Its own program again: it may not lie where its name is looked for."""
        found = self._agent.command(argv)
        if found is None or session.resume is None:
            return session.resume
        name, program = session.resume.argv[0], found.program[-1]
        kept = self._agent.kept(argv[len(found.program) :])
        first = program if Path(program).name == name else name
        return replace(session.resume, argv=(first, *kept, *session.resume.argv[1:]))
