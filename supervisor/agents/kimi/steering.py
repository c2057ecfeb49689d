"""How Kimi Code is steered: by its terminal alone; what it asks is answered there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from supervisor.agents.fields import mapping, string
from supervisor.agents.kimi import files, flags
from supervisor.agents.steering import Steering, words_alone
from supervisor.agents.tables import tables
from supervisor.core.model import Session
from supervisor.core.steering import Launch, Remains, Typing

_KIMI: Final = "https://api.kimi.com/coding/v1"


class KimiSteering(Steering):
    """By typing. It has no channel for others while a person talks with it."""

    typing = Typing(takes_while_working=True, commands="/!")

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """It hides its options once it runs, and writes nothing until its first prompt: so we note it."""
        del hook
        named = self.writes_to(launch.argv)
        if named is None:
            return launch
        return replace(launch, environment={**launch.environment, flags.MARK: named})

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """See ``Steering.writes_to``."""
        found = flags.command(argv)
        named = flags.session(found) if found else None
        return named if named and files.SESSION_ID.fullmatch(named) else None

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """See ``Steering.endpoint``."""
        config = tables(home / "config.toml")
        model = mapping(mapping(config.get("models")).get(session.model or ""))
        provider = mapping(mapping(config.get("providers")).get(string(model.get("provider")) or ""))
        base = string(provider.get("base_url")) or environment.get("KIMI_CODE_BASE_URL") or _KIMI
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
