"""What a person is told, by conversations with the desk."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from supervisor.core import effects, events
from supervisor.core.awake import Rules as AwakeRules
from supervisor.core.board import Rules
from supervisor.core.desk import Desk
from supervisor.core.failing import Cause
from supervisor.core.keeper import Keeper
from supervisor.core.link import Links, Policy
from supervisor.core.model import (
    Entry,
    EntryKind,
    Facts,
    Job,
    JobKind,
    Offspring,
    Power,
    Record,
    Role,
    Run,
    Session,
    Sighting,
    Sign,
    State,
)
from supervisor.core.notice import Level, Notice, NoticeKind
from supervisor.core.notices import Notices
from supervisor.core.rescue import Rescue
from supervisor.core.steering import Approval

RUN = Run(100, 5.0)


class Room:
    """A desk with a clock; what it publishes as notices is gathered."""

    def __init__(self, policy: Policy = Policy.AUTO, **rules: Any) -> None:
        self.now = 1000.0
        self.told: list[Notice] = []
        self.announced: list[Notice] = []
        self.kept: tuple[Notice, ...] = ()
        self.waits: dict[str, float] = {}
        self.desk = Desk(
            keeper=Keeper(AwakeRules(battery_limit=20.0)),
            resume=lambda *_: None,
            rescue=Rescue(Links({"seen": policy})),
            notices=Notices(Rules(**{"least_turn": 60.0, **rules})),
        )

    def hear(self, event: Callable[..., events.Event], **fields: Any) -> None:
        """Something happens now."""
        for wish in self.desk.handle(event(at=self.now, **fields)):
            match wish:
                case effects.Publish("notice", _, notice):
                    self.told.append(notice)
                case effects.Announce(notice):
                    self.announced.append(notice)
                case effects.KeepNotices(notices):
                    self.kept = notices
                case effects.Wait(name, seconds):
                    self.waits[name] = self.now + seconds
                case _:
                    pass

    def wait(self, seconds: float) -> None:
        """Time goes by, and whoever waits for it is called."""
        end = self.now + seconds
        while due := sorted((at, name) for name, at in self.waits.items() if at <= end):
            at, name = due[0]
            del self.waits[name]
            self.now = max(self.now, at)
            self.hear(events.WaitOver, name=name)
        self.now = end

    def sign(self, *signs: Sign, session_id: str = "one", run: Run = RUN) -> None:
        """Its agent says how its turn stands."""
        for sign in signs:
            sighting = Sighting(
                agent="claude",
                session_id=session_id,
                run=run,
                alive=True,
                sign=sign,
                facts=Facts(title="Fix the build", cwd="/home/me/wakeline"),
            )
            self.hear(events.Looked, agent="claude", sightings=(sighting,))

    def fail(self, cause: Cause = Cause.NETWORK) -> None:
        """Its turn fails."""
        record = Record(entries=(), sign=Sign.FAILED, facts=Facts(failure=f"failed: {cause}", cause=cause))
        self.hear(events.Written, session_id="one", records=(record,))

    def ask(self, approval_id: str = "q1", text: str = "rm -rf build", **more: Any) -> None:
        """Its agent asks."""
        asked = Approval(
            id=approval_id,
            session_id="one",
            at=self.now,
            summary="permission",
            tool="Bash",
            text=text,
            answerable=True,
            **more,
        )
        self.hear(events.Asked, agent="claude", approval=asked)

    def open(self) -> list[Notice]:
        """What still wants to be seen."""
        return [one for one in self.desk.notices.board.newest if not one.withdrawn]

    def restarted(self, *, rebooted: bool = False) -> "Room":
        """The supervisor dies, and another one begins with what was kept."""
        again = Room()
        again.now = self.now + 1
        again.desk.notices.rules = self.desk.notices.rules
        again.hear(events.NoticesRestored, notices=self.kept)
        stored = tuple(replace(s, approvals=(), reconnect=None) for s in self.desk.sessions.values())
        again.hear(events.Restored, sessions=stored, rebooted=rebooted)
        return again


@pytest.fixture
def room() -> Room:
    """One session at its prompt."""
    made = Room()
    made.sign(Sign.IDLE)
    return made


def kinds(notices: list[Notice]) -> list[tuple[str, bool]]:
    """What was told, and whether it was taken back."""
    return [(str(one.kind), one.withdrawn) for one in notices]


def test_a_question_is_told_and_withdrawn_when_it_is_answered(room: Room) -> None:
    """Whoever answers it anywhere has answered it: the notice goes in the same moment."""
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(2)

    (notice,) = room.open()
    room.hear(events.Answered, approval_id="q1")

    assert (notice.title, notice.text) == ("“Fix the build” needs you", "claude · wakeline")
    assert (notice.approval_id, notice.urgent) == ("q1", True)
    assert kinds(room.told) == [("needs_you", False), ("needs_you", True)]
    assert room.told[0].id == room.told[1].id
    assert [one.id for one in room.announced] == [notice.id]


def test_what_is_allowed_by_a_rule_at_once_is_told_to_nobody(room: Room) -> None:
    """A question that is over within a moment never was one."""
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(0.5)
    room.hear(events.Answered, approval_id="q1")
    room.wait(10)

    assert room.told == []


def test_the_same_dialog_first_guessed_then_known_is_one_notice(room: Room) -> None:
    """The registry says that it waits; what it asks comes a little later."""
    room.sign(Sign.WORKING, Sign.ASKING)
    room.wait(2)
    room.ask()
    room.wait(2)

    assert len({one.id for one in room.told}) == 1
    assert len(room.announced) == 1
    assert room.open()[0].approval_id == "q1"


def test_the_next_question_is_a_notice_of_its_own(room: Room) -> None:
    """Answering one must not hide the other."""
    room.sign(Sign.WORKING)
    room.ask("q1")
    room.ask("q2", "make")
    room.wait(2)
    first = room.open()[0]
    room.hear(events.Answered, approval_id="q1")
    room.wait(2)

    (second,) = room.open()
    assert (first.approval_id, second.approval_id) == ("q1", "q2")
    assert first.id != second.id
    assert "and 1 more" in first.text
    assert len(room.announced) == 2


@pytest.mark.parametrize(
    ("level", "title", "text"),
    [
        (Level.NONE, "A session needs you", ""),
        (Level.TITLE, "“Fix the build” needs you", "claude · wakeline"),
        (Level.FULL, "“Fix the build” needs you", "Bash: rm -rf build · claude · wakeline"),
    ],
)
def test_a_notice_tells_no_more_than_its_level_allows(level: Level, title: str, text: str) -> None:
    """A lock screen shows what its owner wants it to show."""
    room = Room(level=level)
    room.sign(Sign.IDLE, Sign.WORKING)
    room.ask()
    room.wait(2)

    (notice,) = room.open()
    assert (notice.title, notice.text) == (title, text)


def test_texts_of_others_cannot_dress_up_a_notice(room: Room) -> None:
    """No line breaks, no directions, no end."""
    room.desk.notices.board.rules = Rules(level=Level.FULL)
    room.sign(Sign.WORKING)
    room.ask(text="make\n\u202eevil\x1b[31m" + "x" * 5000)
    room.wait(2)

    text = room.open()[0].text
    assert text.startswith("Bash: make evil [31mxxx")
    assert len(text) <= 240


def test_only_long_turns_are_told_when_they_end(room: Room) -> None:
    """Whoever waits at the desk for a short answer is not called to it."""
    room.sign(Sign.WORKING)
    room.wait(59)
    room.sign(Sign.IDLE)
    room.wait(10)
    short = list(room.told)
    room.sign(Sign.WORKING)
    room.wait(180)
    room.sign(Sign.IDLE)
    room.wait(10)

    assert short == []
    assert kinds(room.told) == [("finished", False)]
    assert "after 3 min" in room.told[0].text
    room.sign(Sign.WORKING)
    assert room.open() == []


def test_an_answer_begins_the_wait_anew(room: Room) -> None:
    """Whoever has just allowed something knows that the end is near."""
    room.sign(Sign.WORKING)
    room.wait(500)
    room.ask()
    room.wait(0.5)
    room.hear(events.Answered, approval_id="q1")
    room.sign(Sign.WORKING)
    room.wait(20)
    room.sign(Sign.IDLE)
    room.wait(10)

    assert room.told == []


def test_an_interrupted_turn_is_not_finished(room: Room) -> None:
    """Whoever interrupts is there."""
    room.sign(Sign.WORKING)
    room.wait(300)
    room.sign(Sign.IDLE)
    room.hear(events.Written, session_id="one", records=(Record(entries=(), sign=Sign.INTERRUPTED),))
    room.wait(10)

    assert room.told == []


def test_the_next_prompt_in_the_queue_is_no_end(room: Room) -> None:
    """Only the last of several turns is told."""
    room.sign(Sign.WORKING)
    room.wait(300)
    room.sign(Sign.IDLE, Sign.WORKING)
    room.wait(300)
    room.sign(Sign.IDLE)
    room.wait(10)

    assert kinds(room.told) == [("finished", False)]


def test_the_last_words_are_told_only_where_everything_may_be_told() -> None:
    """What an agent writes is content."""
    room = Room(level=Level.FULL)
    room.sign(Sign.IDLE, Sign.WORKING)
    room.wait(100)
    said = Entry(seq=1, id="1", at=1.0, role=Role.ASSISTANT, kind=EntryKind.TEXT, text="All tests pass.")
    room.hear(events.Written, session_id="one", records=(Record(entries=(said,)),))
    room.sign(Sign.IDLE)
    room.wait(10)

    assert room.open()[0].text.startswith("All tests pass. · after 2 min")


def test_who_types_at_the_desk_is_left_alone(room: Room) -> None:
    """A question waits with its notice until they have stopped for a minute; an end is not told at all."""
    room.sign(Sign.WORKING)
    room.wait(300)
    room.hear(events.Drafted, session_id="one", draft=True)
    room.sign(Sign.IDLE)
    room.wait(10)
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(10)
    assert room.told == []

    room.wait(60)

    assert kinds(room.told) == [("needs_you", False)]


def test_typing_takes_back_what_the_typist_has_seen(room: Room) -> None:
    """The end of a turn is no news to whoever writes the next prompt."""
    room.sign(Sign.WORKING)
    room.wait(300)
    room.sign(Sign.IDLE)
    room.wait(10)

    room.hear(events.Drafted, session_id="one", draft=True)

    assert kinds(room.told) == [("finished", False), ("finished", True)]


def test_a_short_cut_is_told_to_nobody(room: Room) -> None:
    """Most of what is cut off goes on before anybody has looked."""
    room.sign(Sign.WORKING)
    room.fail()
    room.wait(5)
    room.sign(Sign.WORKING)
    room.wait(60)

    assert room.told == []


def test_a_long_cut_is_told_and_so_is_the_recovery(room: Room) -> None:
    """One notice, which changes."""
    room.sign(Sign.WORKING)
    room.fail()
    room.wait(30)
    room.sign(Sign.WORKING)

    assert kinds(room.told) == [("cut_off", False), ("recovered", False)]
    assert len({one.id for one in room.told}) == 1
    assert room.told[0].text == "network unreachable: it will be tried again · claude · wakeline"
    assert [one.title for one in room.announced] == ["“Fix the build” was cut off", "“Fix the build” goes on"]


def test_a_session_that_flaps_has_one_notice(room: Room) -> None:
    """Cut off and back ten times in five minutes: looked up for twice at most."""
    room.sign(Sign.WORKING)
    for _ in range(10):
        room.fail()
        room.wait(15)
        room.sign(Sign.WORKING)
        room.wait(15)

    assert len({one.id for one in room.told}) == 1
    assert len(room.announced) == 2
    (notice,) = room.open()
    assert (notice.kind, notice.count) == (NoticeKind.RECOVERED, 10)
    assert "10 times lately" in notice.text


def test_flapping_faster_than_anybody_looks_is_still_told_once(room: Room) -> None:
    """Ten blips within half a minute are worth one word."""
    room.sign(Sign.WORKING)
    for _ in range(10):
        room.fail()
        room.wait(2)
        room.sign(Sign.WORKING)
        room.wait(2)

    assert len({one.id for one in room.told}) == 1
    assert len(room.announced) == 2


def test_another_try_in_vain_is_no_news(room: Room) -> None:
    """It is told and written down once, however often it is tried."""
    room.sign(Sign.WORKING)
    room.fail()
    room.wait(30)
    told = list(room.told)
    kept = room.kept
    for _ in range(3):
        room.wait(20)
        room.hear(events.TryPlanned, session_id="one", next_try_at=room.now + 20)

    assert kinds(told) == [("cut_off", False)]
    assert room.told == told
    assert room.kept is kept


def test_what_was_given_up_calls_at_once(room: Room) -> None:
    """Nothing goes on before somebody comes."""
    room.sign(Sign.WORKING)
    room.fail(Cause.AUTHENTICATION)
    room.wait(2)

    (notice,) = room.open()
    assert (notice.kind, notice.urgent) == (NoticeKind.CUT_OFF, True)
    assert "authentication: only a person can help here" in notice.text


def test_giving_up_later_calls_again(room: Room) -> None:
    """That it was cut off could wait; that nobody tries any more cannot."""
    room.sign(Sign.WORKING)
    room.fail()
    room.wait(30)
    room.hear(events.NotContinued, session_id="one", note="its terminal is gone")

    assert len(room.announced) == 2
    assert "its terminal is gone" in room.open()[0].text
    assert len({one.id for one in room.told}) == 1


def test_who_stops_the_tries_need_not_be_told(room: Room) -> None:
    """They know."""
    room.sign(Sign.WORKING)
    room.fail()
    room.wait(30)
    room.hear(events.StopTrying, session_id="one")
    room.sign(Sign.IDLE)
    room.wait(30)

    assert kinds(room.told) == [("cut_off", False), ("cut_off", True)]


def test_a_session_that_is_killed_is_lost(room: Room) -> None:
    """And found again, it needs nobody."""
    room = Room(Policy.ASK)
    room.sign(Sign.WORKING)
    room.hear(events.Looked, agent="claude", sightings=())
    room.wait(2)
    lost = room.open()
    room.sign(Sign.WORKING)

    assert [(one.kind, one.title) for one in lost] == [(NoticeKind.LOST, "“Fix the build” was lost")]
    assert room.open()[0].kind is NoticeKind.RECOVERED


def test_a_crash_of_the_machine_is_one_notice() -> None:
    """Three sessions were lost; the notice goes when the last of them is back."""
    room = Room()
    for number in range(3):
        session = Session(
            id=f"s{number}", agent="claude", state=State.WORKING, title=f"Task {number}", since=1.0
        )
        room.desk.sessions[session.id] = session
    again = room.restarted(rebooted=True)
    again.wait(2)

    (notice,) = again.open()
    assert (notice.title, notice.session_id) == ("3 sessions were lost", None)
    assert notice.text == "machine rebooted · Task 0, Task 1, Task 2"
    for number in range(3):
        again.sign(Sign.WORKING, session_id=f"s{number}", run=Run(100 + number, 5.0))
        again.sign(Sign.IDLE, session_id=f"s{number}", run=Run(100 + number, 5.0))
    assert [one for one in again.open() if one.kind is NoticeKind.LOST] == []


@pytest.mark.parametrize("kind", ["question", "cut off", "finished", "given up"])
def test_a_restart_doubles_nothing(kind: str) -> None:
    """The supervisor is killed and comes back: nobody is called again for what they were told."""
    room = Room()
    room.sign(Sign.IDLE, Sign.WORKING)
    room.wait(100)
    if kind == "question":
        room.ask()
    elif kind == "finished":
        room.sign(Sign.IDLE)
    else:
        room.fail(Cause.NETWORK if kind == "cut off" else Cause.PAYMENT)
    room.wait(30)
    (told,) = room.open()
    room.hear(events.NoticeSent, notice_id=told.id)

    again = room.restarted()
    if kind == "question":
        again.sign(Sign.ASKING)
        again.ask("another-id")
    elif kind == "finished":
        again.sign(Sign.IDLE)
    else:
        again.sign(Sign.IDLE)
        again.fail(Cause.NETWORK if kind == "cut off" else Cause.PAYMENT)
    again.wait(30)

    assert again.announced == []
    assert [one.id for one in again.open()] == [told.id]
    assert {one.id for one in again.told} <= {told.id}


def test_what_was_answered_while_nobody_watched_is_withdrawn(room: Room) -> None:
    """After a restart nothing stays that is over."""
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(2)

    again = room.restarted()
    again.sign(Sign.WORKING)

    assert again.open() == []


def test_what_was_told_and_not_sent_is_sent_after_a_restart(room: Room) -> None:
    """A crash between telling and sending loses nothing."""
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(2)

    again = room.restarted()

    assert [one.id for one in again.announced] == [room.announced[0].id]


def test_a_low_battery_is_told_once(room: Room) -> None:
    """The machine may sleep although something goes on."""
    room.sign(Sign.WORKING)
    for percent in (19.0, 18.0, 17.0):
        room.hear(events.PowerRead, power=Power(percent=percent, on_battery=True))
    (notice,) = room.open()
    room.hear(events.PowerRead, power=Power(percent=17.0, on_battery=False))

    assert (notice.kind, notice.title) == (NoticeKind.BATTERY, "This machine may sleep now")
    assert notice.text == "released because the battery is at 19 %"
    assert kinds(room.told) == [("battery", False), ("battery", True)]


def test_jobs_that_end_together_are_one_notice(room: Room) -> None:
    """Short ones are none."""
    session = room.desk.sessions["one"]
    notices = room.desk.notices
    for seconds, code in ((5.0, 0), (100.0, 0), (200.0, 2)):
        began = room.now - seconds
        job = Job(
            pid=7, command="make test", started_at=began, ended_at=room.now, over=True, exit_status=code
        )
        for wish in notices.job_ended(session, job, room.now):
            assert isinstance(wish, effects.Wait)
            room.waits["notices"] = room.now + wish.seconds
    room.wait(5)

    (notice,) = room.open()
    assert (notice.title, notice.count) == ("“Fix the build”: 2 jobs ended", 2)
    assert "exit status 2" in notice.text
    assert len(room.announced) == 1


@pytest.mark.parametrize("ends_first", [False, True])
def test_a_job_that_a_turn_has_left_is_told_when_it_ends(room: Room, ends_first: bool) -> None:
    """Also when its session is over by then."""
    room.sign(Sign.WORKING)
    job = Run(200, room.now + 1)
    room.wait(10)
    room.sign(Sign.IDLE)
    child = Offspring(
        session_id="one", run=job, parent_pid=RUN.pid, argv=("make", "test"), left=False, detached=True
    )
    room.hear(events.JobsFound, origins=room.desk.jobs._origins(), found=(child,))
    if ends_first:
        room.hear(events.Looked, agent="claude", sightings=())
    room.wait(100)
    room.hear(events.JobEnded, run=job, exit_status=2)
    room.wait(5)

    assert kinds(room.told) == [("job_ended", False)]
    assert room.told[0].text == "exit status 2 · claude · wakeline"


def test_an_agent_at_work_tells_of_its_own_tasks_itself(room: Room) -> None:
    """It goes on with what came of them."""
    room.sign(Sign.WORKING)
    job = Job(pid=7, command="make", started_at=1.0, ended_at=900.0, over=True, kind=JobKind.AGENT)

    assert room.desk.notices.job_ended(room.desk.sessions["one"], job, room.now) == []


def test_kinds_that_are_not_wanted_are_not_told() -> None:
    """The user chooses."""
    room = Room(kinds=frozenset({NoticeKind.FINISHED}))
    room.sign(Sign.IDLE, Sign.WORKING)
    room.ask()
    room.wait(5)

    assert room.told == []


def test_in_quiet_hours_nobody_is_called() -> None:
    """It stands in the list, and that is all."""
    room = Room(quiet=lambda _: True)
    room.sign(Sign.IDLE, Sign.WORKING)
    room.ask()
    room.wait(5)

    assert room.announced == []
    assert [(one.silent, one.rang) for one in room.open()] == [(True, False)]


def test_what_rang_has_rung_however_it_changes(room: Room) -> None:
    """A screen that comes later is told of it all the same, also after a restart."""
    room.sign(Sign.WORKING)
    room.ask("q1")
    room.wait(5)

    again = room.restarted()
    again.ask("q1", "rm -rf build, once more")

    assert [(one.silent, one.rang) for one in again.open()] == [(True, True)]


def test_a_session_that_leaves_the_list_takes_its_notices_along(room: Room) -> None:
    """Nothing is left that leads nowhere."""
    room.sign(Sign.WORKING)
    room.ask()
    room.wait(5)

    room.hear(events.Discarded, session_id="one")

    assert room.open() == []
