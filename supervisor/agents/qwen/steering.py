"""How Qwen Code is steered: by a pair of files that it is started with here, else by its terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supervisor.agents import packages
from supervisor.agents.base import Processes
from supervisor.agents.qwen import channel, endpoint, files, flags
from supervisor.agents.steering import Line, Steering, words_alone
from supervisor.core.model import Resume, Session
from supervisor.core.steering import Launch, Remains, Typing

if TYPE_CHECKING:
    from supervisor.agents.qwen.line import QwenLine

#: The first version whose channel was tried; an option that it does not know would end it.
_KNOWS_CHANNELS: Final = (0, 24)
_PACKAGE: Final = "@qwen-code/qwen-code"


class QwenSteering(Steering):
    """By its channels. Owns those of each home."""

    typing = Typing(takes_while_working=True, commands="/!?")

    def __init__(self) -> None:
        """No home is known yet."""
        self._lines: dict[Path, QwenLine] = {}

    def line(self, home: Path, processes: Processes) -> Line:
        """See ``Steering.line``."""
        # Imported late: who only starts a terminal listens to nobody.
        from supervisor.agents.qwen.line import QwenLine

        line = self._lines[home] = QwenLine(home, processes)
        return line

    def known(self, home: Path) -> "QwenLine | None":
        """The channels of this home, if anybody wanted them."""
        return self._lines.get(home)

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """A conversation in a terminal of ours gets a channel, unless its user gave it one."""
        del hook
        found = flags.command(launch.argv)
        if found is None or not flags.is_interactive(found):
            return launch
        if found.has(flags.INPUT, flags.OUTPUT, "--json-fd") or not _knows_channels(
            found.program[-1], launch
        ):
            return launch
        try:
            begun = channel.begun(_home(launch.environment))
        except OSError:
            return launch  # without a channel, as before
        first = len(found.program)
        return replace(launch, argv=(*launch.argv[:first], *begun.options, *launch.argv[first:]))

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """See ``Steering.writes_to``."""
        found = flags.command(argv)
        named = flags.session(found) if found else None
        return named if named and files.SESSION_ID.fullmatch(named) else None

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """See ``Steering.relaunch``."""
        found = flags.command(argv)
        if found is None or session.resume is None:
            return session.resume
        return replace(
            session.resume, argv=(_program(found.program), *flags.kept(found), *session.resume.argv[1:])
        )

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """See ``Steering.endpoint``."""
        del session
        return endpoint.endpoint(home, environment)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """See ``Steering.remains``."""
        paths = tuple(files.remains(home, session_id))
        if not paths:
            return None
        return Remains(agent=files.AGENT, session_id=session_id, root=str(home), paths=paths)

    def as_text(self, text: str) -> str | None:
        """See ``Steering.as_text``; a blank behind what would open a list of files that takes Enter."""
        return words_alone(text, self.typing.commands)


def _home(environment: Mapping[str, str]) -> Path:
    user_home = environment.get("HOME") or environment.get("USERPROFILE")
    return files.home(environment, Path(user_home) if user_home else Path.home())


def _program(program: Sequence[str]) -> str:
    """The script that the person started: Node.js ran it by its first line."""
    return next((word for word in reversed(program) if Path(word).stem == "qwen"), "qwen")


def _knows_channels(program: str, launch: Launch) -> bool:
    told = packages.version(_PACKAGE, program, launch.environment, launch.cwd)
    return packages.at_least(told, _KNOWS_CHANNELS)
