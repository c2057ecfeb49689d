"""Notices on a real desktop, by a real tray, answered by their buttons."""

import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

import psutil

from tests.fakes.supervisor import Supervisor, asking, session
from tests.lab.desktop import Desktop, Host
from tests.lab.popups import Popups
from tests.lab.waiting import until
from tray import words

Start = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_record(desktop: Desktop) -> None:
    """Each test is the first of its desktop."""
    for record in (desktop.folder / "wakeline" / "run").glob("*.popups"):
        record.unlink()


def listening(desktop: Desktop, supervisor: Supervisor) -> None:
    """The tray knows what there is."""
    supervisor.was_asked("GET", "/api/notices")
    until(Host(desktop).items)


def record(desktop: Desktop) -> str:
    """What the tray has written down about its popups."""
    found = list((desktop.folder / "wakeline" / "run").glob("*.popups"))
    return found[0].read_text() if found else ""


def kill_tray(desktop: Desktop) -> None:
    """kill -9."""
    (tray,) = [
        one
        for one in psutil.process_iter()
        if one.status() != psutil.STATUS_ZOMBIE
        and one.cmdline()[1:] == ["-m", "tray"]
        and one.environ().get("WAKELINE_HOME") == desktop.env["WAKELINE_HOME"]
    ]
    tray.kill()
    desktop.end("tray")


def test_a_question_is_answered_by_the_button_of_its_popup(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """What is allowed is exactly what stood there, to the letter."""
    supervisor.sessions = [asking("a", "rm -rf <b>build</b> && make")]
    start("tray")
    listening(desktop, supervisor)

    supervisor.tell(id="n1", approval="q-a")
    shown = popups.wait_for("needs you")
    popups.choose(words.ALLOW_ONCE)

    assert shown.text == "Bash: rm -rf <b>build</b> && make\nclaude · wakeline"
    assert shown.buttons == {words.ALLOW_ONCE, words.DENY, words.SHOW}
    assert supervisor.was_asked("POST", "/api/approvals/q-a") == {
        "digest": "digest of rm -rf <b>build</b> && make",
        "decision": "allow",
    }
    until(lambda: popups.there() == 0)


@pytest.mark.parametrize(
    ("command", "level"),
    [
        ("make " + "x" * 200, "full"),
        ("make\nrm -rf /", "full"),
        ("make", "title"),
        ("make \u202egpj.exe", "full"),
    ],
)
def test_what_is_not_shown_whole_cannot_be_allowed_blindly(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start, command: str, level: str
) -> None:
    """Then there is only the way to where all of it stands."""
    supervisor.sessions = [asking("a", command)]
    start("tray")
    listening(desktop, supervisor)

    supervisor.tell(id="n1", approval="q-a", level=level)

    assert popups.wait_for("needs you").buttons == {words.SHOW}


def test_a_popup_goes_when_it_was_answered_elsewhere(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """Nobody is kept busy with what is over."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a")
    until(lambda: popups.there() == 1)

    supervisor.tell(id="n1", withdrawn=True)

    until(lambda: popups.there() == 0)


def test_a_killed_tray_doubles_nothing_and_leaves_nothing(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """What was answered meanwhile goes; what is still open has its buttons back, and stands there once."""
    supervisor.sessions = [asking("a", "make"), asking("b", "git push")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a", title="first")
    supervisor.tell(id="n2", approval="q-b", session="b", title="second")
    until(lambda: popups.there() == 2)
    until(lambda: '"n2"' in record(desktop))

    kill_tray(desktop)
    supervisor.tell(id="n1", withdrawn=True)
    start("tray")

    until(lambda: popups.there() == 1)
    until(lambda: len(popups.shown()) == 3)
    assert [one.title for one in popups.shown()] == ["first", "second", "second"]
    popups.choose(words.DENY)
    assert supervisor.was_asked("POST", "/api/approvals/q-b")["decision"] == "deny"
    until(lambda: popups.there() == 0)


def test_the_supervisor_comes_back_and_nothing_is_told_again(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """What was closed by its reader stays closed."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a")
    until(lambda: popups.there() == 1)
    popups.close()
    until(lambda: popups.there() == 0)

    supervisor.asked.clear()
    supervisor.hang_up()
    listening(desktop, supervisor)
    supervisor.tell(id="n2", title="something new")

    popups.wait_for("something new")
    assert len(popups.shown()) == 2


def test_a_lost_session_is_copied_from_its_popup(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """From the popup into the terminal."""
    supervisor.sessions = [session("a", state="lost", resume_command="claude --resume a")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", kind="lost", title="it was lost")
    popups.wait_for("lost")

    popups.choose(words.COPY)

    until(lambda: desktop.clipboard() == "claude --resume a")


def test_a_silent_change_is_seen_and_rings_nowhere(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """What stands there changes; what was closed stays closed."""
    supervisor.sessions = [session("a", state="cut_off")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", kind="cut_off", title="was cut off")
    until(lambda: popups.there() == 1)

    supervisor.tell(id="n1", kind="recovered", title="goes on", silent=True)
    popups.wait_for("goes on")
    until(lambda: popups.there() == 1)
    popups.close()
    until(lambda: popups.there() == 0)
    supervisor.tell(id="n1", kind="cut_off", title="was cut off again", silent=True)
    supervisor.tell(id="n2", title="and another")

    popups.wait_for("and another")
    assert [one.title for one in popups.shown()] == ["was cut off", "goes on", "and another"]


def test_a_change_that_nobody_can_see_shows_no_second_popup(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """After a restart the same question has another id: its button answers the one that is asked now."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a", title="the question")
    until(lambda: popups.there() == 1)

    supervisor.put(asking("a", "make", id="asked-again"))
    supervisor.tell(id="n1", approval="asked-again", silent=True)
    supervisor.tell(id="n2", title="something else")
    popups.wait_for("something else")
    popups.choose(words.ALLOW_ONCE)

    assert supervisor.was_asked("POST", "/api/approvals/asked-again")["decision"] == "allow"
    assert [one.title for one in popups.shown()] == ["the question", "something else"]


def test_who_wants_no_notices_here_gets_none(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """One setting, and the desktop is quiet."""
    supervisor.on_desktop = False
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)

    supervisor.tell(id="n1", approval="q-a")
    supervisor.put(session("b", title="something else"))

    until(lambda: Host(desktop).has("● something else"))
    assert popups.shown() == []


def test_without_anybody_who_shows_popups_the_tray_goes_on(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """No error, no noise."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)

    supervisor.tell(id="n1", approval="q-a")
    supervisor.put(session("b", title="something else"))

    until(lambda: Host(desktop).has("● something else"))
    assert desktop.log("tray") == ""


def test_popups_come_back_with_whoever_shows_them(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """A notification daemon that was restarted shows the next one."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a")
    until(lambda: popups.there() == 1)

    popups.end()
    supervisor.tell(id="n2", title="to nobody")
    popups.start()
    supervisor.tell(id="n3", title="here again")

    popups.wait_for("here again")
    supervisor.tell(id="n3", withdrawn=True)
    until(lambda: popups.there() == 0)


def test_quitting_takes_the_popups_along(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """No button is left that does nothing."""
    supervisor.sessions = [asking("a", "make")]
    start("tray")
    listening(desktop, supervisor)
    supervisor.tell(id="n1", approval="q-a")
    until(lambda: popups.there() == 1)

    with suppress(AssertionError):  # it may be gone before it has answered
        Host(desktop).choose("Quit")

    until(lambda: popups.there() == 0)
