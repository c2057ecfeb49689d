"""Decides whether the machine must stay awake, for what, and until when.

It never looks at a clock and never holds anything: what is known goes in, with the state of the
last time; what to want comes out, with the state for the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from supervisor.core.model import Awake, AwakeMode, Power, Reason, Session, State

#: After a release for low battery: how many percent more it must have to be held again.
RECOVERED = 5.0

#: A title longer than this is cut: a reason is one line of a menu.
TITLE_LENGTH = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the user may set. *home* is shortened to ``~`` in reasons."""

    #: Percent. At or below it, and not on the charger, nothing is held.
    battery_limit: float = 20.0
    #: Seconds. Agents are silent while they compact, and look idle.
    wind_down: float = 120.0
    home: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is remembered between two decisions. Owner: whoever calls ``decide``."""

    mode: AwakeMode = AwakeMode.AUTO
    mode_since: float = 0.0
    mode_until: float | None = None
    #: What was going on last; it is what a wind-down waits for.
    recent: tuple[Reason, ...] = ()
    releases_at: float | None = None
    battery_low: bool = False
    #: The time of the last decision, to notice a clock that was set back.
    decided_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to want now. *look_again_at*: when time alone changes the answer; ``None``: never."""

    keeping: Keeping
    wanted: bool
    reasons: tuple[Reason, ...] = ()
    releases_at: float | None = None
    problem: str | None = None
    look_again_at: float | None = None
    #: The sessions that keep the machine awake.
    session_ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def why(self) -> str:
        """All reasons in one line, for the system's own list of inhibitors."""
        return "; ".join(reason.text for reason in self.reasons)

    def shown(
        self,
        *,
        held: bool = False,
        held_since: float | None = None,
        mechanism: str | None = None,
        problem: str | None = None,
    ) -> Awake:
        """The whole story, together with what the system says of the hold."""
        return Awake(
            mode=self.keeping.mode,
            mode_until=self.keeping.mode_until,
            wanted=self.wanted,
            held=held,
            held_since=held_since,
            mechanism=mechanism,
            reasons=self.reasons,
            releases_at=self.releases_at,
            problem=self.problem or problem,
        )


def choose(keeping: Keeping, mode: AwakeMode, seconds: float | None, now: float) -> Keeping:
    """The user chose a mode, for *seconds* or until something else is chosen."""
    until = None if seconds is None or mode is AwakeMode.AUTO else now + seconds
    return replace(keeping, mode=mode, mode_since=now, mode_until=until)


def decide(
    keeping: Keeping,
    sessions: Sequence[Session],
    power: Power,
    now: float,
    *,
    transfers: Sequence[Reason] = (),
    rules: Rules = Rules(),
) -> Decision:
    """Say what to want, given what goes on. *transfers* are reasons that are no sessions."""
    keeping = _expired(_clock_set_back(keeping, now), now)
    low = _battery_low(keeping.battery_low, power, rules.battery_limit)
    keeping = replace(keeping, battery_low=low, decided_at=now)
    if keeping.mode is AwakeMode.OFF:
        return _released(keeping, ())
    active = (*_activity(sessions, rules.home, now), *(_past(reason, now) for reason in transfers))
    reasons = (*_toggled(keeping, now), *active)
    if low:
        return _released(keeping, reasons, _battery_words(power) if reasons else None)
    if active:
        keeping = replace(keeping, recent=active, releases_at=None)
        return _wanted(keeping, reasons)
    return _winding_down(keeping, reasons, now, rules.wind_down)


def _wanted(keeping: Keeping, reasons: tuple[Reason, ...]) -> Decision:
    times = (keeping.mode_until, keeping.releases_at)
    return Decision(
        keeping=keeping,
        wanted=True,
        reasons=reasons,
        releases_at=keeping.releases_at,
        look_again_at=min((time for time in times if time is not None), default=None),
        session_ids=frozenset(reason.session_id for reason in reasons if reason.session_id),
    )


def _released(keeping: Keeping, reasons: tuple[Reason, ...], problem: str | None = None) -> Decision:
    keeping = replace(keeping, recent=(), releases_at=None)
    return Decision(
        keeping=keeping,
        wanted=False,
        reasons=reasons,
        problem=problem,
        look_again_at=keeping.mode_until,
    )


def _winding_down(keeping: Keeping, toggled: tuple[Reason, ...], now: float, wind_down: float) -> Decision:
    """Nothing goes on any more: hold on a little, unless that time is over too."""
    releases_at = now + wind_down if keeping.releases_at is None else keeping.releases_at
    if not keeping.recent or now >= releases_at:
        keeping = replace(keeping, recent=(), releases_at=None)
        return _wanted(keeping, toggled) if toggled else _released(keeping, ())
    waiting = (_ended(reason, releases_at) for reason in keeping.recent)
    return _wanted(replace(keeping, releases_at=releases_at), (*toggled, *waiting))


def _ended(reason: Reason, releases_at: float) -> Reason:
    return replace(reason, text=f"a moment ago: {reason.text}", until=releases_at)


def _clock_set_back(keeping: Keeping, now: float) -> Keeping:
    """What remained to wait still remains when the clock was set back; no more, no less."""
    back = 0.0 if keeping.decided_at is None else now - keeping.decided_at
    if back >= 0:
        return keeping
    return replace(
        keeping,
        mode_since=keeping.mode_since + back,
        mode_until=None if keeping.mode_until is None else keeping.mode_until + back,
        releases_at=None if keeping.releases_at is None else keeping.releases_at + back,
    )


def _expired(keeping: Keeping, now: float) -> Keeping:
    if keeping.mode_until is None or now < keeping.mode_until:
        return keeping
    return replace(keeping, mode=AwakeMode.AUTO, mode_since=now, mode_until=None)


def _battery_low(was_low: bool, power: Power, limit: float) -> bool:
    if not power.on_battery or power.percent is None:
        return False
    return power.percent <= limit or (was_low and power.percent < limit + RECOVERED)


def _battery_words(power: Power) -> str:
    return f"released because the battery is at {power.percent:.0f} %"


def _toggled(keeping: Keeping, now: float) -> tuple[Reason, ...]:
    if keeping.mode is not AwakeMode.ON:
        return ()
    since = min(keeping.mode_since, now)
    return (Reason(text="you switched it on", since=since, until=keeping.mode_until),)


def _activity(sessions: Sequence[Session], home: str | None, now: float) -> tuple[Reason, ...]:
    found = (reason_of(session, home) for session in sessions)
    return tuple(_past(reason, now) for reason in found if reason is not None)


def _past(reason: Reason, now: float) -> Reason:
    """Nothing began in the future, whatever the clock did in between."""
    return reason if reason.since <= now else replace(reason, since=now)


def reason_of(session: Session, home: str | None = None) -> Reason | None:
    """Why this session needs the machine awake, or ``None``."""
    if session.state is State.WORKING:
        doubt = ", not heard of lately" if session.stale else ""
        return _reason(session, home, f"is working{doubt}", session.since)
    if session.state is State.CUT_OFF and session.reconnect is not None:
        plan = session.reconnect
        if plan.next_try_at is not None:
            text = f"was cut off ({_line(plan.reason)}), the next try is ahead"
            return replace(_reason(session, home, text, session.since), until=plan.next_try_at)
    if session.jobs or session.jobs_running:
        since = min((job.started_at for job in session.jobs), default=session.since)
        if not session.jobs:
            return _reason(session, home, "has background work", since)
        return Reason(text=_jobs_words(session, home), since=since, session_id=session.id)
    return None


def _reason(session: Session, home: str | None, what: str, since: float) -> Reason:
    return Reason(text=f"{_who(session, home)} {what}", since=since, session_id=session.id)


def _jobs_words(session: Session, home: str | None) -> str:
    first, more = session.jobs[0], len(session.jobs) - 1
    rest = f" and {more} more" if more else ""
    return f"job {first.pid} ({_cut(_line(first.command))}){rest} of {_who(session, home)}"


def _who(session: Session, home: str | None) -> str:
    title = _line(session.title or session.name or "")
    words = [_line(session.agent)]
    if title:
        words.append(f'"{_cut(title)}"')
    if session.cwd:
        words.append(f"in {_short(_line(session.cwd), home)}")
    if len(words) == 1:
        words.append(session.id[:8])
    return " ".join(words)


def _short(folder: str, home: str | None) -> str:
    if not home:
        return folder
    inside = folder.removeprefix(home.rstrip("/\\"))
    return "~" + inside if inside != folder and inside[:1] in ("", "/", "\\") else folder


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"


def _line(text: str) -> str:
    """One line without control, bidi or zero-width characters: titles are written by others."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
