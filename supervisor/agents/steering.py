"""How one agent is steered: by channels of its own, by its hooks, and by what is typed at it.

``Steering`` says the usual: no channel, no hook, a paste and Enter. An agent's module has an
object of it under the name ``steering``, of a class of its own where something is special.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from supervisor.agents.base import Processes
from supervisor.core.model import Process, Resume, Run, Session, Sighting, Sign
from supervisor.core.steering import Approval, Decision, Launch, Prompt, Remains, Typing


class Ear(Protocol):
    """Takes in what an agent says by itself, on the event loop."""

    def turn(self, session_id: str, sign: Sign, waiting_for: str | None) -> None:
        """How the turn of a session stands, and what the agent waits for if it asks."""
        ...

    def asks(self, approval: Approval) -> None:
        """It asks this; told again, it is still the same question."""
        ...

    def answered(self, approval_id: str) -> None:
        """That question is over, whoever answered it."""
        ...


class Line:
    """What an agent lets us hear and say without its terminal; this one: nothing.

    One for each agent and supervisor. What it is asked to do returns ``False`` where it has no
    channel to that session (then it is typed, or shown as "answer at the desk"), and raises
    ``Refused`` or ``Failed`` where it has one that does not take it.
    """

    async def listen(self, ear: Ear) -> None:
        """Pass on what the agent says, for as long as it can be heard.

        Returns when there is nobody (any more) to listen to, and never raises for that; it is to
        be called again after a change of concern LIVE. First it tells how every session stands,
        and everything that is asked.
        """

    def reaches(self, seen: Sighting) -> bool:
        """Whether there is a channel to it now. Must not wait for anything; from any thread."""
        del seen
        return False

    async def prompt(self, session: Session, prompt: Prompt) -> bool:
        """Give it a prompt. The same prompt twice is taken once wherever the agent can tell."""
        del session, prompt
        return False

    async def interrupt(self, session: Session) -> bool:
        """End its turn."""
        del session
        return False

    async def answer(self, approval: Approval, decision: Decision) -> bool:
        """Answer a question that was told by ``Ear.asks``."""
        del approval, decision
        return False


class Steering:
    """What is special about steering one agent; this one: nothing is."""

    typing: Typing = Typing()
    #: Seconds after which it has asked again by itself, however its model is silent: longer is too long.
    patience: float = 900.0

    def line(self, home: Path, processes: Processes) -> Line:
        """The channel to all its sessions."""
        del home, processes
        return Line()

    def prepare(self, launch: Launch, hook: Sequence[str]) -> Launch:
        """What is really started when a person starts *launch* in a terminal of ours.

        *hook* is our own program for the agent's hooks: it gets the agent's name as its argument
        and the agent's words at its standard input, and prints the answer.
        """
        del hook
        return launch

    def writes_to(self, argv: Sequence[str]) -> str | None:
        """The session that this command would write to, where it names one: two must never."""
        del argv
        return None

    def relaunch(self, session: Session, argv: Sequence[str]) -> Resume | None:
        """Its resume command, with permission mode, model and the like as in *argv*.

        *argv* is the command of the process that served it; empty where it is not known.
        """
        del argv
        return session.resume

    def ends_by(self, session: Session, processes: Processes) -> Run | None:
        """The process whose end ends this session and no other; ``None``: there is none."""
        del processes
        return session.run

    def marks(self, session_id: str) -> Mapping[str, str]:
        """Variables that this session, and no other, gives to all that it starts."""
        del session_id
        return {}

    def endpoint(self, home: Path, environment: Mapping[str, str], session: Session) -> str | None:
        """A URL of its model's API that answers anybody who can reach it; ``None``: not known.

        *environment*: of its process. May block on disk.
        """
        del home, environment, session
        return None

    def continuation(self, last_prompt: str | None) -> str | None:
        """What to say so that it goes on with a turn that was cut off; ``None``: nothing helps.

        *last_prompt*: what was asked last, for agents that forget what they could not send.
        """
        del last_prompt
        return "Continue from where you left off."

    def joins(self, session: Session, processes: Processes) -> bool:
        """Whether its resume command joins it where it runs: nothing has to end for that."""
        del session, processes
        return False

    def spares(self, process: Process) -> bool:
        """Whether many sessions live by this process, whichever of them it descends from."""
        del process
        return False

    def is_part(self, process: Process) -> bool:
        """Whether this process is a part of the agent itself, and no work that it was asked for."""
        return self.spares(process)

    def remains(self, home: Path, session_id: str) -> Remains | None:
        """What is stored of it and goes into the trash. May block on disk."""
        del home, session_id
        return None

    def discarded_by(self, session: Session) -> Resume | None:
        """The agent's own command that deletes it, when its remains lie safe; ``None``: none is needed."""
        del session
        return None

    def restored_by(self, export: bytes) -> Sequence[tuple[bytes, Resume]]:
        """The agent's own commands that bring back what ``remains`` exported, in this order.

        Each takes a document in a file, whose path is to be its last argument.
        """
        del export
        return ()

    def as_text(self, text: str) -> str | None:
        """What is to be pasted so that *text* is taken as words to the model, whatever it begins with.

        ``None``: that cannot be done.
        """
        return None if text.startswith(tuple(self.typing.commands)) else text

    def pastes(self, text: str) -> Sequence[str]:
        """The pastes, all in one write, by which *text* arrives as if it had been typed."""
        return (text,)

    def asked(self, told: Mapping[str, Any], at: float) -> Approval | None:
        """The question in what its hook told; ``None`` for other words. See ``supervisor.hook``."""
        del told, at
        return None

    def decided(self, approval: Approval, told: Mapping[str, Any], decision: Decision) -> bytes:
        """What its hook is to print for that decision. Raises ``Refused``, ``WrongUse``."""
        del approval, told, decision
        return b""

    def hides_dialog(self, told: Mapping[str, Any]) -> bool:
        """Whether the agent shows its own dialog only when this hook has ended."""
        del told
        return False

    def hook_file(self, home: Path) -> Path | None:
        """The settings of the user in which its hooks stand; ``None``: it has none that we use."""
        del home
        return None

    def with_hooks(self, text: str, hook: Sequence[str], version: str | None) -> str:
        """These settings with our hooks, and nothing else changed. Raises ``Refused``.

        Only hooks that *version* knows; ``None``: those that all versions know.
        """
        del hook, version
        return text

    def without_hooks(self, text: str) -> str:
        """These settings without our hooks, and nothing else changed. Raises ``Refused``."""
        return text


def words_alone(text: str, commands: str) -> str | None:
    """What is pasted for an agent that lists files after an ``@``, and cuts blanks off.

    See ``Steering.as_text``. A blank behind a last word with ``@`` closes the list: Enter would pick from it.
    """
    if text.lstrip().startswith(tuple(commands)):
        return None
    last = text.split(" ")[-1].rsplit("\n", 1)[-1]
    return f"{text} " if "@" in last else text


#: For agents about whose steering nothing is special.
USUAL = Steering()
