"""Claude Code itself, with our hook and without a supervisor, with settings, coming back."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import json
import signal

from supervisor import programs
from supervisor.agents import claude
from supervisor.core.model import Session, Sign
from tests.lab import homes
from tests.supervisor.agents.claude.steered import (
    ALLOW,
    DIALOG,
    Desk,
    answer,
    bash,
    question,
    sub_agent,
    tools,
)

pytestmark = pytest.mark.usefixtures("needs_claude")


# -- no supervisor ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_without_a_supervisor_the_terminal_is_as_ever(steered: Desk, how: str) -> None:
    """The dialog is there and works; nothing tells of a hook."""
    if how == "stopped":
        steered.route.stop()
    else:
        steered.route.die()
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    terminal.wait_for(DIALOG)
    terminal.settle()
    mark = terminal.mark()

    terminal.press("1")
    terminal.wait_for("Done.", since=mark)

    assert (steered.project / "made.txt").exists()
    assert "hook error" not in terminal.text
    assert "hook failed" not in terminal.text
    attached = [line["attachment"]["type"] for line in steered.lines() if line["type"] == "attachment"]
    assert not [kind for kind in attached if kind.startswith("hook")]


def test_a_supervisor_that_dies_and_comes_back_still_gets_the_answer_through(steered: Desk) -> None:
    """The dialog stands all the time, and the question is the same one."""
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    [first] = steered.route.wait()
    terminal.wait_for(DIALOG)

    steered.route.die()
    steered.route.start()
    _, second = steered.route.wait(2)
    still_asking = steered.seen(Sign.ASKING, terminal)
    answer(second, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert question(first).id == question(second).id
    assert question(first).digest == question(second).digest
    assert still_asking.session_id == question(second).session_id
    assert (steered.project / "made.txt").exists()


def test_a_sub_agents_question_comes_to_the_terminal_when_the_supervisor_dies(steered: Desk) -> None:
    """Within seconds."""
    terminal = steered.begin()
    terminal.prompt(tools(sub_agent("touch made.txt")))
    steered.route.wait()

    steered.route.die()

    steered.seen(Sign.ASKING, terminal)
    terminal.wait_for("Yes, and")


# -- settings ---------------------------------------------------------------------------------------


def test_our_hook_in_the_users_settings_asks_too(steered: Desk) -> None:
    """For sessions that were not started by us; the user's own hooks run as before."""
    beep = {"hooks": [{"type": "command", "command": "touch beeped.txt"}]}
    theirs = json.dumps({"hooks": {"PermissionRequest": [beep]}}, indent=2)
    hook = programs.hook_command(steered.route.place)
    homes.write(steered.settings, claude.steering.with_hooks(theirs, hook, "2.1.329"))
    terminal = steered.run(steered.launch.plus("--permission-mode", "manual"))
    terminal.prompt(bash("touch made.txt"))
    [asked] = steered.route.wait()

    answer(asked, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert (steered.project / "made.txt").exists()
    assert (steered.project / "beeped.txt").exists()


def test_a_hook_that_stands_in_two_places_asks_once(steered: Desk) -> None:
    """In the user's settings and on the command line."""
    hook = programs.hook_command(steered.route.place)
    homes.write(steered.settings, claude.steering.with_hooks("", hook, "2.1.329"))
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = steered.route.wait()

    answer(asked, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert len(steered.route.asked) == 1


def test_settings_on_the_command_line_are_kept(steered: Desk) -> None:
    """Those of the user work beside ours."""
    theirs = {"permissions": {"allow": ["Bash(touch made.txt)"]}, "env": {"MINE": "here"}}
    terminal = steered.begin("--settings", json.dumps(theirs))
    terminal.prompt(bash("touch made.txt", 'echo "$MINE" > more.txt'))
    [asked] = steered.route.wait()

    answer(asked, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert question(asked).text == 'echo "$MINE" > more.txt'
    assert (steered.project / "made.txt").exists()
    assert (steered.project / "more.txt").read_text() == "here\n"


# -- coming back ------------------------------------------------------------------------------------


def test_a_session_that_comes_back_is_as_it_was_started(steered: Desk) -> None:
    """In its mode, and asking us again."""
    launch = steered.prepared("--permission-mode", "plan", "hello")
    terminal = steered.run(launch, "plan")
    terminal.wait_for("You said: hello")
    before = steered.seen(Sign.IDLE, terminal)
    terminal.signal(signal.SIGKILL)
    terminal.wait()
    session_id = before.session_id or ""
    session = Session(
        id=session_id,
        agent="claude",
        cwd=before.facts.cwd,
        resume=claude.resume(session_id, before.facts.cwd),
    )

    back = claude.steering.relaunch(session, launch.argv)
    assert back is not None
    again = steered.run(steered.prepared(*back.argv[1:]), "plan")
    again.prompt(tools(("Write", {"file_path": str(steered.project / "x"), "content": "x"})))
    [asked] = steered.route.wait()

    assert claude.steering.writes_to(back.argv) == session_id
    assert question(asked).session_id == session_id
    assert steered.seen(Sign.ASKING, again).session_id == session_id
