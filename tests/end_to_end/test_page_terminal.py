"""The terminal of a session on the phone: what it shows, how it is read, and what is typed into it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from supervisor.core.errors import Refused
from supervisor.core.model import Kind, Scope, Session
from supervisor.core.steering import Focus
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import HOSTILE, hosted, open_session, steer, working
from tests.fakes.terminal import Row, Terminal
from tests.lab.chromium import SMALL, look
from tests.lab.waiting import until

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def begin(
    page: Page, desk: Desk, *rows: Row, scope: Scope = Scope.CONTROL, session: Session | None = None
) -> Terminal:
    """A session whose terminal shows these rows, open on the phone."""
    shown = terminal(desk)
    for at, row in enumerate(rows):
        shown.rows[at] = row
    desk.put(session or hosted())
    pair(page, desk, scope)
    open_session(page)
    page.get_by_role("button", name="Terminal").click()
    page.locator(".lines .line").first.wait_for()
    return shown


def terminal(desk: Desk) -> Terminal:
    """The one of the session."""
    made: Terminal = desk.do(lambda steered: steered.terminal("s1"))
    return made


def line(page: Page, at: int) -> Locator:
    """A row of the screen."""
    return page.locator(".grid .line").nth(at)


def key(page: Page, name: str) -> None:
    """Press one of the bar."""
    page.get_by_role("group", name="Keys").get_by_role("button", name=name, exact=True).click()


def typed(desk: Desk) -> list[str]:
    """Every key that arrived, in order."""
    return [one for verb, body in desk.ordered if verb == "keys" for one in body["keys"]]


def print_lines(desk: Desk, *texts: str) -> None:
    """The command prints."""
    desk.do(lambda steered: steered.terminal("s1").print(*([[text]] for text in texts)))


# --- what it shows


def test_the_terminal_is_shown_as_it_stands(page: Page, desk: Desk) -> None:
    """Words, colours and styles, the cursor and the title; it can be selected."""
    styled: Row = [
        ["plain "],
        ["red", {"fg": 1, "bold": True}],
        ["own", {"fg": "#12ab34", "bg": 21, "underline": True}],
        ["turned", {"inverse": True}],
    ]
    begin(page, desk, styled)

    expect(line(page, 0)).to_have_text("plain redownturned")
    style = "it => { const s = getComputedStyle(it); return [s.color, s.backgroundColor, s.fontWeight]; }"
    assert page.get_by_text("red", exact=True).evaluate(style)[::2] == ["rgb(242, 119, 122)", "700"]
    assert page.get_by_text("own", exact=True).evaluate(style)[:2] == ["rgb(18, 171, 52)", "rgb(0, 0, 255)"]
    assert page.get_by_text("turned").evaluate(style)[:2] == ["rgb(22, 24, 28)", "rgb(220, 223, 228)"]
    expect(page.locator(".screen-title")).to_have_text("claude")
    assert line(page, 0).evaluate(
        "it => { getSelection().selectAllChildren(it); return String(getSelection()); }"
    )
    expect(page.locator(".cursor")).to_be_visible()


def test_only_what_changed_is_made_anew(page: Page, desk: Desk) -> None:
    """Rows that stay are the same elements; rows that scroll move."""
    begin(page, desk, [["one"]], [["two"]], [["three"]])
    page.evaluate("window.kept = [...document.querySelectorAll('.grid .line')]")

    desk.do(lambda steered: steered.terminal("s1").put(1, [["changed"]]))
    expect(line(page, 1)).to_have_text("changed")
    print_lines(desk, "last")
    expect(line(page, 23)).to_have_text("last")

    expect(line(page, 0)).to_have_text("changed")
    expect(line(page, 1)).to_have_text("three")
    same = "[...document.querySelectorAll('.grid .line')].map((it) => window.kept.indexOf(it))"
    assert page.evaluate(same) == [*range(1, 24), -1]


def test_wide_letters_keep_their_columns(page: Page, desk: Desk) -> None:
    """What stands behind them stands where it does on the computer, whatever font the phone has."""
    begin(page, desk, [["日本", None, 4], ["x"]], [["─│é⎿✻"], ["x"]], [["👩‍👩‍👧", None, 2], ["x"]])

    place = """line => {
        const range = document.createRange();
        range.selectNodeContents(line.lastChild);
        const cell = line.parentElement.parentElement.querySelector('.cursor').getBoundingClientRect().width;
        const from = range.getBoundingClientRect().right - line.getBoundingClientRect().left;
        return Math.round(10 * from / cell) / 10;
    }"""

    assert [line(page, at).evaluate(place) for at in range(3)] == [5, 6, 3]


def test_a_new_size_is_followed(page: Page, desk: Desk) -> None:
    """Fewer rows, other columns."""
    begin(page, desk, [["top"]])

    desk.do(lambda steered: steered.terminal("s1").resize(10, 40))

    expect(page.locator(".grid .line")).to_have_count(10)
    width = "it => it.style.getPropertyValue('--columns')"
    until(lambda: page.locator(".screen-page").evaluate(width) == "40")


def test_the_end_of_the_command_is_said(page: Page, desk: Desk) -> None:
    """With its code; nobody asks for more."""
    shown = begin(page, desk, [["bye"]])

    desk.do(lambda steered: steered.terminal("s1").end(3))

    expect(page.locator(".screen-note")).to_have_text("It ended with code 3.")
    assert shown.opened == 1


def test_strangers_words_do_nothing_in_a_terminal(page: Page, desk: Desk) -> None:
    """Neither rows nor titles nor styles become anything but text."""
    seen = look(page)
    shown = terminal(desk)
    shown.title = HOSTILE
    shown.history = [[[HOSTILE]] for _ in range(5)]
    style: dict[str, Any] = {"fg": "red;background:url(https://evil.example)", "bg": 999, "bold": HOSTILE}
    begin(page, desk, [[HOSTILE, style]], [[HOSTILE, None, 4]], [["\u202ex", {HOSTILE: True}]])
    page.get_by_role("button", name="Earlier lines").click()
    expect(page.locator(".past .line")).to_have_count(5)

    assert page.evaluate("window.hurt") is None
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    expect(page.locator(".screen img, .screen script, .screen a")).to_have_count(0)
    assert line(page, 0).locator("span").first.evaluate("it => it.getAttribute('style')") is None


# --- its size on the phone


def test_the_width_can_be_fitted(page: Page, desk: Desk) -> None:
    """All columns at once, or letters that one can read; the page itself never moves sideways."""
    begin(page, desk, [["x" * 80]])
    scroller = page.locator(".screen-scroll")
    wide = "it => it.scrollWidth > it.clientWidth"
    until(lambda: scroller.evaluate(wide))

    page.get_by_role("button", name="Fit the width").click()
    until(lambda: not scroller.evaluate(wide))
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.get_by_role("button", name="Fit the width").click()

    until(lambda: scroller.evaluate(wide))


def test_two_fingers_change_the_size(page: Page, desk: Desk) -> None:
    """Of the letters, not of the page."""
    begin(page, desk, [["x" * 80]])
    size = "it => parseFloat(getComputedStyle(it).fontSize)"
    before = page.locator(".screen-page").evaluate(size)
    hand = page.context.new_cdp_session(page)
    middle = page.locator(".screen-scroll").evaluate(
        "it => { const b = it.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }"
    )

    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        fingers = [{"x": middle[0] + side * apart, "y": middle[1]} for side in (-1, 1)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    until(lambda: page.locator(".screen-page").evaluate(size) == pytest.approx(2 * before, rel=0.05))
    assert page.evaluate("visualViewport.scale") == 1


def test_the_terminal_can_be_fitted_to_the_phone(page: Page, desk: Desk) -> None:
    """The computer changes its size, unless somebody sits at it."""
    shown = begin(page, desk, [["top"]])
    fit = page.get_by_role("button", name="Fit the terminal to this phone")

    fit.click()
    until(lambda: page.evaluate("1") and shown.size[1] < 60)
    expect(page.locator(".grid .line")).to_have_count(shown.size[0])
    until(lambda: not page.locator(".screen-scroll").evaluate("it => it.scrollWidth > it.clientWidth"))
    desk.memory.steered.at_desk = True
    fit.click()

    expect(page.locator(".keyboard .warn")).to_have_text(
        "A terminal at the desk shows this session. Its size is decided there."
    )


# --- lines above


def test_earlier_lines_come_when_one_pulls(page: Page, desk: Desk) -> None:
    """Page by page, without moving what is read."""
    terminal(desk).history = [[[f"line {n}"]] for n in range(250)]
    begin(page, desk, [["now"]])
    past = page.locator(".past .line")
    expect(past).to_have_count(0)
    hand = page.context.new_cdp_session(page)

    for kind, y in (("touchStart", 300), ("touchMove", 340), ("touchMove", 400)):
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 200, "y": y}]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(past).to_have_count(100)
    expect(past.first).to_have_text("line 150")
    expect(line(page, 0)).to_be_in_viewport()
    pull = "it => { it.scrollTop = 0; return it.querySelectorAll('.past .line').length; }"
    until(lambda: page.locator(".screen-scroll").evaluate(pull) == 250)
    expect(past.first).to_have_text("line 0")
    expect(page.get_by_role("button", name="Earlier lines")).to_be_hidden()


def test_lines_that_scroll_away_go_on_above(page: Page, desk: Desk) -> None:
    """None is missing and none doubled, however many come at once."""
    terminal(desk).history = [[[f"line {n}"]] for n in range(5)]
    begin(page, desk, *([[f"line {n}"]] for n in range(5, 29)))
    page.get_by_role("button", name="Earlier lines").click()
    expect(page.locator(".past .line")).to_have_count(5)
    page.locator(".screen-scroll").evaluate("it => { it.scrollTop = 0; }")

    print_lines(desk, "line 29", "line 30")
    expect(page.locator(".past .line")).to_have_count(7)
    expect(page.locator(".past .line").first).to_be_in_viewport()
    page.evaluate(HIDE, True)
    until(lambda: not terminal(desk).viewers)
    print_lines(desk, *(f"line {n}" for n in range(31, 50)))
    page.evaluate(HIDE, False)

    expect(page.locator(".past .line")).to_have_count(26)
    texts = page.locator(".past .line, .grid .line:not(.blank)")
    expect(texts).to_have_text([f"line {n}" for n in range(50)])


def test_who_looks_at_the_end_again_keeps_no_lines_from_above(page: Page, desk: Desk) -> None:
    """They are asked for anew when one pulls again."""
    terminal(desk).history = [[[f"line {n}"]] for n in range(5)]
    begin(page, desk, *([[f"line {n}"]] for n in range(5, 29)))
    page.get_by_role("button", name="Earlier lines").click()
    expect(page.locator(".past .line")).to_have_count(5)

    page.set_viewport_size({"width": 390, "height": 600})
    page.locator(".screen-scroll").evaluate("it => { it.scrollTop = it.scrollHeight; }")
    print_lines(desk, "line 29")

    expect(page.locator(".past .line")).to_have_count(0)
    expect(line(page, 23)).to_be_in_viewport()


# --- typing


def test_keys_arrive_in_order(page: Page, desk: Desk) -> None:
    """From the bar, from the line, with Control held for one letter."""
    begin(page, desk, [["$"]])
    field = page.get_by_role("textbox", name="Type into the terminal")

    for name in ("Esc", "Tab", "Shift Tab", "Up", "Down", "Left", "Right", "Enter", "Control C"):
        key(page, name)
    field.fill("ls -l")
    field.press("Enter")
    field.fill("y")
    page.get_by_role("button", name="Type", exact=True).click()
    key(page, "Ctrl for the next letter")
    page.keyboard.type("r")

    names = ["Escape", "Tab", "S-Tab", "Up", "Down", "Left", "Right", "Enter", "C-c"]
    expected = [*names, "text:ls -l", "Enter", "text:y", "C-r"]
    until(lambda: page.evaluate("1") and typed(desk) == expected)
    expect(field).to_have_value("")
    expect(page.locator("[data-key=Ctrl]")).to_have_attribute("aria-pressed", "false")


def test_on_an_empty_line_the_keys_of_a_keyboard_pass(page: Page, desk: Desk) -> None:
    """Whoever has one need not tap the bar; in a text they move in the text."""
    begin(page, desk, [["$"]])
    field = page.get_by_role("textbox", name="Type into the terminal")
    field.focus()

    for name in ("ArrowUp", "Escape", "Backspace"):
        page.keyboard.press(name)
    page.keyboard.type("ab")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")

    until(lambda: page.evaluate("1") and typed(desk) == ["Up", "Escape", "Backspace", "text:a", "Enter"])


def test_the_first_key_takes_the_focus(page: Page, desk: Desk) -> None:
    """Who types is said here too, and taken from nobody twice."""
    begin(page, desk, [["$"]])
    key(page, "Esc")
    expect(page.locator(".keyboard .focus-line")).to_contain_text("You type")

    held = Focus(holder="desk", label="desk", since=1_790_000_000.0)
    desk.do(lambda steered: steered.give("s1", held))
    expect(page.locator(".keyboard .focus-line")).to_contain_text("The desk types")
    page.get_by_role("textbox", name="Type into the terminal").fill("mine")
    page.keyboard.press("Enter")

    expect(page.locator(".keyboard .warn")).to_have_text("Somebody else types there now. Take over first.")
    expect(page.get_by_role("textbox", name="Type into the terminal")).to_have_value("mine")
    assert typed(desk) == ["Escape"]


def test_what_could_not_be_typed_is_not_typed_later(page: Page, desk: Desk) -> None:
    """A key meant for what was on the screen then would do something else now."""
    begin(page, desk, [["$"]])
    desk.memory.steered.refusals["keys"] = Refused("Its terminal is gone.")

    key(page, "Enter")
    expect(page.locator(".keyboard .warn")).to_have_text("Its terminal is gone.")
    desk.memory.steered.refusals.clear()
    key(page, "Esc")

    until(lambda: page.evaluate("1") and typed(desk) == ["Escape"])
    expect(page.locator(".keyboard .warn")).to_be_hidden()


def test_without_a_link_no_key_is_taken(page: Page, desk: Desk) -> None:
    """It says so, and says that what is seen may be old."""
    begin(page, desk, [["$"]])
    page.context.set_offline(True)
    desk.cut()
    desk.cut_terminals()

    expect(page.locator(".keyboard .warn")).to_contain_text("Not connected")
    expect(page.locator(".screen-note")).to_contain_text("Not live")
    page.locator("[data-key=Enter]").click(force=True)
    page.context.set_offline(False)
    expect(page.locator(".screen-note")).to_be_hidden()

    key(page, "Esc")
    until(lambda: page.evaluate("1") and typed(desk) == ["Escape"])


# --- the stream


def test_a_hidden_page_reads_no_terminal(page: Page, desk: Desk) -> None:
    """In a pocket it costs nothing; looked at again it is true at once."""
    shown = begin(page, desk, [["before"]])

    page.evaluate(HIDE, True)
    until(lambda: not shown.viewers)
    desk.do(lambda steered: steered.terminal("s1").put(0, [["meanwhile"]]))
    page.evaluate(HIDE, False)

    expect(line(page, 0)).to_have_text("meanwhile")
    assert shown.opened == 2


def test_a_cut_terminal_is_read_again(page: Page, desk: Desk) -> None:
    """By itself, with all that changed."""
    shown = begin(page, desk, [["before"]])

    desk.cut_terminals()
    desk.do(lambda steered: steered.terminal("s1").put(0, [["after"]]))

    expect(line(page, 0)).to_have_text("after")
    expect(page.locator(".screen-note")).to_be_hidden()
    assert shown.opened == 2


def test_going_back_leads_to_the_transcript(page: Page, desk: Desk) -> None:
    """By the phone's own gesture, by the arrow, by the button; and nobody reads the terminal then."""
    shown = begin(page, desk, [["$"]])
    leave: list[Callable[[], Any]] = [
        page.go_back,
        page.get_by_role("link", name="Back to the list").click,
        page.get_by_role("button", name="Back to the transcript").click,
    ]

    for act in leave:
        act()
        expect(page.locator(".transcript")).to_be_visible()
        expect(page.locator(".screen")).to_have_count(0)
        until(lambda: not shown.viewers)
        page.get_by_role("button", name="Terminal").click()
        page.locator(".lines .line").first.wait_for()

    page.reload()
    expect(line(page, 0)).to_have_text("$")


# --- who may


def test_a_phone_that_may_only_look_has_no_keys(page: Page, desk: Desk) -> None:
    """It sees the terminal, and cannot change its size."""
    begin(page, desk, [["$"]], scope=Scope.VIEW)

    expect(line(page, 0)).to_have_text("$")
    expect(page.locator(".keyboard")).to_be_hidden()
    expect(page.get_by_role("button", name="Fit the terminal to this phone")).to_be_hidden()


def test_a_session_without_a_terminal_of_ours_offers_none(page: Page, desk: Desk) -> None:
    """Nothing to look at, no button for it."""
    desk.put(working(), hosted("s2", kind=Kind.ADOPTED))
    pair(page, desk, Scope.CONTROL)

    for session_id in ("s1", "s2"):
        page.evaluate("id => { location.hash = `#/s/${id}`; }", session_id)
        expect(page.locator(".titles h1")).to_have_text(f"Title of {session_id}")
        page.get_by_role("button", name="Actions").wait_for()
        expect(page.get_by_role("button", name="Terminal")).to_be_hidden()


@pytest.mark.parametrize("page", [SMALL], indirect=True)
def test_the_terminal_fits_a_small_phone(page: Page, desk: Desk) -> None:
    """320 pixels: every key is there to be tapped, and nothing but the terminal scrolls sideways."""
    begin(page, desk, [["x" * 80]])

    keys = page.get_by_role("group", name="Keys").get_by_role("button")

    assert keys.evaluate_all("all => all.every(it => it.offsetWidth >= 44 && it.offsetHeight >= 44)")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page.locator(".screen-scroll").evaluate("it => it.clientHeight") > 100


def test_steering_a_session_leaves_its_terminal_alone(page: Page, desk: Desk) -> None:
    """Nobody reads a terminal that nobody looks at."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)

    steer(page)

    assert terminal(desk).opened == 0
