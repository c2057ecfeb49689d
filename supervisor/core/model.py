"""The words everybody shares: sessions, runs, entries, and what is known of them.

Plain frozen data. Times are seconds since 1970 (UTC) as float; sizes are bytes; durations are
seconds. ``None`` always means "unknown", never "none of it".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from supervisor.core.failing import Cause
from supervisor.core.steering import Approval, Focus, Prompt


class State(StrEnum):
    """Where a session stands, in words that a person would use."""

    STARTING = "starting"
    WORKING = "working"
    NEEDS_YOU = "needs_you"
    IDLE = "idle"
    CUT_OFF = "cut_off"
    PAUSED = "paused"
    ENDED = "ended"
    LOST = "lost"


#: States in which no process serves the session.
OVER = frozenset({State.ENDED, State.LOST})


class Kind(StrEnum):
    """Who owns the terminal of a session."""

    HOSTED = "hosted"
    ADOPTED = "adopted"
    SEEN = "seen"


class Role(StrEnum):
    """Who speaks in an entry."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    SYSTEM = "system"


class EntryKind(StrEnum):
    """What an entry is."""

    TEXT = "text"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    ERROR = "error"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message, thought, tool call, tool result, error or notice of a transcript.

    *seq* orders the entries of one transcript and never changes while the transcript is only
    appended to. In a file of lines it is the byte offset of the record plus the entry's place in
    it: a record is always longer than the number of entries in it.
    """

    seq: int
    id: str
    at: float | None
    role: Role
    kind: EntryKind
    text: str
    tool: str | None = None
    truncated: bool = False


class Sign(StrEnum):
    """What an agent lets us know about its turn: by hook, registry or transcript."""

    STARTING = "starting"
    WORKING = "working"
    ASKING = "asking"
    IDLE = "idle"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a record or a registry told about its session; ``None`` leaves what is known."""

    title: str | None = None
    model: str | None = None
    agent_version: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    context_used_percent: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    #: Why the turn failed, in the agent's words, and in ours.
    failure: str | None = None
    cause: Cause | None = None
    #: When a limit is reset, where the agent told.
    reset_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one record of a transcript means: entries without their final *seq*, facts, a sign."""

    entries: tuple[Entry, ...] = ()
    facts: Facts | None = None
    sign: Sign | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One process: its PID and its start time, because PIDs are used again.

    *started_at* is the process's start in seconds since 1970, as psutil's ``create_time()`` says.
    """

    pid: int
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of this user, as the system describes it. *cwd*: ``None`` if it may not be known."""

    run: Run
    parent_pid: int
    argv: tuple[str, ...]
    cwd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A session found alive, or left behind by a process that died without a word.

    *session_id* is ``None`` while the agent has not told it (no prompt yet). *sign* is what the
    registry or the process says of the turn, ``None`` where only the transcript can tell.
    """

    agent: str
    session_id: str | None
    run: Run
    alive: bool
    facts: Facts = Facts()
    name: str | None = None
    sign: Sign | None = None
    #: What the agent waits for, in its own words ("permission prompt").
    waiting_for: str | None = None
    #: Where its transcript is: a path, or what the agent's module can open. See ``Transcript``.
    transcript: str | None = None
    #: The work goes on after the turn (the agent's own background tasks).
    jobs_running: bool = False
    parent_id: str | None = None
    #: The time of the sign, where the agent says it.
    at: float | None = None
    #: The terminal of ours that it runs in.
    terminal: str | None = None
    #: The processes whose terminals show it, where it has not one of its own.
    screens: tuple[Run, ...] | None = None
    #: The pane of somebody else's terminal program that it runs in.
    pane: str | None = None
    #: The agent has a channel to it.
    reachable: bool = False
    #: The command of its process.
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A command in a terminal that a holder of ours owns. *id*: of the terminal."""

    id: str
    run: Run
    argv: tuple[str, ...]
    cwd: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A stored conversation as a listing shows it: cheap to get, nothing read yet."""

    agent: str
    session_id: str
    #: A path, or what the agent's module can open.
    where: str
    changed_at: float
    size: int
    #: Sub-agents and side conversations: the session that they belong to.
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """How the agent itself brings a session back: *argv*, to be run in *cwd*."""

    argv: tuple[str, ...]
    cwd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to bring a session back: when, why, what was done, and what came of it (once known)."""

    at: float
    cause: str
    what: str
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """What the reconnect supervisor is doing about a session that was cut off."""

    attempt: int
    next_try_at: float | None
    reason: str
    policy: str
    #: ``waiting``, ``trying``, ``asking`` or ``stopped``; see ``core.link``.
    phase: str = "waiting"
    note: str | None = None
    history: tuple[Attempt, ...] = ()


class JobKind(StrEnum):
    """Who looks after a job."""

    #: Nobody: it has left its agent, or was never in its care.
    PROCESS = "process"
    #: The agent, as a background task of its own.
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A background process started from a session that outlives the turn.

    What it uses is measured now and then and makes it no other job: it does not count in a comparison.
    """

    pid: int
    command: str
    started_at: float
    kind: JobKind = JobKind.PROCESS
    #: Where its standard output goes, if that is a file, and that file's device and inode.
    output: str | None = None
    output_file: tuple[int, int] | None = None
    over: bool = False
    ended_at: float | None = None
    #: Its exit code, negative when a signal ended it.
    exit_status: int | None = None
    cpu_seconds: float | None = field(default=None, compare=False)
    memory_bytes: int | None = field(default=None, compare=False)
    output_bytes: int | None = field(default=None, compare=False)

    @property
    def run(self) -> Run:
        """Its process."""
        return Run(self.pid, self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A session whose processes are looked for; *run*: the one that served it, gone or not."""

    session_id: str
    agent: str
    run: Run
    #: The terminal of ours that it ran in.
    terminal: str | None = None
    #: Nobody serves it any more; its process may be another session's by now.
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offspring:
    """A process that came from a session, as the system describes it."""

    session_id: str
    run: Run
    parent_pid: int
    argv: tuple[str, ...]
    #: It descends no more from the process that serves the session.
    left: bool
    #: It is in another session of the system than the agent; ``None`` where there are none.
    detached: bool | None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    output: str | None = None
    output_file: tuple[int, int] | None = None
    output_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One conversation of one agent, known by the agent's own session id. Owner: the desk."""

    id: str
    agent: str
    kind: Kind = Kind.SEEN
    #: Hosted: the terminal that it runs in, by the id of its holder.
    terminal: str | None = None
    #: Adopted: program and pane that it runs in.
    pane: str | None = None
    #: The command of the process that served it last; empty if that is not known.
    argv: tuple[str, ...] = ()
    #: A prompt gets there, by its terminal or by a channel of the agent.
    reachable: bool = False
    state: State = State.STARTING
    since: float = 0.0
    stale: bool = False
    name: str | None = None
    title: str | None = None
    run: Run | None = None
    cwd: str | None = None
    git_branch: str | None = None
    agent_version: str | None = None
    model: str | None = None
    transcript: str | None = None
    parent_id: str | None = None
    last_activity_at: float | None = None
    last_entry: Entry | None = None
    focus: Focus | None = None
    #: What was given to it and is not done, oldest first.
    prompts: tuple[Prompt, ...] = ()
    jobs: tuple[Job, ...] = ()
    jobs_running: bool = False
    #: All that is asked, oldest first.
    approvals: tuple[Approval, ...] = ()
    reconnect: Reconnect | None = None
    #: All tries to bring it back, also of earlier times, oldest first.
    attempts: tuple[Attempt, ...] = ()
    #: What may be done without asking when it is cut off or lost: ``off``, ``ask``, ``auto``.
    policy: str | None = None
    #: That was chosen for this very session.
    policy_chosen: bool = False
    failure: str | None = None
    cause: Cause | None = None
    reset_at: float | None = None
    #: Lost within a turn: there is something to continue.
    unfinished: bool = False
    keeps_awake: bool = False
    context_used_percent: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    resume: Resume | None = None


class AwakeMode(StrEnum):
    """What the user wants of keep-awake."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the machine should stay awake: in words, since when, until when if that is known."""

    text: str
    since: float
    until: float | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awake:
    """Keep-awake as a person wants to have it explained.

    *held* says that an inhibitor is in place and was verified; *mechanism* names it; *problem*
    says in one sentence why nothing is held although it should be.
    """

    mode: AwakeMode = AwakeMode.AUTO
    mode_until: float | None = None
    wanted: bool = False
    held: bool = False
    held_since: float | None = None
    mechanism: str | None = None
    reasons: tuple[Reason, ...] = ()
    #: Wind-down: when it lets go if nothing happens.
    releases_at: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Battery charge in percent, and whether the machine runs on it. No battery: both unknown."""

    percent: float | None = None
    on_battery: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine that we run on, as a phone sees it."""

    id: str
    hostname: str
    os: str
    wakeline_version: str
    started_at: float
    boot_id: str
    agents: Mapping[str, str | None] = field(default_factory=dict)


class Scope(StrEnum):
    """What a device may do; each one includes those before it."""

    VIEW = "view"
    CONTROL = "control"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A paired phone or browser. *public_key*: P-256, SubjectPublicKeyInfo in DER."""

    id: str
    label: str
    scope: Scope
    public_key: bytes
    paired_at: float
    last_seen_at: float | None = None
    last_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a transcript, oldest entry first. *before* asks for the page before this one."""

    entries: Sequence[Entry]
    #: ``None`` when this page holds the first entry there is.
    before: int | None
