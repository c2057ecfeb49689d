"""Steering at the desk: questions, prompts and focus in the sessions that screens see."""

from collections.abc import Sequence
from typing import Any

import pytest

from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.helm import Helm
from supervisor.core.keeper import Keeper
from supervisor.core.model import Entry, EntryKind, Record, Resume, Role, Run, Sighting, Sign, State
from supervisor.core.steering import DESK, Approval, Prompt, PromptState, Typing

RUN = Run(100, 5.0)


@pytest.fixture
def desk() -> Desk:
    """With one session that can be reached, at rest."""
    helm = Helm(lambda _: Typing(takes_while_working=True))
    made = Desk(keeper=Keeper(), helm=helm, resume=lambda a, s, c: Resume(argv=(a, s), cwd=c))
    look(made, Sign.IDLE, at=10.0)
    return made


def look(desk: Desk, sign: Sign | None, at: float, said_at: float | None = None) -> list[effects.Effect]:
    seen = Sighting(
        agent="claude", session_id="s", run=RUN, alive=True, sign=sign, terminal="t1", at=said_at or at
    )
    return desk.handle(events.Looked(agent="claude", sightings=(seen,), at=at))


def asked(own_id: str = "q", at: float = 20.0) -> events.Asked:
    approval = Approval(
        id=own_id, session_id="s", at=at, summary="run a command", tool="Bash", text="make", answerable=True
    )
    return events.Asked(agent="claude", approval=approval, at=at)


def given(own_id: str = "p", at: float = 20.0, **more: Any) -> events.PromptGiven:
    fields = {"when": "now", "by": DESK, "text": "go on", **more}
    return events.PromptGiven(
        prompt=Prompt(id=own_id, session_id="s", agent="claude", at=at, **fields), at=at
    )


def wrote(text: str, at: float) -> events.Written:
    entry = Entry(seq=1, id="1", at=at, role=Role.USER, kind=EntryKind.TEXT, text=text)
    return events.Written(session_id="s", records=(Record(entries=(entry,)),), at=at)


def of(wishes: Sequence[effects.Effect], kind: type[Any]) -> list[Any]:
    return [wish for wish in wishes if isinstance(wish, kind)]


def test_a_question_is_shown_with_all_that_is_known_of_it(desk: Desk) -> None:
    """A question by an agent's hook makes its session need you, at once and with the whole command."""
    desk.handle(asked())

    session = desk.sessions["s"]
    assert session.state is State.NEEDS_YOU
    assert [(one.id, one.text, one.answerable) for one in session.approvals] == [("q", "make", True)]


def test_an_old_sign_does_not_withdraw_a_new_question(desk: Desk) -> None:
    """A registry that was read before the question was asked says nothing about it."""
    desk.handle(asked(at=20.0))

    look(desk, Sign.WORKING, at=20.1, said_at=19.0)

    assert desk.sessions["s"].state is State.NEEDS_YOU


def test_a_question_answered_at_the_keyboard_is_withdrawn(desk: Desk) -> None:
    """When the agent goes on, its question is over on every screen, and its hook is let go."""
    desk.handle(asked(at=20.0))

    wishes = look(desk, Sign.WORKING, at=25.0)

    assert desk.sessions["s"].approvals == ()
    assert [w.approval_id for w in of(wishes, effects.Withdraw)] == ["q"]


def test_several_questions_are_shown_until_each_is_over(desk: Desk) -> None:
    """One answer does not hide the other question."""
    desk.handle(asked("one", 20.0))
    desk.handle(asked("two", 21.0))

    desk.handle(events.Answered(approval_id="one", at=22.0))

    assert [one.id for one in desk.sessions["s"].approvals] == ["two"]
    assert desk.sessions["s"].state is State.NEEDS_YOU
    desk.handle(events.Answered(approval_id="two", at=23.0))
    assert str(desk.sessions["s"].state) == "working"


def test_an_end_takes_its_questions_along(desk: Desk) -> None:
    """Nobody is asked what an agent that has gone wanted to know."""
    desk.handle(asked())

    wishes = desk.handle(events.Looked(agent="claude", sightings=(), at=30.0))

    assert of(wishes, effects.Withdraw)
    assert desk.helm.question("q") is None


def test_a_prompt_goes_at_once_to_a_session_at_rest(desk: Desk) -> None:
    """A prompt is on disk, on its way, and to be seen in its session."""
    wishes = desk.handle(given())

    assert [w.prompt.state for w in of(wishes, effects.KeepPrompt)] == [
        PromptState.WAITING,
        PromptState.SENDING,
    ]
    assert [w.prompt.id for w in of(wishes, effects.Deliver)] == ["p"]
    assert [(p.id, p.state) for p in desk.sessions["s"].prompts] == [("p", PromptState.SENDING)]


def test_a_prompt_for_an_idle_agent_waits_until_it_is(desk: Desk) -> None:
    """It goes with the sign that the turn has ended."""
    look(desk, Sign.WORKING, at=15.0)
    assert of(desk.handle(given(when="idle")), effects.Deliver) == []

    wishes = look(desk, Sign.IDLE, at=30.0)

    assert [w.prompt.id for w in of(wishes, effects.Deliver)] == ["p"]


def test_a_prompt_leaves_its_session_when_the_agent_has_it(desk: Desk) -> None:
    """What the transcript shows is shown there, and not as on its way any more."""
    desk.handle(given())
    desk.handle(events.PromptMoved(prompt_id="p", state=PromptState.SENT, at=21.0))

    desk.handle(wrote("go on", 22.0))

    assert desk.sessions["s"].prompts == ()


def test_a_restored_prompt_waits_for_its_session() -> None:
    """After a crash a prompt goes again when its session is seen again, and says that it may be a repeat."""
    late = Desk(keeper=Keeper(), resume=lambda *_: None)
    prompt = given().prompt
    late.handle(events.PromptsRestored(prompts=(prompt_in(prompt, PromptState.SENDING),), at=40.0))

    wishes = look(late, Sign.WORKING, at=41.0)

    assert [(w.prompt.id, w.again) for w in of(wishes, effects.Deliver)] == [("p", True)]


def prompt_in(prompt: Prompt, state: PromptState) -> Prompt:
    return Prompt(
        id=prompt.id,
        session_id="s",
        agent="claude",
        text=prompt.text,
        when="now",
        by=DESK,
        at=prompt.at,
        state=state,
    )


def test_focus_is_shown_and_given_back_when_its_device_goes(desk: Desk) -> None:
    """A phone that is cut off has the focus no more, and its terminal is the desk's again."""
    desk.handle(events.Focused(session_id="s", holder="phone", label="My phone", at=20.0))
    assert desk.sessions["s"].focus is not None

    wishes = desk.handle(events.FocusGiven(session_id=None, holder="phone", at=25.0))

    assert desk.sessions["s"].focus is None
    assert [w.session.id for w in of(wishes, effects.FocusLost)] == ["s"]


def test_focus_lapses_by_time(desk: Desk) -> None:
    """Silence gives the focus back; until then somebody looks at the clock."""
    wishes = desk.handle(events.Focused(session_id="s", holder="phone", label="My phone", at=20.0))
    assert [w for w in of(wishes, effects.Wait) if w.name == "helm"]

    desk.handle(events.WaitOver(name="helm", at=20.0 + 400.0))

    assert desk.sessions["s"].focus is None


def test_a_paused_session_stays_paused_whatever_its_registry_says(desk: Desk) -> None:
    """A process that stands still says nothing new; words in its transcript prove that it goes on."""
    desk.handle(events.Paused(session_id="s", paused=True, at=20.0))
    look(desk, Sign.IDLE, at=21.0)
    assert desk.sessions["s"].state is State.PAUSED

    desk.handle(wrote("hello", 30.0))

    assert str(desk.sessions["s"].state) == "working"


def test_nothing_ticks_when_nothing_is_under_way(desk: Desk) -> None:
    """Without prompts and focus nobody waits for the time."""
    wishes = look(desk, Sign.WORKING, at=20.0)

    assert [w for w in of(wishes, effects.Wait) if w.name == "helm"] == []


@pytest.mark.parametrize("on_its_way", [False, True])
def test_what_was_given_to_a_process_goes_to_its_session(on_its_way: bool) -> None:
    """A prompt that made an agent begin its session is looked for there; typed it is once, by its id."""
    desk = Desk(keeper=Keeper(), resume=lambda a, s, c: Resume(argv=(a, s), cwd=c))
    unnamed = Sighting(agent="claude", session_id=None, run=RUN, alive=True, sign=Sign.IDLE, terminal="t1")
    desk.handle(events.Looked(agent="claude", sightings=(unnamed,), at=10.0))
    (before,) = desk.sessions
    first = desk.handle(
        events.PromptGiven(
            prompt=Prompt(id="p", session_id=before, agent="claude", at=20.0, when="now", by=DESK, text="hi"),
            at=20.0,
        )
    )
    sent = events.PromptMoved(prompt_id="p", state=PromptState.SENT, note=None, at=21.0)
    told = [] if on_its_way else desk.handle(sent)

    told = [*told, *look(desk, Sign.IDLE, at=22.0)]
    if on_its_way:
        told += desk.handle(sent)

    (once,), (again,) = of(first, effects.Deliver), of(told, effects.Deliver)
    assert (once.again, again.again) == (False, True)
    assert (again.prompt.id, again.session.id) == ("p", "s")
    assert [prompt.id for prompt in desk.sessions["s"].prompts] == ["p"]
    assert [kept.prompt.session_id for kept in of(told, effects.KeepPrompt)][-1] == "s"
