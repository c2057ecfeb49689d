"""How the daemon's threads stand, as it tells: which are sessions, which their sub-agents, which its own."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from supervisor.agents.fields import mapping, string, strings
from supervisor.core.model import Sign

_WAITS_FOR: Final[Mapping[object, str]] = {
    "waitingOnApproval": "approval",
    "waitingOnUserInput": "an answer",
}
_SIGNS: Final[Mapping[object, Sign]] = {
    "active": Sign.WORKING,
    "idle": Sign.IDLE,
    "systemError": Sign.FAILED,
}

#: A sign, and what is waited for.
_Turn = tuple[Sign, str | None]


class Threads:
    """Owns what is known of every thread, in one connection to the daemon."""

    def __init__(self, tell: Callable[[str, Sign, str | None], None]) -> None:
        """*tell*: how the turn of a session stands, whenever that changes."""
        self._tell = tell
        self._known: set[str] = set()
        self._turns: dict[str, _Turn] = {}
        self._told: dict[str, _Turn] = {}
        #: Sub-agents by their names, with the session that they work for.
        self._works_for: dict[str, str] = {}
        #: Threads of Codex's own, such as the one that thinks of a title.
        self._hidden: set[str] = set()

    def session_of(self, thread: str) -> str | None:
        """Whose question a thread's question is; ``None``: nobody's, or not known yet."""
        known = thread in self._known and thread not in self._hidden
        return self._works_for.get(thread, thread) if known else None

    def knows(self, thread: str) -> bool:
        """Whether it was introduced: sub-agents, and what a terminal brings back, begin without that."""
        return thread in self._known

    def asks(self, thread: str) -> bool:
        """Whether it waits for somebody."""
        return self.session_of(thread) is not None and self._turns.get(thread, (None, None))[1] is not None

    def is_sub_agent(self, thread: str) -> bool:
        """Whether it works for another one."""
        return thread in self._works_for

    def introduced(self, thread: Mapping[str, Any]) -> str | None:
        """All about a thread; its name."""
        name = string(thread.get("id"))
        if name is None:
            return None
        self._known.add(name)
        if thread.get("ephemeral") is True:
            self._hidden.add(name)
        session = string(thread.get("sessionId")) or string(thread.get("parentThreadId"))
        if string(thread.get("parentThreadId")) and session != name:
            self._works_for[name] = session or name
        if name not in self._turns:
            # What was told since is newer.
            self.changed(name, mapping(thread.get("status")))
        self._tell_of(self.session_of(name))
        return name

    def changed(self, thread: str, status: Mapping[str, Any]) -> None:
        """It works, rests, failed, or waits for somebody."""
        waits = [_WAITS_FOR[flag] for flag in strings(status.get("activeFlags")) if flag in _WAITS_FOR]
        kind = string(status.get("type"))
        if waits:
            self._turns[thread] = Sign.ASKING, waits[0]
        elif kind in _SIGNS:
            self._turns[thread] = _SIGNS[kind], None
        elif kind == "notLoaded":
            self._turns.pop(thread, None)
        self._tell_of(self.session_of(thread))

    def closed(self, thread: str) -> None:
        """It was put away."""
        self._turns.pop(thread, None)
        self._told.pop(thread, None)
        self._tell_of(self.session_of(thread))
        self._works_for.pop(thread, None)
        self._known.discard(thread)
        self._hidden.discard(thread)

    def _tell_of(self, session: str | None) -> None:
        if session is None:
            return
        own = self._turns.get(session)
        subs = [self._turns[t] for t, s in self._works_for.items() if s == session and t in self._turns]
        # A session whose sub-agent asks needs its user, whatever it does itself.
        turn = next((turn for turn in (own, *subs) if turn and turn[1]), own)
        if turn and self._told.get(session) != turn:
            self._told[session] = turn
            self._tell(session, *turn)
