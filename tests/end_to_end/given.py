"""Sessions, entries and words that tests of the phone's page begin with."""

import time
from typing import Any

from playwright.sync_api import Locator, Page

from supervisor.core.model import (
    Entry,
    EntryKind,
    Kind,
    Resume,
    Role,
    Run,
    Session,
    State,
)

#: What the server makes of the resume command of ``working()``.
COMMAND = "cd -- '/home/me/project' && claude --resume s1"
HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>\u202egnp\'"`${hurt}'


def working(session_id: str = "s1", **facts: Any) -> Session:
    """A session in the middle of something."""
    at = time.time()
    usual: dict[str, Any] = {
        "agent": "claude",
        "title": f"Title of {session_id}",
        "state": State.WORKING,
        "since": at - 240,
        "last_activity_at": at - 10,
        "cwd": "/home/me/project",
        "run": Run(pid=4711, started_at=at - 7200),
        "resume": Resume(argv=("claude", "--resume", session_id), cwd="/home/me/project"),
    }
    return Session(id=session_id, **{**usual, **facts})


def hosted(session_id: str = "s1", **facts: Any) -> Session:
    """A session whose terminal Wakeline holds."""
    return working(session_id, **{"kind": Kind.HOSTED, **facts})


def entry(seq: int, text: str, kind: EntryKind = EntryKind.TEXT, role: Role = Role.ASSISTANT) -> Entry:
    """One entry of a transcript."""
    return Entry(seq=seq, id=f"e{seq}", at=time.time(), role=role, kind=kind, text=text, tool="Bash")


def open_session(page: Page, session_id: str = "s1") -> None:
    """Tap its row."""
    page.locator(f".row[href='#/s/{session_id}']").click()
    page.locator(".right .log").wait_for()


def steer(page: Page, session_id: str = "s1") -> None:
    """Open it, and wait for what one can do to it."""
    open_session(page, session_id)
    page.get_by_role("button", name="Actions").wait_for()


def messages(page: Page) -> Locator:
    """Every message on the screen, in order."""
    return page.locator(".message .prose")
