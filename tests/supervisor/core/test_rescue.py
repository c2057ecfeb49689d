"""Who is brought back at the desk, and who is let alone: conversations with it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.failing import Cause
from supervisor.core.keeper import Keeper
from supervisor.core.link import Links, Phase, Policy
from supervisor.core.model import (
    Entry,
    EntryKind,
    Facts,
    Kind,
    Record,
    Resume,
    Role,
    Run,
    Session,
    Sighting,
    Sign,
    State,
)
from supervisor.core.rescue import Rescue, continuing
from supervisor.core.steering import PromptState

RUN = Run(100, 5.0)
HELD = Sighting(agent="claude", session_id="one", run=RUN, alive=True, sign=Sign.WORKING, terminal="t1")
FAILED = Record(sign=Sign.FAILED, facts=Facts(failure="529", cause=Cause.OVERLOADED))


@pytest.fixture
def desk() -> Desk:
    """A desk that brings back by itself what runs in terminals of ours; its agent's patience is 900 s."""
    return Desk(
        keeper=Keeper(),
        rescue=Rescue(Links({"hosted": Policy.AUTO}), lambda _: 900.0),
        resume=lambda agent, sid, cwd: Resume(argv=(agent, "--resume", sid), cwd=cwd),
    )


def look(desk: Desk, *sightings: Sighting, at: float = 10.0) -> list[effects.Effect]:
    return desk.handle(events.Looked(agent="claude", sightings=sightings, at=at))


def write(desk: Desk, *records: Record, at: float = 11.0) -> list[effects.Effect]:
    return desk.handle(events.Written(session_id="one", records=records, at=at))


def of(wishes: Sequence[effects.Effect], kind: type[Any]) -> list[Any]:
    return [wish for wish in wishes if isinstance(wish, kind)]


def reached(desk: Desk, at: float = 12.0) -> list[effects.Effect]:
    return desk.handle(events.Reached(session_id="one", at=at))


def phase(desk: Desk) -> str | None:
    shown = desk.sessions["one"].reconnect
    return shown.phase if shown else None


def test_who_is_killed_in_a_turn_is_brought_back(desk: Desk) -> None:
    """Gone without a word, in the middle of its work: it is to be started again."""
    look(desk, HELD)

    wishes = look(desk, at=12.0)

    assert [wish.cause for wish in of(wishes, effects.Reach)] == [Cause.KILLED]


def test_who_is_ended_from_here_stays_ended(desk: Desk) -> None:
    """ "wakeline stop" in the middle of a turn is no crash: nothing is started again."""
    look(desk, HELD)
    desk.handle(events.Ending(session_id="one", ending=True, at=11.0))

    wishes = look(desk, at=12.0)

    assert desk.sessions["one"].state is State.ENDED
    assert of(wishes, effects.Reach) == []


@pytest.mark.parametrize("code", [0, 130, 143])
def test_who_leaves_a_failed_session_is_not_followed(desk: Desk, code: int) -> None:
    """The user quits an agent whose turn has failed: it is not started again behind their back."""
    look(desk, HELD)
    write(desk, FAILED)
    desk.handle(events.TerminalEnded(terminal="t1", code=code, at=12.0))

    wishes = look(desk, at=12.1)

    assert desk.sessions["one"].state is State.ENDED
    assert of(wishes, effects.Reach) == []


def test_how_it_ended_may_be_told_after_that_it_did(desk: Desk) -> None:
    """The process is seen to be gone before its holder says that it was left: it is no loss after all."""
    look(desk, HELD)
    write(desk, FAILED)
    look(desk, at=12.0)
    assert phase(desk) == Phase.WAITING

    wishes = desk.handle(events.TerminalEnded(terminal="t1", code=0, at=12.1))

    assert desk.sessions["one"].state is State.ENDED
    assert of(wishes, effects.StopReaching)
    assert of(reached(desk, 13.0), effects.Continue) == []


@pytest.mark.parametrize("code", [-9, 1, None])
def test_who_is_killed_is_lost_whatever_the_terminal_says(desk: Desk, code: int | None) -> None:
    """A signal that nobody at the desk gives, an exit with an error, a dead holder: lost."""
    look(desk, HELD)
    desk.handle(events.TerminalEnded(terminal="t1", code=code, at=12.0))

    look(desk, at=12.1)

    assert desk.sessions["one"].state is State.LOST


def test_a_failure_whose_reason_comes_later_is_treated_by_it(desk: Desk) -> None:
    """An agent's feed tells that the turn failed, its transcript a moment later why."""
    look(desk, replace(HELD, sign=None))
    desk.handle(events.Told(agent="claude", session_id="one", sign=Sign.FAILED, waiting_for=None, at=11.0))
    assert phase(desk) == Phase.WAITING

    wishes = write(desk, FAILED, at=11.1)

    assert [wish.cause for wish in of(wishes, effects.Reach)] == [Cause.OVERLOADED]
    assert phase(desk) == Phase.WAITING


def test_a_reason_that_is_read_late_is_no_less_a_reason(desk: Desk) -> None:
    """A machine under load opens the transcript after it was given up to wonder: it is waited for then."""
    look(desk, replace(HELD, sign=Sign.IDLE))
    desk.handle(events.Told(agent="claude", session_id="one", sign=Sign.FAILED, waiting_for=None, at=11.0))
    reached(desk, at=16.0)
    assert phase(desk) == "stopped"

    wishes = desk.handle(events.Opened(session_id="one", record=FAILED, at=19.0))

    assert [wish.cause for wish in of(wishes, effects.Reach)] == [Cause.OVERLOADED]
    assert phase(desk) == "waiting"


def test_a_failure_without_a_reason_is_for_a_person(desk: Desk) -> None:
    """Nobody says why, also a while later: nothing is tried."""
    look(desk, replace(HELD, sign=None))
    desk.handle(events.Told(agent="claude", session_id="one", sign=Sign.FAILED, waiting_for=None, at=11.0))

    wishes = reached(desk, 16.0)

    assert of(wishes, effects.Continue) == []
    assert phase(desk) == Phase.STOPPED


def test_a_turn_that_fails_at_once_again_is_seen_to(desk: Desk) -> None:
    """It was told to go on and failed before anybody saw it work: the next try is planned."""
    look(desk, HELD)
    write(desk, FAILED)
    reached(desk)
    assert phase(desk) == Phase.TRYING

    wishes = write(desk, FAILED, at=13.0)

    assert [wish.attempt for wish in of(wishes, effects.Reach)] == [1]


def test_words_that_could_not_be_given_are_told(desk: Desk) -> None:
    """The prompt that was to continue the turn was refused: it says so, and nothing hangs."""
    look(desk, HELD)
    write(desk, FAILED)
    (going,) = of(reached(desk), effects.Continue)

    desk.handle(
        events.PromptMoved(
            prompt_id=continuing(going.session, going.number),
            state=PromptState.REFUSED,
            note="its terminal is gone",
            at=13.0,
        )
    )

    shown = desk.sessions["one"].reconnect
    assert shown is not None
    assert (shown.phase, shown.note) == (Phase.STOPPED, "its terminal is gone")


def test_other_prompts_are_no_way_back(desk: Desk) -> None:
    """A refused prompt of a phone stops no try."""
    look(desk, HELD)
    write(desk, FAILED)

    desk.handle(events.PromptMoved(prompt_id="p", state=PromptState.REFUSED, note="no", at=13.0))

    assert phase(desk) == Phase.WAITING


def test_what_was_chosen_for_a_session_survives_us(desk: Desk) -> None:
    """Its own policy is saved with it, and holds after a restart of ours and after a reboot."""
    look(desk, HELD)
    desk.handle(events.PolicyChosen(session_id="one", policy=Policy.OFF, at=11.0))
    kept = desk.sessions["one"]
    assert (kept.policy, kept.policy_chosen) == ("off", True)
    later = Desk(keeper=Keeper(), resume=lambda *_: None, rescue=Rescue(Links({"hosted": Policy.AUTO})))

    later.handle(events.Restored(sessions=(kept,), rebooted=True, at=20.0))

    assert (later.sessions["one"].policy, later.sessions["one"].policy_chosen) == ("off", True)


def test_what_holds_is_shown_before_anything_fails(desk: Desk) -> None:
    """Every session says what would be done for it."""
    look(desk, HELD)

    shown: Session = desk.sessions["one"]
    assert (shown.policy, shown.policy_chosen) == ("auto", False)


def entry(kind: EntryKind) -> Record:
    return Record(entries=(Entry(seq=1, id="1", at=1.0, role=Role.ASSISTANT, kind=kind, text="so"),))


def wait_over(desk: Desk, at: float) -> list[effects.Effect]:
    return desk.handle(events.WaitOver(name="stale", at=at))


def test_a_model_that_says_nothing_any_more_is_asked_again(desk: Desk) -> None:
    """Nothing moves for longer than the agent's own patience: said so, and to be continued."""
    look(desk, HELD)
    write(desk, entry(EntryKind.TOOL_RESULT), at=20.0)
    assert of(wait_over(desk, 700.0), effects.Reach) == []
    assert desk.sessions["one"].stale

    wishes = wait_over(desk, 921.0)

    assert [wish.cause for wish in of(wishes, effects.Reach)] == [Cause.SILENT]
    assert desk.sessions["one"].state is State.WORKING
    assert phase(desk) == Phase.WAITING
    (going,) = of(reached(desk, 922.0), effects.Continue)
    assert going.cause is Cause.SILENT


def test_a_tool_may_take_its_time(desk: Desk) -> None:
    """Half an hour of tests is no silence of the model."""
    look(desk, HELD)
    write(desk, entry(EntryKind.TOOL_CALL), at=20.0)

    assert of(wait_over(desk, 9000.0), effects.Reach) == []


def test_a_word_ends_the_silence(desk: Desk) -> None:
    """It moves again before anything was done: nothing is done."""
    look(desk, HELD)
    write(desk, entry(EntryKind.TOOL_RESULT), at=20.0)
    wait_over(desk, 921.0)

    wishes = write(desk, entry(EntryKind.TEXT), at=922.0)

    assert of(wishes, effects.StopReaching)
    assert phase(desk) is None
    assert of(reached(desk, 923.0), effects.Continue) == []


def test_time_is_asked_for_when_it_means_something(desk: Desk) -> None:
    """After ten minutes it is stale, after the agent's patience it is silent; nobody looks in between."""
    look(desk, HELD)
    write(desk, entry(EntryKind.TOOL_RESULT), at=10.0)

    (wait,) = [wish for wish in of(wait_over(desk, 610.0), effects.Wait) if wish.name == "stale"]

    assert wait.seconds == 300.0


def after_reboot(at_login: Policy, *sessions: Session, stopped_at: float | None = None) -> Any:
    """A desk at the start of a machine on which these were known; and what it wishes."""
    links = Links({"hosted": Policy.AUTO})
    desk = Desk(keeper=Keeper(), resume=lambda *_: None, rescue=Rescue(links, at_login=at_login))
    wishes = desk.handle(events.Restored(sessions=sessions, rebooted=True, at=100.0, stopped_at=stopped_at))
    return desk, wishes


WORKED = Session(id="one", agent="claude", kind=Kind.HOSTED, state=State.WORKING, since=50.0)


def test_after_a_reboot_what_was_held_comes_back() -> None:
    """At login, where that is set: each held session that was alive, and its turn if it was in one."""
    theirs = replace(WORKED, id="theirs", kind=Kind.SEEN)
    ended = replace(WORKED, id="ended", state=State.ENDED)

    desk, wishes = after_reboot(Policy.AUTO, WORKED, theirs, ended)

    assert [(w.session.id, w.cause, w.session.unfinished) for w in of(wishes, effects.Reach)] == [
        ("one", Cause.REBOOTED, True)
    ]
    assert of(reached(desk, 101.0), effects.Continue)
    assert {s.id: s.state for s in desk.sessions.values()}["theirs"] is State.LOST


def test_after_a_reboot_it_may_be_asked_for() -> None:
    """Nothing starts by itself; every screen offers it, and a yes brings it back."""
    desk, wishes = after_reboot(Policy.ASK, WORKED)

    assert of(wishes, effects.Reach) == []
    assert phase(desk) == Phase.ASKING
    assert of(desk.handle(events.TryNow(session_id="one", at=101.0)), effects.Reach)


def test_after_a_reboot_nothing_is_done_where_that_is_set() -> None:
    """It is in the list of what was lost, and that is all."""
    desk, wishes = after_reboot(Policy.OFF, WORKED)

    assert (of(wishes, effects.Reach), phase(desk)) == ([], None)
    assert desk.sessions["one"].state is State.LOST


def test_what_the_shutdown_ended_before_us_was_lost_with_the_machine() -> None:
    """Its agent heard of the shutdown a moment earlier than we did: nobody had left it."""
    closed = replace(WORKED, state=State.ENDED, cause=Cause.TERMINAL_CLOSED, since=95.0)
    left = replace(WORKED, id="left", state=State.ENDED, since=95.0)
    earlier = replace(closed, id="earlier", since=50.0)

    desk, _ = after_reboot(Policy.AUTO, closed, left, earlier, stopped_at=99.0)

    assert {s.id: s.state for s in desk.sessions.values()} == {
        "one": State.LOST,
        "left": State.ENDED,
        "earlier": State.ENDED,
    }


def test_who_is_told_to_end_by_a_signal_says_so(desk: Desk) -> None:
    """SIGTERM by somebody else, as at a shutdown; the quitting of a user leaves no such mark."""
    look(desk, replace(HELD, sign=Sign.IDLE))
    desk.handle(events.TerminalEnded(terminal="t1", code=143, at=12.0))

    look(desk, at=12.1)

    assert (desk.sessions["one"].state, desk.sessions["one"].cause) == (State.ENDED, Cause.TERMINAL_CLOSED)


@pytest.mark.parametrize("first", [True, False])
def test_who_is_killed_at_the_prompt_is_lost_too(desk: Desk, *, first: bool) -> None:
    """Its holder died, whichever is seen first: an agent that looks as if it was left can be recovered."""
    look(desk, replace(HELD, sign=Sign.IDLE))
    ended = events.TerminalEnded(terminal="t1", code=None, at=12.1)

    if first:
        desk.handle(ended)
    look(desk, at=12.2)
    if not first:
        desk.handle(ended)

    assert (desk.sessions["one"].state, desk.sessions["one"].cause) == (State.LOST, Cause.KILLED)


def test_who_died_with_its_holder_while_we_were_down_is_lost(desk: Desk) -> None:
    """Everything was killed at once; what is left is the socket of its holder, where nobody answers."""
    idle = replace(WORKED, state=State.IDLE, terminal="t1", run=RUN)
    desk.handle(events.Restored(sessions=(idle,), rebooted=False, at=100.0))
    desk.handle(events.TerminalEnded(terminal="t1", code=None, at=100.1))

    wishes = look(desk, at=100.2)

    assert desk.sessions["one"].state is State.LOST
    assert of(wishes, effects.Reach) == [], "a person says what comes back after such a crash"
