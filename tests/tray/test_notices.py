"""What a popup says, and what its buttons mean."""

from typing import Any

import pytest

from supervisor.core.model import State
from tray import notices, words
from tray.lines import CopyResume, Decide, Reconnect, ShowDetails
from tray.snapshot import Approval, Notice, Session, Snapshot

ASKED = Approval(id="q", digest="d", summary="permission", tool="Bash", text="make", answerable=True)


def snapshot(**more: Any) -> Snapshot:
    """One session."""
    usual: dict[str, Any] = {
        "id": "a",
        "agent": "claude",
        "state": State.NEEDS_YOU,
        "cwd": "/home/me/wakeline",
        "resume_command": "claude --resume a",
        "approvals": (ASKED,),
    }
    return Snapshot(reachable=True, sessions=(Session(**usual | more),))


def notice(**more: Any) -> Notice:
    """It needs somebody."""
    usual: dict[str, Any] = {
        "id": "n",
        "kind": "needs_you",
        "at": 100.0,
        "title": "“Build” needs you",
        "text": "from the supervisor",
        "level": "full",
        "session_id": "a",
        "approval_id": "q",
        "urgent": True,
    }
    return Notice(**usual | more)


def labels(popup: notices.Popup) -> list[str]:
    """Its buttons."""
    return [one.label for one in popup.buttons]


def test_a_short_question_can_be_answered_at_once() -> None:
    """It says exactly what would be allowed, and names it by its digest."""
    popup = notices.popup(notice(), snapshot())

    assert popup.text == "Bash: make\nclaude · wakeline"
    assert labels(popup) == [words.ALLOW_ONCE, words.DENY, words.SHOW]
    assert popup.buttons[0].action == Decide("q", "d", "a", allow=True)
    assert popup.buttons[1].action == Decide("q", "d", "a", allow=False)
    assert popup.click == ShowDetails("a")


@pytest.mark.parametrize(
    "asked",
    [
        Approval(id="q", digest="d", summary="s", tool="Bash", text="x" * 101, answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Bash", text="a\nb", answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Bash", text="a  b", answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Bash", text="a\u200bb", answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Edit", text="f.py", diff="-a", answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Ask", text="?", questions=True, answerable=True),
        Approval(id="q", digest="d", summary="s", tool="Bash", text="make", answerable=False),
        Approval(id="q", digest="d", summary="permission", answerable=True),
        Approval(id="q", digest="", summary="s", tool="Bash", text="make", answerable=True),
        Approval(id="another", digest="d", summary="s", tool="Bash", text="make", answerable=True),
    ],
)
def test_whatever_is_not_shown_whole_is_only_shown(asked: Approval) -> None:
    """Long, of several lines, with something hidden, with more to it, or not known."""
    popup = notices.popup(notice(), snapshot(approvals=(asked,)))

    assert labels(popup) == [words.SHOW]
    assert popup.text == "from the supervisor"


@pytest.mark.parametrize("level", ["none", "title"])
def test_nothing_is_added_to_what_its_level_allows(level: str) -> None:
    """A lock screen shows no commands."""
    popup = notices.popup(notice(level=level), snapshot())

    assert (popup.text, labels(popup)) == ("from the supervisor", [words.SHOW])


@pytest.mark.parametrize(
    ("kind", "label", "action"),
    [
        ("cut_off", words.TRY_NOW, Reconnect("a", "now")),
        ("lost", words.COPY, CopyResume("claude --resume a", "a")),
    ],
)
def test_what_helps_is_one_button(kind: str, label: str, action: object) -> None:
    """Try it, or take its command along."""
    popup = notices.popup(notice(kind=kind, approval_id=None), snapshot())

    assert (popup.buttons[0].label, popup.buttons[0].action) == (label, action)


def test_a_notice_about_nobody_known_leads_to_the_list() -> None:
    """Also one about several sessions at once."""
    popup = notices.popup(notice(kind="lost", session_id=None), snapshot())

    assert (labels(popup), popup.click) == ([words.SHOW], ShowDetails(None))


def test_who_comes_late_is_told_only_what_still_matters() -> None:
    """Never anything twice."""
    told = [
        notice(id="new", urgent=False, at=950.0),
        notice(id="old", urgent=False, at=100.0),
        notice(id="old and urgent"),
        notice(id="seen"),
        notice(id="never meant to be looked up for", silent=True, rang=False),
        notice(id="changed since", silent=True),
    ]

    worth = notices.worth_showing(told, frozenset({"seen"}), now=1000.0)

    assert [one.id for one in worth] == ["new", "old and urgent", "changed since"]
    assert not any(one.silent for one in worth)
