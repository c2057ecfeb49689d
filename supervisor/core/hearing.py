"""What agents and their files say of sessions."""

from dataclasses import replace

from supervisor.core import effects, events, pictures
from supervisor.core.book import Book
from supervisor.core.helm import Helm
from supervisor.core.model import OVER, EntryKind, Record, Role, Session, Sign, State
from supervisor.core.session import Trigger, by_sign
from supervisor.core.titles import of_prompt


class Hearing:
    """Owns what agents said by themselves."""

    def __init__(self, book: Book, helm: Helm) -> None:
        """*helm*: owns the questions that are open."""
        self._book = book
        self._helm = helm
        #: Also of sessions that have not been seen yet.
        self._heard: dict[str, events.Told] = {}

    def handle(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """Take in what is said; anything else is not for here."""
        match event:
            case events.Told():
                self._tell(event, wishes)
            case events.Unheard():
                self._unhear(event)
            case events.Asked():
                self._asked(event, wishes)
            case events.Answered():
                self._answered(event, wishes)
            case events.Opened():
                self._open(event, wishes)
            case events.Written():
                self._read(event, wishes)
            case events.Replaced():
                wishes.append(effects.Publish("gap", event.session_id, "transcript replaced"))
            case events.BranchRead():
                self._branch(event, wishes)
            case events.Paused():
                self._paused(event, wishes)
            case _:
                pass

    def heard(self, session_id: str) -> events.Told | None:
        """What the agent last said of it by itself."""
        return self._heard.get(session_id)

    def _tell(self, event: events.Told, wishes: list[effects.Effect]) -> None:
        self._heard[event.session_id] = event
        before = self._book.sessions.get(event.session_id)
        if before is None or before.state in OVER:
            # It lives, and nobody has seen that: the look at its first sign may have come too early.
            wishes.append(effects.Look(event.agent))
            return
        notes = self._book.notes[before.id]
        notes.told = True
        if event.sign is Sign.INTERRUPTED:
            # Some agents write that down nowhere, if their answer had not begun.
            notes.written = event.sign
        self._book.put(self.obey(before, event.sign, event.waiting_for, event.at), before, wishes)

    def _unhear(self, event: events.Unheard) -> None:
        for session_id in [i for i, told in self._heard.items() if told.agent == event.agent]:
            del self._heard[session_id]
            if session_id in self._book.notes:
                self._book.notes[session_id].told = False

    def _open(self, event: events.Opened, wishes: list[effects.Effect]) -> None:
        before = self._book.sessions.get(event.session_id)
        if before is None:
            return
        session = self._take_in(before, pictures.of_this_run(event.record, before), event.at)
        if session.last_activity_at is None or event.record.at:
            session = replace(session, last_activity_at=event.record.at or event.at)
        wishes.extend(_look_again(before, session))
        self._book.put(session, before, wishes)

    def _read(self, event: events.Written, wishes: list[effects.Effect]) -> None:
        before = self._book.sessions.get(event.session_id)
        if before is None:
            return
        # Whoever writes is not stopped, whoever let it go on.
        session = pictures.moved(before, Trigger.CONTINUED, event.at)
        for record in event.records:
            if record.sign is Sign.FAILED and session.state is State.CUT_OFF:
                # It was told to go on, and failed before it was seen to work.
                session = replace(session, since=event.at)
            session = self._take_in(session, record, event.at)
            wishes.extend(effects.Publish("entry", session.id, entry) for entry in record.entries)
        session = replace(session, last_activity_at=event.at, stale=False)
        wishes.extend(_look_again(before, session))
        if pictures.differs_by_entries_only(session, before):
            self._book.put_quietly(session, wishes)
        else:
            self._book.put(session, before, wishes)

    def _take_in(self, session: Session, record: Record, at: float) -> Session:
        if record.facts:
            session = pictures.with_facts(session, record.facts)
        for entry in record.entries:
            session = pictures.with_entry(session, entry)
            if session.title is None and entry.role is Role.USER and entry.kind is EntryKind.TEXT:
                session = replace(session, title=of_prompt(entry.text))
        if record.sign is None:
            return session
        notes = self._book.notes[session.id]
        notes.written = record.sign
        # Where the agent itself tells, its transcript lags behind: only failures are news there.
        if session.state in OVER or (notes.told and record.sign not in {Sign.FAILED, Sign.INTERRUPTED}):
            return session
        return self.obey(session, record.sign, None, at)

    def obey(
        self,
        session: Session,
        sign: Sign,
        waiting_for: str | None,
        at: float,
        said_at: float | None = None,
    ) -> Session:
        """The session as it follows from that.

        *said_at*: when the agent said so, where that may be long before it was heard.
        """
        trigger = by_sign(sign)
        if trigger is None:
            return session
        if sign is not Sign.ASKING and said_at and self._helm.is_newer(session.id, said_at):
            return pictures.moved(session, Trigger.ASKING, at)
        after = pictures.moved(session, trigger, at)
        if after.state is State.NEEDS_YOU:
            return replace(after, approvals=after.approvals or (pictures.question(after, waiting_for, at),))
        if after.state is State.CUT_OFF:
            return replace(after, approvals=())
        return replace(after, approvals=(), failure=None, cause=None, reset_at=None, unfinished=False)

    def _asked(self, event: events.Asked, wishes: list[effects.Effect]) -> None:
        """A question of which all is known; its answer can be given from here."""
        self._helm.asks(event.approval)
        before = self._book.sessions.get(event.approval.session_id)
        if before and before.state not in OVER:
            wishes.append(effects.Publish("approval", before.id, event.approval))
            self._book.put(pictures.moved(before, Trigger.ASKING, event.at), before, wishes)

    def _answered(self, event: events.Answered, wishes: list[effects.Effect]) -> None:
        approval = self._helm.answered(event.approval_id)
        if approval is None:
            return
        wishes.append(effects.Withdraw(approval.id))
        before = self._book.sessions.get(approval.session_id)
        if before is None:
            return
        wishes.append(effects.Publish("approval", before.id, None))
        open_still = self._helm.asked_by(before.id)
        # Until the agent says how it goes on, it works at what was allowed or refused.
        session = before if open_still else pictures.moved(before, Trigger.WORKING, event.at)
        self._book.put(replace(session, approvals=open_still), before, wishes)

    def _paused(self, event: events.Paused, wishes: list[effects.Effect]) -> None:
        before = self._book.sessions.get(event.session_id)
        if before and before.state not in OVER:
            trigger = Trigger.PAUSED if event.paused else Trigger.CONTINUED
            self._book.put(pictures.moved(before, trigger, event.at), before, wishes)
            wishes.append(effects.Look(before.agent))

    def _branch(self, event: events.BranchRead, wishes: list[effects.Effect]) -> None:
        before = self._book.sessions.get(event.session_id)
        if before and event.branch:
            self._book.put(replace(before, git_branch=event.branch), before, wishes)


def _look_again(before: Session, session: Session) -> list[effects.Effect]:
    """Where it works is known now: by that, the terminal that shows it may be found."""
    found = before.cwd is None and session.cwd is not None and session.terminal is None
    return [effects.Look(session.agent)] if found and session.state not in OVER else []
