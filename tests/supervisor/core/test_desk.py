"""All sessions together: conversations with the desk."""

from collections.abc import Sequence
from typing import Any

import pytest

from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.keeper import Keeper
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

RUN = Run(100, 5.0)


@pytest.fixture
def desk() -> Desk:
    return Desk(
        keeper=Keeper(), resume=lambda agent, sid, cwd: Resume(argv=(agent, "--resume", sid), cwd=cwd)
    )


def seen(session_id: str | None = "one", sign: Sign | None = None, run: Run = RUN, **more: Any) -> Sighting:
    return Sighting(agent="claude", session_id=session_id, run=run, alive=True, sign=sign, **more)


def look(desk: Desk, *sightings: Sighting, at: float = 10.0) -> list[effects.Effect]:
    return desk.handle(events.Looked(agent="claude", sightings=sightings, at=at))


def write(desk: Desk, *records: Record, at: float = 11.0) -> list[effects.Effect]:
    return desk.handle(events.Written(session_id="one", records=records, at=at))


def entry(text: str, *, seq: int = 0, role: Role = Role.ASSISTANT, kind: EntryKind = EntryKind.TEXT) -> Entry:
    return Entry(seq=seq, id=str(seq), at=1.0, role=role, kind=kind, text=text)


def published(wishes: Sequence[effects.Effect], topic: str) -> list[Any]:
    return [w.data for w in wishes if isinstance(w, effects.Publish) and w.topic == topic]


def test_a_session_appears_with_its_first_sighting(desk: Desk) -> None:
    """A session that is seen is shown, followed and watched for its end at once."""
    wishes = look(desk, seen(sign=Sign.IDLE, transcript="/t/one.jsonl", facts=Facts(cwd="/p", model="m")))

    (session,) = published(wishes, "session")
    assert (session.id, session.state, session.cwd, session.model) == ("one", State.IDLE, "/p", "m")
    assert session.resume == Resume(argv=("claude", "--resume", "one"), cwd="/p")
    assert effects.WatchExit(RUN) in wishes
    assert any(isinstance(w, effects.Follow) for w in wishes)


def test_the_same_sighting_twice_says_nothing_new(desk: Desk) -> None:
    """A screen is told of changes only."""
    look(desk, seen(sign=Sign.IDLE))

    again = look(desk, seen(sign=Sign.IDLE), at=20.0)

    assert published(again, "session") == []


def test_a_turn_goes_from_working_to_needs_you_and_back(desk: Desk) -> None:
    """What the registry says moves the session on, each time with its own since."""
    states = []
    for at, sign in enumerate((Sign.IDLE, Sign.WORKING, Sign.ASKING, Sign.WORKING, Sign.IDLE), start=10):
        look(desk, seen(sign=sign), at=float(at))
        states.append((desk.sessions["one"].state, desk.sessions["one"].since))

    assert states == [
        (State.IDLE, 10.0),
        (State.WORKING, 11.0),
        (State.NEEDS_YOU, 12.0),
        (State.WORKING, 13.0),
        (State.IDLE, 14.0),
    ]


def test_a_question_says_what_it_is_about(desk: Desk) -> None:
    """The card shows the tool call that waits, also when it is written down after the question."""
    look(desk, seen(sign=Sign.ASKING, waiting_for="permission prompt"))
    call = Entry(
        seq=1, id="1", at=1.0, role=Role.ASSISTANT, kind=EntryKind.TOOL_CALL, text="rm -r build", tool="Bash"
    )
    write(desk, Record(entries=(call,), sign=Sign.WORKING))

    (approval,) = desk.sessions["one"].approvals
    assert desk.sessions["one"].state is State.NEEDS_YOU
    assert approval is not None
    assert (approval.summary, approval.tool, approval.text) == ("permission prompt", "Bash", "rm -r build")

    look(desk, seen(sign=Sign.WORKING))
    assert desk.sessions["one"].approvals == ()


def test_a_killed_agent_is_lost_and_not_working_for_ever(desk: Desk) -> None:
    """A registry entry whose process is dead means that the session was lost."""
    look(desk, seen(sign=Sign.WORKING, transcript="/t"))

    ended = desk.handle(events.RunEnded(run=RUN, at=20.0))
    left = Sighting(agent="claude", session_id="one", run=RUN, alive=False)
    wishes = look(desk, left, at=21.0)

    assert ended == [effects.Look("claude")]
    assert desk.sessions["one"].state is State.LOST
    assert effects.Unfollow("one") in wishes


def test_a_clean_exit_at_the_prompt_is_an_end(desk: Desk) -> None:
    """Nothing left behind and no open turn: its user ended it."""
    look(desk, seen(sign=Sign.IDLE))

    look(desk, at=20.0)

    assert desk.sessions["one"].state is State.ENDED


def test_a_process_that_vanishes_in_a_turn_is_lost(desk: Desk) -> None:
    """A closed terminal in the middle of a turn is a loss, even when the registry was tidied."""
    look(desk, seen(sign=Sign.WORKING))
    write(desk, Record(entries=(entry("go", role=Role.USER),), sign=Sign.WORKING))

    look(desk, at=20.0)

    assert desk.sessions["one"].state is State.LOST


def test_a_headless_run_that_finishes_has_ended(desk: Desk) -> None:
    """The transcript knows that the turn came to its end, whatever the registry said last."""
    look(desk, seen(sign=Sign.WORKING))
    write(desk, Record(entries=(entry("done"),), sign=Sign.IDLE))

    look(desk, at=20.0)

    assert desk.sessions["one"].state is State.ENDED


def test_a_failed_turn_is_cut_off_and_stays_so_at_the_prompt(desk: Desk) -> None:
    """An agent that gave up sits at its prompt: that is not idle."""
    look(desk, seen(sign=Sign.WORKING))
    write(desk, Record(facts=Facts(failure="529 overloaded"), sign=Sign.FAILED))
    look(desk, seen(sign=Sign.IDLE))

    session = desk.sessions["one"]
    assert (session.state, session.failure) == (State.CUT_OFF, "529 overloaded")

    look(desk, seen(sign=Sign.WORKING))
    assert (desk.sessions["one"].state, desk.sessions["one"].failure) == (State.WORKING, None)


def test_clear_ends_one_session_and_starts_another_in_the_same_process(desk: Desk) -> None:
    """A process that changes its session id has let the old session go."""
    look(desk, seen("one", sign=Sign.IDLE))

    look(desk, seen("two", sign=Sign.IDLE), at=12.0)

    assert desk.sessions["one"].state is State.ENDED
    assert desk.sessions["two"].state is State.IDLE


def test_two_sessions_in_one_folder_are_two(desk: Desk) -> None:
    """The folder is no identity."""
    facts = Facts(cwd="/same")
    look(desk, seen("one", facts=facts), seen("two", run=Run(101, 6.0), facts=facts))

    assert {s.id for s in desk.sessions.values()} == {"one", "two"}


def test_one_process_may_serve_several_sessions(desk: Desk) -> None:
    """A daemon that holds two conversations ends neither of them."""
    for _ in range(2):
        look(desk, seen("one", sign=Sign.IDLE), seen("two", sign=Sign.IDLE))

    assert {s.state for s in desk.sessions.values()} == {State.IDLE}


def test_a_process_without_a_session_yet_is_replaced_by_its_session(desk: Desk) -> None:
    """Before the first prompt the process stands for the session; then the real id takes over."""
    look(desk, seen(None, sign=Sign.IDLE))

    wishes = look(desk, seen("one", sign=Sign.WORKING), at=12.0)

    assert {"id": "claude-100-5", "removed": True, "replaced_by": "one"} in published(wishes, "session")
    assert set(desk.sessions) == {"one"}


def test_a_process_without_a_session_leaves_no_trace(desk: Desk) -> None:
    """There is nothing to resume where there was no prompt."""
    look(desk, seen(None, sign=Sign.IDLE))

    look(desk, at=20.0)

    assert desk.sessions == {}


def test_a_resumed_session_lives_again_under_a_new_process(desk: Desk) -> None:
    """Resuming keeps the session and changes its run."""
    look(desk, seen(sign=Sign.WORKING))
    look(desk, Sighting(agent="claude", session_id="one", run=RUN, alive=False), at=12.0)

    look(desk, seen(run=Run(200, 13.0), sign=Sign.IDLE), at=14.0)

    assert (desk.sessions["one"].state, desk.sessions["one"].run) == (State.IDLE, Run(200, 13.0))


def test_remains_found_at_the_start_can_be_recovered(desk: Desk) -> None:
    """A session that died while nobody watched is listed as lost, an old one is not."""
    old = Sighting(agent="claude", session_id="old", run=Run(7, 1.0), alive=False, at=10.0)
    fresh = Sighting(agent="claude", session_id="one", run=RUN, alive=False, at=99_000.0)

    look(desk, old, fresh, at=100_000.0)

    assert {s.id: s.state for s in desk.sessions.values()} == {"one": State.LOST}


def test_a_reboot_loses_what_was_alive(desk: Desk) -> None:
    """After a reboot no process lives; what was alive then is lost, what had ended has ended."""
    alive = Session(id="one", agent="claude", state=State.IDLE, since=1.0, run=RUN)
    ended = Session(id="two", agent="claude", state=State.ENDED, since=1.0)

    desk.handle(events.Restored(sessions=(alive, ended), rebooted=True, at=5.0))

    assert desk.sessions["one"].state is State.LOST
    assert desk.sessions["two"].state is State.ENDED


def test_a_session_that_lived_on_while_we_were_down_is_watched_again(desk: Desk) -> None:
    """The end of a process is noticed also after a restart of the supervisor."""
    working = Session(id="one", agent="claude", state=State.WORKING, since=1.0, run=RUN)
    desk.handle(events.Restored(sessions=(working,), rebooted=False, at=5.0))

    wishes = look(desk, seen(sign=Sign.WORKING), at=6.0)

    assert effects.WatchExit(RUN) in wishes
    assert desk.sessions["one"].since == 1.0


def test_a_session_that_died_while_we_were_down_is_lost(desk: Desk) -> None:
    """It worked when we were last there, and now nobody serves it."""
    working = Session(id="one", agent="claude", state=State.WORKING, since=1.0, run=RUN)
    desk.handle(events.Restored(sessions=(working,), rebooted=False, at=5.0))

    look(desk, at=6.0)

    assert desk.sessions["one"].state is State.LOST


def test_entries_are_published_in_order_and_once(desk: Desk) -> None:
    """What an agent writes reaches the screens as it was written."""
    look(desk, seen(sign=Sign.WORKING))

    wishes = write(
        desk, Record(entries=(entry("a", seq=1), entry("b", seq=2))), Record(entries=(entry("c", seq=3),))
    )

    assert [e.text for e in published(wishes, "entry")] == ["a", "b", "c"]
    assert desk.sessions["one"].last_entry == entry("c", seq=3)


def test_what_entries_change_in_a_session_is_told_once_a_second(desk: Desk) -> None:
    """A burst of lines does not send the whole session with each of them; a new state does at once."""
    look(desk, seen(sign=Sign.WORKING))
    first = write(desk, Record(entries=(entry("a", seq=1),)))
    second = write(desk, Record(entries=(entry("b", seq=2),)))

    later = desk.handle(events.WaitOver(name="retell", at=13.0))

    assert effects.Wait("retell", 1.0) in first
    assert published(first + second, "session") == []
    assert [s.last_entry.text for s in published(later, "session")] == ["b"]
    assert published(write(desk, Record(sign=Sign.FAILED)), "session") != []


def test_the_first_prompt_is_the_title_until_there_is_one(desk: Desk) -> None:
    """A session has something to be recognised by from its first prompt on."""
    look(desk, seen(sign=Sign.WORKING))
    write(desk, Record(entries=(entry("\n  mend the tests \nplease", role=Role.USER),)))
    assert desk.sessions["one"].title == "mend the tests"

    write(desk, Record(facts=Facts(title="Mending tests")))
    assert desk.sessions["one"].title == "Mending tests"


def told(sign: Sign, waiting_for: str | None = None, at: float = 12.0) -> events.Told:
    return events.Told(agent="claude", session_id="one", sign=sign, waiting_for=waiting_for, at=at)


def test_what_an_agent_tells_comes_before_its_transcript(desk: Desk) -> None:
    """A question that the agent itself told of is not taken back by a late line in a file."""
    look(desk, seen())
    desk.handle(told(Sign.ASKING, "approval"))

    write(desk, Record(sign=Sign.WORKING))
    look(desk, seen(), at=13.0)

    assert desk.sessions["one"].state is State.NEEDS_YOU


def test_what_was_told_too_early_is_not_forgotten(desk: Desk) -> None:
    """An agent may speak of a session before that was found."""
    desk.handle(told(Sign.WORKING))

    look(desk, seen(), at=13.0)

    assert desk.sessions["one"].state is State.WORKING


def test_when_an_agent_falls_silent_its_transcript_counts_again(desk: Desk) -> None:
    """A feed that is gone does not freeze a state."""
    look(desk, seen())
    desk.handle(told(Sign.WORKING))

    desk.handle(events.Unheard(agent="claude", at=13.0))
    write(desk, Record(sign=Sign.IDLE))

    assert desk.sessions["one"].state is State.IDLE


def test_silence_makes_a_working_session_stale_and_a_word_ends_that(desk: Desk) -> None:
    """Working without a sign of life for ten minutes is said so."""
    wishes = look(desk, seen(sign=Sign.WORKING))
    assert effects.Wait("stale", 600.0) in wishes

    desk.handle(events.WaitOver(name="stale", at=700.0))
    assert desk.sessions["one"].stale

    write(desk, Record(entries=(entry("still here"),)), at=701.0)
    assert not desk.sessions["one"].stale


def test_a_turn_of_a_process_that_is_no_more_is_not_worked_at(desk: Desk) -> None:
    """Brought back after a crash in mid-turn: its transcript ends within a turn, and nobody works."""
    look(desk, seen(run=Run(200, 500.0), transcript="/t/one.jsonl"), at=501.0)

    desk.handle(events.Opened(session_id="one", record=Record(sign=Sign.WORKING, at=400.0), at=502.0))

    assert desk.sessions["one"].state is State.IDLE


def test_who_says_something_and_was_not_seen_is_looked_for(desk: Desk) -> None:
    """The look at its first sign may have come a moment too early; the next one is a minute away."""
    wishes = desk.handle(
        events.Told(agent="claude", session_id="one", sign=Sign.WORKING, waiting_for=None, at=11.0)
    )

    assert wishes == [effects.Look("claude")]


def test_who_is_known_by_its_folder_is_looked_at_when_that_is_known(desk: Desk) -> None:
    """Which terminal shows a session of a shared daemon may be seen by its folder, which comes later."""
    look(desk, seen(run=Run(200, 300.0), transcript="/t/one.jsonl"), at=301.0)

    said = Record(sign=Sign.WORKING, at=302.0, facts=Facts(cwd="/home/me/project"))
    wishes = desk.handle(events.Written(session_id="one", records=(said,), at=302.0))
    again = desk.handle(events.Written(session_id="one", records=(said,), at=303.0))

    assert [wish for wish in wishes if isinstance(wish, effects.Look)] == [effects.Look("claude")]
    assert not any(isinstance(wish, effects.Look) for wish in again)


def test_a_turn_of_this_process_is_worked_at(desk: Desk) -> None:
    """We were started in the middle of it."""
    look(desk, seen(run=Run(200, 300.0), transcript="/t/one.jsonl"), at=501.0)

    desk.handle(events.Opened(session_id="one", record=Record(sign=Sign.WORKING, at=400.0), at=502.0))

    assert desk.sessions["one"].state is State.WORKING


def test_old_ends_leave_the_list(desk: Desk) -> None:
    """Dead entries do not pile up: after a day they are history."""
    look(desk, seen(sign=Sign.IDLE))
    look(desk, at=20.0)

    wishes = desk.handle(events.WaitOver(name="tidy", at=100_000.0))

    assert desk.sessions == {}
    assert published(wishes, "session") == [{"id": "one", "removed": True, "replaced_by": None}]


def test_sub_agents_are_not_sessions_of_their_own(desk: Desk) -> None:
    """What a session started inside itself is not listed beside it."""
    look(desk, seen("one"), seen("child", run=Run(101, 6.0), parent_id="one"))

    assert set(desk.sessions) == {"one"}


def look_at_commands(desk: Desk, *sightings: Sighting, at: float = 10.0) -> list[effects.Effect]:
    return desk.handle(events.Looked(agent="plain", sightings=sightings, at=at))


def command(terminal: str = "a1") -> Sighting:
    return Sighting(
        agent="plain", session_id=terminal, run=RUN, alive=True, sign=Sign.WORKING, terminal=terminal
    )


def test_a_session_in_a_terminal_of_ours_is_hosted(desk: Desk) -> None:
    """It can be attached as long as it lives there; elsewhere it is only seen."""
    look(desk, seen(sign=Sign.IDLE, terminal="a1"))
    held = desk.sessions["one"]
    look(desk, seen(sign=Sign.IDLE, run=Run(101, 9.0)), at=20.0)

    assert (held.kind, held.terminal) == (Kind.HOSTED, "a1")
    assert (desk.sessions["one"].kind, desk.sessions["one"].terminal) == (Kind.SEEN, None)


@pytest.mark.parametrize(
    ("code", "state", "failure"),
    [
        (0, State.ENDED, None),
        (3, State.ENDED, "ended with exit code 3"),
        (-15, State.ENDED, "ended by signal 15"),
        (-9, State.LOST, "ended by signal 9"),
        (None, State.LOST, "the holder of its terminal died"),
    ],
)
def test_a_held_command_ends_as_its_holder_says(
    desk: Desk, code: int | None, state: State, failure: str | None
) -> None:
    """By itself or its user: ended. Killed, or its holder killed: lost."""
    look_at_commands(desk, command())

    desk.handle(events.TerminalEnded(terminal="a1", code=code, at=20.0))
    look_at_commands(desk, at=21.0)

    session = desk.sessions["a1"]
    assert (session.state, session.failure, session.run, session.terminal) == (state, failure, None, None)
    assert session.since == 20.0


def test_the_holder_tells_of_a_commands_end_and_nobody_else(desk: Desk) -> None:
    """Its exit status comes from there: the process is not watched beside it."""
    wishes = look_at_commands(desk, command())

    assert not any(isinstance(wish, effects.WatchExit) for wish in wishes)
    assert desk.sessions["a1"].state is State.WORKING


def test_the_end_of_an_unknown_terminal_is_no_news(desk: Desk) -> None:
    """An agent's session ends as its agent says, whatever terminal it was in."""
    look(desk, seen(sign=Sign.IDLE, terminal="a1"))

    desk.handle(events.TerminalEnded(terminal="a1", code=0, at=20.0))

    assert desk.sessions["one"].state is State.IDLE
