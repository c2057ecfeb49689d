"""What is told of sessions that are cut off or lost, and of those that go on again.

A session that is cut off and goes on, again and again, has one spell, and one notice that changes.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from supervisor.core.board import About, Board
from supervisor.core.model import Session, State
from supervisor.core.notice import Notice, NoticeKind, about, cut, identity

_GIVEN_UP_FOR: Final = 1.0
#: We bring it back ourselves: most of what is cut off goes on before anybody has looked.
_CUT_OFF_FOR: Final = 10.0
#: What comes again within so many seconds belongs to the same spell.
_SAME_SPELL: Final = 300.0
_RECOVERED, _GIVEN_UP = "recovered", "given up"
_KINDS: Final = frozenset({NoticeKind.CUT_OFF, NoticeKind.LOST, NoticeKind.RECOVERED})


@dataclass(slots=True)
class _Spell:
    """One time, or several soon after each other, in which a session was cut off. Owner: ``Spells``."""

    id: str
    last_at: float
    count: int = 1
    #: What somebody has looked up for.
    rang: set[str] = field(default_factory=set)
    #: What its notice says now, or will.
    says: str = ""
    #: The user has said that nothing more is to be tried: they know.
    known: bool = False


class Spells:
    """Owns the spells of all sessions."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._spells: dict[str, _Spell] = {}

    def restore(self, notices: tuple[Notice, ...]) -> None:
        """What was told in an earlier life goes on."""
        for told in notices:
            if told.kind in _KINDS and told.session_id and not told.withdrawn:
                rang = {NoticeKind.CUT_OFF, NoticeKind.LOST, told.kind, *([_GIVEN_UP] if told.urgent else ())}
                self._spells[told.session_id] = _Spell(told.id, told.at, told.count, set(map(str, rang)))

    def forget(self, session_id: str) -> None:
        """The session has left the list."""
        self._spells.pop(session_id, None)
        self._back(session_id)

    def stopped(self, session_id: str) -> None:
        """The user wants no more tries, so they know how it stands."""
        self._board.drop((session_id, About.LINK))
        if spell := self._spells.get(session_id):
            spell.known = True

    def broken(self, session: Session, at: float, *, begins: bool) -> None:
        """It is cut off or lost; *begins*: since just now."""
        link = session.reconnect
        # After a restart it takes a moment until what is done about it is known again.
        if session.id in self._together() or (link is None and session.state is State.CUT_OFF):
            return
        spell = self._spell(session, at, begins=begins)
        if spell.known:
            return
        given_up = link is None or link.phase in {"stopped", "asking"}
        kind = NoticeKind.LOST if session.state is State.LOST else NoticeKind.CUT_OFF
        spell.says = _GIVEN_UP if given_up else str(kind)
        note = link.note if link and given_up else None if given_up else "it will be tried again"
        told, at_first = self._board.planned((session.id, About.LINK)), at
        # The next try in vain is no news.
        if told and (told.id, told.kind, told.count, told.urgent) == (spell.id, kind, spell.count, given_up):
            at_first = told.at
        notice = replace(
            about(session, kind, at_first, spell.id),
            count=spell.count,
            why=cut(": ".join(part for part in (session.cause, note) if part), 120),
            detail=session.failure or "",
            urgent=given_up,
            silent=spell.says in spell.rang,
        )
        grace = _GIVEN_UP_FOR if given_up else 0.0 if spell.count > 1 else _CUT_OFF_FOR
        key = (session.id, About.LINK)
        self._board.plan(key, notice, at + grace)
        if key in self._board.open:
            self.told(notice)

    def mended(self, session: Session, at: float) -> None:
        """It is neither cut off nor lost any more."""
        key = (session.id, About.LINK)
        self._back(session.id)
        self._board.due.pop(key, None)
        told, spell = self._board.open.get(key), self._spells.get(session.id)
        if told is None or told.kind is NoticeKind.RECOVERED or spell is None:
            return
        spell.last_at = at
        spell.rang.discard(_GIVEN_UP)
        spell.says = _RECOVERED
        silent = _RECOVERED in spell.rang
        again = replace(
            told,
            kind=NoticeKind.RECOVERED,
            why="",
            detail="",
            at=at,
            urgent=False,
            silent=silent,
            sent=silent,
        )
        self.told(again)
        self._board.tell(key, again)

    def told(self, notice: Notice) -> None:
        """A notice about a spell is told: the next one like it need not be looked up for."""
        spell = self._spells.get(notice.session_id or "")
        if spell and notice.kind in _KINDS:
            spell.rang |= {spell.says, *([str(notice.kind)] if spell.says == _GIVEN_UP else ())}

    def gather(self, ready: dict[tuple[str | None, About], Notice], at: float) -> None:
        """Sessions that were lost at once, as in a crash of the machine, become one notice."""
        lost = {key: one for key, one in ready.items() if one.kind is NoticeKind.LOST}
        if len(lost) < 2 or self._together():
            return
        causes = {one.why for one in lost.values()}
        members = tuple(sorted(key[0] for key in lost if key[0]))
        for key in lost:
            del ready[key]
        ready[None, About.TOGETHER] = Notice(
            id=identity("together", *members, str(at)),
            kind=NoticeKind.LOST,
            at=at,
            members=members,
            urgent=True,
            why=causes.pop() if len(causes) == 1 else "",
            place=cut(", ".join(one.name for one in lost.values()), 160),
        )

    def _together(self) -> tuple[str, ...]:
        together = self._board.open.get((None, About.TOGETHER))
        return together.members if together else ()

    def _back(self, session_id: str) -> None:
        key = (None, About.TOGETHER)
        together = self._board.open.get(key)
        if together is None or session_id not in together.members:
            return
        left = tuple(one for one in together.members if one != session_id)
        if left:
            self._board.tell(key, replace(together, members=left, silent=True))
        else:
            self._board.drop(key)

    def _spell(self, session: Session, at: float, *, begins: bool) -> _Spell:
        known = self._spells.get(session.id)
        if known and not (begins and at - known.last_at > _SAME_SPELL):
            if begins:
                known.count, known.last_at, known.known = known.count + 1, at, False
            return known
        spell = _Spell(identity("link", session.id, str(session.since)), at)
        self._spells[session.id] = spell
        return spell
