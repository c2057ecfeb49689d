"""The way back of sessions that were cut off: when it is tried, how often, and when it stops."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from supervisor.core import effects
from supervisor.core.failing import Cause
from supervisor.core.link import Links, Phase, Policy
from supervisor.core.model import Attempt, Kind, Session, State

CUT = Session(id="s", agent="claude", kind=Kind.HOSTED, state=State.CUT_OFF, reachable=True)


def links(**policies: Policy) -> Links:
    return Links(policies or {"hosted": Policy.AUTO})


def of(wishes: Sequence[effects.Effect], kind: type[Any]) -> list[Any]:
    return [wish for wish in wishes if isinstance(wish, kind)]


def state(links: Links) -> tuple[Phase, int, str | None]:
    link = links.find("s")
    assert link is not None
    return link.phase, link.attempt, link.note


def test_a_lost_network_is_waited_for() -> None:
    """Nothing is typed into a session whose network is gone: first its endpoint must answer."""
    own = links()

    wishes = own.failed(CUT, Cause.NETWORK, None, 10.0)

    assert of(wishes, effects.Reach) == [effects.Reach(CUT, Cause.NETWORK, 0, None)]
    assert of(wishes, effects.Continue) == []
    assert state(own)[0] is Phase.WAITING


def test_the_turn_is_continued_once_when_the_endpoint_answers() -> None:
    """One answer, one continuation, however often the network says that it is back."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)

    first = own.reached(CUT, 20.0)
    second = own.reached(CUT, 20.1)

    assert [(w.session.id, w.number) for w in of(first, effects.Continue)] == [("s", 1)]
    assert of(second, effects.Continue) == []


def test_a_turn_that_fails_again_waits_longer() -> None:
    """Each continuation in vain is counted, so that the next pause grows."""
    own = links()
    own.failed(CUT, Cause.OVERLOADED, None, 10.0)
    own.reached(CUT, 20.0)

    wishes = own.failed(CUT, Cause.OVERLOADED, None, 30.0)

    assert [w.attempt for w in of(wishes, effects.Reach)] == [1]
    link = own.find("s")
    assert link is not None
    assert [(one.what, one.outcome) for one in link.history] == [("asked again", "failed again")]


def test_a_usage_limit_waits_for_its_reset() -> None:
    """The time that the agent told is when it is tried, not before."""
    wishes = links().failed(CUT, Cause.USAGE_LIMIT, 5000.0, 10.0)

    assert [w.not_before for w in of(wishes, effects.Reach)] == [5000.0]


@pytest.mark.parametrize("cause", [Cause.AUTHENTICATION, Cause.PAYMENT, Cause.CONTEXT, Cause.UNKNOWN])
def test_what_only_a_person_can_mend_is_not_tried(cause: Cause) -> None:
    """A wrong key does not become right by asking again."""
    own = links()

    assert of(own.failed(CUT, cause, None, 10.0), effects.Reach) == []
    assert state(own)[0] is Phase.STOPPED


def test_what_a_person_has_mended_is_tried_when_they_say_so() -> None:
    """A new key, and "try now": the turn is continued, once; what failed before is no reason any more."""
    own = links()
    own.failed(CUT, Cause.AUTHENTICATION, None, 10.0)

    wished = own.try_now(CUT, 100.0)
    reached = own.reached(CUT, 101.0)

    assert of(wished, effects.Reach) == [effects.Reach(CUT, Cause.AUTHENTICATION, 0, None, wished=True)]
    assert [wish.number for wish in of(reached, effects.Continue)] == [1]
    own.failed(CUT, Cause.AUTHENTICATION, None, 110.0)
    assert state(own)[0] is Phase.STOPPED


def test_sessions_of_others_are_asked_for_first() -> None:
    """What was not started by us is continued only after a yes."""
    own = links(hosted=Policy.AUTO, seen=Policy.ASK)
    seen = Session(id="s", agent="claude", kind=Kind.SEEN, state=State.CUT_OFF)
    assert own.failed(seen, Cause.NETWORK, None, 10.0) == []
    assert state(own)[0] is Phase.ASKING

    assert of(own.try_now(seen, 20.0), effects.Reach)


LOST = Session(id="s", agent="claude", kind=Kind.HOSTED, state=State.LOST, unfinished=True)


def test_restarts_are_bounded() -> None:
    """Three within a minute, then it stops and says so; a person may begin anew."""
    own = links()
    for number in range(3):
        own.failed(LOST, Cause.KILLED, None, 10.0 + number)
        assert of(own.reached(LOST, 10.5 + number), effects.Continue)

    own.failed(LOST, Cause.KILLED, None, 14.0)
    assert of(own.reached(LOST, 14.5), effects.Continue) == []
    assert state(own)[0] is Phase.STOPPED
    assert "3 tries" in (state(own)[2] or "")

    own.try_now(LOST, 15.0)
    assert of(own.reached(LOST, 15.5), effects.Continue)


def test_a_model_that_fails_again_and_again_is_asked_less_often() -> None:
    """An hour of overload is not given up after a minute: it is waited longer, and said so."""
    own = links()
    for number in range(3):
        own.failed(CUT, Cause.OVERLOADED, None, 10.0 + number)
        own.reached(CUT, 10.5 + number)

    own.failed(CUT, Cause.OVERLOADED, None, 14.0)
    wishes = own.reached(CUT, 14.5)

    assert [wish.not_before for wish in of(wishes, effects.Reach)] == [70.5]
    assert state(own)[0] is Phase.WAITING
    assert "3 times within 60 s" in (state(own)[2] or "")
    assert of(own.reached(CUT, 71.0), effects.Continue)


def test_a_day_of_continuations_in_vain_is_enough() -> None:
    """Twenty that came to nothing within a day: then a person is told."""
    own = links()
    for number in range(20):
        own.failed(CUT, Cause.OVERLOADED, None, number * 3600.0)
        assert of(own.reached(CUT, number * 3600.0 + 1), effects.Continue)

    own.failed(CUT, Cause.OVERLOADED, None, 72_000.0)
    own.reached(CUT, 72_001.0)

    assert state(own)[0] is Phase.STOPPED


def test_continuations_that_worked_are_no_part_of_any_bound() -> None:
    """A train with a hundred tunnels: each time the turn went on, so that each drop begins anew."""
    own = links()
    for number in range(100):
        at = number * 300.0
        own.failed(CUT, Cause.DROPPED, None, at)
        assert of(own.reached(CUT, at + 1), effects.Continue)
        assert state(own)[1] == 1
        own.state(replace(CUT, state=State.WORKING))


@pytest.mark.parametrize("step", [-86_400.0, 86_400.0, -315_360_000.0, 315_360_000.0])
def test_a_clock_that_is_set_stops_nothing_and_storms_nothing(step: float) -> None:
    """A day or ten years, both ways: the next try is soon, and the bounds hold as before."""
    own = links()
    now = 1_000_000_000.0
    for number in range(3):
        own.failed(CUT, Cause.OVERLOADED, None, now + number)
        assert of(own.reached(CUT, now + number), effects.Continue)

    later = now + step
    for number in range(3):
        own.failed(CUT, Cause.OVERLOADED, None, later + number)
        assert of(own.reached(CUT, later + number), effects.Continue)
    own.failed(CUT, Cause.OVERLOADED, None, later + 3)
    (reach,) = of(own.reached(CUT, later + 3), effects.Reach)

    assert later < reach.not_before < later + 120


def test_a_reset_in_ten_years_is_not_believed() -> None:
    """No limit lasts longer than a week: it is asked again by then."""
    (reach,) = of(links().failed(CUT, Cause.USAGE_LIMIT, 315_360_000.0, 10.0), effects.Reach)

    assert reach.not_before == 10.0 + 8 * 86_400.0


def test_who_works_without_us_is_let_alone() -> None:
    """The user said "continue" at the desk: the words that we had ready are not said as well."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)

    wishes = own.state(replace(CUT, state=State.WORKING))

    assert of(wishes, effects.StopReaching)
    assert of(own.reached(replace(CUT, state=State.WORKING), 20.0), effects.Continue) == []


def test_words_that_were_not_taken_in_are_not_said_twice() -> None:
    """The agent did not react: it is told, and a person decides, because it may still read them."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)
    own.reached(CUT, 20.0)

    own.unanswered(CUT, 1)

    assert state(own)[0] is Phase.STOPPED
    assert "did not react" in (state(own)[2] or "")
    assert of(own.try_now(CUT, 200.0), effects.Reach)


def test_an_answer_that_came_is_not_missed() -> None:
    """Whoever works, or is at a later try, has reacted."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)
    own.reached(CUT, 20.0)

    own.unanswered(replace(CUT, state=State.WORKING), 1)
    own.unanswered(CUT, 7)

    assert state(own)[0] is Phase.TRYING


def test_the_nearest_folder_decides() -> None:
    """A rule for a folder holds below it, until a nearer one; others keep the rule of their kind."""
    own = Links({"hosted": Policy.AUTO}, {"/home/me/work": Policy.OFF, "/home/me/work/open": Policy.ASK})

    told = [
        own.policy(replace(CUT, cwd=cwd))
        for cwd in ("/home/me/work", "/home/me/work/a/b", "/home/me/work/open/x", "/home/me/workshop", None)
    ]

    assert told == [Policy.OFF, Policy.OFF, Policy.ASK, Policy.AUTO, Policy.AUTO]


def test_a_session_that_turns_out_to_be_ours_is_brought_back() -> None:
    """Whose terminal it runs in may be found out after it failed: then our own rule holds."""
    own = links(hosted=Policy.AUTO, seen=Policy.ASK)
    own.failed(replace(CUT, kind=Kind.SEEN), Cause.NETWORK, None, 10.0)
    assert own.review(replace(CUT, kind=Kind.SEEN), 11.0) == []

    assert of(own.review(CUT, 12.0), effects.Reach)


def test_what_is_chosen_holds_at_once() -> None:
    """Off in the middle of waiting ends it; auto begins again."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)

    own.choose("s", Policy.OFF)
    assert of(own.review(CUT, 11.0, chosen=True), effects.StopReaching)
    assert state(own)[0] is Phase.STOPPED

    own.choose("s", Policy.AUTO)
    assert of(own.review(CUT, 12.0, chosen=True), effects.Reach)


def test_bounds_are_of_time() -> None:
    """After a quiet day nothing of it is held against the session."""
    own = links()
    for number in range(30):
        own.failed(CUT, Cause.SERVER, None, number * 90_000.0)
        assert of(own.reached(CUT, number * 90_000.0 + 1), effects.Continue)


def test_who_works_again_needs_no_way_back() -> None:
    """A session whose continued turn ended is well: nothing more is tried."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)
    own.reached(CUT, 20.0)
    own.state(Session(id="s", agent="claude", state=State.WORKING))

    wishes = own.state(Session(id="s", agent="claude", state=State.IDLE))

    assert own.find("s") is None
    assert of(wishes, effects.StopReaching)


def test_the_user_who_goes_on_alone_is_not_disturbed() -> None:
    """Whoever typed "continue" by hand is not followed by a second one."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)

    own.state(Session(id="s", agent="claude", state=State.IDLE))

    assert of(own.reached(CUT, 20.0), effects.Continue) == []


def test_stop_means_stop() -> None:
    """After "stop trying" neither the network nor time tries anything."""
    own = links()
    own.failed(CUT, Cause.NETWORK, None, 10.0)

    wishes = own.stop("s")

    assert of(wishes, effects.StopReaching)
    assert of(own.reached(CUT, 20.0), effects.Continue) == []
    assert own.planned("s", 30.0) == []


def test_a_policy_of_its_own_comes_first() -> None:
    """What was chosen for one session counts more than what was set for all."""
    own = links()
    own.choose("s", Policy.OFF)

    assert of(own.failed(CUT, Cause.NETWORK, None, 10.0), effects.Reach) == []
    assert state(own)[0] is Phase.STOPPED


def test_what_was_tried_is_known_after_it_is_back() -> None:
    """With what came of it, also when it is cut off again; until the session is no more."""
    own = links()
    own.failed(CUT, Cause.OVERLOADED, None, 10.0)
    own.reached(CUT, 20.0)
    own.state(replace(CUT, state=State.IDLE))
    own.failed(CUT, Cause.NETWORK, None, 900.0)
    own.reached(CUT, 910.0)

    tries = [(one.at, one.cause, one.outcome) for one in own.attempts("s")]

    assert tries == [(20.0, Cause.OVERLOADED, "works"), (910.0, Cause.NETWORK, None)]
    own.forget("s")
    assert own.attempts("s") == ()


def test_what_was_tried_before_a_restart_is_recalled() -> None:
    """The first of many are forgotten first."""
    own = links()
    own.recall("s", [Attempt(at=float(n), cause="network", what="asked again") for n in range(60)])

    assert [one.at for one in own.attempts("s")] == [float(n) for n in range(10, 60)]
