"""One notice: what a person is told without having asked, and how much of it may be seen by others."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supervisor.core.model import Session

#: Windows cuts titles behind about this many characters, others sooner.
_TITLE: Final = 64
_NAME: Final = 40
#: A text is two or three lines on a screen, and on a lock screen.
_TEXT: Final = 240
_DETAIL: Final = 200


class NoticeKind(StrEnum):
    """What it is about."""

    NEEDS_YOU = "needs_you"
    CUT_OFF = "cut_off"
    RECOVERED = "recovered"
    FINISHED = "finished"
    JOB_ENDED = "job_ended"
    BATTERY = "battery"
    LOST = "lost"


class Level(StrEnum):
    """How much a notice tells."""

    #: That something happened, and of what kind.
    NONE = "none"
    #: Also to which session, and why.
    TITLE = "title"
    #: Also what is asked, said or run.
    FULL = "full"


#: What is said of a session, by its name or as "A session".
_SAID: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.NEEDS_YOU: "needs you",
    NoticeKind.CUT_OFF: "was cut off",
    NoticeKind.RECOVERED: "goes on",
    NoticeKind.FINISHED: "is done",
    NoticeKind.JOB_ENDED: "had a job that ended",
    NoticeKind.LOST: "was lost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a person is told. Owner: ``Notices``. Published again when it changes."""

    id: str
    kind: NoticeKind
    at: float
    session_id: str | None = None
    #: All sessions that it is about, where they are several.
    members: tuple[str, ...] = ()
    #: The session's name, and its agent and folder.
    name: str = ""
    place: str = ""
    #: Why, in our own words.
    why: str = ""
    #: What is asked, said or run: texts of others.
    detail: str = ""
    #: The question that is asked, where its answer can be given from here.
    approval_id: str | None = None
    #: How often it happened.
    count: int = 1
    level: Level = Level.TITLE
    #: It goes on only when somebody comes.
    urgent: bool = False
    #: Worth showing, but nobody need look up for it.
    silent: bool = False
    #: Somebody was to look up for it once, before it changed.
    rang: bool = False
    #: It was answered, or is over: nobody need look at it any more.
    withdrawn: bool = False
    #: It has reached everybody that it was to be sent to.
    sent: bool = False

    @property
    def title(self) -> str:
        """What happened, in one line."""
        if self.kind is NoticeKind.BATTERY:
            return "This machine may sleep now"
        if self.members:
            return (
                f"{len(self.members)} sessions were lost" if len(self.members) > 1 else "A session was lost"
            )
        if self.kind is NoticeKind.JOB_ENDED and self.count > 1:
            return cut(f"{self._who()}: {self.count} jobs ended", _TITLE)
        return cut(f"{self._who()} {_SAID[self.kind]}", _TITLE)

    @property
    def text(self) -> str:
        """More about it, as much as its level allows; may be empty."""
        if self.level is Level.NONE:
            return ""
        told = [cut(self.detail, _DETAIL)] if self.level is Level.FULL else []
        return cut(" · ".join(part for part in (*told, self.why, self._times(), self.place) if part), _TEXT)

    def _who(self) -> str:
        named = self.level is not Level.NONE and self.name
        return f"“{cut(self.name, _NAME)}”" if named else "A session"

    def _times(self) -> str:
        interrupted = self.kind in {NoticeKind.CUT_OFF, NoticeKind.RECOVERED, NoticeKind.LOST}
        return f"{self.count} times lately" if interrupted and self.count > 1 else ""


def about(session: "Session", kind: NoticeKind, at: float, notice_id: str) -> Notice:
    """A notice about a session, which says nothing yet but which one that is."""
    folder = (session.cwd or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    return Notice(
        id=notice_id,
        kind=kind,
        at=at,
        session_id=session.id,
        name=cut(session.name or session.title or folder or session.id[:8], 80),
        place=" · ".join(part for part in (cut(session.agent, 20), cut(folder, 40)) if part),
    )


def identity(*of: str) -> str:
    """The same id for the same thing, also after a restart: 16 hexadecimal digits."""
    return hashlib.sha256("\n".join(of).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cut(text: str, limit: int) -> str:
    """On one line, without control, bidi or zero-width characters, and not longer than that."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
