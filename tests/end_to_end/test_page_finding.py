"""Jumps, search and reading in a session, on the phone."""

from playwright.sync_api import Locator, Page, expect

from supervisor.core.model import EntryKind, Role, Scope, State
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import entry, hosted, steer
from tests.lab.chromium import SMALL
from tests.lab.waiting import until

DIFF = """diff --git a/x.py b/x.py
@@ -1,3 +1,4 @@ def begin():
 kept
-removed
+added with a line that is far too long for the small screen of a phone in a pocket
+added
"""


def finder(page: Page) -> Locator:
    """The bar that one searches with."""
    return page.get_by_role("search")


def find(page: Page, words: str) -> None:
    """Open the bar and type."""
    if not finder(page).count():
        page.get_by_role("button", name="Search this session").click()
    finder(page).get_by_role("searchbox").fill(words)


def found(page: Page) -> Locator:
    """The entry that one is at."""
    return page.locator(".found")


def test_words_are_found_in_what_is_here(page: Page, desk: Desk) -> None:
    """The newest first, then the ones before; a call that is folded opens."""
    desk.put(hosted())
    desk.say(
        "s1",
        entry(1, "The Parser is old."),
        entry(2, "cat parser.py\nmore", EntryKind.TOOL_CALL),
        entry(3, "Nothing."),
        entry(4, "A new parser."),
    )
    pair(page, desk)
    steer(page)

    find(page, "PARSER")
    expect(found(page)).to_contain_text("A new parser.")
    expect(finder(page)).to_contain_text("1 of 3")
    page.keyboard.press("Enter")
    expect(found(page).locator("pre")).to_contain_text("cat parser.py")
    finder(page).get_by_role("button", name="The one before").click()
    expect(found(page)).to_contain_text("The Parser is old.")
    expect(finder(page)).to_contain_text("3 of 3")
    page.keyboard.press("Shift+Enter")
    finder(page).get_by_role("button", name="The one after").click()
    expect(finder(page)).to_contain_text("2 of 3")
    marked = "CSS.highlights.get('found') && [...CSS.highlights.get('found')].map(String)"
    assert page.evaluate(marked) == ["parser", "parser"]
    page.keyboard.press("Escape")

    expect(finder(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Search this session")).to_be_focused()
    expect(found(page)).to_have_count(0)


def test_what_only_a_screen_reader_is_told_is_not_found(page: Page, desk: Desk) -> None:
    """A hit is a place that can be scrolled to: the words of an answer, not who gave it."""
    desk.put(hosted())
    desk.say("s1", entry(1, "One agent."), *(entry(n, "line\n\n" * 40) for n in range(2, 5)))
    pair(page, desk)
    steer(page)

    find(page, "agent")

    expect(found(page)).to_contain_text("One agent.")
    expect(found(page).locator(".prose")).to_be_in_viewport()


def test_older_pages_are_fetched_until_it_is_found(page: Page, desk: Desk) -> None:
    """What is far back is found too; after many pages it asks before it goes on."""
    desk.put(hosted())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}") for n in range(2400)]
    desk.memory.transcripts["s1"][1900] = entry(1900, "the needle")
    desk.memory.transcripts["s1"][5] = entry(5, "the very first pin")
    pair(page, desk)
    steer(page)

    find(page, "needle")
    expect(found(page)).to_contain_text("the needle")
    expect(found(page)).to_be_in_viewport()
    find(page, "first pin")
    expect(finder(page)).to_contain_text("Not in the last")
    go_on = "document.querySelector('.find-said .link:not([hidden])')?.click()"
    until(lambda: page.evaluate(go_on) or found(page).count())

    expect(found(page)).to_contain_text("the very first pin")
    find(page, "no such thing")
    finder(page).get_by_text("Not found.").or_(finder(page).get_by_text("Not in the last")).wait_for()


def test_what_is_deep_in_a_long_result_is_unfolded(page: Page, desk: Desk) -> None:
    """A hit that the shortened text does not show would be no hit."""
    desk.put(hosted())
    long = "\n".join(f"line {n}" for n in range(500))
    desk.say("s1", entry(1, f"{long}\nthe needle", EntryKind.TOOL_RESULT, Role.TOOL))
    pair(page, desk)
    steer(page)
    expect(page.locator(".result")).not_to_contain_text("the needle")

    find(page, "needle")

    expect(found(page)).to_contain_text("the needle")


def test_one_jumps_to_the_last_prompt_and_the_last_error(page: Page, desk: Desk) -> None:
    """Each tap goes one further back."""
    desk.put(hosted())
    desk.memory.transcripts["s1"] = [
        entry(1, "First question", role=Role.USER),
        entry(2, "It broke.", EntryKind.ERROR, Role.SYSTEM),
        entry(3, "Second question", role=Role.USER),
        *(entry(n, f"Message {n}") for n in range(4, 300)),
    ]
    pair(page, desk)
    steer(page)
    page.keyboard.press("/")

    finder(page).get_by_role("button", name="Last prompt").click()
    expect(found(page)).to_contain_text("Second question")
    expect(found(page)).to_be_in_viewport()
    finder(page).get_by_role("button", name="Last prompt").click()
    expect(found(page)).to_contain_text("First question")
    finder(page).get_by_role("button", name="Last error").click()

    expect(found(page)).to_contain_text("It broke.")
    finder(page).get_by_role("button", name="Last error").click()
    expect(finder(page)).to_contain_text("No earlier one.")
    expect(finder(page).get_by_role("button", name="Needs you")).to_be_hidden()


def test_one_jumps_to_what_is_asked(page: Page, desk: Desk) -> None:
    """Only while something is."""
    desk.put(hosted())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    page.keyboard.press("/")
    expect(finder(page).get_by_role("searchbox")).to_be_focused()

    desk.put(hosted(state=State.NEEDS_YOU))

    finder(page).get_by_role("button", name="Needs you").click()
    expect(page.locator(".desk")).to_be_in_viewport()


def test_a_slash_that_is_typed_opens_nothing(page: Page, desk: Desk) -> None:
    """A path in a prompt is a path."""
    desk.put(hosted(state=State.IDLE))
    pair(page, desk, Scope.CONTROL)
    steer(page)

    page.get_by_role("textbox", name="Message to the agent").press_sequentially("a/b")

    expect(finder(page)).to_have_count(0)
    expect(page.get_by_role("textbox", name="Message to the agent")).to_have_value("a/b")


def test_a_change_is_read_by_its_colours(page: Page, desk: Desk) -> None:
    """Also in 320 pixels: lines wrap, keep their sign, and are told apart without colour."""
    desk.put(hosted())
    desk.say("s1", entry(1, DIFF, EntryKind.TOOL_RESULT, Role.TOOL), entry(2, f"```diff\n{DIFF}```"))
    page.set_viewport_size({"width": SMALL.width, "height": SMALL.height})
    pair(page, desk)
    steer(page)

    for change in (page.locator(".result .code.diff"), page.locator(".prose .code.diff")):
        expect(change.locator(".added")).to_have_count(2)
        expect(change.locator(".removed")).to_have_text("Removed: -removed")
        assert change.evaluate("it => it.scrollWidth <= it.clientWidth")


def test_code_wraps_at_a_tap(page: Page, desk: Desk) -> None:
    """Long lines scroll inside their box, and wrap for who wants them whole; short code has no button."""
    desk.put(hosted())
    desk.say("s1", entry(1, f"```\n{'call(argument) ' * 30}\n```"), entry(2, "```\nshort\n```"))
    pair(page, desk)
    steer(page)
    code = page.locator(".prose .code").first

    page.get_by_role("button", name="Wrap long lines").click()

    assert code.evaluate("it => it.scrollWidth <= it.clientWidth")
    expect(page.get_by_role("button", name="Wrap long lines")).to_have_count(1)
    page.get_by_role("button", name="Wrap long lines").click()
    assert code.evaluate("it => it.scrollWidth > it.clientWidth")


def test_text_from_right_to_left_is_read_so(page: Page, desk: Desk) -> None:
    """In an entry, in a prompt that waits, and in the box; code stays as it is."""
    hebrew = "אני מריץ את הבדיקות עכשיו"
    desk.put(hosted(state=State.IDLE))
    desk.say("s1", entry(1, f"{hebrew}\n\n- {hebrew}\n\n```\nx = 1\n```"), entry(2, "And English."))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    side = "it => getComputedStyle(it).direction"

    messages = page.locator(".message")
    assert messages.first.locator("p").evaluate(side) == "rtl"
    assert messages.first.locator("ul").evaluate(side) == "rtl"
    assert messages.first.locator("pre").evaluate(side) == "ltr"
    assert messages.last.locator("p").evaluate(side) == "ltr"
    box = page.get_by_role("textbox", name="Message to the agent")
    box.fill(hebrew)
    assert box.evaluate("it => getComputedStyle(it).direction") == "rtl"
    page.get_by_role("button", name="Send").click()

    given = page.locator(".given-text")
    expect(given).to_have_text(hebrew)
    assert given.evaluate(side) == "rtl"
