"""Follow-ups as the desk decides about them: what they wait for, and that it has come."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from supervisor.core import effects, events, followup
from supervisor.core.desk import Desk
from supervisor.core.errors import WrongUse
from supervisor.core.followup import Wait
from supervisor.core.helm import Helm
from supervisor.core.keeper import Keeper
from supervisor.core.model import Facts, Run, Session, Sighting, Sign, State
from supervisor.core.steering import DESK, Prompt, PromptState, Typing

AGENT, JOB = Run(100, 5.0), Run(200, 25.0)
QUEUES = Typing(takes_while_working=True)
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def desk() -> Desk:
    """With one session that can be reached, at rest."""
    return new_desk()


def new_desk(typing: Typing = QUEUES) -> Desk:
    made = Desk(keeper=Keeper(), helm=Helm(lambda _: typing), resume=lambda *_: None)
    look(made, Sign.IDLE, NOW)
    return made


def look(desk: Desk, sign: Sign | None, at: float, **more: Any) -> list[effects.Effect]:
    seen = Sighting(agent="claude", session_id="s", run=AGENT, alive=True, sign=sign, terminal="t", **more)
    return desk.handle(events.Looked(agent="claude", sightings=(seen,), at=at))


def prompt(own_id: str = "p", when: str = "idle", **more: Any) -> Prompt:
    fields = {"text": "go on", "by": DESK, "at": NOW, **more}
    return Prompt(id=own_id, session_id="s", agent="claude", when=when, **fields)


def give(desk: Desk, *prompts: Prompt) -> list[effects.Effect]:
    return [w for one in prompts for w in desk.handle(events.PromptGiven(prompt=one, at=one.at))]


def sent(wishes: Sequence[effects.Effect]) -> list[str]:
    return [wish.prompt.id for wish in wishes if isinstance(wish, effects.Deliver)]


def waits(wishes: Sequence[effects.Effect], name: str) -> list[float]:
    return [wish.seconds for wish in wishes if isinstance(wish, effects.Wait) and wish.name == name]


def probes(wishes: Sequence[effects.Effect]) -> int:
    return len([wish for wish in wishes if isinstance(wish, effects.Probe)])


@pytest.mark.parametrize(
    ("text", "wait", "kept"),
    [
        ("now", Wait.NOW, "now"),
        ("idle", Wait.IDLE, "idle"),
        ("online", Wait.ONLINE, "online"),
        ("reset", Wait.RESET, "reset"),
        ("job:4711", Wait.JOB, "job:4711"),
        ("at:2026-01-31T12:00:00Z", Wait.AT, "at:2026-01-31T12:00:00Z"),
        ("at:2026-01-31T14:00:00+02:00", Wait.AT, "at:2026-01-31T12:00:00Z"),
    ],
)
def test_what_a_prompt_may_wait_for(text: str, wait: Wait, kept: str) -> None:
    """Each wait has one form in which it is kept and shown; times are kept in UTC."""
    when = followup.parse(text)

    assert (when.wait, when.text) == (wait, kept)
    assert when.pid == (4711 if wait is Wait.JOB else None)
    assert when.at == (NOW if wait is Wait.AT else None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "job", "job:", "job:0", "job:-1", "job:1x", "job:99999999999", "at", "at:", "at:noon"),
        *(
            "at:2026-01-31T12:00:00",
            "at:9999-99-99T00:00:00Z",
            "idle:1",
            "online:now",
            "NOW",
            "now ",
            "reset:1",
        ),
    ],
)
def test_other_times_are_wrong_use(text: str) -> None:
    """The refusal names all that is known; a time without its offset means nothing."""
    with pytest.raises(WrongUse, match="There is no time") as refused:
        followup.parse(text)

    assert "job:PID" in refused.value.hint


def test_what_makes_no_sense_is_refused_with_a_reason() -> None:
    """A reset that nobody knows, a time that is over, a time in some other life."""
    session = Session(id="s", agent="claude", state=State.IDLE)

    def objection(text: str, **more: Any) -> str | None:
        when = followup.parse(text)
        return followup.objection(when, Session(id="s", agent="claude", **more) if more else session, NOW)

    assert "none is reset" in (objection("reset") or "")
    assert objection("reset", reset_at=NOW + 60.0) is None
    assert "is over" in (objection("at:2026-01-31T11:00:00Z") or "")
    assert objection("at:2026-01-31T11:59:30Z") is None
    assert "a year ahead" in (objection("at:2036-01-31T11:00:00Z") or "")
    assert objection("online") is None


def test_a_prompt_for_after_a_job_goes_when_it_has_ended(desk: Desk) -> None:
    """It is watched at once; the end of another process is nothing to it."""
    given = give(desk, prompt(when="job:200", job=JOB))
    assert (sent(given), effects.WatchJob(JOB) in given) == ([], True)

    other = desk.handle(events.JobEnded(run=Run(200, 99.0), exit_status=0, at=NOW + 5))
    ended = desk.handle(events.JobEnded(run=JOB, exit_status=1, at=NOW + 9))

    assert (sent(other), sent(ended)) == ([], ["p"])
    assert sent(desk.handle(events.JobEnded(run=JOB, exit_status=1, at=NOW + 10))) == []


def test_a_prompt_that_may_go_waits_for_its_agent(desk: Desk) -> None:
    """What it waited for has come while the agent works: it goes when that is idle."""
    give(desk, prompt(when="job:200", job=JOB))
    look(desk, Sign.WORKING, NOW + 1)

    ended = desk.handle(events.JobEnded(run=JOB, exit_status=0, at=NOW + 2))

    (waiting,) = desk.sessions["s"].prompts
    assert (sent(ended), waiting.met) == ([], True)
    assert followup.waits_for(waiting) == "It waits until the agent is idle."
    assert sent(look(desk, Sign.IDLE, NOW + 3)) == ["p"]


def test_one_that_waits_for_something_holds_up_no_other(desk: Desk) -> None:
    """Prompts go one after the other, but none waits for another's time."""
    wishes = give(desk, prompt("late", "job:200", job=JOB), prompt("soon", "idle"))

    assert sent(wishes) == ["soon"]


def test_a_time_is_looked_at_by_the_wall_clock(desk: Desk) -> None:
    """Now and then while it is far, exactly when it is near: clocks are set, and machines sleep."""
    given = give(desk, prompt(when="at:x", due_at=NOW + 100.0))
    assert waits(given, "clock") == [30.0]

    later = desk.handle(events.WaitOver(name="clock", at=NOW + 90.0))
    assert (sent(later), waits(later, "clock")) == ([], [10.0])
    over = desk.handle(events.WaitOver(name="clock", at=NOW + 100.0))

    assert (sent(over), waits(over, "clock")) == (["p"], [])


def test_a_clock_that_jumps_makes_no_prompt_late_or_double(desk: Desk) -> None:
    """After a sleep it goes with the first event; what has come stays so when the clock is set back."""
    give(desk, prompt(when="at:x", due_at=NOW + 3600.0))
    look(desk, Sign.WORKING, NOW + 10.0)

    desk.handle(events.Roused(at=NOW + 4000.0))

    assert desk.sessions["s"].prompts[0].met
    desk.handle(events.WaitOver(name="clock", at=NOW - 9000.0))
    assert sent(look(desk, Sign.IDLE, NOW - 8000.0)) == ["p"]


def test_a_clock_that_is_set_back_is_looked_at_again(desk: Desk) -> None:
    """The look that was planned by the old time does not count any more."""
    give(desk, prompt(when="at:x", due_at=NOW + 20.0))

    set_back = look(desk, Sign.WORKING, NOW - 5000.0)

    assert waits(set_back, "clock") == [30.0]


def test_nothing_is_looked_at_while_only_a_job_is_waited_for(desk: Desk) -> None:
    """Waiting costs nothing where an event will tell."""
    wishes = give(desk, prompt(when="job:200", job=JOB))

    assert [wish for wish in wishes if isinstance(wish, effects.Wait) and wish.name != "awake"] == []


def test_a_prompt_for_when_online_probes_at_once_and_then_less_and_less(desk: Desk) -> None:
    """After a probe in vain comes a pause that grows; a change of the network ends it."""
    assert probes(give(desk, prompt(when="online"))) == 1
    pauses = []
    for at in (1.0, 2.0, 3.0):
        missed = desk.handle(events.Probed(session_id="s", reached=False, at=NOW + at))
        pauses += waits(missed, "online")
        assert probes(look(desk, None, NOW + at)) == 0
        assert probes(desk.handle(events.WaitOver(name="online", at=NOW + at))) == 1
    assert pauses == [2.0, 4.0, 8.0]
    desk.handle(events.Probed(session_id="s", reached=False, at=NOW + 4))

    assert probes(desk.handle(events.Roused(at=NOW + 5))) == 1
    assert sent(desk.handle(events.Probed(session_id="s", reached=True, at=NOW + 6))) == ["p"]


def cut_off(desk: Desk, at: float, reset_at: float | None) -> None:
    facts = Facts(failure="limit", reset_at=reset_at)
    look(desk, Sign.WORKING, at - 1)
    look(desk, Sign.FAILED, at, facts=facts)


@pytest.mark.parametrize("when", ["reset", "at:x"])
def test_a_prompt_for_after_a_limit_goes_to_a_session_that_nobody_brings_back(desk: Desk, when: str) -> None:
    """The agent sits at its prompt after the failure: the prompt is what lets it go on."""
    cut_off(desk, NOW + 5, reset_at=NOW + 60)
    desk.handle(events.StopTrying(session_id="s", at=NOW + 6))
    give(desk, prompt(when=when, due_at=NOW + 60))

    assert sent(desk.handle(events.WaitOver(name="clock", at=NOW + 59))) == []
    assert sent(desk.handle(events.WaitOver(name="clock", at=NOW + 60))) == ["p"]


def test_a_way_back_goes_before_a_follow_up(desk: Desk) -> None:
    """Where the turn is continued without anybody's word, the prompt goes after that turn."""
    cut_off(desk, NOW + 5, reset_at=None)
    desk.handle(events.TryNow(session_id="s", at=NOW + 6))
    assert desk.sessions["s"].reconnect is not None
    give(desk, prompt(when="at:x", due_at=NOW + 60))

    assert sent(desk.handle(events.WaitOver(name="clock", at=NOW + 60))) == []
    look(desk, Sign.WORKING, NOW + 61)
    assert sent(look(desk, Sign.IDLE, NOW + 62)) == ["p"]


def test_a_command_that_is_never_idle_gets_it_at_its_time() -> None:
    """What is no agent has no turns: its time is all that a prompt can wait for."""
    desk = new_desk(Typing(takes_while_working=True, shows_prompts=False))
    look(desk, Sign.WORKING, NOW + 1)
    give(desk, prompt(when="at:x", due_at=NOW + 10))

    assert sent(desk.handle(events.WaitOver(name="clock", at=NOW + 10))) == ["p"]


def test_follow_ups_come_back_after_a_restart() -> None:
    """The watch tells at once of a job that ended meanwhile; a time that has passed has come."""
    desk = new_desk()
    prompts = (
        prompt("job", "job:200", job=JOB),
        prompt("at", "at:x", due_at=NOW - 10),
        prompt("met", met=True),
    )

    wishes = desk.handle(events.PromptsRestored(prompts=prompts, at=NOW))

    assert effects.WatchJob(JOB) in wishes
    assert [one.id for one in desk.sessions["s"].prompts if one.met] == ["at", "met"]


def test_a_follow_up_waits_on_while_its_session_is_lost_and_is_refused_when_it_ends(desk: Desk) -> None:
    """What was lost may come back; what its user ended does not get another prompt."""
    give(desk, prompt(when="job:200", job=JOB))
    look(desk, Sign.WORKING, NOW + 1)
    desk.handle(events.Looked(agent="claude", sightings=(), at=NOW + 2))
    assert desk.sessions["s"].state is State.LOST
    assert [one.state for one in desk.helm.outbox.all()] == [PromptState.WAITING]

    look(desk, Sign.IDLE, NOW + 3)
    desk.handle(events.Looked(agent="claude", sightings=(), at=NOW + 4))

    assert (desk.sessions["s"].state, desk.helm.outbox.all()) == (State.ENDED, ())


def test_no_prompt_stays_behind_a_session_that_leaves_the_list(desk: Desk) -> None:
    """Nobody could see it or take it back."""
    give(desk, prompt(when="job:200", job=JOB))
    desk.handle(events.Discarded(session_id="s", at=NOW + 4))

    assert desk.helm.outbox.all() == ()


def test_one_that_waits_can_be_changed(desk: Desk) -> None:
    """Another text or time; what is on its way is not changed any more."""
    give(desk, prompt(when="job:200", job=JOB))

    wishes = desk.handle(events.PromptChanged(prompt=prompt(text="other"), at=NOW + 1))

    assert sent(wishes) == ["p"]
    late = desk.handle(events.PromptChanged(prompt=prompt(text="too late"), at=NOW + 2))
    assert (sent(late), desk.helm.outbox.all()[0].text) == ([], "other")


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (prompt(), "It waits until the agent is idle."),
        (prompt(note="The line is begun."), "The line is begun."),
        (prompt(when="job:200", job=JOB), "It waits for the end of process 200."),
        (prompt(when="online"), "It waits until the agent's model can be reached."),
        (
            prompt(when="reset", due_at=NOW),
            "It waits for the usage limit to be reset at 2026-01-31T12:00:00Z.",
        ),
        (prompt(when="at:x", due_at=NOW), "It waits until 2026-01-31T12:00:00Z."),
        (prompt(when="online", met=True), "It waits until the agent is idle."),
        (prompt(state=PromptState.SENT), None),
    ],
)
def test_what_it_waits_for_is_said(one: Prompt, told: str | None) -> None:
    """In a sentence, until it is on its way."""
    assert followup.waits_for(one) == told
