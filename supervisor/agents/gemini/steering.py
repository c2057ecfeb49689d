"""How Gemini CLI is steered: by its terminal alone; what it asks is answered there."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from supervisor.agents import packages
from supervisor.agents.gemini import files, flags
from supervisor.agents.steering import Steering, words_alone
from supervisor.core.model import Resume, Session
from supervisor.core.steering import Launch, Remains, Typing

#: The first version that was tried with a session's id; an option that it does not know would end it.
_TAKES_IDS: Final = (0, 61)
_BY_KEY: Final = "https://generativelanguage.googleapis.com"
_BY_LOGIN: Final = "https://cloudcode-pa.googleapis.com"


class GeminiSteering(Steering):
    """By typing. It has no channel for others while a person talks with it."""

    typing = Typing(takes_while_working=True, commands="/!?")

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """A new session gets its id from here: nothing else tells which process serves it."""
        del hook
        found = flags.command(launch.argv)
        if found is None or not flags.is_fresh(found):
            return launch
        told = packages.version(files.PACKAGE, found.program[-1], launch.environment, launch.cwd)
        if not packages.at_least(told, _TAKES_IDS):
            return launch
        first = len(found.program)
        named = ("--session-id", str(uuid.uuid4()))
        return replace(launch, argv=(*launch.argv[:first], *named, *launch.argv[first:]))

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
        program = next((word for word in reversed(found.program) if Path(word).stem == "gemini"), "gemini")
        script = "gemini" if program.endswith(".js") else program
        return replace(session.resume, argv=(script, *flags.kept(found), *session.resume.argv[1:]))

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """See ``Steering.endpoint``."""
        del home, session
        named = environment.get("GOOGLE_GEMINI_BASE_URL")
        base = named or (_BY_KEY if environment.get("GEMINI_API_KEY") else _BY_LOGIN)
        return f"{base.rstrip('/')}/v1beta/models" if base.startswith(("http://", "https://")) else None

    def continuation(self, last_prompt: str | None) -> str | None:
        """It takes back what it could not send: to go on means nothing to it, so it is asked again."""
        return last_prompt or super().continuation(last_prompt)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """See ``Steering.remains``."""
        paths = tuple(files.remains(home, session_id))
        if not paths:
            return None
        return Remains(agent=files.AGENT, session_id=session_id, root=str(home), paths=paths)

    def as_text(self, text: str) -> str | None:
        """See ``Steering.as_text``."""
        return words_alone(text, self.typing.commands)
