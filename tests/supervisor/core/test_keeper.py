"""Keep-awake's place at the desk."""

from supervisor.core import effects, events
from supervisor.core.awake import Rules
from supervisor.core.keeper import Keeper
from supervisor.core.model import AwakeMode, Power, Session, State

WORKING = Session(id="one", agent="claude", state=State.WORKING, since=1.0)
IDLE = Session(id="one", agent="claude", state=State.IDLE, since=2.0)


def kinds(wishes: list[effects.Effect]) -> list[type[effects.Effect]]:
    return [type(wish) for wish in wishes]


def test_work_holds_the_machine_and_its_end_lets_go_after_a_while() -> None:
    """Held exactly while a reason exists, and a wind-down longer."""
    keeper = Keeper(Rules(wind_down=120.0))
    seen = events.WaitOver(name="awake", at=10.0)

    assert kinds(keeper.handle(seen, [WORKING])) == [effects.Hold, effects.Publish]
    assert keeper.is_kept_by("one")

    quiet = keeper.handle(events.WaitOver(name="awake", at=20.0), [IDLE])
    assert effects.Wait("awake", 120.0) in quiet
    assert effects.Release() not in quiet

    over = keeper.handle(events.WaitOver(name="awake", at=140.0), [IDLE])
    assert effects.Release() in over
    assert not keeper.awake.wanted


def test_what_the_system_says_of_the_hold_is_shown() -> None:
    """Held is what was verified, with the mechanism; else there is a problem in words."""
    keeper = Keeper()
    keeper.handle(events.WaitOver(name="awake", at=10.0), [WORKING])

    keeper.handle(events.Held(held=True, mechanism="logind", problem=None, at=11.0), [WORKING])
    assert (keeper.awake.held, keeper.awake.mechanism, keeper.awake.held_since) == (True, "logind", 11.0)

    keeper.handle(events.Held(held=False, mechanism=None, problem="no inhibitor", at=12.0), [WORKING])
    assert (keeper.awake.held, keeper.awake.problem) == (False, "no inhibitor")


def test_a_low_battery_lets_go_and_says_so() -> None:
    """The laptop's battery comes before the work."""
    keeper = Keeper()
    keeper.handle(events.WaitOver(name="awake", at=10.0), [WORKING])

    wishes = keeper.handle(events.PowerRead(power=Power(percent=19.0, on_battery=True), at=11.0), [WORKING])

    assert effects.Release() in wishes
    assert keeper.awake.problem == "released because the battery is at 19 %"


def test_a_mode_that_was_set_for_a_while_is_looked_at_when_it_ends() -> None:
    """On for two hours means two hours."""
    keeper = Keeper()

    wishes = keeper.handle(events.AwakeChosen(mode=AwakeMode.ON, seconds=7200.0, at=10.0), [])

    assert effects.Wait("awake", 7200.0) in wishes
    assert kinds(wishes)[0] is effects.Hold


def test_only_what_matters_is_decided_anew() -> None:
    """A line in a transcript that changes no session costs no decision."""
    keeper = Keeper()
    event = events.BranchRead(session_id="one", branch="main", at=1.0)

    assert not keeper.concerned(event, [])
    assert keeper.concerned(event, [effects.Publish("session", "one", WORKING)])
