"""Every screen of the page: how one comes there, in any language and whatever the words are."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from playwright.sync_api import Page, expect

from supervisor.core.model import Attempt, Entry, Job, Reconnect, Role, Session, State
from supervisor.core.steering import Approval, Prompt
from supervisor.remote import wire
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import entry, hosted, open_session
from tests.fakes.steered import Remains

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
    desk.put(_busy(text, at), _asking(text, at))
    desk.say("s1", *_said(text))
    told = [_job(text, at), {**_job(text, at), "pid": 2, "state": "ended", "exit_status": 1}]
    desk.do(lambda steered: steered.terminal("s1").put(0, [[text]]))
    page.route("**/api/sessions/*/jobs", lambda route: route.fulfill(json={"jobs": told}))
    wrote = {"text": text, "from": 9, "bytes": 9_000_000}
    page.route("**/jobs/*/output?*", lambda route: route.fulfill(json=wrote))
    page.route("**/api/notices", lambda route: route.fulfill(json={"notices": [_notice(text)]}))


def _busy(text: str, at: float) -> Session:
    jobs = (Job(pid=1, command=text, started_at=at),)
    given = Prompt(id="p", session_id="s1", agent="claude", text=text, when="job:1", by="x", at=at)
    other = replace(given, id="q", when=text)
    return hosted("s1", title=text, jobs=jobs, prompts=(given, other))


def _asking(text: str, at: float) -> Session:
    asked = Approval(
        id="a", session_id="asks", at=at, summary=text, tool=text, text=f"{text} now", answerable=True
    )
    return hosted("asks", title=text, state=State.NEEDS_YOU, approvals=(asked,))


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
    page.evaluate(
        """async () => {
            const [{ hear }, answer] = await Promise.all([import('/notices.js'), fetch('/api/notices')]);
            (await answer.json()).notices.forEach(hear);
        }"""
    )
    page.locator(".toast").wait_for()


def the_notices(page: Page) -> None:
    """All of them."""
    page.locator(".machine").click()
    page.locator(".sheet section .button").first.click()
    page.locator(".notices li").wait_for()


def the_list(page: Page) -> None:
    """As it comes, with all that stands above it."""
    page.locator(".to-lost").wait_for()
    page.locator(".row-under").wait_for()
    page.locator(".left .approval .steady").wait_for()


def staying_awake(page: Page) -> None:
    """Its card, open."""
    page.locator(".awake summary").click()


def a_session(page: Page) -> None:
    """Its transcript, with what one can do to it."""
    opened(page)
    page.locator(".message").first.wait_for()


def the_details(page: Page) -> None:
    """Every fact of a session, and its command."""
    opened(page)
    page.locator(".right .bar-top button").last.click()
    page.locator(".resume pre").first.wait_for()


def the_actions(page: Page) -> None:
    """What can be done to it."""
    opened(page)
    page.locator(".now-head .round").last.click()
    page.locator(".action").first.wait_for()


def the_terminal(page: Page) -> None:
    """Its screen, and the keys."""
    opened(page)
    page.locator(".now-head .round").first.click()
    page.locator(".lines .line").first.wait_for()


def a_question(page: Page) -> None:
    """A command that wants a yes."""
    page.locator("#app.live").wait_for()
    page.evaluate("location.hash = '#/s/asks'")
    page.locator(".right .approval .steady").wait_for()


def the_machine(page: Page) -> None:
    """The computer, and this phone."""
    page.locator(".machine").click()
    page.locator("#language").wait_for()


def the_trash(page: Page) -> None:
    """Nothing was deleted."""
    page.locator(".machine").click()
    page.locator(".sheet section .button").nth(1).click()
    page.locator(".sheet .quiet").first.wait_for()


#: What comes only at times, and what is always there.
AT_TIMES: list[Scene] = [
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
USUAL: list[Scene] = [
    the_list,
    staying_awake,
    a_session,
    the_details,
    the_actions,
    the_terminal,
    a_question,
    the_machine,
    the_trash,
]
