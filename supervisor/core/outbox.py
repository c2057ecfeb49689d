"""Prompts on their way: when each may go, and when it counts as taken. Types nothing itself.

Each session's prompts go one after the other. A prompt that was on its way when we died goes
again under its own id: whoever types it knows by that id what stands there already.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from supervisor.core import effects, followup
from supervisor.core.model import Entry, EntryKind, Role, Session, State
from supervisor.core.steering import DESK, DONE, Prompt, PromptState, Typing

#: After so many seconds the next prompt no longer waits for the agent to show the one before.
_SHOWN_WITHIN: Final = 10.0
#: After a moment in which it could not go, with a note that says why.
_TRY_AGAIN_AFTER: Final = 4.0
#: After so many seconds it is said that a prompt was not seen.
_SAID_AFTER: Final = 15.0
#: So long a prompt is shown that was handed over and never seen in the transcript.
_FORGET_AFTER: Final = 3600.0
_NOT_SHOWN: Final = "handed over, but the agent's transcript does not show it"

_ENDED: Final = frozenset({State.ENDED, State.LOST})
#: Phases of a way back in which the turn is continued without anybody's word; see ``core.link``.
_COMES_BACK: Final = frozenset({"waiting", "trying"})
_AT_ONCE: Final = frozenset({"now", "idle"})


def objection(session: Session, when: str, typing: Typing) -> str | None:
    """Why a prompt cannot be given to it, in a sentence; ``None``: it can."""
    if session.state in _ENDED:
        return "This session has ended. Resume it first."
    if session.state is State.PAUSED and when in _AT_ONCE:
        return "This session is paused. Continue it first."
    if not session.reachable:
        return "Nothing can be typed into this session's terminal. Take it over first."
    if when == "now" and session.state is State.NEEDS_YOU:
        return "The agent asks something. Answer that first."
    if when == "now" and session.state is State.WORKING and not typing.takes_while_working:
        return "The agent works. Send it for when it is idle."
    return None


class Outbox:
    """Owns every prompt that is not done."""

    def __init__(self, typing: Callable[[str], Typing]) -> None:
        """*typing*: how an agent, by its name, takes what is typed."""
        self._typing = typing
        self._prompts: dict[str, Prompt] = {}
        #: What goes again and may have been taken before we died.
        self._again: set[str] = set()
        #: What was handed over, and may stand in a part of the transcript of which nobody told.
        self._unsure: set[str] = set()

    def find(self, prompt_id: str) -> Prompt | None:
        """A prompt that is not done."""
        return self._prompts.get(prompt_id)

    def of(self, session_id: str) -> tuple[Prompt, ...]:
        """Those of one session, oldest first."""
        return tuple(p for p in self._prompts.values() if p.session_id == session_id)

    def all(self) -> tuple[Prompt, ...]:
        """Those of all sessions, oldest first."""
        return tuple(sorted(self._prompts.values(), key=lambda prompt: prompt.at))

    def hurries(self) -> bool:
        """Whether one of them may have to be looked at soon."""
        return any(not followup.waits(prompt) for prompt in self._prompts.values())

    def sessions(self) -> frozenset[str]:
        """The sessions that have one."""
        return frozenset(prompt.session_id for prompt in self._prompts.values())

    def restore(self, prompts: Iterable[Prompt]) -> None:
        """These were not done when we were last heard of."""
        for prompt in sorted(prompts, key=lambda one: one.at):
            if prompt.state not in DONE:
                self._prompts[prompt.id] = prompt
                if prompt.state is not PromptState.WAITING:
                    self._again.add(prompt.id)

    def put(self, prompt: Prompt) -> list[effects.Effect]:
        """A new prompt, or a new state of one."""
        self._prompts[prompt.id] = prompt
        if prompt.state in DONE:
            del self._prompts[prompt.id]
            self._again.discard(prompt.id)
            self._unsure.discard(prompt.id)
        return [effects.KeepPrompt(prompt)]

    def change(self, changed: Prompt) -> list[effects.Effect]:
        """Another text, or another time, for one that waits still."""
        before = self._prompts.get(changed.id)
        if before is None or before.state is not PromptState.WAITING:
            return []
        return self.put(changed)

    def hand_over(self, session_id: str, heir: str) -> list[effects.Effect]:
        """The session turned out to be *heir*: what was given to the one is the other's."""
        self.look_for(session_id)
        return [wish for p in self.of(session_id) for wish in self.put(replace(p, session_id=heir))]

    def look_for(self, session_id: str) -> None:
        """What its transcript says already is not told: what was handed over is to be looked for there."""
        on_its_way = {PromptState.SENDING, PromptState.SENT}
        self._unsure |= {prompt.id for prompt in self.of(session_id) if prompt.state in on_its_way}

    def met(self, prompts: Iterable[Prompt]) -> list[effects.Effect]:
        """What these waited for has come."""
        return [wish for prompt in prompts for wish in self.put(replace(prompt, met=True, note=None))]

    def moved(
        self, prompt_id: str, state: PromptState, note: str | None, at: float
    ) -> tuple[Prompt | None, list[effects.Effect]]:
        """What became of one; nothing for one that is done already."""
        before = self._prompts.get(prompt_id)
        if before is None:
            return None, []
        moved = replace(before, state=state, note=note, moved_at=at)
        if state is PromptState.SENT and not self._is_shown(moved):
            moved = replace(moved, state=PromptState.TAKEN)
        return moved, self.put(moved)

    def next(self, session: Session, at: float) -> list[effects.Effect]:
        """Let the oldest of a session go, if it is its time."""
        own = self.of(session.id)
        if unsure := [p for p in own if p.id in self._unsure and p.state is PromptState.SENT]:
            self._unsure -= {prompt.id for prompt in unsure}
            return [effects.Deliver(prompt, session, again=True) for prompt in unsure]
        restored = [p for p in own if p.id in self._again]
        if restored:
            return self._once_more(restored[0], session, at)
        if any(_is_on_its_way(prompt, at) for prompt in own):
            return []
        waiting = next((p for p in own if p.state is PromptState.WAITING and not followup.waits(p)), None)
        if waiting is None or not self._may_go(waiting, session, at):
            return []
        return self._send(waiting, session, at, again=False)

    def taken(self, session: Session, entries: Iterable[Entry], at: float) -> list[effects.Effect]:
        """The agent wrote these: which of its prompts stand there."""
        wishes: list[effects.Effect] = []
        said = [_words(e.text) for e in entries if e.role is Role.USER and e.kind is EntryKind.TEXT]
        for prompt in self.of(session.id) if said else ():
            if prompt.state is PromptState.WAITING:
                continue
            found = next((words for words in said if _same(words, _words(prompt.text))), None)
            if found is not None:
                said.remove(found)
                wishes += self.moved(prompt.id, PromptState.TAKEN, None, at)[1]
        return wishes

    def ended(self, session_id: str, at: float, *, for_good: bool = True) -> list[effects.Effect]:
        """The session is over: what was not handed over never will be.

        Where it may come back, what may wait waits on.
        """
        wishes: list[effects.Effect] = []
        for prompt in self.of(session_id):
            if not for_good and prompt.state is PromptState.WAITING and prompt.when != "now":
                continue
            note = _NOT_SHOWN if prompt.state is PromptState.SENT else "the session ended before"
            wishes += self.moved(prompt.id, PromptState.REFUSED, note, at)[1]
        return wishes

    def tidy(self, at: float) -> list[effects.Effect]:
        """Say of what was handed over long ago that it was never seen."""
        late = [p for p in self._prompts.values() if p.state is PromptState.SENT]
        wishes: list[effects.Effect] = []
        for prompt in late:
            since = prompt.moved_at or prompt.at
            if prompt.note is None and since < at - _SAID_AFTER:
                wishes += self.put(replace(prompt, note=_NOT_SHOWN))
            elif since < at - _FORGET_AFTER:
                wishes += self.moved(prompt.id, PromptState.REFUSED, _NOT_SHOWN, at)[1]
        return wishes

    def _once_more(self, prompt: Prompt, session: Session, at: float) -> list[effects.Effect]:
        if session.state in _ENDED or not session.reachable:
            return []
        self._again.discard(prompt.id)
        return self._send(prompt, session, at, again=True)

    def _send(self, prompt: Prompt, session: Session, at: float, *, again: bool) -> list[effects.Effect]:
        going = replace(prompt, state=PromptState.SENDING, moved_at=at, note=None)
        return [*self.put(going), effects.Deliver(going, session, again)]

    def _may_go(self, prompt: Prompt, session: Session, at: float) -> bool:
        if not session.reachable or (session.focus and session.focus.holder not in {prompt.by, DESK}):
            return False
        if prompt.note and (prompt.moved_at or 0.0) > at - _TRY_AGAIN_AFTER:
            return False
        if session.state is State.IDLE:
            return True
        if followup.is_followup(prompt):
            return self._takes_at_last(session)
        if prompt.when != "now":
            return False
        takes = self._typing(session.agent).takes_while_working
        return session.state is State.CUT_OFF or (session.state is State.WORKING and takes)

    def _takes_at_last(self, session: Session) -> bool:
        """Whether an agent that is not idle is to be given a prompt whose time has come.

        One that was cut off is, unless it is brought back without that; and a command that is no agent,
        because it is never idle.
        """
        if session.state is State.CUT_OFF:
            return session.reconnect is None or session.reconnect.phase not in _COMES_BACK
        typing = self._typing(session.agent)
        return session.state is State.WORKING and typing.takes_while_working and not typing.shows_prompts

    def _is_shown(self, prompt: Prompt) -> bool:
        """Whether its agent has a transcript that will show it."""
        return self._typing(prompt.agent).shows_prompts


def _is_on_its_way(prompt: Prompt, at: float) -> bool:
    if prompt.state is PromptState.SENT:
        return (prompt.moved_at or prompt.at) > at - _SHOWN_WITHIN
    return prompt.state is PromptState.SENDING


def same_words(said: str, given: str) -> bool:
    """Whether what stands in a transcript is what was given."""
    return _same(_words(said), _words(given))


def _words(text: str) -> str:
    return " ".join(text.split())


def _same(said: str, given: str) -> bool:
    """Agents trim what they are given, and may put words of their own around a long one.

    A backslash is put before what an agent would else take for an order to itself.
    """
    return given in (said, said.removeprefix("\\")) or (len(given) > 40 and given in said)
