"""Notices on a real desktop, by a real tray, answered by their buttons."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

from tests.fakes.supervisor import Supervisor, asking, session
from tests.lab.desktop import Desktop, Host
from tests.lab.popups import Popups
from tests.lab.waiting import until
from tray import words

Start = Callable[..., None]
#: Starts a tray that knows of these sessions.
Follow = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_record(desktop: Desktop) -> None:
    """Each test is the first of its desktop."""
    for record in (desktop.folder / "wakeline" / "run").glob("*.popups"):
        record.unlink()


@pytest.fixture
def follow(desktop: Desktop, supervisor: Supervisor, start: Start) -> Follow:
    """Starts a tray that knows of these sessions."""

    def begin(*sessions: dict[str, Any]) -> None:
        supervisor.sessions = list(sessions)
        start("tray")
        listening(desktop, supervisor)

    return begin


@pytest.fixture
def asked(supervisor: Supervisor, popups: Popups, follow: Follow) -> None:
    """One question is on the screen: n1, whether ``make`` may be run."""
    follow(asking("a", "make"))
    supervisor.tell(id="n1", approval="q-a", title="the question")
    until(lambda: popups.there() == 1)


def listening(desktop: Desktop, supervisor: Supervisor) -> None:
    """The tray knows what there is, and shows it."""
    supervisor.was_asked("GET", "/api/notices")
    until(Host(desktop).items)


def record(desktop: Desktop) -> str:
    """What the tray has written down about its popups."""
    found = list((desktop.folder / "wakeline" / "run").glob("*.popups"))
    return found[0].read_text() if found else ""


def titles(popups: Popups) -> list[str]:
    """What was shown, in its order."""
    return [one.title for one in popups.shown()]


def test_a_question_is_answered_by_the_button_of_its_popup(
    supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """What is allowed is exactly what stood there, to the letter."""
    follow(asking("a", "rm -rf <b>build</b> && make"))

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
    supervisor: Supervisor, popups: Popups, follow: Follow, command: str, level: str
) -> None:
    """Then there is only the way to where all of it stands."""
    follow(asking("a", command))

    supervisor.tell(id="n1", approval="q-a", level=level)

    assert popups.wait_for("needs you").buttons == {words.SHOW}


def test_who_must_come_is_called_and_who_may_look_is_told(
    supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """A session that is cut off can be brought back from its popup; neither breaks "do not disturb"."""
    follow(asking("a", "make"), session("b", state="cut_off"))

    supervisor.tell(id="n1", approval="q-a", title="a question")
    supervisor.tell(id="n2", kind="cut_off", session="b", title="was cut off", urgent=False)
    cut_off = popups.wait_for("was cut off")
    popups.choose(words.TRY_NOW)

    assert [one.urgency for one in popups.shown()] == ["NORMAL", "LOW"]
    assert cut_off.buttons == {words.TRY_NOW, words.SHOW}
    assert supervisor.was_asked("POST", "/api/sessions/b/reconnect") == {"action": "now"}


def test_a_text_of_others_is_a_text_and_has_an_end(
    supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """No markup, no link, no line of its own, and no popup that covers the screen."""
    follow(session("a"))

    supervisor.tell(
        id="n1",
        kind="finished",
        title="<i>done</i>" + "!" * 500,
        text="<a href='x'>ok</a>\n&amp; " + "x" * 5000,
    )
    shown = popups.wait_for("done")

    assert (len(shown.title), len(shown.text)) == (64, 400)
    assert shown.text.startswith("<a href='x'>ok</a> &amp; xxx")


@pytest.mark.usefixtures("asked")
def test_a_popup_goes_when_it_was_answered_elsewhere(supervisor: Supervisor, popups: Popups) -> None:
    """Nobody is kept busy with what is over."""
    supervisor.tell(id="n1", withdrawn=True)

    until(lambda: popups.there() == 0)


def test_a_killed_tray_doubles_nothing_and_leaves_nothing(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, follow: Follow, start: Start
) -> None:
    """What was answered meanwhile goes; what is still open has its buttons back, in its place."""
    follow(asking("a", "make"), asking("b", "git push"))
    supervisor.tell(id="n1", approval="q-a", title="first")
    supervisor.tell(id="n2", approval="q-b", session="b", title="second")
    until(lambda: popups.there() == 2)
    until(lambda: '"n2"' in record(desktop))

    desktop.kill("tray")
    supervisor.tell(id="n1", withdrawn=True)
    start("tray")

    until(lambda: popups.there() == 1)
    until(lambda: titles(popups) == ["first", "second", "second"])
    assert len({one.number for one in popups.shown()}) == 2
    popups.choose(words.DENY)
    assert supervisor.was_asked("POST", "/api/approvals/q-b")["decision"] == "deny"
    until(lambda: popups.there() == 0)


@pytest.mark.usefixtures("asked")
def test_tray_and_supervisor_are_killed_and_the_popup_stands_there_once(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, start: Start
) -> None:
    """The same question has another id now; the popup that was there answers it."""
    until(lambda: '"n1"' in record(desktop))

    desktop.kill("tray")
    supervisor.hang_up()
    supervisor.sessions = [asking("a", "make", id="asked-again")]
    supervisor.tell(id="n1", approval="asked-again", silent=True)
    start("tray")

    until(lambda: len(popups.shown()) == 2)
    popups.choose(words.ALLOW_ONCE)
    assert supervisor.was_asked("POST", "/api/approvals/asked-again")["decision"] == "allow"
    assert len({one.number for one in popups.shown()}) == 1
    until(lambda: popups.there() == 0)


@pytest.mark.usefixtures("asked")
def test_the_supervisor_comes_back_and_nothing_is_told_again(
    desktop: Desktop, supervisor: Supervisor, popups: Popups
) -> None:
    """What was closed by its reader stays closed."""
    popups.close()
    until(lambda: popups.there() == 0)

    supervisor.asked.clear()
    supervisor.hang_up()
    listening(desktop, supervisor)
    supervisor.tell(id="n2", title="something new")

    popups.wait_for("something new")
    assert titles(popups) == ["the question", "something new"]


def test_what_was_asked_while_nobody_listened_is_told_once(
    supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """Also if the question changed silently before the tray came; never what nobody was to look up for."""
    supervisor.tell(id="n1", title="the question", silent=True, rang=True)
    supervisor.tell(id="n2", title="told in quiet hours", silent=True, rang=False)

    follow(asking("a", "make"))
    supervisor.tell(id="n3", title="something new")

    popups.wait_for("something new")
    assert titles(popups) == ["the question", "something new"]


def test_a_lost_session_is_copied_from_its_popup(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """From the popup into the terminal."""
    follow(session("a", state="lost", resume_command="claude --resume a"))
    supervisor.tell(id="n1", kind="lost", title="it was lost")
    popups.wait_for("lost")

    popups.choose(words.COPY)

    until(lambda: desktop.clipboard() == "claude --resume a")


def test_a_silent_change_is_seen_and_rings_nowhere(
    supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """What stands there changes in its place; what was closed stays closed."""
    follow(session("a", state="cut_off"))
    supervisor.tell(id="n1", kind="cut_off", title="was cut off")
    until(lambda: popups.there() == 1)

    supervisor.tell(id="n1", kind="recovered", title="goes on", silent=True)
    popups.wait_for("goes on")
    assert popups.there() == 1
    popups.close()
    until(lambda: popups.there() == 0)
    supervisor.tell(id="n1", kind="cut_off", title="was cut off again", silent=True)
    supervisor.tell(id="n2", title="and another")

    popups.wait_for("and another")
    assert titles(popups) == ["was cut off", "goes on", "and another"]


@pytest.mark.usefixtures("asked")
def test_a_change_that_nobody_can_see_shows_no_second_popup(supervisor: Supervisor, popups: Popups) -> None:
    """After a restart the same question has another id: its button answers the one that is asked now."""
    supervisor.put(asking("a", "make", id="asked-again"))
    supervisor.tell(id="n1", approval="asked-again", silent=True)
    supervisor.tell(id="n2", title="something else")
    popups.wait_for("something else")
    popups.choose(words.ALLOW_ONCE)

    assert supervisor.was_asked("POST", "/api/approvals/asked-again")["decision"] == "allow"
    assert titles(popups) == ["the question", "something else"]


def test_who_wants_no_notices_here_gets_none(
    desktop: Desktop, supervisor: Supervisor, popups: Popups, follow: Follow
) -> None:
    """One setting, and the desktop is quiet."""
    supervisor.on_desktop = False
    follow(asking("a", "make"))

    supervisor.tell(id="n1", approval="q-a")
    supervisor.put(session("b", title="something else"))

    until(lambda: Host(desktop).has("● something else"))
    assert popups.shown() == []


def test_without_anybody_who_shows_popups_the_tray_goes_on(
    desktop: Desktop, supervisor: Supervisor, follow: Follow
) -> None:
    """No error, no noise."""
    follow(asking("a", "make"))

    supervisor.tell(id="n1", approval="q-a")
    supervisor.put(session("b", title="something else"))

    until(lambda: Host(desktop).has("● something else"))
    assert desktop.log("tray") == ""


@pytest.mark.usefixtures("asked")
def test_popups_come_back_with_whoever_shows_them(supervisor: Supervisor, popups: Popups) -> None:
    """A notification daemon that was restarted shows the next one."""
    popups.end()
    supervisor.tell(id="n2", title="to nobody")
    popups.start()
    supervisor.tell(id="n3", title="here again")

    popups.wait_for("here again")
    supervisor.tell(id="n3", withdrawn=True)
    until(lambda: popups.there() == 0)


@pytest.mark.usefixtures("asked")
def test_quitting_takes_the_popups_along(desktop: Desktop, popups: Popups) -> None:
    """No button is left that does nothing."""
    with suppress(AssertionError):  # it may be gone before it has answered
        Host(desktop).choose("Quit")

    until(lambda: popups.there() == 0)
