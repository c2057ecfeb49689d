"""The board of notices: what is told now, what will be if it lasts, and what was told before.

It knows nothing of sessions: whoever decides about them puts up and takes down, by what it is about.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from supervisor.core import effects
from supervisor.core.notice import Level, Notice, NoticeKind

#: So many are remembered.
KEPT: Final = 50
#: Seconds for which something that was not sent yet is still worth sending.
_NEWS: Final = 3600.0


class About(StrEnum):
    """What of a session a notice is about: there is one of each at a time."""

    QUESTION = "question"
    LINK = "link"
    TURN = "turn"
    JOBS = "jobs"
    BATTERY = "battery"
    #: Several sessions that were lost at once.
    TOGETHER = "together"


Key = tuple[str | None, About]

_ABOUT: Final[Mapping[NoticeKind, About]] = {
    NoticeKind.NEEDS_YOU: About.QUESTION,
    NoticeKind.CUT_OFF: About.LINK,
    NoticeKind.RECOVERED: About.LINK,
    NoticeKind.LOST: About.LINK,
    NoticeKind.FINISHED: About.TURN,
    NoticeKind.JOB_ENDED: About.JOBS,
    NoticeKind.BATTERY: About.BATTERY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the user has set. *quiet*: whether nobody is to look up at that time."""

    level: Level = Level.TITLE
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind)
    #: Seconds. The end of a shorter turn, or of a shorter job, is told to nobody.
    least_turn: float = 60.0
    desktop: bool = True
    quiet: Callable[[float], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Due:
    """Something that will be told at that time, if it lasts."""

    notice: Notice
    at: float


class Board:
    """Owns every notice. What is to be done about them is gathered until somebody takes it."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.open: dict[Key, Notice] = {}
        self.due: dict[Key, Due] = {}
        self._kept: OrderedDict[str, Notice] = OrderedDict()
        self._wakes_at: float | None = None
        self._wishes: list[effects.Effect] = []

    @property
    def newest(self) -> tuple[Notice, ...]:
        """What was told, newest first, withdrawn or not."""
        return tuple(reversed(self._kept.values()))

    def is_open(self, notice_id: str) -> bool:
        """Whether a notice still wants to be seen."""
        known = self._kept.get(notice_id)
        return known is not None and not known.withdrawn

    def planned(self, key: Key) -> Notice | None:
        """What is told about that now, or will be."""
        due = self.due.get(key)
        return due.notice if due else self.open.get(key)

    def restore(self, notices: tuple[Notice, ...], at: float) -> None:
        """What was told in an earlier life, oldest first; none of it is told again."""
        for told in notices[-KEPT:]:
            # A question has another id after a restart: the same notice goes on.
            notice = replace(told, approval_id=None, level=self.rules.level)
            self._kept[notice.id] = notice
            if notice.withdrawn:
                continue
            self.open[key_of(notice)] = notice
            if not notice.sent and not notice.silent and at - notice.at < _NEWS:
                self._wishes.append(effects.Announce(notice))

    def plan(self, key: Key, notice: Notice, at: float) -> None:
        """Tell it at that time, unless it is taken down before; what was told is changed at once."""
        told = self.open.get(key)
        if told and told.id == notice.id:
            self.tell(key, notice)
            return
        due = self.due.get(key)
        same = due is not None and due.notice.id == notice.id
        self.due[key] = Due(notice, min(due.at, at) if due and same else at)

    def tell(self, key: Key, notice: Notice) -> None:
        """Tell it now, or tell that it has changed."""
        if notice.kind not in self.rules.kinds:
            self.drop(key)
            return
        silent = notice.silent or self.rules.quiet(notice.at)
        notice = replace(notice, level=self.rules.level, silent=silent)
        before = self.open.get(key)
        rang = not silent or (before is not None and before.id == notice.id and before.rang)
        notice = replace(notice, rang=rang)
        if before and replace(before, silent=silent, rang=rang, sent=notice.sent) == notice:
            return
        if before and before.id != notice.id:
            self.drop(key)
        self.open[key] = notice
        self._publish(notice)
        if not silent:
            self._wishes.append(effects.Announce(notice))

    def drop(self, key: Key) -> None:
        """It is over, answered or seen: nobody need be told, or look at it any more."""
        self.due.pop(key, None)
        if told := self.open.pop(key, None):
            self._publish(replace(told, withdrawn=True, silent=True))

    def sent(self, notice_id: str) -> None:
        """It has reached everybody that it was to be sent to."""
        for key, notice in self.open.items():
            if notice.id == notice_id:
                self.open[key] = replace(notice, sent=True)
        if notice_id in self._kept:
            self._kept[notice_id] = replace(self._kept[notice_id], sent=True)
            self._wishes.append(effects.KeepNotices(tuple(self._kept.values())))

    def take_due(self, at: float) -> dict[Key, Notice]:
        """What has lasted; it is the caller's now."""
        ready = {key: due.notice for key, due in self.due.items() if due.at <= at}
        for key in ready:
            del self.due[key]
        return ready

    def woken(self) -> None:
        """The time that was waited for has come."""
        self._wakes_at = None

    def take_wishes(self, at: float) -> list[effects.Effect]:
        """What is to be done about all that was put up and taken down."""
        wishes, self._wishes = self._wishes, []
        next_at = min((due.at for due in self.due.values()), default=None)
        if next_at is not None and next_at != self._wakes_at:
            self._wakes_at = next_at
            wishes.append(effects.Wait("notices", max(0.0, next_at - at)))
        return wishes

    def _publish(self, notice: Notice) -> None:
        self._kept[notice.id] = notice
        self._kept.move_to_end(notice.id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        # Kept first: who tells and then falls down would tell again.
        self._wishes.append(effects.KeepNotices(tuple(self._kept.values())))
        self._wishes.append(effects.Publish("notice", notice.session_id, notice))


def key_of(notice: Notice) -> Key:
    """The place of a notice on the board."""
    return notice.session_id, About.TOGETHER if notice.members else _ABOUT[notice.kind]
