"""The words of steering: questions that agents ask, prompts that wait, and who may type.

Plain frozen data, as in ``core.model``.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supervisor.core.model import Run

#: Bytes of UTF-8. A longer prompt is refused.
LONGEST_PROMPT = 64 * 1024
#: How the person at the machine itself is called where devices are called by their ids.
DESK = "desk"


class Verdict(StrEnum):
    """What is to become of a question."""

    ALLOW = "allow"
    DENY = "deny"
    #: The answers to its questions.
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer that the agent offers."""

    label: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with the answers that the agent offers; *many*: several may be chosen."""

    text: str
    header: str | None = None
    choices: tuple[Choice, ...] = ()
    many: bool = False
    #: Whether an answer in one's own words is taken too.
    free: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question of the agent that needs a yes, a no or an answer. From structured data only."""

    id: str
    session_id: str
    at: float
    #: What the agent waits for, in its own words.
    summary: str
    tool: str | None = None
    #: All of what is to be allowed: the whole command, path or input.
    text: str | None = None
    #: What would be changed in a file, as a unified diff.
    diff: str | None = None
    #: Why, in the agent's words.
    reason: str | None = None
    cwd: str | None = None
    #: Not empty: answers are wanted, not a yes or no.
    questions: tuple[Question, ...] = ()
    #: Whether an answer from here reaches the agent; else "answer at the desk".
    answerable: bool = False
    #: The agent shows no dialog of its own while we hold its question: signs say nothing about it.
    hidden: bool = False

    @property
    def digest(self) -> str:
        """Of everything that it shows: an answer names it, so that it can mean nothing else."""
        shown = (self.id, self.session_id, self.summary, self.tool, self.text, self.diff, self.questions)
        return hashlib.sha256(repr(shown).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's answer to an approval. *answers*: text of a question → labels or own words."""

    verdict: Verdict
    reason: str | None = None
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Who may type into a session: ``DESK`` or the id of a device; *label* for people."""

    holder: str
    label: str
    since: float


class PromptState(StrEnum):
    """What has become of a prompt."""

    #: For its time: the agent to be idle, its turn among others.
    WAITING = "waiting"
    #: On its way; after a crash it is sent again under the same id, which types nothing twice.
    SENDING = "sending"
    #: Handed over; the agent's transcript does not show it yet.
    SENT = "sent"
    #: The agent's transcript shows it.
    TAKEN = "taken"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A text for an agent. *by*: ``DESK`` or the id of a device."""

    id: str
    session_id: str
    agent: str
    text: str
    #: ``now``, ``idle``, ``online``, ``reset``, ``job:PID`` or ``at:TIME``; see ``core.followup``.
    when: str
    by: str
    at: float
    state: PromptState = PromptState.WAITING
    #: When it came into its state.
    moved_at: float | None = None
    #: Why it waits or was refused, in a sentence.
    note: str | None = None
    #: The process whose end it waits for.
    job: "Run | None" = None
    #: The time that it waits for.
    due_at: float | None = None
    #: What it waited for has come; now it waits for its agent to be ready.
    met: bool = False


#: States after which nothing more is done about a prompt.
DONE = frozenset({PromptState.TAKEN, PromptState.REFUSED, PromptState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """How an agent takes what is typed into its terminal."""

    #: The key that interrupts a turn; pressed *interrupt_presses* times, each in its own write.
    interrupt: bytes = b"\x1b"
    interrupt_presses: int = 1
    #: Interrupted before it has answered anything, it forgets the prompt and puts it back into its line;
    #: this key empties the line. Nothing: it puts nothing back.
    empties: bytes = b""
    #: Seconds between a paste and its Enter.
    settle: float = 0.3
    #: It keeps what is typed while it works for its next turn, or works it in.
    takes_while_working: bool = False
    #: Its transcript will show every prompt.
    shows_prompts: bool = True
    #: A prompt that begins with one of these is a command to the agent itself.
    commands: str = "/!#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A command that is about to be started in a terminal of ours, with its whole environment."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is stored of a session, to be put into the trash.

    *paths* are files and folders below *root*. *export*: what cannot be moved as files.
    """

    agent: str
    session_id: str
    root: str
    paths: tuple[str, ...] = ()
    export: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed:
    """A session in the trash; *until*: when it goes for good."""

    id: str
    agent: str
    session_id: str
    title: str | None
    cwd: str | None
    deleted_at: float
    until: float
