"""How Claude Code is steered: by its hook for what it asks, by typing for all else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from supervisor.agents.claude import asking, command, files, hooks, launching, models, pasting, settings
from supervisor.agents.steering import Steering
from supervisor.core.errors import Refused
from supervisor.core.model import Process, Resume, Session
from supervisor.core.steering import Approval, Decision, Launch, Remains


class ClaudeSteering(Steering):
    """By its hook and its terminal. It has no channel of its own that is meant for others."""

    typing = pasting.TYPING

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """See ``Steering.prepare``. Looks for the program on disk."""
        return launching.prepared(launch, hook)

    def version(self, program: str, environment: Mapping[str, str], cwd: str) -> str | None:
        """The version of an installed program, if the place where it lies tells it."""
        return launching.version(program, environment, cwd)

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """See ``Steering.writes_to``."""
        told = command.command(argv)
        return command.writes_to(told) if told else None

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """See ``Steering.relaunch``."""
        return launching.relaunched(session.resume, argv) if session.resume else None

    def marks(self, session_id: str) -> Mapping[str, str]:
        """See ``Steering.marks``."""
        return {"CLAUDE_CODE_SESSION_ID": session_id}

    def is_part(self, process: Process) -> bool:
        """Its daemon and the workers that this keeps ready, for all sessions."""
        told = command.command(process.argv)
        return told is not None and told.words[:1] in {("daemon",), ("bg-spare",), ("bg-pty-host",)}

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """See ``Steering.endpoint``."""
        del session
        return models.endpoint(files.settings_in(home), environment)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """See ``Steering.remains``. The lines of its prompts in ``history.jsonl`` stay."""
        paths = tuple(files.remains(home, session_id))
        if not paths:
            return None
        return Remains(agent=files.AGENT, session_id=session_id, root=str(home), paths=paths)

    def as_text(self, text: str) -> str:
        """See ``Steering.as_text``: that can always be done."""
        return pasting.as_text(text)

    def pastes(self, text: str) -> Sequence[str]:
        """See ``Steering.pastes``."""
        return pasting.pastes(text)

    def asked(self, told: Mapping[str, Any], at: float) -> Approval | None:
        """See ``Steering.asked``."""
        return asking.asked(told, at)

    def hides_dialog(self, told: Mapping[str, Any]) -> bool:
        """See ``Steering.hides_dialog``."""
        return asking.hides_dialog(told)

    def decided(self, approval: Approval, told: Mapping[str, Any], decision: Decision) -> bytes:
        """See ``Steering.decided``."""
        return asking.decided(approval, told, decision)

    def hook_file(self, home: Path) -> Path:
        """See ``Steering.hook_file``."""
        return files.settings_in(home)

    def with_hooks(self, text: str, hook: Sequence[str], version: str | None) -> str:
        """See ``Steering.with_hooks``. No version is known to know all of them: then it is refused."""
        ours = hooks.entry(hook, files.AGENT, version)
        if ours is None:
            told = f"Claude Code {version}" if version else "This Claude Code, whose version is not known,"
            raise Refused(f"{told} may not know the hook that is needed.", "Update it: claude update.")
        return settings.with_hook(text, ours)

    def without_hooks(self, text: str) -> str:
        """See ``Steering.without_hooks``."""
        return settings.without_hooks(text)
