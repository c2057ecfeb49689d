"""The page with hostile words, on small phones, for every language and every way to read it."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from supervisor.core.errors import Refused
from supervisor.core.model import (
    Awake,
    Entry,
    EntryKind,
    Job,
    Kind,
    Reason,
    Reconnect,
    Resume,
    Scope,
    Session,
    State,
)
from supervisor.core.steering import Approval, Choice, Focus, Prompt, PromptState, Question
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import HOSTILE, entry, open_session, working
from tests.lab.chromium import SMALL, Phone, look, witnessed
from tests.lab.waiting import until

FIRST_LOAD = 60_000


def hostile_session(session_id: str = "s1") -> Session:
    """Markup in every field that a stranger can write."""
    at = time.time()
    what = ("agent", "agent_version", "model", "name", "title", "cwd", "git_branch", "failure")
    facts: dict[str, Any] = dict.fromkeys(what, HOSTILE)
    return working(
        session_id,
        **facts,
        state=State.NEEDS_YOU,
        jobs=(Job(pid=2, command=HOSTILE, started_at=at),),
        kind=Kind.HOSTED,
        approvals=hostile_questions(session_id),
        focus=Focus(holder=HOSTILE, label=HOSTILE, since=at),
        prompts=tuple(
            Prompt(
                id=f"p{number}",
                session_id=session_id,
                agent=HOSTILE,
                text=HOSTILE,
                when=HOSTILE,
                by=HOSTILE,
                at=at,
                state=state,
                note=HOSTILE,
            )
            for number, state in enumerate(PromptState)
        ),
        reconnect=Reconnect(attempt=1, next_try_at=at, reason=HOSTILE, policy=HOSTILE),
        resume=Resume(argv=("claude", HOSTILE), cwd=HOSTILE),
        last_entry=entry(1, HOSTILE),
    )


def hostile_questions(session_id: str) -> tuple[Approval, ...]:
    """Markup in everything that an agent can ask."""
    asked: dict[str, Any] = {"session_id": session_id, "at": time.time(), "answerable": True, "tool": HOSTILE}
    told = dict.fromkeys(["summary", "text", "diff", "reason", "cwd"], HOSTILE)
    choice = Choice(label=HOSTILE, description=HOSTILE)
    question = Question(text=HOSTILE, header=HOSTILE, choices=(choice,))
    odd = Question(text="__proto__", choices=(choice,))
    return (
        Approval(id=HOSTILE, **{**asked, **told}),
        Approval(id="b", **{**asked, **told, "diff": f"@@ {HOSTILE}\n+{HOSTILE}\n-{HOSTILE}\n {HOSTILE}"}),
        Approval(id="c", summary=HOSTILE, **asked, questions=(question, odd)),
    )


def hostile_entries() -> list[Entry]:
    """Markup, pictures, styles, links and look-alikes in every kind of entry."""
    texts = [
        HOSTILE,
        "![x](https://evil.example/p.png) <link rel=stylesheet href=https://evil.example/x.css>",
        "[a](javascript:window.hurt=1) [b](data:text/html,<script>hurt=1</script>) javascript:hurt=1",
        "<form action=https://evil.example><input name=said id=app autofocus onfocus=hurt=1></form>",
        "<svg><animate onbegin=hurt=1><math><mtext></form><style><img src=x onerror=hurt=1>",
        "```<script>hurt=1</script>\n```\n# <b>\n- <i onmouseover=hurt=1>\n| <u> |\n|---|\n| <s> |",
        '{"__proto__": {"hurt": 1}, "constructor": {"prototype": {"hurt": 1}}}',
        "\x1b]8;;javascript:hurt=1\x07click\x1b]8;;\x07 \x1b]52;c;aHVydA==\x07",
    ]
    kinds = list(EntryKind)
    return [
        replace(entry(at * 10 + place, text, kind), tool=HOSTILE)
        for at, kind in enumerate(kinds)
        for place, text in enumerate(texts)
    ]


def test_hostile_words_stay_words(page: Page, desk: Desk) -> None:
    """Nothing runs, nothing is fetched, the policy has nothing to report, and no link leads astray."""
    seen = look(page)
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    agents = {HOSTILE: HOSTILE}
    desk.memory.machine = replace(desk.memory.machine, hostname=HOSTILE, os=HOSTILE, agents=agents)
    reason = Reason(text=HOSTILE, since=time.time(), session_id="s1")
    desk.memory.awake = Awake(wanted=True, problem=HOSTILE, mechanism=HOSTILE, reasons=(reason,))
    desk.put(hostile_session(), hostile_session(HOSTILE), working("__proto__", agent="constructor"))
    desk.put(hostile_session("thrown"))
    desk.do(lambda steered: steered.throw_away("thrown"))
    trouble = Refused(HOSTILE, HOSTILE)
    desk.memory.steered.refusals.update(answer=trouble, interrupt=trouble)
    desk.memory.steered.reasons = {"pause": HOSTILE}
    desk.say("s1", *hostile_entries())

    pair(page, desk, Scope.CONTROL)
    page.locator(".awake summary").click()
    page.locator(".machine").click()
    expect(page.get_by_role("dialog")).to_contain_text("Wakeline since")
    page.keyboard.press("Escape")
    open_session(page)
    page.locator(".card-entry summary").evaluate_all("all => all.forEach((one) => one.click())")
    page.get_by_role("button", name="Details").click()
    expect(page.locator(".resume pre").first).to_be_visible()
    page.keyboard.press("Escape")
    _steer_among_strangers(page)

    assert page.evaluate("[window.hurt, {}.hurt]") == [None, None]
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    links = page.locator("a[href]").evaluate_all("all => all.map(one => one.protocol + one.target)")
    assert set(links) <= {"https:", "https:_blank", "http:_blank"}
    foreign = "img, script:not([src='first.js']), iframe, form, style, [style]:not(.part, .field, .runs-out)"
    expect(page.locator(foreign)).to_have_count(0)


def _steer_among_strangers(page: Page) -> None:
    """Answer, be refused, open the menu, delete, and look into the trash."""
    page.locator(".right .approval").nth(2).get_by_role("radio").first.check()
    card = page.locator(".right .approval").nth(1)
    card.locator(".steady").get_by_role("button", name="Deny").click()
    expect(card.locator(".warn")).to_contain_text("<script>")
    page.get_by_role("button", name="Edit again").first.click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("dialog").locator(".action.interrupt").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("<script>")
    page.get_by_role("dialog").locator(".action.stop").click()
    witnessed(page, ".bar-undo", "<script>")
    page.get_by_role("link", name="Back to the list").click()
    page.locator(".machine").click()
    page.get_by_role("button", name="Deleted sessions").click()
    expect(page.locator(".trashed")).to_contain_text("<script>")


def test_a_hostile_name_cannot_reorder_its_row(page: Page, desk: Desk) -> None:
    """A change of direction in a title is seen as a mark and ends with the title."""
    desk.put(working(title="\u202etxt.exe", cwd="/home/\u2066x"))

    pair(page, desk)

    expect(page.locator(".row .mark")).to_have_text(["U+202E", "U+2066"])


@pytest.mark.parametrize("page", [SMALL, replace(SMALL, language="de-DE")], indirect=True)
def test_nothing_is_wider_than_a_small_phone(page: Page, desk: Desk) -> None:
    """320 pixels are enough, in both languages, for every screen."""
    long = "a_very_long_word_without_any_place_to_break_it_" * 20
    desk.put(working("s2"))
    desk.put(long_session(long))
    desk.memory.steered.reasons = {"pause": long}
    texts = [long, f"`{long}`", f"- {long}", f"| {long} |\n|---|\n| {long} |"]
    desk.say("s1", *(entry(n, text) for n, text in enumerate(texts)))
    desk.say("s1", *(entry(10 + n, long, kind) for n, kind in enumerate(EntryKind)))
    boxes = "html, .scroll, .scroller, .sheet-body, .lonely, .bottom, .composer, .asked-code, .bar-undo"
    wide = f"""() => [...document.querySelectorAll('{boxes}')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.className || box.tagName)"""
    page.goto(desk.origin)
    page.locator("h1").wait_for()
    assert page.evaluate(wide) == []

    pair(page, desk, Scope.CONTROL)
    page.locator(".awake summary").click()
    assert page.evaluate(wide) == []
    open_session(page)
    page.locator(".message").first.wait_for()
    assert page.evaluate(wide) == []
    page.locator(".right .bar-top button").last.click()
    page.locator(".resume pre").first.wait_for()
    assert page.evaluate(wide) == []
    page.keyboard.press("Escape")
    page.locator(".composer textarea").fill(long)
    assert page.evaluate(wide) == []
    page.locator(".now-head button").last.click()
    page.locator(".action").first.wait_for()
    assert page.evaluate(wide) == []
    page.locator(".action.stop").click()
    page.locator(".bar-undo").wait_for()

    assert page.evaluate(wide) == []


def long_session(long: str) -> Session:
    """A session of which everything is long."""
    at = time.time()
    asked: dict[str, Any] = {"session_id": "s1", "at": at, "summary": long, "tool": long, "answerable": True}
    choice = Choice(label=long, description=long)
    given = Prompt(id="p", session_id="s1", agent="claude", text=long, when="idle", by="x", at=at, note=long)
    return working(
        title=long,
        cwd=f"/{long}",
        model=long,
        state=State.NEEDS_YOU,
        kind=Kind.HOSTED,
        focus=Focus(holder="x", label=long, since=at),
        prompts=(given,),
        approvals=(
            Approval(id="a", **asked, text=long, diff=f"@@ @@\n+{long}", reason=long, cwd=long),
            Approval(id="b", **asked, questions=(Question(text=long, header=long, choices=(choice,)),)),
            Approval(id="c", **{**asked, "answerable": False}, text=long),
        ),
    )


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Phone(language="de-DE"), ["Arbeiten", "Arbeitet", "Wach", "Einzelheiten"]),
        (Phone(language="en-US"), ["Working", "Working", "Awake", "Details"]),
    ],
    indirect=["page"],
)
def test_the_page_speaks_english_and_german(page: Page, desk: Desk, words: list[str]) -> None:
    """The same screens, in the phone's language."""
    group, state, awake, details = words
    desk.memory.awake = Awake(wanted=True, held=True)
    desk.put(working())

    pair(page, desk)

    expect(page.locator(".group-title")).to_contain_text(group)
    expect(page.locator(".row .state")).to_have_text(state)
    expect(page.locator(".awake-line")).to_have_text(awake)
    open_session(page)
    expect(page.get_by_role("button", name=details)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == page.evaluate("navigator.language.slice(0, 2)")


def test_a_phone_may_speak_another_language_than_its_own(page: Page, desk: Desk) -> None:
    """Chosen once, it stays so, until one takes it back."""
    desk.put(working())
    pair(page, desk)

    def choose(name: str) -> None:
        page.locator(".machine").click()
        page.locator("#language").select_option(label=name)

    choose("Deutsch")
    expect(page.locator(".row .state")).to_have_text("Arbeitet")
    page.reload()
    expect(page.locator(".row .state")).to_have_text("Arbeitet")
    expect(page.locator("html[lang=de]")).to_be_attached()
    choose("Wie das Telefon")

    expect(page.locator(".row .state")).to_have_text("Working")
    until(lambda: page.evaluate("localStorage.length") == 0)


#: Goes on with Tab; the element that is focused then, what it shows of that, and whether it is in sight.
WALKED = """() => {
    const one = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    const { bottom, top, width } = one.getBoundingClientRect();
    const name = one.ariaLabel || one.labels?.[0]?.innerText || one.innerText || one.className;
    return [one.tagName === 'BODY' ? '' : name.trim().slice(0, 40),
        outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        bottom > 0 && top < innerHeight && width > 0];
}"""


@pytest.mark.parametrize("page", [Phone(), SMALL], indirect=True)
def test_tab_walks_through_all_of_a_session(page: Page, desk: Desk) -> None:
    """Everything that a finger can press is reached, seen, and shows that it has the focus."""
    desk.put(long_session("some words"), working("s2", state=State.NEEDS_YOU))
    desk.say("s1", entry(1, "hello [x](https://a.example)"), entry(2, "make", EntryKind.TOOL_CALL))
    pair(page, desk, Scope.CONTROL)
    open_session(page)
    page.get_by_role("button", name="Actions").wait_for()
    page.locator(".right .approval .steady").first.wait_for()
    page.locator(".titles h1").focus()
    pressable = """() => [...document.querySelector('.right')
        .querySelectorAll('button, a[href], summary, textarea, input')]
        .filter((one) => one.checkVisibility() && !one.closest('[hidden]') && one.type !== 'radio').length"""

    walked: list[list[Any]] = []
    while len(walked) < 80:
        page.keyboard.press("Tab")
        step = page.evaluate(WALKED)
        if not step[0]:
            break
        walked.append(step)

    assert [name for name, shown, _ in walked if not shown] == []
    assert [name for name, _, in_sight in walked if not in_sight] == []
    # The way back stands before the title.
    assert len(walked) >= page.evaluate(pressable) - 1


def test_the_keyboard_reaches_everything(page: Page, desk: Desk) -> None:
    """Open a session, its details, close them, go back: focus is always where one is."""
    desk.put(working())
    desk.say("s1", entry(1, "hello"))
    pair(page, desk)
    page.locator(".row").focus()

    page.keyboard.press("Enter")
    expect(page.locator(".titles h1")).to_be_focused()
    page.get_by_role("button", name="Search this session").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Details")).to_be_focused()
    page.go_back()

    expect(page.locator(".row")).to_be_focused()


def test_everything_that_can_be_pressed_has_a_name(page: Page, desk: Desk) -> None:
    """A screen reader has words for each button and link, and landmarks to move by."""
    desk.put(long_session("x"), working("s2", state=State.NEEDS_YOU))
    desk.say("s1", entry(1, "hello [x](https://a.example)"))
    pair(page, desk, Scope.CONTROL)
    nameless = """() => [...document.querySelectorAll('button, a[href], select, input, textarea')]
        .filter((one) => one.checkVisibility())
        .filter((one) => !(one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText).trim())
        .map((one) => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    expect(page.get_by_role("main")).to_be_visible()

    open_session(page)

    assert page.evaluate(nameless) == []
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("log")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.locator(".action").first.wait_for()
    assert page.evaluate(nameless) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Terminal").click()
    page.locator(".lines .line").first.wait_for()
    assert page.evaluate(nameless) == []


def test_a_new_need_is_said_aloud(page: Page, desk: Desk) -> None:
    """A screen reader hears who needs the user, politely."""
    desk.put(working())
    pair(page, desk)

    desk.put(working(state=State.NEEDS_YOU))

    witnessed(page, "#said", "Title of s1 needs you")
    expect(page.locator("#said[aria-live=polite]")).to_be_attached()


def test_the_first_load_is_small(page: Page, desk: Desk) -> None:
    """Everything up to the live list stays under the budget, with what is fetched for a first tap on it."""
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(_size(request)))
    desk.put(working())

    pair(page, desk)
    page.locator(".row").wait_for()
    fetched = "performance.getEntriesByType('resource').some((it) => it.name.endsWith('/text.js'))"
    until(lambda: page.evaluate(fetched))

    assert len(sizes) > 10
    assert sum(sizes) < FIRST_LOAD, json.dumps(sizes)


def _size(request: Any) -> int:
    if "/api/events" in request.url:
        return 0
    sizes = request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])
