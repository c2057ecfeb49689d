"""Prompts on their way, as the desk decides about them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from supervisor.core import effects
from supervisor.core.model import Entry, EntryKind, Role, Session, State
from supervisor.core.outbox import Outbox, objection, same_words
from supervisor.core.steering import DESK, Focus, Prompt, PromptState, Typing

WAITING, SENDING, SENT, TAKEN = PromptState.WAITING, PromptState.SENDING, PromptState.SENT, PromptState.TAKEN
QUEUES = Typing(takes_while_working=True)


def session(state: State = State.IDLE, **more: Any) -> Session:
    return Session(id="s", agent="claude", state=state, **{"reachable": True, **more})


def prompt(own_id: str = "p", text: str = "go on", **more: Any) -> Prompt:
    fields = {"when": "now", "by": "phone", "at": 10.0, **more}
    return Prompt(id=own_id, session_id="s", agent="claude", text=text, **fields)


def outbox(*given: Prompt, typing: Typing = QUEUES) -> Outbox:
    box = Outbox(lambda _: typing)
    for one in given:
        box.put(one)
    return box


def delivered(wishes: Iterable[effects.Effect]) -> list[tuple[str, bool]]:
    return [(w.prompt.id, w.again) for w in wishes if isinstance(w, effects.Deliver)]


def said(text: str, role: Role = Role.USER) -> list[Entry]:
    return [Entry(seq=1, id="1", at=11.0, role=role, kind=EntryKind.TEXT, text=text)]


@pytest.mark.parametrize(
    ("state", "when", "typing", "goes"),
    [
        (State.IDLE, "now", Typing(), True),
        (State.CUT_OFF, "now", Typing(), True),
        (State.WORKING, "now", QUEUES, True),
        (State.WORKING, "now", Typing(), False),
        (State.WORKING, "idle", QUEUES, False),
        (State.STARTING, "now", QUEUES, False),
        (State.IDLE, "idle", Typing(), True),
        (State.CUT_OFF, "idle", QUEUES, False),
        (State.NEEDS_YOU, "idle", QUEUES, False),
    ],
)
def test_a_prompt_goes_when_its_time_has_come(state: State, when: str, typing: Typing, goes: bool) -> None:
    """A prompt for when the agent is idle waits for that; one for now goes where the agent takes it."""
    box = outbox(prompt(when=when), typing=typing)

    wishes = box.next(session(state), 11.0)

    assert delivered(wishes) == ([("p", False)] if goes else [])


def test_prompts_go_one_after_the_other() -> None:
    """The second prompt goes when the agent's transcript shows the first."""
    box = outbox(prompt("one", "first"), prompt("two", "second"))
    assert delivered(box.next(session(), 11.0)) == [("one", False)]
    box.moved("one", SENT, None, 11.5)

    assert delivered(box.next(session(), 12.0)) == []
    box.taken(session(), said("first"), 12.0)

    assert delivered(box.next(session(), 12.1)) == [("two", False)]


def test_a_prompt_counts_as_taken_when_the_transcript_shows_it() -> None:
    """Handing over is no proof; the agent's own record is."""
    box = outbox(prompt(text="first\n  second"))
    box.next(session(), 11.0)
    box.moved("p", SENT, None, 11.5)

    wishes = box.taken(session(), said(" first\nsecond "), 12.0)

    (kept,) = [w.prompt for w in wishes if isinstance(w, effects.KeepPrompt)]
    assert (kept.state, box.find("p")) == (TAKEN, None)


@pytest.mark.parametrize("others", [said("something else"), said("go on", Role.ASSISTANT), []])
def test_other_words_prove_nothing(others: list[Entry]) -> None:
    """Neither another prompt nor the agent's own words confirm a prompt."""
    box = outbox(prompt())
    box.next(session(), 11.0)
    box.moved("p", SENT, None, 11.5)

    box.taken(session(), others, 12.0)

    assert box.find("p") is not None


def test_the_same_words_twice_need_two_records() -> None:
    """One record in the transcript confirms one prompt, not all that read the same."""
    box = outbox(prompt("one"), prompt("two"))
    for own_id in ("one", "two"):
        box.moved(own_id, SENT, None, 11.0)

    box.taken(session(), said("go on"), 12.0)

    assert [p.id for p in box.of("s")] == ["two"]


def test_what_was_under_way_at_a_crash_goes_again_under_its_id() -> None:
    """A prompt that was being typed when we died is neither lost nor a new one."""
    box = Outbox(lambda _: QUEUES)
    box.restore([prompt(state=SENDING)])

    assert delivered(box.next(session(State.WORKING), 20.0)) == [("p", True)]
    assert delivered(box.next(session(State.WORKING), 21.0)) == []


def test_what_was_done_before_a_crash_is_not_done_again() -> None:
    """A prompt that the agent had taken stays taken."""
    box = Outbox(lambda _: QUEUES)
    box.restore([prompt("a", state=TAKEN), prompt("b", state=PromptState.REFUSED)])

    assert (bool(box.all()), delivered(box.next(session(), 20.0))) == (False, [])


def test_another_screens_focus_holds_a_prompt_back() -> None:
    """What waits for its time does not type into what another phone is typing."""
    other = Focus(holder="tablet", label="My tablet", since=1.0)
    box = outbox(prompt(when="idle"))

    assert delivered(box.next(session(focus=other), 11.0)) == []
    assert delivered(box.next(session(focus=replace(other, holder=DESK)), 11.0)) == [("p", False)]


def test_a_prompt_that_could_not_go_waits_a_moment() -> None:
    """Somebody was in the middle of a line: it is tried again later, not at once and for ever."""
    box = outbox(prompt(when="idle"))
    box.next(session(), 11.0)
    box.moved("p", WAITING, "somebody types", 11.0)

    assert delivered(box.next(session(), 11.1)) == []
    assert delivered(box.next(session(), 16.0)) == [("p", False)]


def test_an_end_refuses_what_was_not_handed_over() -> None:
    """Prompts of a session that ended are said not to have arrived."""
    box = outbox(prompt())

    wishes = box.ended("s", 12.0)

    (kept,) = [w.prompt for w in wishes if isinstance(w, effects.KeepPrompt)]
    assert (kept.state, kept.note) == (PromptState.REFUSED, "the session ended before")


def test_a_command_without_transcript_has_what_was_typed() -> None:
    """Where nothing can show a prompt, typing it is all that can be known."""
    box = outbox(prompt(), typing=Typing(shows_prompts=False))
    box.next(session(), 11.0)

    moved, _ = box.moved("p", SENT, None, 11.5)

    assert moved is not None
    assert moved.state is TAKEN


def test_what_never_showed_up_is_said_to_be_so() -> None:
    """After seconds it is doubtful; after an hour it is no longer on its way."""
    box = outbox(prompt())
    box.moved("p", SENT, None, 11.0)

    box.tidy(11.0 + 20.0)
    doubtful = box.find("p")
    box.tidy(11.0 + 3700.0)

    assert doubtful is not None
    assert (doubtful.state, "does not show it" in (doubtful.note or "")) == (SENT, True)
    assert box.find("p") is None


@pytest.mark.parametrize(
    ("state", "when", "more", "says"),
    [
        (State.ENDED, "now", {}, "has ended"),
        (State.LOST, "idle", {}, "has ended"),
        (State.PAUSED, "idle", {}, "is paused"),
        (State.NEEDS_YOU, "now", {}, "asks something"),
        (State.WORKING, "now", {}, "works"),
        (State.IDLE, "now", {"reachable": False}, "Take it over"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    state: State, when: str, more: dict[str, Any], says: str
) -> None:
    """A prompt that cannot arrive is refused at once, in words that say what to do."""
    reason = objection(session(state, **more), when, Typing())

    assert reason is not None
    assert says in reason


@pytest.mark.parametrize("state", [State.IDLE, State.CUT_OFF, State.STARTING])
def test_what_can_be_is_not_refused(state: State) -> None:
    """A session that takes prompts, or will soon, is no reason to refuse one."""
    assert objection(session(state), "now", Typing()) is None


def test_a_long_prompt_may_stand_among_the_agents_own_words() -> None:
    """Agents wrap long texts; short ones must stand alone."""
    text = "please run all the tests again and tell me what failed"

    assert same_words(f"<pasted>\n{text}\n</pasted>", text)
    assert not same_words("do not go on", "go on")


def test_an_order_that_was_given_as_words_is_known_again() -> None:
    """It has a backslash before it then."""
    assert same_words("\\/clear all", " /clear  all")
    assert not same_words("\\/clear all", "/clear")
