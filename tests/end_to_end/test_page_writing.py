"""Writing to an agent from the phone: the box, who types, and what becomes of a prompt."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from supervisor.core.errors import Refused
from supervisor.core.model import Role, Scope, State
from supervisor.core.steering import Focus, Prompt, PromptState
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import entry, hosted, messages, open_session, steer, working
from tests.lab.chromium import look, witnessed
from tests.lab.waiting import until

SINCE = 1_790_000_000.0
#: Who types, as far as the page was told.
KNOWN_HOLDER = "import('/picture.js').then(({ picture }) => picture.sessions.get('s1').focus?.holder)"


def box(page: Page) -> Locator:
    """Where one writes."""
    return page.get_by_role("textbox", name="Message to the agent")


def send(page: Page, text: str) -> None:
    """Write it and tap the button."""
    box(page).fill(text)
    page.get_by_role("button", name="Send").click()


def prompts(desk: Desk) -> list[dict[str, Any]]:
    """The prompts that phones gave."""
    return [body for verb, body in desk.ordered if verb == "prompt"]


def move(desk: Desk, state: PromptState, note: str | None = None) -> None:
    """What becomes of the first prompt."""
    desk.do(lambda steered: steered.move_prompt("p-1", state, note))


def focus(desk: Desk, holder: str, label: str) -> None:
    """Somebody types into the session now."""
    held = Focus(holder=holder, label=label, since=SINCE)
    desk.do(lambda steered: steered.give("s1", held))


# --- the box


def test_a_prompt_goes_its_way_until_the_transcript_has_it(page: Page, desk: Desk) -> None:
    """Waiting, on its way, handed over; then the real words stand in place of the bubble."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)

    send(page, "run the tests")
    given = page.locator(".given")
    expect(given).to_contain_text("run the tests")
    expect(given).to_contain_text("Waits")
    move(desk, PromptState.SENDING)
    expect(given).to_contain_text("On its way")
    move(desk, PromptState.SENT)
    expect(given).to_contain_text("Handed over")
    desk.say("s1", entry(5, "run the tests", role=Role.USER))
    move(desk, PromptState.TAKEN)

    expect(given).to_have_count(0)
    expect(messages(page)).to_have_text(["run the tests"])
    assert prompts(desk) == [{"text": "run the tests", "when": "now"}]
    expect(box(page)).to_have_value("")


def test_enter_is_a_new_line_and_with_ctrl_it_sends(page: Page, desk: Desk) -> None:
    """A thumb that slips sends nothing; the box grows with its lines."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).focus()
    height = "it => it.offsetHeight"
    low = box(page).evaluate(height)

    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    until(lambda: box(page).evaluate(height) > low + 20)
    page.keyboard.press("Control+Enter")

    expect(page.locator(".given")).to_have_count(1)
    assert [one["text"] for one in prompts(desk)] == ["one\ntwo\n"]


def test_one_chooses_now_or_when_idle(page: Page, desk: Desk) -> None:
    """While the agent works a prompt waits for its turn, unless one says now."""
    desk.put(hosted(state=State.WORKING))
    pair(page, desk, Scope.CONTROL)
    steer(page)

    send(page, "later")
    expect(page.locator(".given")).to_contain_text("Waits until the agent is idle")
    box(page).fill("at once")
    page.get_by_role("button", name="Now", exact=True).click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".given")).to_have_count(2)

    assert [one["when"] for one in prompts(desk)] == ["idle", "now"]
    expect(page.get_by_role("group", name="When to send it").locator("[aria-pressed=true]")).to_have_text(
        "When idle"
    )


def test_a_draft_outlives_a_reload_and_stays_with_its_session(page: Page, desk: Desk) -> None:
    """What was typed is there again, in its own session only, and gone once it was sent."""
    desk.put(hosted("s1", state=State.IDLE), hosted("s2", state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).fill("half a thought")

    page.reload()
    expect(box(page)).to_have_value("half a thought")
    page.evaluate("location.hash = '#/s/s2'")
    expect(page.locator(".titles h1")).to_have_text("Title of s2")
    expect(box(page)).to_have_value("")
    page.evaluate("location.hash = '#/s/s1'")
    expect(box(page)).to_have_value("half a thought")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".given")).to_have_count(1)

    until(lambda: page.evaluate("sessionStorage.length") == 0)


def test_a_text_that_is_too_long_is_not_sent(page: Page, desk: Desk) -> None:
    """It is said before it is tried, and the text stays."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)

    box(page).fill("ä" * 33_000)

    expect(page.locator(".why")).to_contain_text("at most 64 KiB")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    box(page).fill("ä" * 32_000)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


# --- who may type


def test_the_first_touch_of_the_box_takes_the_focus(page: Page, desk: Desk) -> None:
    """It is said who types and since when, and it can be given back."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    line = page.locator(".composer .focus-line")
    expect(line).to_be_hidden()

    box(page).focus()

    expect(line).to_contain_text("You type · since ")
    holder = desk.memory.sessions["s1"].focus
    assert holder
    assert holder.holder in desk.memory.known_devices
    line.get_by_role("button", name="Give back").click()
    expect(line).to_be_hidden()
    assert desk.memory.sessions["s1"].focus is None


def test_lost_focus_is_seen_at_once_and_no_text_is_lost(page: Page, desk: Desk) -> None:
    """The desk types: the line says so, what was typed stays, and typing on takes nothing back."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).fill("in the middle of")
    line = page.locator(".composer .focus-line")
    expect(line).to_contain_text("You type")

    focus(desk, "desk", "desk")
    expect(line).to_contain_text("The desk types")
    witnessed(page, "#said", "The desk types")
    box(page).press_sequentially(" it")

    expect(box(page)).to_have_value("in the middle of it")
    assert [verb for verb, *_ in desk.memory.steered.orders] == ["focus"]
    line.get_by_role("button", name="Take over").click()
    expect(line).to_contain_text("You type")


def test_focus_lost_before_it_was_drawn_is_said_all_the_same(page: Page, desk: Desk) -> None:
    """Taken and lost within one frame of a slow phone: it says who types."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    page.evaluate(
        """() => {
            const { requestAnimationFrame: draw } = window;
            const late = [];
            window.requestAnimationFrame = (act) => late.push(act);
            window.draw_now = () => {
                window.requestAnimationFrame = draw;
                late.forEach((act) => draw(act));
            };
        }"""
    )

    box(page).focus()
    expect(page.locator(".composer .focus-line")).to_contain_text("You type")
    focus(desk, "desk", "desk")
    until(lambda: page.evaluate(KNOWN_HOLDER) == "desk")
    page.evaluate("draw_now()")

    witnessed(page, "#said", "The desk types")
    expect(page.locator(".composer .focus-line")).to_contain_text("The desk types")


def test_an_answer_that_comes_late_takes_nothing_back(page: Page, desk: Desk) -> None:
    """The stream told already that the desk types since: the older answer does not hide it."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        held = Focus(holder="desk", label="desk", since=SINCE + 60)
        desk.do(lambda steered: steered.give("s1", held))
        until(lambda: page.evaluate(KNOWN_HOLDER) == "desk")
        route.fulfill(response=answer)

    page.route("**/focus", answer_late)
    with page.expect_response("**/focus"):
        box(page).focus()

    expect(page.locator(".composer .focus-line")).to_contain_text("The desk types")
    expect(page.locator(".composer .focus-line")).not_to_contain_text("You type")
    witnessed(page, "#said", "The desk types")


def test_another_phone_that_types_is_named(page: Page, desk: Desk) -> None:
    """One tap takes over from it."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)

    focus(desk, "another", "My other phone")

    line = page.locator(".composer .focus-line")
    expect(line).to_contain_text("My other phone types")
    line.get_by_role("button", name="Take over").click()
    expect(line).to_contain_text("You type")


def test_focus_that_is_refused_is_said_so(page: Page, desk: Desk) -> None:
    """In the computer's words."""
    desk.put(hosted())
    desk.memory.steered.refusals["focus"] = Refused("Its terminal is busy.", "Try again soon.")
    pair(page, desk, Scope.CONTROL)
    steer(page)

    box(page).focus()

    expect(page.locator(".composer .focus-line")).to_contain_text("Its terminal is busy. Try again soon.")


def test_whoever_leaves_the_session_gives_the_focus_back(page: Page, desk: Desk) -> None:
    """A phone in a pocket keeps nobody from typing."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).focus()
    until(lambda: desk.memory.sessions["s1"].focus)

    page.get_by_role("link", name="Back to the list").click()

    until(lambda: desk.memory.sessions["s1"].focus is None)


# --- the link


def test_without_a_link_nothing_is_sent_now_or_later(page: Page, desk: Desk) -> None:
    """It says why; when the link is back the text still waits for a tap."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).fill("only when I say so")
    page.context.set_offline(True)
    desk.cut()

    expect(page.locator(".why")).to_contain_text("Not connected")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.keyboard.press("Control+Enter")
    page.context.set_offline(False)
    expect(page.locator(".light")).to_have_text("Live")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()

    expect(box(page)).to_have_value("only when I say so")
    assert prompts(desk) == []
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".given")).to_have_count(1)
    assert len(prompts(desk)) == 1


def test_a_prompt_whose_answer_was_lost_counts_once(page: Page, desk: Desk) -> None:
    """The order arrived, its answer did not: it is said again under the same key."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        route.fetch()
        return route.abort()

    page.route("**/prompt", lose_the_first)

    send(page, "just once")

    until(lambda: page.evaluate("1") and len(keys) == 2)
    expect(box(page)).to_have_value("")
    expect(page.locator(".given")).to_have_count(1)
    assert len(set(keys)) == 1
    assert len(prompts(desk)) == 1


def test_a_tap_after_no_answer_at_all_is_still_the_same_order(page: Page, desk: Desk) -> None:
    """The text stays, with the truth about it; also after a reload it can count only once."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/prompt", lose)
    send(page, "once more")
    expect(page.locator(".composer .warn")).to_contain_text("may or may not have arrived")
    expect(box(page)).to_have_value("once more")

    page.unroute("**/prompt")
    page.reload()
    with page.expect_request("**/prompt") as last:
        page.get_by_role("button", name="Send").click()

    expect(box(page)).to_have_value("")
    assert len(keys) == 3
    assert {*keys} == {last.value.headers["idempotency-key"]}
    assert len(prompts(desk)) == 1


def test_a_refusal_is_said_and_the_next_try_is_another(page: Page, desk: Desk) -> None:
    """Title and hint of the computer; the text stays in the box."""
    desk.put(hosted(state=State.IDLE))
    desk.memory.steered.refusals["prompt"] = Refused("The agent asks something.", "Answer that first.")
    pair(page, desk, Scope.CONTROL)
    steer(page)

    send(page, "hello")
    expect(page.locator(".composer .warn")).to_have_text("The agent asks something. Answer that first.")
    expect(box(page)).to_have_value("hello")
    desk.memory.steered.refusals.clear()
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".given")).to_have_count(1)
    expect(page.locator(".composer .warn")).to_be_hidden()


# --- what was sent


def test_a_refused_prompt_can_be_edited_again(page: Page, desk: Desk) -> None:
    """It says why it was not taken; its text comes back above what stands in the box."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    send(page, "first")
    expect(page.locator(".given")).to_have_count(1)
    box(page).fill("second")

    move(desk, PromptState.REFUSED, "The session ended before.")
    expect(page.locator(".given")).to_contain_text("Not taken · The session ended before.")
    page.get_by_role("button", name="Edit again").click()

    expect(box(page)).to_have_value("first\n\nsecond")
    expect(page.locator(".given")).to_have_count(0)


def test_a_waiting_prompt_can_be_taken_back(page: Page, desk: Desk) -> None:
    """It is gone at the computer, and its text is in the box again."""
    desk.put(hosted(state=State.WORKING))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    send(page, "not yet")

    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".given")).to_have_count(0)
    expect(box(page)).to_have_value("not yet")
    assert desk.memory.sessions["s1"].prompts == ()


def test_a_prompt_that_is_no_longer_spoken_of_is_not_lost(page: Page, desk: Desk) -> None:
    """If nobody knows what became of it, its text is still there to be sent again."""
    desk.put(hosted(state=State.WORKING))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    send(page, "where did it go")
    expect(page.locator(".given")).to_have_count(1)

    desk.do(lambda steered: steered.forget_prompt("p-1"))

    expect(page.locator(".given")).to_contain_text("No longer waiting, and not in the transcript")
    page.get_by_role("button", name="Edit again").click()
    expect(box(page)).to_have_value("where did it go")


def test_a_prompt_that_was_taken_back_elsewhere_goes(page: Page, desk: Desk) -> None:
    """Somebody cancelled it at the desk; one that no transcript will show goes by itself too."""
    desk.put(hosted(state=State.WORKING))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    send(page, "one")
    expect(page.locator(".given")).to_have_count(1)
    send(page, "two")
    expect(page.locator(".given")).to_have_count(2)

    move(desk, PromptState.CANCELLED)
    expect(page.locator(".given")).to_have_count(1)
    desk.do(lambda steered: steered.move_prompt("p-2", PromptState.TAKEN))

    expect(page.locator(".given")).to_have_count(0)


def test_prompts_of_others_are_told_apart(page: Page, desk: Desk) -> None:
    """From the desk, from another phone."""
    given = [
        Prompt(id=f"x-{by}", session_id="s1", agent="claude", text=f"by {by}", when="idle", by=by, at=SINCE)
        for by in ("desk", "another")
    ]
    desk.put(hosted(prompts=tuple(given)))
    pair(page, desk, Scope.CONTROL)

    steer(page)

    expect(page.locator(".given").first).to_contain_text("From the desk · Waits")
    expect(page.locator(".given").last).to_contain_text("From another phone · Waits")


# --- who may not write


def test_a_phone_that_may_only_look_is_told_how_to_get_more(page: Page, desk: Desk) -> None:
    """It sees what was sent and who types, and has no box and no buttons."""
    prompt = Prompt(id="x", session_id="s1", agent="claude", text="waits", when="idle", by="desk", at=SINCE)
    desk.put(hosted(prompts=(prompt,)))
    pair(page, desk, Scope.VIEW)

    open_session(page)

    expect(page.locator(".now")).to_contain_text("pair it again and allow control")
    expect(page.locator(".given")).to_contain_text("From the desk · Waits")
    expect(box(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_hidden()


@pytest.mark.parametrize(
    ("facts", "words"),
    [({}, "Take it over first."), ({"state": State.LOST, "run": None}, "Resume it first.")],
)
def test_a_session_that_takes_no_prompt_says_why(
    page: Page, desk: Desk, facts: dict[str, Any], words: str
) -> None:
    """In the computer's words, in place of the box."""
    desk.put(working(**facts))
    pair(page, desk, Scope.CONTROL)

    steer(page)

    expect(page.locator(".now > .hint")).to_contain_text(words)
    expect(box(page)).to_be_hidden()


def test_a_text_stays_when_its_session_ends(page: Page, desk: Desk) -> None:
    """It cannot be sent any more; it can be copied."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    box(page).fill("too late")

    desk.put(hosted(state=State.LOST, run=None))

    expect(page.locator(".why")).to_contain_text("This session has ended. Resume it first.")
    expect(box(page)).to_have_value("too late")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_the_box_stands_above_a_keyboard_that_covers_the_page(page: Page, desk: Desk) -> None:
    """Some phones lay it over the page instead of making the page smaller."""
    seen = look(page)
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)

    page.evaluate(
        """height => {
            Object.defineProperty(visualViewport, 'height', { value: height, configurable: true });
            visualViewport.dispatchEvent(new Event('resize'));
        }""",
        500,
    )

    until(lambda: box(page).evaluate("it => it.getBoundingClientRect().bottom") < 500)
    assert seen.complaints == []
