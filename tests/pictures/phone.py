"""The pictures of the README that show a phone, and the page's icon: ``python -m tests.pictures.phone``.

Takes them from the real page on the real HTTP side, with sessions that could be anybody's.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from supervisor.core.model import (
    Awake,
    Entry,
    EntryKind,
    Kind,
    Reason,
    Resume,
    Role,
    Run,
    Scope,
    Session,
    State,
)
from supervisor.core.steering import Approval
from supervisor.remote.server import PAGE
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk, desk_in
from tests.lab.chromium import Phone, in_hand, launched

PICTURES = Path(__file__).parents[2] / ".github" / "pictures"
#: File → its pixels: for Apple's home screens, and for all others.
ICONS = {"icon.png": 180, "icon-512.png": 512}
_HOME = "/home/me"


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with launched() as browser, tempfile.TemporaryDirectory() as folder, desk_in(Path(folder)) as desk:
        furnish(desk)
        _take(browser, desk, Phone(sharpness=2), "phone-list-light.png", None)
        _take(browser, desk, Phone(sharpness=2, dark=True), "phone-session-dark.png", "s-flaky")
        for name, pixels in ICONS.items():
            _icon(browser, name, pixels)


def _take(browser: Browser, desk: Desk, phone: Phone, name: str, session_id: str | None) -> None:
    with in_hand(browser, phone) as context:
        page = context.new_page()
        pair(page, desk, Scope.CONTROL)
        if session_id:
            page.locator(f".row[href='#/s/{session_id}']").click()
            page.locator(".message").last.wait_for()
            page.locator(".composer").wait_for()
        _settled(page)
        page.screenshot(path=PICTURES / name, animations="disabled")
    _packed(PICTURES / name)


def _settled(page: Page) -> None:
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready")


def _packed(path: Path) -> None:
    """A screen has few colours: a palette is a third of the size, and looks the same."""
    with Image.open(path) as taken:
        small = taken.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _icon(browser: Browser, name: str, pixels: int) -> None:
    with in_hand(browser, Phone(width=pixels, height=pixels)) as context:
        page = context.new_page()
        # Home screens cut their own corners, so the ground goes to the edge.
        drawing = (PAGE / "icon.svg").read_text().replace('rx="15" ', "")
        page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawing}")
        page.screenshot(path=PAGE / name)
    _packed(PAGE / name)


def furnish(desk: Desk) -> None:
    """A busy afternoon."""
    at = time.time()
    desk.put(*_sessions(at))
    desk.memory.transcripts["s-flaky"] = _story(at)
    reasons = tuple(
        Reason(text=f"{session.title} is working", since=session.since, session_id=session.id)
        for session in desk.memory.sessions.values()
        if session.state is State.WORKING
    )
    desk.memory.awake = Awake(
        wanted=True, held=True, held_since=at - 900, mechanism="logind", reasons=reasons
    )


def _session(name: str, state: State, title: str, at: float, ago: float, **facts: Any) -> Session:
    usual: dict[str, Any] = {
        "agent": "claude",
        "kind": Kind.HOSTED,
        "cwd": f"{_HOME}/{name}",
        "since": at - ago,
        "last_activity_at": at - min(ago, 20),
        "run": Run(pid=4711, started_at=at - ago - 3600),
        "resume": Resume(argv=("claude", "--resume", name), cwd=f"{_HOME}/{name}"),
    }
    return Session(id=f"s-{name}", state=state, title=title, **{**usual, **facts})


def _sessions(at: float) -> list[Session]:
    asked = Approval(
        id="a-1",
        session_id="s-payments",
        at=at - 120,
        summary="permission prompt",
        tool="Bash",
        text="npm publish --access public",
    )
    last = _entry(
        1, Role.ASSISTANT, EntryKind.TEXT, "The tokenizer is done. I am moving the error recovery next.", at
    )
    failed = replace(last, role=Role.SYSTEM, kind=EntryKind.ERROR, text="API Error: Connection error.")
    return [
        _session("payments", State.NEEDS_YOU, "Update the client", at, 130, approvals=(asked,)),
        _session("flaky", State.WORKING, "Fix the flaky reconnect test", at, 250, last_entry=_story(at)[-1]),
        _session("parser", State.WORKING, "Port the parser", at, 4250, agent="codex", last_entry=last),
        _session("guide", State.CUT_OFF, "Write the migration guide", at, 95, last_entry=failed),
        _session("settings", State.IDLE, "Sketch the settings page", at, 9000, agent="opencode"),
    ]


def _entry(seq: int, role: Role, kind: EntryKind, text: str, at: float) -> Entry:
    tool = "Bash" if kind in {EntryKind.TOOL_CALL, EntryKind.TOOL_RESULT} else None
    return Entry(seq=seq, id=f"e-{seq}", at=at, role=role, kind=kind, text=text, tool=tool)


def _story(at: float) -> list[Entry]:
    found = (
        "Found it. The listener is registered **after** the backlog was read, "
        "so an event between the two is lost.\n\n"
        "1. Register first, then read the backlog\n2. Drop what is in both, by `seq`\n"
        "3. A test that publishes *between* the two"
    )
    lines = [
        (Role.USER, EntryKind.TEXT, "The reconnect test fails about one time in twenty. Find out why."),
        (Role.ASSISTANT, EntryKind.THINKING, "A race between the heartbeat and the close is likely."),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "pytest -k reconnect --count 50"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "\x1b[31m3 failed\x1b[0m, \x1b[32m47 passed\x1b[0m in 14.20s"),
        (Role.ASSISTANT, EntryKind.TEXT, found),
        (Role.USER, EntryKind.TEXT, "Good. Now run it 500 times."),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "pytest -k reconnect --count 500"),
    ]
    return [_entry(n, *line, at - 600 + 60 * n) for n, line in enumerate(lines)]


if __name__ == "__main__":
    main()
