"""Answering an agent from the phone: all of the question is seen, and no tap counts that was not meant."""

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from supervisor.core.errors import Refused
from supervisor.core.model import Scope, State
from supervisor.core.steering import Approval, Choice, Question
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import hosted, open_session, steer
from tests.lab.chromium import witnessed
from tests.lab.waiting import until

DIFF = """--- a/one.py
+++ b/one.py
@@ -1,3 +1,3 @@
 kept
-old
+new
"""
#: A tap as fast as a program can be: the finger was down before the card came.
TAP = """button => {
    button.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
    button.click();
}"""


def asks(name: str = "a", session_id: str = "s1", **facts: Any) -> Approval:
    """A question that can be answered from here."""
    usual: dict[str, Any] = {"summary": "wants your permission", "tool": "Bash", "text": "npm test"}
    return Approval(id=name, session_id=session_id, at=time.time(), **{**usual, "answerable": True, **facts})


def begin(page: Page, desk: Desk, *asked: Approval, scope: Scope = Scope.CONTROL) -> None:
    """A session that asks these, open on the phone."""
    desk.put(hosted(state=State.NEEDS_YOU, approvals=asked))
    pair(page, desk, scope)
    open_session(page)
    page.locator(".now .card").nth(len(asked) - 1).wait_for()


def button(card: Page | Locator, name: str) -> Locator:
    """One of the buttons that decide; those that are not to be seen do not count."""
    return card.locator(".verdict:visible").get_by_role("button", name=name, exact=True)


def press(card: Page | Locator, name: str) -> None:
    """Tap it, once it has stood still."""
    card.locator(".steady:visible").get_by_role("button", name=name, exact=True).click()


def answers(desk: Desk) -> list[dict[str, Any]]:
    """The answers that phones gave."""
    return [body for verb, body in desk.ordered if verb == "answer"]


# --- yes and no


def test_a_command_is_allowed_once(page: Page, desk: Desk) -> None:
    """The card shows it with its reason and its folder; the answer names what was seen."""
    asked = asks(text="npm test && npm publish", reason="The release was asked for.", cwd="/home/me/project")
    begin(page, desk, asked)
    card = page.locator(".right .approval")
    for words in ("Bash", "wants your permission", "npm test && npm publish", "The release was asked for."):
        expect(card).to_contain_text(words)
    expect(card).to_contain_text("In /home/me/project")

    press(page, "Allow once")

    witnessed(page, ".approval.gone", "Allowed")
    expect(card).to_have_count(0)
    assert answers(desk) == [{"id": "a", "digest": asked.digest, "decision": "allow"}]


def test_a_denial_may_say_why(page: Page, desk: Desk) -> None:
    """The agent gets to read it."""
    begin(page, desk, asks())

    page.get_by_role("button", name="With a reason …").click()
    page.get_by_role("textbox", name="Why not?").fill("Not on a Friday.")
    press(page, "Deny")

    witnessed(page, ".approval.gone", "Denied")
    assert [(one["decision"], one["reason"]) for one in answers(desk)] == [("deny", "Not on a Friday.")]


def test_several_questions_are_answered_one_by_one(page: Page, desk: Desk) -> None:
    """Each card knows its own."""
    begin(page, desk, asks("a", text="one"), asks("b", text="two"), asks("c", text="three"))

    press(page.locator(".right .approval").filter(has_text="two"), "Deny")

    expect(page.locator(".right .approval")).to_have_count(2)
    assert [(one["id"], one["decision"]) for one in answers(desk)] == [("b", "deny")]


# --- all of it is seen


def test_a_long_command_is_read_to_its_end_first(page: Page, desk: Desk) -> None:
    """What stands below cannot be allowed unseen; it can always be denied."""
    begin(page, desk, asks(text="echo fine\n" * 80 + "rm -rf /"))
    allow = button(page, "Allow once")
    block = page.locator(".right .asked-code")
    expect(page.locator(".right .approval .hint")).to_have_text("Scroll to its end first.")

    expect(allow).to_be_disabled()
    expect(button(page, "Deny")).to_be_enabled()
    page.locator(".verdict.steady:visible").wait_for()
    allow.click(force=True)
    block.evaluate("box => { box.scrollTop = box.scrollHeight / 2; }")
    expect(allow).to_be_disabled()
    block.evaluate("box => { box.scrollTop = box.scrollHeight; }")

    expect(allow).to_be_enabled()
    assert answers(desk) == []
    press(page, "Allow once")
    witnessed(page, ".approval.gone", "Allowed")


def test_a_change_shows_what_goes_and_what_comes(page: Page, desk: Desk) -> None:
    """By sign, by colour, and in words for who listens; a long one must be read to its end."""
    begin(page, desk, asks(tool="Edit", text="one.py", diff=DIFF + "+more\n" * 80))
    diff = page.locator(".right .asked-code.diff")

    colour = "all => new Set(all.map(it => getComputedStyle(it).backgroundColor)).size"
    assert diff.locator(".removed").all_inner_texts() == ["Removed:\n-old"]
    assert diff.locator(".added").first.inner_text() == "Added:\n+new"
    assert diff.locator(".hunk").first.inner_text() == "--- a/one.py"
    assert diff.locator(".removed, .added:nth-of-type(6), .kept").evaluate_all(colour) == 3
    expect(button(page, "Allow once")).to_be_disabled()
    diff.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(button(page, "Allow once")).to_be_enabled()


def test_nothing_hides_in_a_command(page: Page, desk: Desk) -> None:
    """What reorders, what has no width, what only looks like a space: each gets its mark."""
    hidden = "\u202e\u2066\u200b\u00a0\u3000\u2800\ufe0f\x1b\x08"
    command = "".join(f"x{sign}" for sign in hidden)
    begin(page, desk, asks(text=command, summary="a\u202eb", tool="B\u200bash", cwd="/x\u00a0y"))

    marks = page.locator(".right .asked-code .mark")

    expect(marks).to_have_text([f"U+{ord(sign):04X}" for sign in hidden])
    expect(page.locator(".right .approval .mark")).to_have_count(len(hidden) + 3)


def test_a_wide_command_is_wrapped_and_not_cut(page: Page, desk: Desk) -> None:
    """Nothing stands beyond the edge of the card, also behind many spaces."""
    begin(page, desk, asks(text="ls" + " " * 3000 + "; rm -rf /home" + "x" * 500))

    block = page.locator(".right .asked-code")

    assert block.evaluate("box => box.scrollWidth <= box.clientWidth")
    expect(button(page, "Allow once")).to_be_disabled()


# --- questions


def test_questions_are_answered_with_choices_and_own_words(page: Page, desk: Desk) -> None:
    """One, several, or something else; all of them before any goes."""
    one = Question(
        text="Which?", header="Place", choices=(Choice(label="npm", description="public"), Choice(label="us"))
    )
    several = Question(text="What first?", many=True, choices=(Choice(label="tests"), Choice(label="lint")))
    own = Question(text="Which name?", choices=(Choice(label="same"),))
    begin(page, desk, asks(tool="AskUserQuestion", questions=(one, several, own)))
    answer = button(page, "Answer")
    expect(page.locator(".right .approval .hint")).to_have_text("Answer every question first.")
    expect(page.locator(".right .asked-code")).to_have_count(0)

    page.get_by_role("radio", name="npm public").check()
    page.get_by_role("radio", name="us").check()
    page.get_by_role("checkbox", name="tests").check()
    page.get_by_role("checkbox", name="lint").check()
    expect(answer).to_be_disabled()
    page.get_by_role("group", name="Which name?").get_by_role("textbox").fill("wakeline")
    press(page, "Answer")

    witnessed(page, ".approval.gone", "Answered")
    assert [one["answers"] for one in answers(desk)] == [
        {"Which?": ["us"], "What first?": ["tests", "lint"], "Which name?": ["wakeline"]}
    ]


def test_where_own_words_are_not_taken_there_is_no_place_for_them(page: Page, desk: Desk) -> None:
    """Only the choices."""
    only = Question(text="Which?", choices=(Choice(label="a"), Choice(label="b")), free=False)
    begin(page, desk, asks(questions=(only,)))

    expect(page.locator(".right .approval").get_by_role("radio")).to_have_count(2)
    expect(page.locator(".question").get_by_role("textbox")).to_have_count(0)


# --- who may, and who did


def test_what_cannot_be_answered_here_says_where(page: Page, desk: Desk) -> None:
    """All of it is shown; the answer is given at the desk."""
    begin(page, desk, asks(answerable=False))

    card = page.locator(".right .approval")

    expect(card).to_contain_text("npm test")
    expect(card).to_contain_text("Answer at the desk: devbox")
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_phone_that_may_only_look_sees_the_question(page: Page, desk: Desk) -> None:
    """Without buttons, and not above the list."""
    begin(page, desk, asks(), scope=Scope.VIEW)

    expect(page.locator(".now .approval")).to_contain_text("npm test")
    expect(page.locator(".now .approval").get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".left .approval")).to_have_count(0)


def test_an_answer_given_elsewhere_withdraws_the_card(page: Page, desk: Desk) -> None:
    """At once, and it says so for a moment."""
    begin(page, desk, asks())

    desk.do(lambda steered: steered.ask("s1"))

    witnessed(page, ".approval.gone", "Answered elsewhere")
    expect(page.locator(".right .approval")).to_have_count(0)


def test_a_question_that_changed_is_another_question(page: Page, desk: Desk) -> None:
    """The old card goes, the new one must be looked at anew."""
    begin(page, desk, asks(text="npm test"))

    desk.do(lambda steered: steered.ask("s1", asks(text="npm publish")))

    witnessed(page, ".approval.gone", "It has changed")
    expect(page.locator(".right .approval:not(.gone)")).to_contain_text("npm publish")
    press(page, "Allow once")
    witnessed(page, ".approval.gone", "Allowed")
    assert [one["digest"] for one in answers(desk)] == [asks(text="npm publish").digest]


def test_an_answer_that_comes_too_late_is_said_so(page: Page, desk: Desk) -> None:
    """In the computer's words; then what is asked now is shown."""
    begin(page, desk, asks(text="npm test"))
    changed = hosted(state=State.NEEDS_YOU, approvals=(asks(text="npm publish"),))
    desk.memory.sessions["s1"] = changed

    press(page, "Allow once")

    witnessed(page, ".approval .warn", "This question is over, or it has changed.")
    expect(page.locator(".right .approval").last).to_contain_text("npm publish")
    assert answers(desk) == []


def test_an_answer_that_fails_can_be_given_again(page: Page, desk: Desk) -> None:
    """The card stays with what went wrong."""
    begin(page, desk, asks())
    held: list[Route] = []
    page.route("**/api/approvals/*", lambda route: held.append(route))
    press(page, "Allow once")
    expect(page.locator(".right .approval .hint")).to_have_text("Sending …")
    expect(button(page, "Deny")).to_be_disabled()
    until(lambda: page.evaluate("1") and held)
    held[0].fulfill(status=429)

    expect(page.locator(".right .approval .warn")).to_have_text("Too much at once. Wait a moment.")
    page.unroute("**/api/approvals/*")
    press(page, "Allow once")

    witnessed(page, ".approval.gone", "Allowed")


def test_without_a_link_nothing_can_be_answered(page: Page, desk: Desk) -> None:
    """It says why, and no answer waits for the link."""
    begin(page, desk, asks())
    page.context.set_offline(True)
    desk.cut()

    expect(page.locator(".right .approval .hint")).to_contain_text("Not connected")

    expect(button(page, "Allow once")).to_be_disabled()
    expect(button(page, "Deny")).to_be_disabled()


# --- taps that were not meant


def test_a_second_tap_does_nothing(page: Page, desk: Desk) -> None:
    """However fast it comes, and on whichever button."""
    begin(page, desk, asks())
    page.locator(".verdict.steady:visible").wait_for()

    page.evaluate(
        f"""() => {{
            const tap = {TAP};
            const [deny, allow] = document.querySelectorAll('.right .verdict button');
            tap(deny); tap(allow); tap(deny);
        }}"""
    )

    witnessed(page, ".approval.gone", "Denied")
    assert [one["decision"] for one in answers(desk)] == ["deny"]


def test_a_tap_on_a_card_that_has_just_come_does_not_count(page: Page, desk: Desk) -> None:
    """Whoever wanted to tap what stood there before has not allowed anything."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    page.evaluate(
        f"""() => new MutationObserver((_, it) => {{
            const button = document.querySelector('.right .allow');
            if (!button) return;
            it.disconnect();
            ({TAP})(button);
            window.tapped = button.getAttribute('aria-disabled');
        }}).observe(document.body, {{ childList: true, subtree: true }})"""
    )

    desk.do(lambda steered: steered.ask("s1", asks()))
    page.locator(".verdict.steady:visible").wait_for()

    assert page.evaluate("window.tapped") is not None
    assert answers(desk) == []
    press(page, "Allow once")
    witnessed(page, ".approval.gone", "Allowed")


@pytest.mark.parametrize("moved", ["before", "during"])
def test_a_tap_on_a_card_that_has_just_moved_does_not_count(page: Page, desk: Desk, moved: str) -> None:
    """Something came above it under the finger; a moment later it can be tapped again."""
    desk.put(hosted(state=State.NEEDS_YOU, approvals=(asks(),)))
    pair(page, desk, Scope.CONTROL)
    page.locator(".verdict.steady:visible").wait_for()

    page.evaluate(
        """moved => {
            const button = document.querySelector('.allow');
            const move = () => document.querySelector('.scroll').prepend(Object.assign(
                document.createElement('p'), { textContent: 'something new' }));
            const down = () => button.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
            for (const act of moved === 'before' ? [move, down] : [down, move]) act();
            button.click();
        }""",
        moved,
    )
    expect(page.locator(".verdict.steady:visible")).to_have_count(1)

    assert answers(desk) == []
    press(page, "Allow once")
    witnessed(page, ".approval.gone", "Allowed")


def test_scrolling_oneself_is_no_move(page: Page, desk: Desk) -> None:
    """Who scrolls to the buttons may tap them at once."""
    begin(page, desk, asks(text="echo fine\n" * 10), asks("b", text="echo fine\n" * 60))
    page.locator(".verdict.steady:visible").nth(1).wait_for()

    page.evaluate(
        f"""() => {{
            document.querySelector('.bottom').scrollTop += 40;
            ({TAP})(document.querySelector(".right .deny"));
        }}"""
    )

    until(lambda: page.evaluate("1") and [one["decision"] for one in answers(desk)] == ["deny"])


# --- above the list


def test_questions_stand_above_the_list(page: Page, desk: Desk) -> None:
    """Of every session, with its name; answered without opening it."""
    for name in ("s1", "s2"):
        desk.put(hosted(name, state=State.NEEDS_YOU, approvals=(asks(f"a-{name}", name),)))
    desk.put(hosted("s3", state=State.NEEDS_YOU, approvals=(asks("x", "s3", answerable=False),)))
    pair(page, desk, Scope.CONTROL)
    cards = page.locator(".left .approval")
    expect(cards).to_have_count(2)

    press(cards.filter(has_text="Title of s2"), "Allow once")

    expect(cards).to_have_count(1)
    assert [one["id"] for one in answers(desk)] == ["a-s2"]
    cards.get_by_role("link", name="Title of s1").click()
    expect(page.locator(".titles h1")).to_have_text("Title of s1")
    expect(page.locator(".now .approval")).to_contain_text("npm test")


def test_a_question_that_comes_while_the_list_is_looked_at(page: Page, desk: Desk) -> None:
    """Its card comes by itself, and goes with its session."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)

    desk.do(lambda steered: steered.ask("s1", asks()))
    expect(page.locator(".left .approval")).to_contain_text("npm test")
    desk.publish("session", "s1", {"id": "s1", "removed": True, "replaced_by": None})

    witnessed(page, ".approval.gone", "Answered elsewhere")
    expect(page.locator(".left .approval")).to_have_count(0)


def test_a_refusal_leaves_the_question_open(page: Page, desk: Desk) -> None:
    """What the computer could not do is said; nothing was decided."""
    desk.memory.steered.refusals["answer"] = Refused("The agent is gone.")
    begin(page, desk, asks())

    press(page, "Allow once")

    expect(page.locator(".right .approval")).to_contain_text("The agent is gone.")
    assert desk.memory.sessions["s1"].approvals
