"""Staying awake: what is asked for while sessions, the user, the battery and the clock do things."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core import awake
from supervisor.core.model import AwakeMode, Job, Power, Reason, Reconnect, Session, State

RULES = awake.Rules(home="/home/me")
CHARGER = Power(percent=50.0, on_battery=False)


class Machine:
    """A conversation with the decision: it remembers the state and moves the clock."""

    def __init__(self) -> None:
        self.keeping = awake.Keeping()
        self.now = 1000.0
        self.sessions: Sequence[Session] = ()
        self.power = CHARGER
        self.transfers: Sequence[Reason] = ()

    def look(self, after: float = 0.0) -> awake.Decision:
        """Decide once more, *after* seconds later."""
        self.now += after
        decision = awake.decide(
            self.keeping, self.sessions, self.power, self.now, transfers=self.transfers, rules=RULES
        )
        self.keeping = decision.keeping
        return decision

    def choose(self, mode: AwakeMode, seconds: float | None = None) -> awake.Decision:
        """The user touches the toggle."""
        self.keeping = awake.choose(self.keeping, mode, seconds, self.now)
        return self.look()


def session(state: State = State.WORKING, **more: object) -> Session:
    """A Claude session in ``~/proj``."""
    plain = Session(id="s-1", agent="claude", title="title", cwd="/home/me/proj", since=900.0, state=state)
    return replace(plain, **more)  # type: ignore[arg-type]  # any field of a session


def test_nothing_goes_on_and_nothing_is_held() -> None:
    """A machine without work may sleep, and nothing needs to be looked at again."""
    machine = Machine()

    decision = machine.look()

    assert (decision.wanted, decision.reasons, decision.look_again_at) == (False, (), None)


def test_a_working_session_says_who_where_and_since_when() -> None:
    """A reason is a sentence that a person understands."""
    machine = Machine()
    machine.sessions = (session(),)

    decision = machine.look()

    assert decision.wanted
    assert decision.reasons == (
        Reason(text='claude "title" in ~/proj is working', since=900.0, session_id="s-1"),
    )
    assert decision.session_ids == {"s-1"}
    assert decision.why == 'claude "title" in ~/proj is working'


@pytest.mark.parametrize("state", [State.STARTING, State.NEEDS_YOU, State.IDLE, State.PAUSED, State.ENDED])
def test_a_session_that_waits_for_a_person_holds_nothing(state: State) -> None:
    """Only work keeps the machine awake, not an open window."""
    machine = Machine()
    machine.sessions = (session(state),)

    decision = machine.look()

    assert not decision.wanted


def test_a_cut_off_session_with_a_try_ahead_is_a_reason_until_that_try() -> None:
    """A session that lost the network is not put to sleep before its next try."""
    machine = Machine()
    plan = Reconnect(attempt=2, next_try_at=1060.0, reason="no network", policy="network")
    machine.sessions = (session(State.CUT_OFF, reconnect=plan),)

    decision = machine.look()

    assert decision.reasons[0].text == (
        'claude "title" in ~/proj was cut off (no network), the next try is ahead'
    )
    assert decision.reasons[0].until == 1060.0


def test_a_cut_off_session_without_a_try_ahead_is_no_reason() -> None:
    """What is given up does not drain the battery."""
    machine = Machine()
    plan = Reconnect(attempt=3, next_try_at=None, reason="payment", policy="stop")
    machine.sessions = (session(State.CUT_OFF, reconnect=plan),)

    decision = machine.look()

    assert not decision.wanted


def test_a_job_outlives_its_session_as_a_reason() -> None:
    """Background work counts, also when its session is over."""
    machine = Machine()
    jobs = (Job(pid=7, command="npm test", started_at=500.0), Job(pid=8, command="tail", started_at=600.0))
    machine.sessions = (session(State.ENDED, jobs=jobs),)

    decision = machine.look()

    assert decision.reasons[0].text == 'job 7 (npm test) and 1 more of claude "title" in ~/proj'
    assert decision.reasons[0].since == 500.0


def test_background_work_without_a_known_process_is_a_reason_too() -> None:
    """The agent says that its work goes on; that is enough."""
    machine = Machine()
    machine.sessions = (session(State.IDLE, jobs_running=True),)

    decision = machine.look()

    assert decision.reasons[0].text == 'claude "title" in ~/proj has background work'


def test_a_transfer_to_the_phone_is_a_reason() -> None:
    """A download to the phone is not cut by sleep."""
    machine = Machine()
    machine.transfers = (Reason(text="a phone fetches a bundle", since=990.0),)

    decision = machine.look()

    assert decision.wanted
    assert [reason.text for reason in decision.reasons] == ["a phone fetches a bundle"]


def test_after_the_work_it_winds_down_and_then_lets_go() -> None:
    """An agent that compacts is silent; two minutes later the machine may sleep."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.look()
    machine.sessions = (session(State.IDLE),)

    silent = machine.look(after=10)
    almost = machine.look(after=119)
    over = machine.look(after=1)

    assert (silent.wanted, silent.releases_at, silent.look_again_at) == (True, 1130.0, 1130.0)
    assert silent.reasons[0].text == 'a moment ago: claude "title" in ~/proj is working'
    assert almost.wanted
    assert (over.wanted, over.reasons, over.releases_at) == (False, (), None)


def test_work_that_goes_on_ends_the_wind_down() -> None:
    """After compacting the session works on, and a new wind-down starts from its end."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.look()
    machine.sessions = ()
    machine.look()
    machine.sessions = (session(),)

    again = machine.look(after=100)
    machine.sessions = ()
    silent = machine.look(after=100)

    assert again.releases_at is None
    assert silent.releases_at == machine.now + 120


def test_on_holds_for_the_time_asked_for_and_then_returns_to_auto() -> None:
    """A toggle that somebody forgot expires by itself, without a wind-down."""
    machine = Machine()

    on = machine.choose(AwakeMode.ON, seconds=7200)
    over = machine.look(after=7200)

    assert (on.wanted, on.look_again_at, on.reasons[0].until) == (True, 8200.0, 8200.0)
    assert on.reasons[0].text == "you switched it on"
    assert (over.wanted, over.keeping.mode, over.keeping.mode_until) == (False, AwakeMode.AUTO, None)


def test_switched_back_to_auto_without_work_it_lets_go_at_once() -> None:
    """The toggle does what it says, now."""
    machine = Machine()
    machine.choose(AwakeMode.ON)

    decision = machine.choose(AwakeMode.AUTO)

    assert not decision.wanted


def test_off_lets_go_of_everything_at_once() -> None:
    """Off is off: no work and no wind-down holds against it."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.look()

    decision = machine.choose(AwakeMode.OFF)

    assert (decision.wanted, decision.reasons, decision.problem) == (False, (), None)


def test_off_for_an_hour_is_over_after_an_hour() -> None:
    """Off can be given a time too; then work counts again."""
    machine = Machine()
    machine.sessions = (session(),)
    off = machine.choose(AwakeMode.OFF, seconds=3600)

    later = machine.look(after=3600)

    assert off.look_again_at == 4600.0
    assert later.wanted


@pytest.mark.parametrize("mode", [AwakeMode.AUTO, AwakeMode.ON])
def test_a_low_battery_releases_in_every_mode_and_says_so(mode: AwakeMode) -> None:
    """Work is not worth an empty battery, and the screen says why nothing is held."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.choose(mode)
    machine.power = Power(percent=19.0, on_battery=True)

    decision = machine.look()

    assert not decision.wanted
    assert decision.problem == "released because the battery is at 19 %"
    assert decision.shown(problem="other").problem == decision.problem


def test_a_low_battery_without_a_reason_to_hold_is_no_problem() -> None:
    """Nobody is told of a release where nothing was wanted."""
    machine = Machine()
    machine.power = Power(percent=5.0, on_battery=True)

    decision = machine.look()

    assert decision.problem is None


def test_the_battery_must_recover_a_little_before_it_is_held_again() -> None:
    """A battery that wavers around the limit does not switch the hold on and off."""
    machine = Machine()
    machine.sessions = (session(),)
    wanted = []

    for percent in (21.0, 20.0, 21.0, 24.9, 25.0, 21.0):
        machine.power = Power(percent=percent, on_battery=True)
        wanted.append(machine.look().wanted)

    assert wanted == [True, False, False, False, True, True]


def test_the_charger_ends_a_release_at_once() -> None:
    """Plugged in, the percentage does not matter."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.power = Power(percent=10.0, on_battery=True)
    machine.look()
    machine.power = Power(percent=10.0, on_battery=False)

    decision = machine.look()

    assert (decision.wanted, decision.problem) == (True, None)


@pytest.mark.parametrize("power", [Power(), Power(on_battery=True), Power(percent=1.0)])
def test_an_unknown_battery_has_no_rule(power: Power) -> None:
    """A desktop computer is not treated like an empty notebook."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.power = power

    decision = machine.look()

    assert decision.wanted


def test_a_clock_set_back_leaves_what_remained_to_wait() -> None:
    """An hour back on the clock is not an hour more awake."""
    machine = Machine()
    machine.sessions = (session(),)
    machine.choose(AwakeMode.ON, seconds=600)
    machine.sessions = ()
    machine.look()

    back = machine.look(after=-3600)
    released = machine.look(after=120)
    over = machine.look(after=480)

    assert back.releases_at == machine.now - 600 + 120
    assert len(released.reasons) == 1
    assert not over.wanted


def test_nothing_began_in_the_future() -> None:
    """A clock that was set back does not make a reason start tomorrow."""
    machine = Machine()
    machine.sessions = (session(since=99999.0),)

    decision = machine.look()

    assert decision.reasons[0].since == machine.now


def test_a_stale_session_still_holds_and_says_that_it_is_doubtful() -> None:
    """A long silent build is not put to sleep; the user sees what is going on."""
    machine = Machine()
    machine.sessions = (session(stale=True),)

    decision = machine.look()

    assert decision.reasons[0].text.endswith("is working, not heard of lately")


def test_a_title_written_by_an_agent_stays_one_harmless_line() -> None:
    """Reasons go into menus and system lists; control and bidi characters do not."""
    machine = Machine()
    machine.sessions = (session(title="a\nb\x1b[2J\u202ec" + "d" * 100, cwd="/home/annette"),)

    text = machine.look().why

    assert text.isprintable()
    assert text.startswith('claude "a b [2J c')
    assert text.endswith('…" in /home/annette is working')


def test_a_session_without_a_name_is_known_by_its_id() -> None:
    """There is always something to tell sessions apart by."""
    machine = Machine()
    machine.sessions = (session(title=None, cwd=None),)

    decision = machine.look()

    assert decision.why == "claude s-1 is working"


def test_what_is_shown_carries_what_the_system_said() -> None:
    """The screen gets mode, reasons, mechanism and the system's problem in one piece."""
    machine = Machine()
    machine.sessions = (session(),)

    shown = machine.look().shown(
        held=True, held_since=1001.0, mechanism="systemd-logind", problem="only idle"
    )

    assert (shown.mode, shown.wanted, shown.held, shown.held_since) == (AwakeMode.AUTO, True, True, 1001.0)
    assert (shown.mechanism, shown.problem, len(shown.reasons)) == ("systemd-logind", "only idle", 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened: *after* whole seconds, forwards or back, this was so."""

    after: int
    sessions: list[Session]
    power: Power
    chosen: tuple[AwakeMode, int | None] | None


percents = st.none() | st.floats(min_value=0, max_value=100)
moments = st.builds(
    Moment,
    after=st.integers(-10_000, 10_000),
    sessions=st.lists(st.builds(session, st.sampled_from(State), jobs_running=st.booleans()), max_size=3),
    power=st.builds(Power, percent=percents, on_battery=st.none() | st.booleans()),
    chosen=st.none() | st.tuples(st.sampled_from(AwakeMode), st.none() | st.integers(0, 5000)),
)
lives = st.lists(moments, max_size=12)


def lived(machine: Machine, life: Sequence[Moment]) -> Sequence[awake.Decision]:
    """Everything that was decided in this life."""
    decisions = []
    for moment in life:
        machine.sessions, machine.power = moment.sessions, moment.power
        decisions.append(machine.look(moment.after))
        if moment.chosen is not None:
            decisions.append(machine.choose(*moment.chosen))
    return decisions


@given(lives)
def test_it_is_never_held_without_a_reason(life: list[Moment]) -> None:
    """Whatever happens, what is held can be explained, and off and a low battery win."""
    machine = Machine()

    decisions = lived(machine, life)

    for decision in decisions:
        assert decision.reasons or not decision.wanted
        assert decision.wanted or decision.releases_at is None
        assert not (decision.wanted and decision.keeping.mode is AwakeMode.OFF)
        assert not (decision.wanted and decision.problem)


@given(lives)
def test_without_work_it_is_always_released_after_the_wind_down(life: list[Moment]) -> None:
    """By the time it names itself it lets go, two minutes after the last work at the latest."""
    machine = Machine()
    lived(machine, life)
    machine.sessions = ()

    decision = machine.choose(AwakeMode.AUTO)
    waited = 0.0
    if decision.look_again_at is not None:
        waited = decision.look_again_at - machine.now
        decision = machine.look(after=waited)

    assert not decision.wanted
    assert decision.look_again_at is None
    assert 0 <= waited <= RULES.wind_down
