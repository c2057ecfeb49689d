"""What to do about it. The hands that do it are chosen in ``app``; each returns at once."""

from dataclasses import dataclass
from typing import Any

from supervisor.core.failing import Cause
from supervisor.core.model import Job, Origin, Run, Session
from supervisor.core.notice import Notice
from supervisor.core.steering import Prompt


@dataclass(frozen=True, slots=True)
class Publish:
    """Number this, keep it for late-comers, and tell every screen."""

    topic: str
    session_id: str | None
    data: Any


@dataclass(frozen=True, slots=True)
class Follow:
    """Open the transcript of this session and report what is written."""

    session: Session


@dataclass(frozen=True, slots=True)
class Unfollow:
    """Let go of the transcript of this session."""

    session_id: str


@dataclass(frozen=True, slots=True)
class WatchExit:
    """Say when this process is gone."""

    run: Run


@dataclass(frozen=True, slots=True)
class Look:
    """Look again who of this agent is alive."""

    agent: str


@dataclass(frozen=True, slots=True)
class ReadBranch:
    """Find the git branch of this folder."""

    session_id: str
    cwd: str


@dataclass(frozen=True, slots=True)
class Save:
    """Keep this session on disk: it is needed after a crash."""

    session: Session


@dataclass(frozen=True, slots=True)
class KeepPrompt:
    """Keep this prompt on disk: it is needed after a crash."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give this prompt to its session. *again*: it may be there already; once sent it is looked for."""

    prompt: Prompt
    session: Session
    again: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """This question is over: nobody need wait for its answer."""

    approval_id: str


@dataclass(frozen=True, slots=True)
class FocusLost:
    """The terminal of this session is the desk's again."""

    session: Session


@dataclass(frozen=True, slots=True)
class Reach:
    """Say when this session's agent can reach its model again, not before *not_before*.

    *attempt*: how often it was continued in vain, so that pauses grow. *wished*: by its user, now.
    """

    session: Session
    cause: Cause
    attempt: int
    not_before: float | None
    wished: bool = False


@dataclass(frozen=True, slots=True)
class StopReaching:
    """Nobody waits for that any more."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Continue the turn of this session, or bring it back first. *number*: of the attempt."""

    session: Session
    number: int
    cause: Cause = Cause.UNKNOWN


@dataclass(frozen=True, slots=True)
class KeepNotices:
    """Keep on disk what people were told, oldest first: nobody is told twice, also after a crash."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Announce:
    """Send this notice to where the user wants notices sent, and say when that is done."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class LookAtJobs:
    """Find what came from these sessions and still runs, and how these processes are."""

    origins: tuple[Origin, ...]
    #: Known already, each with its session.
    known: tuple[tuple[str, Run], ...]


@dataclass(frozen=True, slots=True)
class WatchJob:
    """Say when this process has ended, and how; at once if it has ended already."""

    run: Run


@dataclass(frozen=True, slots=True)
class KeepJob:
    """Keep this job on disk: it is needed after a crash."""

    session_id: str
    job: Job


@dataclass(frozen=True, slots=True)
class Probe:
    """Say whether the model of this session can be reached now."""

    session: Session


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the machine awake, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let the machine sleep again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Post ``WaitOver(name)`` after so many seconds; a new wait of that name replaces the old one."""

    name: str
    seconds: float


Effect = (
    Publish
    | Follow
    | Unfollow
    | WatchExit
    | Look
    | ReadBranch
    | Save
    | KeepPrompt
    | Deliver
    | Withdraw
    | FocusLost
    | Reach
    | StopReaching
    | Continue
    | KeepNotices
    | Announce
    | LookAtJobs
    | WatchJob
    | KeepJob
    | Probe
    | Hold
    | Release
    | Wait
)
