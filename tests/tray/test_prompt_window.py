"""The window for a prompt on a real screen."""

import sys
from collections.abc import Callable

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

from tests.fakes.supervisor import Supervisor, session
from tests.lab.desktop import Desktop
from tests.lab.waiting import until
from tray import words

pytestmark = pytest.mark.parametrize("desktop", ["none"], indirect=True)

Start = Callable[..., None]


def test_a_prompt_is_written_and_sent(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """Typed, sent with the keyboard, and the window closes by itself."""
    supervisor.sessions = [session("a/b", can=["prompt"])]
    start("tray.prompt", "--session=a/b")
    supervisor.was_asked("GET", "/api/sessions/a%2Fb")
    desktop.focus(words.PROMPT_TITLE)

    desktop.run("xdotool", "type", "--delay", "30", "run the tests")
    desktop.press("ctrl+Return")

    given = supervisor.was_asked("POST", "/api/sessions/a%2Fb/prompt")
    assert given == {"text": "run the tests", "when": "now"}
    until(lambda: not desktop.windows(words.PROMPT_TITLE))


def test_a_prompt_that_was_refused_stays_where_it_is(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Nobody writes it twice."""
    supervisor.sessions = []
    start("tray.prompt", "--session=gone")
    supervisor.was_asked("GET", "/api/sessions/gone")
    desktop.focus(words.PROMPT_TITLE)

    for times in (1, 2):
        desktop.run("xdotool", "type", "--delay", "30", "hello")
        desktop.press("ctrl+Return")
        until(lambda n=times: len(posted(supervisor)) == n)  # type: ignore[misc]  # a default binds it

    assert posted(supervisor) == ["hello", "hellohello"]
    assert desktop.windows(words.PROMPT_TITLE)


def posted(supervisor: Supervisor) -> list[str]:
    """The prompts that came."""
    return [body["text"] for verb, path, body in supervisor.asked if (verb, path[-7:]) == ("POST", "/prompt")]
