"""Any other command: a terminal and nothing else. It keeps no conversation that we could read."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

from supervisor.agents import OTHER_NAMES
from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.silent import Silent
from supervisor.agents.steering import Steering
from supervisor.core.model import Facts, Hosted, Resume, Sighting, Sign, Transcript
from supervisor.core.steering import Typing

name: Final = "plain"
title: Final = "Command"


class PlainSteering(Steering):
    """What is typed is all there is: no transcript shows it, and nothing in it is a command to us."""

    typing = Typing(settle=0.05, takes_while_working=True, shows_prompts=False, commands="")


steering: Final = PlainSteering()


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """It has no folder of its own."""
    del environment
    return user_home


def watched(home: Path) -> Sequence[Watched]:
    """No file tells anything of it."""
    del home
    return ()


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """No file tells anything of it."""
    del home, changed
    return Concern.NOTHING, None


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """A command is a session only where we host it; then its terminal's owner knows of it."""
    del home, processes
    return ()


def commands(hosted: Sequence[Hosted], agents: Sequence[str]) -> Sequence[Sighting]:
    """The commands in terminals of ours, but for *agents*: those show their own sessions."""
    return tuple(_command(one) for one in hosted if _called(one) not in agents)


def _called(one: Hosted) -> str:
    program = PurePath(one.argv[0]).name
    return OTHER_NAMES.get(program, program)


def _command(one: Hosted) -> Sighting:
    return Sighting(
        agent=name,
        session_id=one.id,
        run=one.run,
        alive=True,
        facts=Facts(title=shlex.join(one.argv), cwd=one.cwd),
        name=one.name,
        sign=Sign.WORKING,
        terminal=one.id,
    )


def transcripts(home: Path) -> Iterator[Transcript]:
    """Nothing is stored."""
    del home
    return iter(())


def find(home: Path, session_id: str) -> Transcript | None:
    """Nothing is stored."""
    del home, session_id
    return None


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001 (the contract's name)
    """A history that says that there is none."""
    del transcript, lines
    return Silent("A command keeps no transcript; look at its screen")


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """A command keeps no session to go back to; see ``again``."""
    del session_id, cwd
    return None


def again(argv: Sequence[str], cwd: str | None) -> Resume | None:
    """The same command from its beginning, in the folder that it ran in, where both are known."""
    return Resume(argv=tuple(argv), cwd=cwd) if argv and cwd else None
