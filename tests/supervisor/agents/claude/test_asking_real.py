"""Claude Code itself asks, and is answered from afar or at its terminal."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import json
import signal
from pathlib import Path

from supervisor.agents import claude
from supervisor.core.model import Sign
from supervisor.core.steering import Decision, Verdict
from tests.lab import homes
from tests.lab.waiting import until
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

FRUITS = {
    "question": "Which fruits?",
    "header": "Fruits",
    "options": [{"label": name, "description": "x"} for name in ("Apple", "Pear, green", "Fig")],
    "multiSelect": True,
}
COLOUR = {
    "question": "Which colour?",
    "header": "Colour",
    "options": [{"label": name, "description": "x"} for name in ("Red", "Blue")],
    "multiSelect": False,
}


# -- answers from afar ------------------------------------------------------------------------------


def test_a_command_that_is_allowed_from_afar_runs_once(steered: Desk) -> None:
    """The dialog in the terminal is gone then, and nobody has touched a key."""
    terminal = steered.begin()
    terminal.prompt(bash("echo ran >> made.txt"))
    [asked] = steered.route.wait()
    terminal.wait_for(DIALOG)
    waiting = steered.seen(Sign.ASKING, terminal)
    shown = question(asked)

    answer(asked, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert (shown.text, shown.reason) == ("echo ran >> made.txt", "Runs echo ran >> made.txt")
    assert (shown.session_id, shown.cwd) == (waiting.session_id, str(steered.project))
    assert asked.document["agent_pid"] == terminal.pid
    assert (steered.project / "made.txt").read_text() == "ran\n"
    assert len(steered.route.asked) == 1


def test_a_no_reaches_the_model_with_its_reason(steered: Desk) -> None:
    """It goes on with that."""
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = steered.route.wait()

    answer(asked, Decision(verdict=Verdict.DENY, reason="Use the other folder."))
    terminal.wait_for("Done.")

    assert until(steered.results) == ["Use the other folder."]
    assert not (steered.project / "made.txt").exists()


def test_an_edit_is_shown_and_made(steered: Desk) -> None:
    """As a diff of what will be."""
    (steered.project / "a.txt").write_text("one\ntwo\n")
    terminal = steered.begin()
    path = str(steered.project / "a.txt")
    edit = {"file_path": path, "old_string": "two", "new_string": "2"}
    steps = [{"tool": "Read", "input": {"file_path": path}}, {"tool": "Edit", "input": edit}]
    terminal.prompt(f"SCENARIO:script {json.dumps(steps)}")
    [asked] = steered.route.wait()

    shown = question(asked)
    answer(asked, ALLOW)
    steered.seen(Sign.IDLE, terminal)

    assert (shown.diff or "").split("\n")[2:] == ["@@ -1 +1 @@", "-two", "+2"]
    assert (steered.project / "a.txt").read_text() == "one\n2\n"


def test_questions_are_answered_from_afar(steered: Desk) -> None:
    """Labels, several of them, and own words: the program takes them as its own."""
    terminal = steered.begin()
    terminal.prompt(tools(("AskUserQuestion", {"questions": [COLOUR, FRUITS]})))
    [asked] = steered.route.wait()
    answers = {"Which colour?": ["Blue"], "Which fruits?": ["Apple", "Pear, green"]}

    answer(asked, Decision(verdict=Verdict.ANSWER, answers=answers))
    terminal.wait_for("Done.")

    [result] = until(steered.results)
    assert '"Which colour?"="Blue", "Which fruits?"="Apple, "Pear, green""' in result
    assert result.startswith("Your questions have been answered")


def test_a_question_is_answered_in_own_words(steered: Desk) -> None:
    """Which were not among the choices."""
    terminal = steered.begin()
    terminal.prompt(tools(("AskUserQuestion", {"questions": [COLOUR]})))
    [asked] = steered.route.wait()

    answer(asked, Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["as the sea, by night"]}))
    terminal.wait_for("Done.")

    assert '"Which colour?"="as the sea, by night"' in until(steered.results)[0]


def test_a_plan_is_allowed_from_afar(steered: Desk) -> None:
    """The program leaves its mode for plans."""
    terminal = steered.begin(mode="plan")
    terminal.prompt("hello")
    terminal.wait_for("You said: hello")
    steered.seen(Sign.IDLE, terminal)
    place = until(lambda: next(filter(None, (_plan_file(json.dumps(line)) for line in steered.lines())), ""))
    homes.write(Path(place), "# The plan\n")
    terminal.prompt(tools(("ExitPlanMode", {})))
    [asked] = steered.route.wait()

    shown = question(asked)
    answer(asked, ALLOW)
    terminal.wait_for("manual mode on")

    assert shown.text == "# The plan\n"
    assert "User has approved your plan" in until(steered.results)[0]


# -- somebody at the terminal -----------------------------------------------------------------------


def test_who_answers_at_the_keyboard_has_answered(steered: Desk) -> None:
    """What comes from afar after that has no effect, then or later."""
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt", "touch more.txt"))
    [asked] = steered.route.wait()
    terminal.wait_for(DIALOG)
    terminal.settle()

    terminal.press("1")
    _, next_one = steered.route.wait(2)
    answer(asked, Decision(verdict=Verdict.DENY, reason="too late"))
    terminal.wait_for("touch more.txt")
    answer(next_one, ALLOW)
    until(lambda: len(steered.results()) == 2)

    assert (steered.project / "made.txt").exists()
    assert (steered.project / "more.txt").exists()
    assert "too late" not in "".join(steered.results())


def test_the_registry_tells_that_a_dialog_is_a_later_one(steered: Desk) -> None:
    """So a question that was answered at the keyboard is known to be over when the next is asked."""
    terminal = steered.begin()
    terminal.prompt(bash("sleep 4; touch made.txt", "touch more.txt"))
    steered.route.wait()
    first = steered.seen(Sign.ASKING, terminal)
    terminal.wait_for(DIALOG)
    terminal.settle()

    terminal.press("1")
    steered.seen(Sign.WORKING, terminal)
    steered.route.wait(2)
    second = steered.seen(Sign.ASKING, terminal)

    assert first.at is not None
    assert second.at is not None
    assert second.at > first.at + 3


def test_a_no_at_the_keyboard_ends_the_hook(steered: Desk) -> None:
    """Its connection closes: nobody has to guess that the question is over."""
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = steered.route.wait()
    terminal.wait_for(DIALOG)

    terminal.press("\x1b")

    until(lambda: asked.gone)
    steered.seen(Sign.IDLE, terminal)
    assert len(steered.route.asked) == 1


def test_when_the_agent_is_killed_its_hook_goes_too(steered: Desk) -> None:
    """Nothing is left that waits."""
    terminal = steered.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = steered.route.wait()

    terminal.signal(signal.SIGKILL)

    until(lambda: asked.gone)
    assert len(steered.route.asked) == 1


def test_of_parallel_questions_each_has_its_own_answer(steered: Desk, tmp_path: Path) -> None:
    """Files are read at once: both are asked about, and the later one may be answered first."""
    for name in ("a", "b"):
        homes.write(tmp_path / "out" / name, f"this is {name}")
    terminal = steered.begin()
    terminal.prompt(tools(*(("Read", {"file_path": str(tmp_path / "out" / name)}) for name in ("a", "b"))))
    both = {question(asked).summary[-1]: asked for asked in steered.route.wait(2)}

    answer(both["b"], ALLOW)
    until(lambda: any("this is b" in result for result in steered.results()))
    answer(both["a"], Decision(verdict=Verdict.DENY, reason="not that one"))
    until(lambda: "not that one" in steered.results())

    assert set(both) == {"a", "b"}
    assert not any("this is a" in result for result in steered.results())


# -- sub-agents -------------------------------------------------------------------------------------


def test_a_sub_agents_question_is_asked_here_until_we_let_go(steered: Desk) -> None:
    """Only when its hook has ended a dialog is shown: who is at the desk must not wait for us."""
    terminal = steered.begin()
    terminal.prompt(tools(sub_agent("touch made.txt")))
    [asked] = steered.route.wait()
    hidden = claude.steering.hides_dialog(asked.document)
    terminal.wait_for("Waiting for 1 background agent")
    shown_before = DIALOG in terminal.text

    asked.answer()
    steered.seen(Sign.ASKING, terminal)
    terminal.wait_for("Yes, and")

    assert hidden
    assert not shown_before
    assert question(asked).summary == "Bash (general-purpose)"


def test_two_sub_agents_ask_at_once_and_are_answered(steered: Desk) -> None:
    """Each by its own hook."""
    terminal = steered.begin()
    terminal.prompt(tools(sub_agent("touch a.txt"), sub_agent("touch b.txt")))
    both = steered.route.wait(2)

    for asked in both:
        answer(asked, ALLOW)

    until(lambda: (steered.project / "a.txt").exists() and (steered.project / "b.txt").exists())
    assert {question(asked).text for asked in both} == {"touch a.txt", "touch b.txt"}


def _plan_file(line: str) -> str | None:
    return next(
        (
            word
            for word in line.replace("\\", " ").replace('"', " ").split()
            if word.endswith(".md") and "/plans/" in word
        ),
        None,
    )
