"""The details window on a real screen."""

import sys
from collections.abc import Callable

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

from PIL import ImageChops

from tests.fakes.supervisor import Supervisor, asking, session
from tests.lab.desktop import Desktop
from tests.lab.waiting import until
from tray import words

pytestmark = pytest.mark.parametrize("desktop", ["none"], indirect=True)

Start = Callable[..., None]

#: Of the button that copies; the chosen line of the list has it too, further left.
ACCENT = "#0b8478"
IN_THE_BOX = (700, 200)
RIGHT_HALF = (600, 0, 1024, 768)


def test_the_button_copies_the_command_of_the_session_that_is_shown(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """What is on the clipboard is what is on the screen, exactly."""
    supervisor.sessions = [session("a"), session("b/../c", resume_command="claude --resume 'b c'")]

    start("tray.details", "--session=b/../c")
    desktop.click(desktop.settled(ACCENT, RIGHT_HALF))

    until(lambda: desktop.clipboard() == "claude --resume 'b c'")


def test_what_is_shown_changes_with_the_session(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """An open window is never out of date."""
    supervisor.sessions = [session("a", resume_command=None)]
    start("tray.details", "--session=a")
    supervisor.was_asked("GET", "/api/sessions/a/resume-command")
    before = desktop.still()
    assert desktop.find(ACCENT, RIGHT_HALF) is None

    supervisor.put(session("a", title="Now it has a name", resume_command="claude --resume a"))

    until(lambda: desktop.find(ACCENT, RIGHT_HALF), saying="the command did not appear")
    assert ImageChops.difference(desktop.screen(), before).getbbox()


def test_a_session_that_has_gone_is_said_in_words(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """The window stays open and usable."""
    supervisor.sessions = []

    start("tray.details", "--session=gone")

    supervisor.was_asked("GET", "/api/sessions/gone")
    until(lambda: desktop.windows(words.DETAILS_TITLE))
    assert desktop.log("tray.details") == ""


def test_a_long_question_is_allowed_only_after_its_end_was_seen(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Whoever scrolls to the end has seen what hides there."""
    command = "\n".join([*(f"echo {n}" for n in range(40)), "rm -rf /home/me"])
    supervisor.sessions = [asking("a", command, digest="d1") | {"resume_command": None}]
    start("tray.details", "--session=a")
    supervisor.was_asked("GET", "/api/sessions/a/resume-command")
    desktop.focus(words.DETAILS_TITLE)
    desktop.still()
    may_be_allowed = desktop.find(ACCENT, RIGHT_HALF)

    desktop.point(IN_THE_BOX)
    for _ in range(20):
        desktop.run("xdotool", "click", "5")
    desktop.click(desktop.settled(ACCENT, RIGHT_HALF))

    assert may_be_allowed is None
    assert supervisor.was_asked("POST", "/api/approvals/q-a") == {"digest": "d1", "decision": "allow"}
