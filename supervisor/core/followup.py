"""Follow-ups: prompts that wait for something besides their agent. What that is, and whether it has come.

Asks nobody: the clock, the end of a process and the network come in as events.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from supervisor.core import effects, events
from supervisor.core.errors import WrongUse
from supervisor.core.model import OVER, Session
from supervisor.core.steering import Prompt, PromptState

#: Longest wait for a time, in seconds: the wall clock may be set, and the machine may sleep meanwhile.
_LOOK_AT_CLOCK: Final = 30.0
#: Pauses between two probes of the network, in seconds: growing from the first up to the last.
_FIRST_PAUSE, _LAST_PAUSE = 2.0, 60.0
#: A time further ahead is a mistake. Seconds.
_FURTHEST: Final = 366 * 86_400.0
#: A time that was over for less than this still counts as now. Seconds.
_JUST_OVER: Final = 60.0
KNOWN: Final = "now, idle, online, reset, job:PID, at:TIME (such as at:2026-01-31T12:00:00Z)"


class Wait(StrEnum):
    """What a prompt waits for, besides an agent that takes it."""

    NOW = "now"
    IDLE = "idle"
    ONLINE = "online"
    RESET = "reset"
    JOB = "job"
    AT = "at"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A ``when`` as it was understood. *text*: in the one form in which it is kept and shown."""

    wait: Wait
    text: str
    pid: int | None = None
    at: float | None = None


def parse(text: str) -> When:
    """Read a ``when``. Raises ``WrongUse``."""
    word, colon, rest = text.partition(":")
    if not colon and word in {Wait.NOW, Wait.IDLE, Wait.ONLINE, Wait.RESET}:
        return When(wait=Wait(word), text=word)
    if word == Wait.JOB and re.fullmatch(r"[1-9][0-9]{0,9}", rest):
        return When(wait=Wait.JOB, text=text, pid=int(rest))
    if word == Wait.AT and (at := _time(rest)) is not None:
        return When(wait=Wait.AT, text=f"at:{_written(at)}", at=at)
    raise WrongUse(f"There is no time {text[:80]!r} for a prompt.", f"Known: {KNOWN}.")


def objection(when: When, session: Session, now: float) -> str | None:
    """Why such a wait makes no sense for this session, in a sentence and a hint; ``None``: it does."""
    if when.wait is Wait.RESET and session.reset_at is None:
        return "No usage limit of this session is known, so none is reset. Give a time: at:TIME"
    if when.at is not None and when.at < now - _JUST_OVER:
        return "That time is over. Give one that is ahead."
    if when.at is not None and when.at > now + _FURTHEST:
        return "That time is more than a year ahead. Give a nearer one."
    return None


def due_at(when: When, session: Session) -> float | None:
    """The time that such a prompt waits for."""
    return session.reset_at if when.wait is Wait.RESET else when.at


def waits(prompt: Prompt) -> bool:
    """Whether what it waits for has not come yet."""
    return not prompt.met and prompt.when not in {Wait.NOW, Wait.IDLE}


def is_followup(prompt: Prompt) -> bool:
    """Whether it waits, or waited, for something besides its agent."""
    return prompt.when not in {Wait.NOW, Wait.IDLE}


def waits_for(prompt: Prompt) -> str | None:
    """What it waits for, in a sentence; ``None`` for one that is on its way or done."""
    if prompt.state is not PromptState.WAITING:
        return None
    if not waits(prompt):
        return prompt.note or "It waits until the agent is idle."
    if prompt.job:
        return f"It waits for the end of process {prompt.job.pid}."
    match prompt.when.partition(":")[0]:
        case Wait.ONLINE:
            return "It waits until the agent's model can be reached."
        case Wait.RESET:
            return f"It waits for the usage limit to be reset at {_written(prompt.due_at or 0.0)}."
        case _:
            return f"It waits until {_written(prompt.due_at or 0.0)}."


class Conditions:
    """Owns when the clock is looked at and the network is probed, for all prompts that wait for it."""

    def __init__(self) -> None:
        """Nothing is waited for."""
        self._clock: float | None = None
        self._pause = _FIRST_PAUSE
        self._probing: set[str] = set()
        self._pausing = False

    def met(self, event: events.Event, prompts: Iterable[Prompt]) -> Sequence[Prompt]:
        """Those for which that has come which they wait for."""
        waiting = [prompt for prompt in prompts if waits(prompt)]
        match event:
            case events.JobEnded():
                return [prompt for prompt in waiting if prompt.job == event.run]
            case events.Probed(reached=True):
                of = [prompt for prompt in waiting if prompt.session_id == event.session_id]
                return [prompt for prompt in of if prompt.when == Wait.ONLINE]
            case _:
                return [
                    prompt for prompt in waiting if prompt.due_at is not None and prompt.due_at <= event.at
                ]

    def begin(self, prompt: Prompt) -> list[effects.Effect]:
        """A new prompt, or one that comes back after a restart."""
        return [effects.WatchJob(prompt.job)] if prompt.job and waits(prompt) else []

    def look(
        self, event: events.Event, prompts: Iterable[Prompt], sessions: Mapping[str, Session]
    ) -> list[effects.Effect]:
        """Ask for the time and the network, as far as somebody waits for them."""
        waiting = [prompt for prompt in prompts if waits(prompt)]
        return [*self._look_at_clock(event, waiting), *self._probe(event, waiting, sessions)]

    def _look_at_clock(self, event: events.Event, waiting: Sequence[Prompt]) -> list[effects.Effect]:
        if isinstance(event, events.WaitOver) and event.name == "clock":
            self._clock = None
        times = [prompt.due_at for prompt in waiting if prompt.due_at is not None]
        if not times:
            return []
        seconds = min(max(0.0, min(times) - event.at), _LOOK_AT_CLOCK)
        if self._clock is not None and event.at <= self._clock <= event.at + seconds:
            return []
        self._clock = event.at + seconds
        return [effects.Wait("clock", seconds)]

    def _probe(
        self, event: events.Event, waiting: Sequence[Prompt], sessions: Mapping[str, Session]
    ) -> list[effects.Effect]:
        """At once when something has changed, else after a pause that grows."""
        wanted = {prompt.session_id for prompt in waiting if prompt.when == Wait.ONLINE}
        match event:
            case events.Probed():
                self._probing.discard(event.session_id)
                if event.session_id in wanted and not self._pausing:
                    return self._later()
                return []
            case events.Roused():
                self._pause = _FIRST_PAUSE
            case events.WaitOver(name="online"):
                self._pausing = False
            case events.PromptGiven() | events.PromptChanged() | events.PromptsRestored() | events.Looked():
                if self._pausing:
                    return []
            case _:
                return []
        if not wanted:
            self._pause = _FIRST_PAUSE
        alive = [s for i in sorted(wanted) if (s := sessions.get(i)) and s.state not in OVER]
        asked = [session for session in alive if session.id not in self._probing]
        self._probing.update(session.id for session in asked)
        return [effects.Probe(session) for session in asked]

    def _later(self) -> list[effects.Effect]:
        self._pausing = True
        pause, self._pause = self._pause, min(self._pause * 2, _LAST_PAUSE)
        return [effects.Wait("online", pause)]


def _time(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
        return at.timestamp() if at.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
