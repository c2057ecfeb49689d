"""Brings sessions back that were cut off: when to try, how often, and when to stop. Tries nothing itself.

One link for each session that is cut off or lost. It waits for its endpoint (a hand probes it),
then asks for the turn to be continued; the agent's own next sign says whether that worked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from supervisor.core import effects
from supervisor.core.failing import REMEDIES, Cause, Remedy
from supervisor.core.model import OVER, Attempt, Reconnect, Session, State

#: At most so many continuations in vain within so many seconds. Whoever waits for a model waits longer
#: then, and gives up at the last of these; a process that dies again and again is given up at the first.
INTENSITY: Final[Sequence[tuple[int, float]]] = ((3, 60.0), (6, 600.0), (20, 86_400.0))
#: A continued turn that has gone on for so many seconds was no continuation in vain.
_WENT_ON: Final = 120.0
#: Attempts that are remembered.
_HISTORY: Final = 50
#: A limit whose reset nobody has told is asked about again after so many seconds.
_UNTOLD_RESET: Final = 1800.0
#: No limit lasts longer than a week; who says so is mistaken.
_LONGEST_RESET: Final = 8 * 86_400.0
_WORKS: Final = "works"
_SEPARATORS: Final = "/\\"
_ASKS: Final = "waits for your yes"
_NOT_KNOWN: Final = "why is not known yet"
_TELLS: Final = "only a person can help here"


class Policy(StrEnum):
    """What may be done without asking."""

    OFF = "off"
    ASK = "ask"
    AUTO = "auto"


class Phase(StrEnum):
    """Where the way back stands."""

    #: For the network, for the time of a reset, for a pause to be over.
    WAITING = "waiting"
    #: The turn was continued; the agent has not said anything yet.
    TRYING = "trying"
    #: Somebody must say yes.
    ASKING = "asking"
    #: It was given up, or is not to be tried.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The way back of one session. Owner: ``Links``."""

    session_id: str
    cause: Cause
    policy: Policy
    phase: Phase
    attempt: int = 0
    next_try_at: float | None = None
    #: Why it stands where it stands, in words.
    note: str | None = None
    history: tuple[Attempt, ...] = ()
    #: Its user has said "now": whatever stood in the way may be over.
    wished: bool = False

    @property
    def remedy(self) -> Remedy:
        """What brings it back."""
        return REMEDIES[self.cause]

    def shown(self) -> Reconnect:
        """As screens see it."""
        return Reconnect(
            attempt=self.attempt,
            next_try_at=self.next_try_at,
            reason=self.cause,
            policy=self.policy,
            phase=self.phase,
            note=self.note,
            history=self.history,
        )


class Links:
    """Owns the ways back of all sessions."""

    def __init__(
        self,
        policies: Mapping[str, Policy] | None = None,
        folders: Mapping[str, Policy] | None = None,
    ) -> None:
        """*policies*: by the kind of a session (``hosted``, ``adopted``, ``seen``), as the user has set.

        *folders*: what holds for sessions in a folder and below, by its absolute path.
        """
        self._policies = policies or {"hosted": Policy.AUTO}
        self._folders = {folder.rstrip(_SEPARATORS): policy for folder, policy in (folders or {}).items()}
        self._links: dict[str, Link] = {}
        #: What the user has chosen for one session.
        self._chosen: dict[str, Policy] = {}
        #: What was tried for it at earlier times.
        self._past: dict[str, tuple[Attempt, ...]] = {}
        #: When each session was continued, for the bound on how often.
        self._continued: dict[str, list[float]] = {}

    def find(self, session_id: str) -> Link | None:
        """The way back of a session, if it needs one."""
        return self._links.get(session_id)

    def attempts(self, session_id: str) -> tuple[Attempt, ...]:
        """All that was tried for it and is remembered, oldest first."""
        link = self._links.get(session_id)
        return (*self._past.get(session_id, ()), *(link.history if link else ()))[-_HISTORY:]

    def recall(self, session_id: str, attempts: Sequence[Attempt]) -> None:
        """These are known from before we started."""
        self._past[session_id] = tuple(attempts)

    def policy(self, session: Session) -> Policy:
        """What may be done for it without asking: its own rule, its folder's, that of its kind."""
        chosen = self._chosen.get(session.id) or self._of_folder(session.cwd)
        return chosen or self._policies.get(session.kind, Policy.ASK)

    def _of_folder(self, cwd: str | None) -> Policy | None:
        """The nearest folder decides."""
        path = (cwd or "").rstrip(_SEPARATORS)
        while path and path not in self._folders:
            path = path[: max(path.rfind(one) for one in _SEPARATORS)] if _has_folders(path) else ""
        return self._folders.get(path) if cwd else None

    def has_chosen(self, session_id: str) -> bool:
        """Whether the user has said what may be done for this very session."""
        return session_id in self._chosen

    def choose(self, session_id: str, policy: Policy) -> None:
        """The user says what may be done for this session."""
        self._chosen[session_id] = policy

    # -- what happens -----------------------------------------------------------------------------

    def failed(
        self, session: Session, cause: Cause, reset_at: float | None, at: float
    ) -> list[effects.Effect]:
        """Its turn failed, or its process is gone; also when a continued turn failed again."""
        before = self._links.get(session.id)
        went_on = before is not None and _went_on(before, at)
        if went_on and REMEDIES[cause] is not Remedy.RESTART:
            self._continued.pop(session.id, None)
        link = Link(
            session_id=session.id,
            cause=cause,
            policy=self.policy(session),
            phase=Phase.WAITING,
            attempt=before.attempt if before and not went_on else 0,
            history=_with_outcome(before, "failed again") if before else (),
        )
        return self._begin(link, session, reset_at, at)

    def ask(self, session: Session) -> list[effects.Effect]:
        """It could be brought back, after a yes, whatever holds for it otherwise."""
        link = Link(
            session_id=session.id,
            cause=session.cause or Cause.UNKNOWN,
            policy=Policy.ASK,
            phase=Phase.ASKING,
            note=_ASKS,
        )
        return self._put(link)

    def puzzled(self, session: Session) -> list[effects.Effect]:
        """Its turn failed, and why is not told yet: that often comes a moment later, in its transcript."""
        before, policy = self._links.get(session.id), self.policy(session)
        link = Link(
            session_id=session.id,
            cause=Cause.UNKNOWN,
            policy=policy,
            phase=Phase.WAITING,
            attempt=before.attempt if before else 0,
            note=_NOT_KNOWN,
            history=before.history if before else (),
        )
        return [*self._put(link), effects.Reach(session, link.cause, link.attempt, None)]

    def wonders(self, session_id: str) -> bool:
        """Whether it only stands still because nobody knew why it failed."""
        link = self._links.get(session_id)
        return link is not None and link.cause is Cause.UNKNOWN and link.note in {_NOT_KNOWN, _TELLS}

    def _begin(self, link: Link, session: Session, reset_at: float | None, at: float) -> list[effects.Effect]:
        if link.policy is Policy.OFF or link.remedy is Remedy.TELL:
            note = None if link.policy is Policy.OFF else _TELLS
            return self._put(replace(link, phase=Phase.STOPPED, note=note))
        if link.policy is Policy.ASK:
            return self._put(replace(link, phase=Phase.ASKING, note=_ASKS))
        not_before = reset_at if reset_at is None else min(reset_at, at + _LONGEST_RESET)
        if link.remedy is Remedy.RESET and reset_at is None:
            not_before = at + _UNTOLD_RESET
        return [*self._put(link), effects.Reach(session, link.cause, link.attempt, not_before)]

    def review(self, session: Session, at: float, *, chosen: bool = False) -> list[effects.Effect]:
        """Another policy may hold for it now: its terminal turned out to be ours, or its user *chose*."""
        link = self._links.get(session.id)
        if link is None or link.phase is Phase.TRYING or link.policy is (policy := self.policy(session)):
            return []
        if not chosen and not (policy is Policy.AUTO and link.phase is Phase.ASKING):
            return []
        if not chosen and link.cause is Cause.REBOOTED:
            return []  # it was asked for because of the reboot, not of the terminal
        anew = replace(link, policy=policy, phase=Phase.WAITING, note=None, next_try_at=None)
        return [effects.StopReaching(session.id), *self._begin(anew, session, session.reset_at, at)]

    def planned(self, session_id: str, next_try_at: float) -> list[effects.Effect]:
        """The next try is planned for that time."""
        link = self._links.get(session_id)
        if link is None or link.phase is not Phase.WAITING:
            return []
        return self._put(replace(link, next_try_at=next_try_at))

    def reached(self, session: Session, at: float) -> list[effects.Effect]:
        """What it needs is there: continue, unless that was done too often."""
        link = self._links.get(session.id)
        if link is None or link.phase is not Phase.WAITING:
            return []
        if link.remedy is Remedy.TELL and not link.wished:
            return self._put(replace(link, phase=Phase.STOPPED, note=_TELLS, next_try_at=None))
        if bound := self._too_often(session.id, at):
            return self._hold_back(link, session, bound, at)
        self._continued.setdefault(session.id, []).append(at)
        what = "started again" if session.state in OVER else "asked again"
        tried = Attempt(at=at, cause=link.cause, what=what)
        link = replace(
            link,
            phase=Phase.TRYING,
            attempt=link.attempt + 1,
            next_try_at=None,
            note=None,
            history=(*link.history, tried)[-_HISTORY:],
        )
        return [*self._put(link), effects.Continue(session, link.attempt, link.cause)]

    def _hold_back(
        self, link: Link, session: Session, bound: tuple[int, float], at: float
    ) -> list[effects.Effect]:
        most, within = bound
        if link.remedy is Remedy.RESTART or bound == INTENSITY[-1]:
            note = f"given up after {most} tries within {_span(within)}"
            return self._put(replace(link, phase=Phase.STOPPED, note=note, next_try_at=None))
        past = [one for one in self._continued[session.id] if one <= at]
        not_before = past[-most] + within
        note = f"tried {most} times within {_span(within)}: waits longer"
        return [
            *self._put(replace(link, note=note, next_try_at=not_before)),
            effects.Reach(session, link.cause, link.attempt, max(at, not_before)),
        ]

    def unanswered(self, session: Session, number: int) -> list[effects.Effect]:
        """The words that continue it were given long ago, and the agent shows no sign of them.

        They may still be taken in, so that saying them once more could double them: a person decides.
        """
        link = self._links.get(session.id)
        if link is None or link.phase is not Phase.TRYING or link.attempt != number:
            return []
        if session.state is not State.CUT_OFF:
            return []
        return self.moved(session, "it was told to go on, and did not react")

    def moved(self, session: Session, note: str) -> list[effects.Effect]:
        """Continuing did not come to anything: say why, and stop."""
        link = self._links.get(session.id)
        if link is None:
            return []
        return self._put(replace(link, phase=Phase.STOPPED, note=note, history=_with_outcome(link, note)))

    def state(self, session: Session) -> list[effects.Effect]:
        """The session has come into another state: whoever works or is at rest needs no way back."""
        link = self._links.get(session.id)
        if link is None:
            return []
        if session.state is State.WORKING and link.phase is Phase.TRYING:
            return self._put(replace(link, history=_with_outcome(link, _WORKS)))
        # Whoever works without us went on by itself, or was told to at the desk.
        if session.state in {State.CUT_OFF, State.LOST, State.PAUSED, State.STARTING}:
            return []
        # Who is silent is interrupted, and at rest for a moment by that alone.
        if (
            session.state is State.IDLE
            and link.remedy is not Remedy.RESTART
            and link.cause is not Cause.SILENT
        ):
            self._continued.pop(session.id, None)
        return self._drop(session.id, _WORKS if link.phase is Phase.TRYING else None)

    def over(self, session_id: str) -> list[effects.Effect]:
        """It goes on by itself, and needs no way back."""
        return self._drop(session_id, _WORKS)

    # -- what the user says -----------------------------------------------------------------------

    def try_now(self, session: Session, at: float) -> list[effects.Effect]:
        """Try at once, whatever was planned; a yes where one was asked for."""
        link = self._links.get(session.id)
        if link is None or link.phase is Phase.TRYING:
            return []
        self._continued.pop(session.id, None)
        ready = replace(link, phase=Phase.WAITING, note=None, next_try_at=at, wished=True)
        return [*self._put(ready), effects.Reach(session, link.cause, 0, None, wished=True)]

    def stop(self, session_id: str) -> list[effects.Effect]:
        """Stop trying."""
        link = self._links.get(session_id)
        if link is None:
            return []
        stopped = replace(link, phase=Phase.STOPPED, note="stopped by you", next_try_at=None)
        return [*self._put(stopped), effects.StopReaching(session_id)]

    def forget(self, session_id: str) -> list[effects.Effect]:
        """The session is no more."""
        self._chosen.pop(session_id, None)
        self._continued.pop(session_id, None)
        wishes = self._drop(session_id)
        self._past.pop(session_id, None)
        return wishes

    # -----------------------------------------------------------------------------------------------

    def _put(self, link: Link) -> list[effects.Effect]:
        self._links[link.session_id] = link
        return []

    def _drop(self, session_id: str, outcome: str | None = None) -> list[effects.Effect]:
        """*outcome*: what came of the last try, if it is not known yet."""
        link = self._links.pop(session_id, None)
        if link is None:
            return []
        history = _with_outcome(link, outcome) if outcome else link.history
        self._past[session_id] = (*self._past.get(session_id, ()), *history)[-_HISTORY:]
        return [effects.StopReaching(session_id)]

    def _too_often(self, session_id: str, at: float) -> tuple[int, float] | None:
        """The widest bound that is reached."""
        times = self._continued.get(session_id, [])
        reached = [(most, within) for most, within in INTENSITY if _within(times, at, within) >= most]
        return reached[-1] if reached else None


def _has_folders(path: str) -> bool:
    return any(one in path for one in _SEPARATORS)


def _within(times: Sequence[float], at: float, seconds: float) -> int:
    """What lies ahead was noted before the clock was set back: it counts for nothing."""
    return sum(at - seconds < one <= at for one in times)


def _went_on(link: Link, at: float) -> bool:
    last = link.history[-1] if link.history else None
    return last is not None and last.outcome == _WORKS and at - last.at > _WENT_ON


def _with_outcome(link: Link, outcome: str) -> tuple[Attempt, ...]:
    if not link.history or link.history[-1].outcome:
        return link.history
    return (*link.history[:-1], replace(link.history[-1], outcome=outcome))


def _span(seconds: float) -> str:
    if seconds >= 86_400:
        return "a day"
    return f"{int(seconds // 60)} min" if seconds >= 120 else f"{int(seconds)} s"
