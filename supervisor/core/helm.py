"""Steering's place at the desk: what is asked, what is on its way, and who may type."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from supervisor.core import effects, events
from supervisor.core.focus import Foci
from supervisor.core.followup import Conditions
from supervisor.core.model import OVER, Entry, Session, State
from supervisor.core.outbox import Outbox
from supervisor.core.steering import Approval, Focus, Typing

_TIDY_EVERY: Final = 5.0
#: Seconds from a question to the word of the agent's registry about its dialog.
_SAME_DIALOG: Final = 3.0
#: In all other states an agent goes on, so that nothing is asked any more.
_MAY_BE_ASKED: Final = frozenset({State.NEEDS_YOU, State.PAUSED, State.STARTING})


class Helm:
    """Owns open questions, prompts that are not done, and focus. The desk shows them in its sessions."""

    def __init__(self, typing: Callable[[str], Typing] = lambda _: Typing()) -> None:
        """*typing*: how an agent, by its name, takes what is typed."""
        self.outbox = Outbox(typing)
        self.foci = Foci()
        self._conditions = Conditions()
        self._asked: dict[str, Approval] = {}
        self._waits = False

    # -- what is asked --------------------------------------------------------------------------

    def question(self, approval_id: str) -> Approval | None:
        """An open question of which we know all."""
        return self._asked.get(approval_id)

    def asked_by(self, session_id: str) -> tuple[Approval, ...]:
        """The open questions of a session, oldest first."""
        return tuple(a for a in self._asked.values() if a.session_id == session_id)

    def is_newer(self, session_id: str, said_at: float) -> bool:
        """Whether something was asked after that was said."""
        return any(a.at > said_at or a.hidden for a in self.asked_by(session_id))

    def asks(self, approval: Approval) -> None:
        """A new question, or the same once more."""
        self._asked[approval.id] = approval

    def answered(self, approval_id: str) -> Approval | None:
        """It is over."""
        return self._asked.pop(approval_id, None)

    def settled(self, session_id: str) -> list[effects.Effect]:
        """The agent goes on: nothing that it asked before is open any more."""
        return self._over(self.asked_by(session_id))

    def overtaken(self, session_id: str, said_at: float) -> list[effects.Effect]:
        """It shows a dialog since then: what it asked well before that was answered at the keyboard."""
        earlier = [a for a in self.asked_by(session_id) if a.at < said_at - _SAME_DIALOG and not a.hidden]
        return self._over(earlier)

    def _over(self, over: Sequence[Approval]) -> list[effects.Effect]:
        for approval in over:
            del self._asked[approval.id]
        return [effects.Withdraw(approval.id) for approval in over]

    # -- everything else ------------------------------------------------------------------------

    def shown(self, session: Session) -> Session:
        """The session with what is known here."""
        asked = self.asked_by(session.id) if session.state is State.NEEDS_YOU else ()
        approvals = asked or (session.approvals if session.state is State.NEEDS_YOU else ())
        told = (approvals, self.outbox.of(session.id), self.foci.of(session.id))
        if told == (session.approvals, session.prompts, session.focus):
            return session
        return replace(session, approvals=told[0], prompts=told[1], focus=told[2])

    def handle(
        self, event: events.Event, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> Sequence[str]:
        """Take in what is about steering; the ids of the sessions that look different now."""
        touched = self._take_in(event, sessions, wishes)
        met = self._conditions.met(event, self.outbox.all())
        wishes += self.outbox.met(met)
        wishes += self._conditions.look(event, self.outbox.all(), sessions)
        return (*touched, *(prompt.session_id for prompt in met))

    def _take_in(
        self, event: events.Event, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> Sequence[str]:
        match event:
            case events.PromptsRestored():
                self.outbox.restore(event.prompts)
                wishes += [wish for prompt in event.prompts for wish in self._conditions.begin(prompt)]
                return tuple({prompt.session_id for prompt in event.prompts})
            case events.PromptGiven():
                wishes += [*self.outbox.put(event.prompt), *self._conditions.begin(event.prompt)]
                return (event.prompt.session_id,)
            case events.PromptChanged():
                wishes += [*self.outbox.change(event.prompt), *self._conditions.begin(event.prompt)]
                return (event.prompt.session_id,)
            case events.PromptMoved():
                moved, more = self.outbox.moved(event.prompt_id, event.state, event.note, event.at)
                wishes += more
                return (moved.session_id,) if moved else ()
            case events.Discarded():
                wishes += self.outbox.ended(event.session_id, event.at)
            case events.WaitOver(name="tidy"):
                for gone in self.outbox.sessions() - sessions.keys():
                    wishes += self.outbox.ended(gone, event.at)
            case events.Focused():
                self.foci.take(event.session_id, event.holder, event.label, event.at)
                return (event.session_id,)
            case events.Typed():
                self.foci.used(event.session_id, event.at)
            case events.FocusGiven():
                return self._given_back(event, sessions, wishes)
            case events.WaitOver(name="helm"):
                return self._time(event.at, sessions, wishes)
            case _:
                pass
        return ()

    def move_on(self, session: Session, at: float) -> list[effects.Effect]:
        """Let go what may go to this session now."""
        if session.state in OVER:
            self.foci.give_back(session.id)
            for_good = session.state is not State.LOST
            return [*self.settled(session.id), *self.outbox.ended(session.id, at, for_good=for_good)]
        over = self.settled(session.id) if session.state not in _MAY_BE_ASKED else []
        return [*over, *self.outbox.next(session, at)]

    def taken(self, session: Session, entries: Iterable[Entry], at: float) -> list[effects.Effect]:
        """The agent wrote these."""
        return self.outbox.taken(session, entries, at)

    def wait(self) -> list[effects.Effect]:
        """Ask for the time, while there is anything that time may change."""
        if self._waits or not (self.outbox.hurries() or self.foci.any()):
            return []
        self._waits = True
        return [effects.Wait("helm", _TIDY_EVERY)]

    def focus(self, session_id: str) -> Focus | None:
        """Who may type into it."""
        return self.foci.of(session_id)

    def _given_back(
        self, event: events.FocusGiven, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> Sequence[str]:
        ids = (event.session_id,) if event.session_id else self.foci.of_holder(event.holder or "")
        gone = tuple(i for i in ids if self.foci.give_back(i, event.holder))
        wishes += [effects.FocusLost(sessions[i]) for i in gone if i in sessions]
        return gone

    def _time(
        self, at: float, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> Sequence[str]:
        self._waits = False
        late = self.foci.lapsed(at)
        wishes += [effects.FocusLost(sessions[i]) for i in late if i in sessions]
        wishes += self.outbox.tidy(at)
        return tuple({*late, *self.outbox.sessions()})
