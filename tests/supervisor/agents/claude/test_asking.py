"""What Claude Code asks, in its recorded words, and what its hook is to print."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.claude.asking import asked, decided, hides_dialog
from supervisor.core.errors import Refused, WrongUse
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict
from tests.supervisor.agents.claude.recorded import DATA, SESSION

REQUEST = "0123456789abcdef" * 2
ALLOW, DENY = Decision(verdict=Verdict.ALLOW), Decision(verdict=Verdict.DENY, reason="not now")
INPUTS = (
    *("command", "description", "file_path", "notebook_path", "old_string", "new_string", "content"),
    *("edits", "questions", "plan", "url", "new_source", "replace_all"),
)
QUESTION: Mapping[str, Any] = {
    "question": "Which fruits?",
    "options": [{"label": "Apple"}, {"label": 'a "b"'}, {"label": "Pear, green"}],
    "multiSelect": True,
}


def recorded(name: str) -> dict[str, Any]:
    """What the hook brought."""
    return told(json.loads((DATA / "hooks" / f"PermissionRequest-{name}.json").read_bytes()))


def told(payload: object) -> dict[str, Any]:
    """What the hook makes of the agent's words."""
    return {"request": REQUEST, "pid": 2, "agent_pid": 1, "payload": payload}


def of(tool: str, **arguments: Any) -> dict[str, Any]:
    """A question about this use of a tool."""
    words = {"hook_event_name": "PermissionRequest", "session_id": SESSION, "cwd": "/home/user"}
    return told({**words, "tool_name": tool, "tool_input": arguments})


def question(document: Mapping[str, Any]) -> Approval:
    """The question in it, of which there must be one."""
    found = asked(document, 7.0)
    assert found is not None
    return found


def decision(document: Mapping[str, Any], what: Decision) -> Any:
    """What the program is told."""
    printed = json.loads(decided(question(document), document, what))
    assert list(printed) == ["hookSpecificOutput"]
    assert printed["hookSpecificOutput"]["hookEventName"] == "PermissionRequest"
    return printed["hookSpecificOutput"]["decision"]


def answer(document: Mapping[str, Any], **answers: list[str]) -> Any:
    """The answers as the program gets them."""
    given_answers = {name.replace("_", " ") + "?": labels for name, labels in answers.items()}
    told_to_it = decision(document, Decision(verdict=Verdict.ANSWER, answers=given_answers))
    return told_to_it["updatedInput"]["answers"]


# -- what is shown ---------------------------------------------------------------------------------


def test_a_command_is_shown_whole() -> None:
    """With the agent's reason; the question is known again by its hook."""
    shown = question(recorded("Bash"))

    assert shown == Approval(
        id=REQUEST,
        session_id="fb6db8d1-fb40-4126-b803-7dbf1ecd80c4",
        at=7.0,
        summary="Bash",
        tool="Bash",
        text="labtask 1 made.txt",
        reason="Lab command",
        cwd="/home/user/project",
        answerable=True,
    )


def test_what_makes_a_command_special_is_said() -> None:
    """In the background, outside the sandbox: that is allowed too, or not."""
    special = of("Bash", command="make", run_in_background=True, dangerouslyDisableSandbox=True, timeout=5)

    assert question(special).summary == "Bash (run_in_background, dangerouslyDisableSandbox)"
    assert question(special).text == "make"


def test_a_command_with_more_than_we_know_is_shown_as_it_came() -> None:
    """Nothing that would be allowed is hidden."""
    shown = question(of("Bash", command="make", environment={"PATH": "/evil"}))

    assert json.loads(shown.text or "") == {"command": "make", "environment": {"PATH": "/evil"}}


def test_which_sub_agent_asks_is_said() -> None:
    """And that the program asks nobody else meanwhile."""
    assert question(recorded("sub-agent")).summary == "Bash (general-purpose)"
    assert hides_dialog(recorded("sub-agent"))
    assert not hides_dialog(recorded("Bash"))


def test_an_edit_is_shown_as_a_diff() -> None:
    """Of the file that it names."""
    shown = question(recorded("Edit"))

    assert (shown.summary, shown.text) == ("Edit /home/user/project/a.txt", "/home/user/project/a.txt")
    assert (shown.diff or "").split("\n")[2:] == ["@@ -1 +1 @@", "-one", "+ONE"]


def test_a_new_file_is_shown_with_all_its_lines() -> None:
    """As they will be."""
    assert (question(recorded("Write")).diff or "").split("\n")[3:] == ["+hello", "+world"]


def test_a_cell_of_a_notebook_is_shown_with_its_new_source() -> None:
    """And where it is."""
    shown = question(recorded("NotebookEdit"))

    assert "+x=2" in (shown.diff or "")
    assert json.loads(shown.text or "")["cell_id"] == "c1"


def test_a_plan_is_shown_as_it_is_written() -> None:
    """It is a text for people."""
    assert question(recorded("ExitPlanMode")).text == "# The plan\n\n1. do it\n"


def test_a_plan_that_wants_more_is_shown_as_it_came() -> None:
    """Commands that it would be allowed, for instance."""
    shown = question(of("ExitPlanMode", plan="# Do", allowedPrompts=[{"tool": "Bash", "prompt": "rm"}]))

    assert json.loads(shown.text or "")["allowedPrompts"] == [{"tool": "Bash", "prompt": "rm"}]


@pytest.mark.parametrize(
    ("name", "summary"), [("mcp", "mcp__lab__send"), ("WebFetch", "WebFetch http://127.0.0.1:9/x")]
)
def test_other_tools_are_shown_with_all_that_they_get(name: str, summary: str) -> None:
    """As JSON that people can read."""
    document = recorded(name)

    shown = question(document)

    assert shown.summary == summary
    assert json.loads(shown.text or "") == document["payload"]["tool_input"]
    assert "\n" in (shown.text or "")


def test_questions_are_shown_with_their_choices() -> None:
    """An answer in one's own words is always taken."""
    shown = question(recorded("AskUserQuestion"))

    choices = (Choice(label="Red", description="warm"), Choice(label="Blue", description="cold"))
    assert shown.summary == "Which colour?"
    assert shown.questions == (Question(text="Which colour?", header="Colour", choices=choices),)
    assert (shown.text, shown.diff, shown.answerable) == (None, None, True)


@pytest.mark.parametrize("length", [128 * 1024, 128 * 1024 + 1])
def test_what_cannot_be_shown_whole_cannot_be_allowed(length: int) -> None:
    """It is marked, and only no can be said to it."""
    document = of("Bash", command="x" * length)
    fits = length == 128 * 1024

    shown = question(document)

    assert shown.answerable is fits
    assert (shown.text or "").endswith("x" if fits else "\n… 1 more characters")
    if not fits:
        assert decision(document, DENY)["behavior"] == "deny"
        with pytest.raises(Refused):
            decision(document, ALLOW)


@pytest.mark.parametrize(
    "questions",
    [
        *([], [{}], "x", [QUESTION] * 2, [{**QUESTION, "question": str(n)} for n in range(21)]),
        [QUESTION, {"question": 7}],
        [{**QUESTION, "options": [{"label": "x" * 200_000}]}],
    ],
)
def test_questions_that_are_not_clear_are_for_the_terminal(questions: object) -> None:
    """Two with the same words, too many, none at all."""
    assert not question(of("AskUserQuestion", questions=questions)).answerable


@pytest.mark.parametrize(
    "document",
    [
        {},
        told(None),
        {**of("Bash", command="x"), "request": "../x"},
        {**of("Bash", command="x"), "request": None},
        told({**of("Bash")["payload"], "hook_event_name": "Stop"}),
        told({**of("Bash")["payload"], "session_id": "../../x"}),
        told({**of("Bash")["payload"], "tool_input": "x"}),
        told({**of("Bash")["payload"], "tool_name": None}),
    ],
)
def test_other_words_are_no_question(document: dict[str, Any]) -> None:
    """Whoever sends them."""
    assert asked(document, 7.0) is None


@given(
    tool=st.sampled_from(["Bash", "Edit", "Write", "AskUserQuestion", "ExitPlanMode", "NotebookEdit", "x"]),
    arguments=st.dictionaries(
        st.sampled_from(INPUTS) | st.text(max_size=3),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.just("\ud800"),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    ),
)
def test_no_words_make_it_fail(tool: str, arguments: dict[str, Any]) -> None:
    """Whatever a tool is asked to do; and all of it can be shown to people."""
    document = of(tool, **arguments) if "tool" not in arguments else of(tool)

    shown = question(document)

    assert repr(shown).encode()
    if not shown.questions:
        assert shown.text
    if shown.answerable and not shown.questions:
        assert decision(document, ALLOW)["behavior"] == "allow"


# -- what is answered ------------------------------------------------------------------------------


def test_yes_is_for_this_once() -> None:
    """No rule is made of it."""
    assert decision(recorded("Bash"), ALLOW) == {"behavior": "allow"}


def test_no_goes_to_the_model_with_its_reason() -> None:
    """It goes on with that."""
    assert decision(recorded("Bash"), DENY) == {"behavior": "deny", "message": "not now"}
    assert decision(recorded("Bash"), Decision(verdict=Verdict.DENY))["message"]


def test_a_plan_is_allowed_with_what_it_said() -> None:
    """Without that the program goes on waiting for somebody."""
    document = recorded("ExitPlanMode")

    assert decision(document, ALLOW) == {
        "behavior": "allow",
        "updatedInput": document["payload"]["tool_input"],
    }


def test_answers_go_with_the_questions_that_they_answer() -> None:
    """All that was asked goes back too."""
    document = recorded("AskUserQuestion")

    told_to_it = decision(document, Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["my own"]}))

    assert told_to_it["behavior"] == "allow"
    assert told_to_it["updatedInput"] == {
        **document["payload"]["tool_input"],
        "answers": {"Which colour?": "my own"},
    }
    assert decision(document, DENY)["behavior"] == "deny"


def test_several_answers_are_joined_as_the_program_does() -> None:
    """What has a comma or a quotation mark in it is quoted, so that nothing is taken for two."""
    document = of("AskUserQuestion", questions=[QUESTION])

    assert answer(document, Which_fruits=["Apple"]) == {"Which fruits?": "Apple"}
    assert answer(document, Which_fruits=["Apple", "Pear, green", 'a "b"', "ü"]) == {
        "Which fruits?": 'Apple, "Pear, green", "a \\"b\\"", ü'
    }


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"Another?": ["x"]},
        {"Which colour?": []},
        {"Which colour?": [""]},
        {"Which colour?": ["Red", "Blue"]},
    ],
)
def test_what_is_no_answer_is_refused(answers: dict[str, list[str]]) -> None:
    """Nothing is sent to the agent."""
    with pytest.raises(WrongUse):
        decision(recorded("AskUserQuestion"), Decision(verdict=Verdict.ANSWER, answers=answers))


def test_a_yes_is_no_answer_and_an_answer_no_yes() -> None:
    """Each question gets what it asks for."""
    with pytest.raises(WrongUse):
        decision(recorded("AskUserQuestion"), ALLOW)
    with pytest.raises(WrongUse):
        decision(recorded("Bash"), Decision(verdict=Verdict.ANSWER, answers={"x": ["y"]}))


def test_every_recorded_question_is_one() -> None:
    """And can be answered."""
    names = [path.stem.partition("-")[2] for path in Path(DATA / "hooks").glob("PermissionRequest-*.json")]

    assert len(names) > 7
    assert all(question(recorded(name)).answerable for name in names)
