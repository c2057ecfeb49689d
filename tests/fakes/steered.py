"""Steering in memory: the paths by which a phone types, answers and acts, in front of a ``MemoryBackend``.

What is ordered is kept in a list and done to the sessions at once, as far as a screen can see it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from supervisor.core.errors import NoSuchSession, Refused, WakelineError, WrongUse
from supervisor.core.model import OVER, Kind, Machine, Scope, Session, State
from supervisor.core.outbox import objection
from supervisor.core.steering import Approval, Focus, Prompt, PromptState, Typing
from supervisor.remote import access, routes, wire
from supervisor.remote.exchange import NOTHING, Answer, Ask, Caller, Follow
from supervisor.remote.exchange import json as document
from supervisor.remote.route import Rooms, Route
from supervisor.remote.stream import Pipe, Streams
from tests.fakes.backend import MemoryBackend
from tests.fakes.terminal import Terminal

BODY = access.BODY_BYTES
UNTIL = 1_790_000_000.0
_TYPING = Typing(takes_while_working=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order that got through, in the words of its path."""

    verb: str
    session_id: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowScreen(Follow):
    """The answer is the stream of a terminal."""

    terminal: Terminal


class Steered:
    """Owns what was ordered, what is in the trash, and the terminals. Lives on the server's loop."""

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend
        self._numbers = count(1)
        self.orders: list[Order] = []
        self.terminals: dict[str, Terminal] = {}
        self.trash: dict[str, Session] = {}
        #: What is refused from now on, by verb.
        self.refusals: dict[str, WakelineError] = {}
        #: Why something is not possible, by verb.
        self.reasons: dict[str, str] = {}
        #: Whether a terminal at the desk is attached, so that nobody else decides its size.
        self.at_desk = False

    # --- what the page is told

    def can(self, session: Session) -> list[str]:
        """What is possible now."""
        if session.state in OVER:
            return ["resume", "delete"]
        possible = ["stop", "continue" if session.state is State.PAUSED else "pause"]
        if not _is_reachable(session):
            return [*possible, "takeover"]
        possible += ["keys", "focus", *(["screen"] if session.kind is Kind.HOSTED else [])]
        if session.state in {State.WORKING, State.NEEDS_YOU, State.CUT_OFF}:
            possible.append("interrupt")
        return [one for one in [*possible, "prompt"] if one not in self.cannot(session)]

    def cannot(self, session: Session) -> dict[str, str]:
        """Why not, for what one would expect."""
        trouble = objection(replace(session, reachable=_is_reachable(session)), "idle", _TYPING)
        return {**self.reasons, **({"prompt": trouble} if trouble else {})}

    # --- orders

    def take(self, verb: str, ask: Ask, *known: str) -> tuple[Session, dict[str, Any]]:
        """Note an order that is not refused; its session and its body."""
        body = access.body_fields(ask.body, frozenset(known))
        session = self.session(ask.found["id"])
        if trouble := self.refusals.get(verb):
            raise trouble
        self.orders.append(Order(verb=verb, session_id=session.id, body=body))
        return session, body

    def session(self, session_id: str) -> Session:
        """A session that is there."""
        if known := self._backend.sessions.get(session_id):
            return known
        raise NoSuchSession("No session has that id.", "See wakeline ls --all.")

    def terminal(self, session_id: str) -> Terminal:
        """Its terminal, empty at first."""
        return self.terminals.setdefault(session_id, Terminal())

    def change(self, session: Session, **facts: Any) -> None:
        """It is so from now on, and everybody is told."""
        self._backend.put(replace(session, **facts))

    def give_focus(self, session: Session, holder: Focus | None) -> None:
        """Somebody types there now, or nobody."""
        self._backend.journal.publish("focus", session.id, holder)
        self.change(session, focus=holder)

    def add_prompt(self, session: Session, caller: Caller | None, text: str, when: str) -> Prompt:
        """A prompt that waits."""
        if trouble := objection(replace(session, reachable=_is_reachable(session)), when, _TYPING):
            raise Refused(trouble)
        by = caller.device_id if caller and caller.device_id else "desk"
        given = Prompt(
            id=f"p-{next(self._numbers)}",
            session_id=session.id,
            agent=session.agent,
            text=text,
            when=when,
            by=by,
            at=UNTIL,
        )
        self.change(session, prompts=(*session.prompts, given))
        return given

    def move_prompt(self, prompt_id: str, state: PromptState | None, note: str | None = None) -> None:
        """What became of it; ``None``: it is no longer spoken of."""
        for session in tuple(self._backend.sessions.values()):
            if any(one.id == prompt_id for one in session.prompts):
                moved = [_moved(one, state, note) if one.id == prompt_id else one for one in session.prompts]
                self.change(session, prompts=tuple(one for one in moved if one))

    def ask(self, session_id: str, *approvals: Approval) -> None:
        """These are asked now, and nothing else."""
        session = self.session(session_id)
        state = State.NEEDS_YOU if approvals else State.WORKING
        self.change(session, approvals=approvals, state=state)

    def open_question(self, approval_id: str) -> Approval | None:
        """A question that is asked now."""
        asked = [one for session in self._backend.sessions.values() for one in session.approvals]
        return next((one for one in asked if one.id == approval_id), None)

    def answer(self, approval: Approval, body: Mapping[str, Any]) -> None:
        """It is over."""
        session = self.session(approval.session_id)
        self.orders.append(Order(verb="answer", session_id=session.id, body={"id": approval.id, **body}))
        left = tuple(one for one in session.approvals if one.id != approval.id)
        self._backend.journal.publish("approval", session.id, None)
        self.ask(session.id, *left)

    def throw_away(self, session: Session) -> str:
        """Into the trash."""
        trash_id = f"t-{next(self._numbers)}"
        self.trash[trash_id] = self._backend.sessions.pop(session.id)
        gone = {"id": session.id, "removed": True, "replaced_by": None}
        self._backend.journal.publish("session", session.id, gone)
        return trash_id

    def restore(self, trash_id: str) -> None:
        """Back from there."""
        if trash_id not in self.trash:
            raise NoSuchSession("Nothing in the trash has that id.")
        self._backend.put(self.trash.pop(trash_id))


class SteeredBackend(MemoryBackend):
    """A supervisor in memory whose sessions can be steered."""

    def __init__(self) -> None:
        """As it is at first."""
        super().__init__()
        self.steered = Steered(self)


def _is_reachable(session: Session) -> bool:
    return session.kind is not Kind.SEEN


def _moved(prompt: Prompt, state: PromptState | None, note: str | None) -> Prompt | None:
    return replace(prompt, state=state, note=note) if state else None


# --- the paths


def _steered(rooms: Rooms) -> Steered:
    if not isinstance(rooms.backend, SteeredBackend):
        raise TypeError("this backend cannot be steered")
    return rooms.backend.steered


async def take_focus(rooms: Rooms, ask: Ask) -> Answer:
    """Take the focus of a session."""
    steered = _steered(rooms)
    session, _ = steered.take("focus", ask)
    device_id = ask.caller.device_id if ask.caller else None
    devices = {one.id: one.label for one in await rooms.backend.devices()}
    holder = Focus(holder=device_id or "desk", label=devices.get(device_id or "", "desk"), since=UNTIL)
    steered.give_focus(session, holder)
    return document({"focus": wire.focus(holder)})


async def give_back_focus(rooms: Rooms, ask: Ask) -> Answer:
    """Give it back."""
    steered = _steered(rooms)
    session, _ = steered.take("give back", ask)
    steered.give_focus(session, None)
    return NOTHING


async def prompt(rooms: Rooms, ask: Ask) -> Answer:
    """Give a prompt."""
    steered = _steered(rooms)
    session, body = steered.take("prompt", ask, "text", "when")
    if body.get("when") not in {"now", "idle"} or not str(body.get("text") or "").strip():
        raise WrongUse("A prompt needs words, and when it is for.")
    return document({"prompt": wire.prompt(steered.add_prompt(session, ask.caller, **body))}, 202)


async def cancel_prompt(rooms: Rooms, ask: Ask) -> Answer:
    """Take back a prompt that waits."""
    steered = _steered(rooms)
    session, _ = steered.take("cancel", ask)
    waiting = {one.id for one in session.prompts if one.state is PromptState.WAITING}
    if ask.found["prompt"] not in waiting:
        raise Refused("This prompt no longer waits.")
    steered.move_prompt(ask.found["prompt"], None)
    return NOTHING


async def keys(rooms: Rooms, ask: Ask) -> Answer:
    """Type into its terminal."""
    steered = _steered(rooms)
    session = steered.session(ask.found["id"])
    if not session.focus or not ask.caller or session.focus.holder != ask.caller.device_id:
        raise Refused("Somebody else types there now.", "Take over first.")
    steered.take("keys", ask, "keys")
    return NOTHING


def _verb(verb: str, *known: str) -> Callable[[Rooms, Ask], Any]:
    async def ordered(rooms: Rooms, ask: Ask) -> Answer:
        """Do it to the session."""
        steered = _steered(rooms)
        session, _ = steered.take(verb, ask, *known)
        after = {"pause": State.PAUSED, "continue": State.WORKING, "interrupt": State.IDLE}
        if verb in after:
            steered.change(session, state=after[verb])
        return document({"session_id": session.id}, 202)

    return ordered


async def takeover(rooms: Rooms, ask: Ask) -> Answer:
    """Take it over; while it works only if that is confirmed."""
    steered = _steered(rooms)
    session, body = steered.take("takeover", ask, "confirm")
    if session.state is State.WORKING and not body["confirm"]:
        raise Refused("The agent works.", "What it is doing now will be lost.")
    steered.change(session, kind=Kind.HOSTED)
    return document({"session_id": session.id}, 202)


async def delete(rooms: Rooms, ask: Ask) -> Answer:
    """Put it into the trash."""
    steered = _steered(rooms)
    session, _ = steered.take("delete", ask)
    return document({"trash_id": steered.throw_away(session), "until": wire.time(UNTIL)})


async def trash(rooms: Rooms, _ask: Ask) -> Answer:
    """What is in the trash."""
    thrown = _steered(rooms).trash.items()
    return document({"trashed": [_thrown(trash_id, session) for trash_id, session in thrown]})


def _thrown(trash_id: str, session: Session) -> dict[str, Any]:
    told = {"id": trash_id, "agent": session.agent, "session_id": session.id, "title": session.title}
    return {**told, "cwd": session.cwd, "deleted_at": wire.time(UNTIL), "until": wire.time(UNTIL)}


async def restore(rooms: Rooms, ask: Ask) -> Answer:
    """Bring it back."""
    _steered(rooms).restore(ask.found["id"])
    return NOTHING


async def approvals(rooms: Rooms, _ask: Ask) -> Answer:
    """All that is asked."""
    asked = [one for session in rooms.backend.picture().sessions for one in session.approvals]
    return document({"approvals": [wire.approval(one) for one in asked]})


async def decide(rooms: Rooms, ask: Ask) -> Answer:
    """Answer a question, if it is still the same."""
    steered = _steered(rooms)
    body = access.body_fields(ask.body, frozenset({"digest", "decision", "reason", "answers"}))
    asked = steered.open_question(ask.found["id"])
    if trouble := steered.refusals.get("answer"):
        raise trouble
    if asked is None or asked.digest != body["digest"]:
        raise Refused("This question is over, or it has changed.", "Look at what is asked now.")
    steered.answer(asked, body)
    return document({"decision": body["decision"]})


async def screen(rooms: Rooms, ask: Ask) -> Follow:
    """The terminal, as changed rows."""
    session = _steered(rooms).session(ask.found["id"])
    return FollowScreen(after=None, session_id=session.id, terminal=_steered(rooms).terminal(session.id))


async def history(rooms: Rooms, ask: Ask) -> Answer:
    """Lines above the screen."""
    terminal = _steered(rooms).terminal(ask.found["id"])
    return document(terminal.past(int(ask.query["before"]), int(ask.query["count"])))


async def fit(rooms: Rooms, ask: Ask) -> Answer:
    """Make the terminal as large as a phone's screen."""
    steered = _steered(rooms)
    session, body = steered.take("fit", ask, "rows", "columns")
    if steered.at_desk:
        raise Refused("A terminal at the desk shows this session.", "Its size is decided there.")
    steered.terminal(session.id).resize(body["rows"], body["columns"])
    return NOTHING


def _one(path: str) -> str:
    return f"/api/sessions/{{id}}{path}"


def _route(method: str, path: str, serve: Any, **more: Any) -> Route:
    scope = Scope.VIEW if method == "GET" else Scope.CONTROL
    return Route(method=method, path=path, scope=scope, serve=serve, **more)


_PAIRS: Sequence[tuple[str, str, Any, dict[str, Any]]] = (
    ("POST", _one("/focus"), take_focus, {}),
    ("DELETE", _one("/focus"), give_back_focus, {}),
    ("POST", _one("/prompt"), prompt, {"longest_body": BODY}),
    ("DELETE", _one("/prompts/{prompt}"), cancel_prompt, {}),
    ("POST", _one("/keys"), keys, {"longest_body": BODY}),
    ("POST", _one("/interrupt"), _verb("interrupt"), {}),
    ("POST", _one("/pause"), _verb("pause"), {}),
    ("POST", _one("/continue"), _verb("continue"), {}),
    ("POST", _one("/resume"), _verb("resume"), {}),
    ("POST", _one("/stop"), _verb("stop", "left_behind"), {"longest_body": BODY}),
    ("POST", _one("/takeover"), takeover, {"longest_body": BODY}),
    ("DELETE", _one(""), delete, {}),
    ("GET", "/api/trash", trash, {}),
    ("POST", "/api/trash/{id}/restore", restore, {}),
    ("GET", "/api/approvals", approvals, {}),
    ("POST", "/api/approvals/{id}", decide, {"longest_body": BODY}),
    ("GET", _one("/screen"), screen, {"query": frozenset({"rows", "columns"})}),
    ("GET", _one("/screen/history"), history, {"query": frozenset({"before", "count"})}),
    ("POST", _one("/screen/fit"), fit, {"longest_body": BODY}),
)
ROUTES = tuple(_route(method, path, serve, **more) for method, path, serve, more in _PAIRS)


@contextmanager
def steering(of: Callable[[], Steered]) -> Iterator[None]:
    """As long as it lasts, servers have these paths too, and sessions say what can be done to them."""
    tell, serve, lost = wire.session, Streams.serve, Streams.lost

    def told(known: Session, machine: Machine) -> dict[str, Any]:
        return {**tell(known, machine), "can": of().can(known), "cannot": of().cannot(known)}

    async def served(self: Streams, pipe: Pipe, follow: Follow, caller: Caller) -> None:
        if isinstance(follow, FollowScreen):
            return await follow.terminal.serve(pipe)
        return await serve(self, pipe, follow, caller)

    def left(self: Streams, pipe: Pipe) -> None:
        for terminal in of().terminals.values():
            terminal.left(pipe)
        lost(self, pipe)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "ROUTES", (*ROUTES, *routes.ROUTES))
        patch.setattr(wire, "session", told)
        patch.setattr(Streams, "serve", served)
        patch.setattr(Streams, "lost", left)
        yield
