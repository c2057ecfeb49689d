"""Every screen that comes only at times: hostile and long words, a small phone, names for all."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from supervisor.core.model import Attempt, Entry, Job, Reconnect, Role, Scope, Session, State
from supervisor.core.steering import Prompt
from supervisor.remote import wire
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import HOSTILE, entry, hosted, open_session
from tests.fakes.steered import Remains
from tests.lab.chromium import SMALL, look

LONG = "a_very_long_word_without_any_place_to_break_it_" * 20

Scene = Callable[[Page], None]


def furnish(page: Page, desk: Desk, text: str) -> None:
    """Sessions cut off, lost and with jobs; *text* wherever somebody else chooses the words."""
    at = time.time()
    tried = Attempt(at=at, cause=text, what=text, outcome=text)
    link = Reconnect(attempt=3, next_try_at=at + 900, reason=text, policy=text, note=text, history=(tried,))
    facts: dict[str, Any] = {"title": text, "failure": text, "model": text, "git_branch": text}
    lost = hosted("lost", **facts, state=State.LOST, run=None, cause=text, cwd=f"/{text}")
    desk.put(hosted("cut", **facts, state=State.CUT_OFF, reconnect=link), lost)
    desk.memory.steered.remains["lost"] = Remains(session=lost, folder_exists=False, branch_now=text)
    desk.put(_busy(text, at))
    desk.say("s1", *_said(text))
    told = [_job(text, at), {**_job(text, at), "pid": 2, "state": "ended", "exit_status": 1}]
    page.route("**/api/sessions/*/jobs", lambda route: route.fulfill(json={"jobs": told}))
    wrote = {"text": text, "from": 9, "bytes": 9_000_000}
    page.route("**/jobs/*/output?*", lambda route: route.fulfill(json=wrote))
    page.route("**/api/notices", lambda route: route.fulfill(json={"notices": [_notice(text)]}))


def _busy(text: str, at: float) -> Session:
    jobs = (Job(pid=1, command=text, started_at=at),)
    given = Prompt(id="p", session_id="s1", agent="claude", text=text, when="job:1", by="x", at=at)
    other = replace(given, id="q", when=text)
    return hosted("s1", title=text, jobs=jobs, prompts=(given, other))


def _said(text: str) -> list[Entry]:
    return [entry(1, text, role=Role.USER), entry(2, f"```\n@@ -1 +1 @@ {text}\n-{text}\n+{text}\n```")]


def _job(text: str, at: float) -> dict[str, Any]:
    return {
        "pid": 1, "command": text, "kind": text, "state": "running", "started_at": wire.time(at - 60),
        "cpu_seconds": 1.0, "memory_bytes": 10**9, "output": {"path": text, "bytes": 9}, "ended_at": None,
        "exit_status": None, "seconds": 60.0,
    }  # fmt: skip


def _notice(text: str) -> dict[str, Any]:
    return {
        "id": "n", "kind": text, "level": text, "session": "cut", "sessions": ["cut"], "title": text,
        "text": text, "at": wire.time(time.time()), "withdrawn": False, "silent": False, "urgent": True,
    }  # fmt: skip


def opened(page: Page) -> None:
    """The session with jobs and prompts, and what can be done to it; in any language."""
    open_session(page)
    page.locator(".now-head .round").last.wait_for()


def the_way_back(page: Page) -> None:
    """A session that was cut off, with all that was tried."""
    page.locator(".row-under").wait_for()
    page.evaluate("location.hash = '#/s/cut'")
    page.locator(".way summary").click()
    page.locator(".way li").wait_for()


def what_was_lost(page: Page) -> None:
    """The list of it."""
    page.locator(".to-lost").click()
    page.locator(".lost").wait_for()


def the_jobs(page: Page) -> None:
    """With the output of one."""
    opened(page)
    page.locator(".to-jobs").click()
    page.locator(".job .link").first.click()
    expect(page.locator(".job-output").first).not_to_be_empty()


def when_to_send(page: Page) -> None:
    """The choice of times."""
    opened(page)
    page.locator(".composer textarea").fill("x")
    page.locator(".later").click()
    page.locator(".whens .whens .choice").wait_for()
    page.locator(".whens .whens .choice").click()


def chosen(page: Page) -> None:
    """A long time that was chosen, in the box."""
    when_to_send(page)
    page.locator(".sheet-foot .button").click()
    page.locator(".later[aria-pressed=true]").wait_for()


def what_waits(page: Page) -> None:
    """A prompt that is changed."""
    opened(page)
    page.locator(".given .link").first.click()
    page.locator(".edit-text").wait_for()


def the_search(page: Page) -> None:
    """With a hit."""
    opened(page)
    page.locator(".right .bar-top button").first.click()
    page.locator(".find input").fill("a")
    page.locator(".found").wait_for()


def a_notice(page: Page) -> None:
    """Above a session."""
    opened(page)
    page.evaluate("told => import('/notices.js').then(({ hear }) => hear(told))", _notice(HOSTILE))
    page.evaluate("told => import('/notices.js').then(({ hear }) => hear(told))", _notice(LONG))
    page.locator(".toast").wait_for()


def the_notices(page: Page) -> None:
    """All of them."""
    page.locator(".machine").click()
    page.locator(".sheet section .button").first.click()
    page.locator(".notices li").wait_for()


SCENES = [
    the_way_back,
    what_was_lost,
    the_jobs,
    when_to_send,
    chosen,
    what_waits,
    the_search,
    a_notice,
    the_notices,
]
each = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)


@each
def test_hostile_words_stay_words_there_too(page: Page, desk: Desk, scene: Scene) -> None:
    """Nothing runs, nothing is fetched, and the policy has nothing to report."""
    seen = look(page)
    furnish(page, desk, HOSTILE)
    pair(page, desk, Scope.CONTROL)

    scene(page)

    expect(page.locator("body")).to_contain_text("<script>")
    assert page.evaluate("[window.hurt, {}.hurt]") == [None, None]
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    expect(page.locator("img, iframe, form, style, script:not([src='first.js'])")).to_have_count(0)


@each
@pytest.mark.parametrize("page", [replace(SMALL, language="de-DE")], indirect=True)
def test_nothing_of_it_is_wider_than_a_small_phone(page: Page, desk: Desk, scene: Scene) -> None:
    """320 pixels are enough, also in German."""
    boxes = "html, .scroll, .scroller, .sheet-body, .sheet-foot, .bottom, .composer, .find, .toasts, .toast"
    wide = f"""() => [...document.querySelectorAll('{boxes}')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.className || box.tagName)"""
    furnish(page, desk, LONG)
    pair(page, desk, Scope.CONTROL)

    scene(page)

    assert page.evaluate(wide) == []


@each
def test_everything_there_that_can_be_pressed_has_a_name(page: Page, desk: Desk, scene: Scene) -> None:
    """And is large enough for a thumb."""
    furnish(page, desk, "Words")
    pair(page, desk, Scope.CONTROL)

    scene(page)

    nameless = """() => [...document.querySelectorAll('button, a[href], select, input, textarea, summary')]
        .filter((one) => one.checkVisibility())
        .filter((one) => !(one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText).trim())
        .map((one) => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    small = """() => [...document.querySelectorAll('button, select')]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.className, one.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 32 || height < 32).map(([name]) => name)"""
    assert page.evaluate(small) == []
