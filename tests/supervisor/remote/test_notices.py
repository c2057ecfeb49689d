"""Notices over HTTP."""

from supervisor.core.notice import Level, Notice, NoticeKind
from tests.fakes.house import House

ASKED = Notice(
    id="n1",
    kind=NoticeKind.NEEDS_YOU,
    at=0.0,
    session_id="s-1",
    name="Build",
    place="claude · wakeline",
    detail="Bash: make",
    approval_id="q1",
    urgent=True,
)


def test_a_phone_that_may_look_sees_what_was_told(house: House) -> None:
    """With as much of it as the notices' level allows."""
    house.backend.notices.append(ASKED)
    phone = house.pair("view")

    answer = phone.ask("GET", "/api/notices").json

    assert answer == {
        "notices": [
            {
                "id": "n1",
                "kind": "needs_you",
                "level": "title",
                "session": "s-1",
                "sessions": ["s-1"],
                "approval": "q1",
                "title": "“Build” needs you",
                "text": "claude · wakeline",
                "at": "1970-01-01T00:00:00.000Z",
                "count": 1,
                "urgent": True,
                "silent": False,
                "rang": False,
                "withdrawn": False,
            }
        ],
        "on_desktop": True,
    }


def test_several_lost_sessions_are_named_by_their_ids(house: House) -> None:
    """A screen can bring them back from there."""
    lost = Notice(id="n2", kind=NoticeKind.LOST, at=0.0, members=("a", "b"), level=Level.NONE)
    house.backend.notices.append(lost)
    phone = house.pair("view")

    (told,) = phone.ask("GET", "/api/notices").json["notices"]

    assert (told["title"], told["text"]) == ("2 sessions were lost", "")
    assert (told["session"], told["sessions"]) == (None, ["a", "b"])
