"""What happened. Every event carries the time at which it was seen, in seconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from supervisor.core.model import (
    AwakeMode,
    Job,
    Offspring,
    Origin,
    Power,
    Record,
    Run,
    Session,
    Sighting,
    Sign,
)
from supervisor.core.notice import Notice
from supervisor.core.steering import Approval, Prompt, PromptState


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The supervisor started; these sessions are what it knew when it was last heard of.

    *rebooted*: the machine was started anew since, so none of their processes can live. *jobs*: by
    the id of their session.
    """

    sessions: tuple[Session, ...]
    rebooted: bool
    at: float
    jobs: Mapping[str, tuple[Job, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """All sessions of one agent, as found at one moment: whoever is missing has gone."""

    agent: str
    sightings: tuple[Sighting, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An agent said by itself how the turn of a session stands."""

    agent: str
    session_id: str
    sign: Sign
    waiting_for: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """An agent that told by itself cannot be heard any more: its transcripts count again."""

    agent: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An agent asks something, by a channel that takes an answer."""

    agent: str
    approval: Approval
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question is over, whoever answered it."""

    approval_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsRestored:
    """The supervisor started; these prompts were not done when it was last heard of."""

    prompts: tuple[Prompt, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptGiven:
    """Somebody gave a prompt, and it was not refused."""

    prompt: Prompt
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMoved:
    """What became of a prompt on its way. *note* says why, in a sentence."""

    prompt_id: str
    state: PromptState
    at: float
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChanged:
    """Somebody wants a prompt that waits to have this text, and to wait for this."""

    prompt: Prompt
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Whether the model of a session can be reached."""

    session_id: str
    reached: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roused:
    """The network is another one than before, or the machine has slept: the clock may have jumped."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFound:
    """All that came from these sessions and still runs, as found at one moment."""

    origins: tuple[Origin, ...]
    found: tuple[Offspring, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    """A process that was watched by ``WatchJob`` has ended. *exit_status*: see ``Job``."""

    run: Run
    exit_status: int | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Focused:
    """A screen took the focus of a session."""

    session_id: str
    holder: str
    label: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Whoever has the focus of this session typed."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """Somebody at the desk has begun a line in a session's terminal, or has no line begun any more."""

    session_id: str
    draft: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesRestored:
    """The supervisor started; this is what people were told when it was last heard of, oldest first."""

    notices: tuple[Notice, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent:
    """A notice has reached everybody that it was to be sent to, or never will."""

    notice_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusGiven:
    """Focus was given back: of one session, or all that *holder* has; ``None``: whoever has it."""

    session_id: str | None
    holder: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """All processes of a session were stopped, or continued."""

    session_id: str
    paused: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPlanned:
    """The next look whether a session's model can be reached is planned for *next_try_at*."""

    session_id: str
    next_try_at: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The model of a session that was cut off can be reached again, or its time has come."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotContinued:
    """Continuing a session came to nothing; *note* says why, in a sentence."""

    session_id: str
    note: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TryNow:
    """The user wants it to be tried at once."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTrying:
    """The user wants no more tries."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChosen:
    """The user says what may be done for a session without asking: ``off``, ``ask`` or ``auto``."""

    session_id: str
    policy: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """A session was put into the trash: it leaves the list."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A transcript was opened: what its beginning and its last part say."""

    session_id: str
    record: Record
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An agent wrote into the transcript of a session."""

    session_id: str
    records: tuple[Record, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A transcript was truncated or replaced: entry numbers given before mean nothing now."""

    session_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRead:
    """The git branch of a session's folder."""

    session_id: str
    branch: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A process that served a session is gone."""

    run: Run
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEnded:
    """The command in a terminal of ours has ended.

    *code*: its exit code, negative when a signal ended it; ``None`` when its holder died.
    """

    terminal: str
    code: int | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AwakeChosen:
    """The user changed the keep-awake mode, for *seconds* or until changed again."""

    mode: AwakeMode
    seconds: float | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of the wish to keep the machine awake."""

    held: bool
    mechanism: str | None
    problem: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRead:
    """Battery and charger."""

    power: Power
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOver:
    """The time of a ``Wait`` has come."""

    name: str
    at: float


Event = (
    Restored
    | Looked
    | Told
    | Unheard
    | Asked
    | Answered
    | PromptsRestored
    | PromptGiven
    | PromptMoved
    | PromptChanged
    | Probed
    | Roused
    | JobsFound
    | JobEnded
    | Focused
    | Typed
    | FocusGiven
    | Drafted
    | NoticesRestored
    | NoticeSent
    | Paused
    | Discarded
    | TryPlanned
    | Reached
    | NotContinued
    | TryNow
    | StopTrying
    | PolicyChosen
    | Opened
    | Written
    | Replaced
    | BranchRead
    | RunEnded
    | TerminalEnded
    | AwakeChosen
    | Held
    | PowerRead
    | WaitOver
)
