"""How Copilot CLI is steered: by its terminal alone; what it asks is answered there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from supervisor.agents.copilot import files, flags
from supervisor.agents.steering import Steering, words_alone
from supervisor.core.model import Resume, Session
from supervisor.core.steering import Remains, Typing

_GITHUB: Final = "https://api.githubcopilot.com"


class CopilotSteering(Steering):
    """By typing. It has no channel for others while a person talks with it."""

    typing = Typing(interrupt_presses=2, takes_while_working=True, commands="/!?#&")

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
        program = found.program[-1]
        script = "copilot" if program.endswith(".js") else program
        return replace(session.resume, argv=(script, *flags.kept(found), *session.resume.argv[1:]))

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """See ``Steering.endpoint``."""
        del home, session
        base = environment.get("COPILOT_PROVIDER_BASE_URL") or _GITHUB
        return f"{base.rstrip('/')}/models" if base.startswith(("http://", "https://")) else None

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """See ``Steering.remains``."""
        paths = tuple(files.remains(home, session_id))
        if not paths:
            return None
        return Remains(agent=files.AGENT, session_id=session_id, root=str(home), paths=paths)

    def as_text(self, text: str) -> str | None:
        """See ``Steering.as_text``."""
        return words_alone(text, self.typing.commands)
