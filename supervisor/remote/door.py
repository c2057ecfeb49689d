"""From a request's head to its answer: admit it or not, then run its route, each order only once."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from supervisor.core.errors import Refused, WakelineError
from supervisor.core.model import Session
from supervisor.remote import access, files, insider, routes
from supervisor.remote.exchange import (
    JSON,
    Answer,
    Ask,
    Caller,
    Carry,
    Follow,
    Head,
    Listener,
    Refusal,
    problem,
)
from supervisor.remote.route import Rooms, Route

logger = logging.getLogger(__name__)

_UNSURE: Final = "It may have been done all the same: look before you ask again."
_NOT_FOR_AGENTS = "A process that an agent started may not do that: use the tray or another terminal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A request that may be answered: its body is still to come."""

    ask: Ask
    length: int
    route: Route | None = None
    #: The caller's word that a repeat is a repeat.
    key: str | None = None
    #: A file of the page instead of a route.
    file: files.File | None = None
    known_etag: str | None = None
    order: bytes = b""


class Door:
    """Owns nothing but which orders are being carried out right now."""

    def __init__(self, rooms: Rooms, page: Callable[[], Mapping[str, files.File]]) -> None:
        self._rooms = rooms
        self._page = page
        self._running: dict[tuple[str, str], asyncio.Event] = {}

    def admit(self, head: Head, listener: Listener) -> Admitted:
        """Everything that can be refused before the body. Raises ``Refusal``."""
        access.check_shape(head)
        mutates = head.method not in ("GET", "HEAD")
        access.check_origin(head, listener, mutates)
        path, _, query = head.target.partition("?")
        if not listener.local:
            access.check_fetch_site(head, is_page=not path.startswith("/api/"))
            if file := self._page().get(path) if head.method == "GET" else None:
                return self._admit_file(head, file)
        return self._admit_route(head, listener, path, query, mutates=mutates)

    async def answer(self, admitted: Admitted, body: bytes) -> Answer | Follow | Carry:
        """Carry it out. Raises ``Refusal``; what the supervisor refuses is an answer."""
        if admitted.file:
            welcome = admitted.ask.gzip
            return files.answer(admitted.file, gzip_welcome=welcome, known_etag=admitted.known_etag)
        ask = replace(admitted.ask, body=body, key=admitted.key)
        is_unkept = admitted.route is not None and admitted.route.unkept
        if admitted.key is None or ask.caller is None or is_unkept:
            return await self._run(admitted, ask)
        return await self._run_once(admitted, ask, ask.caller, admitted.key)

    def _admit_file(self, head: Head, file: files.File) -> Admitted:
        self._rooms.rates.stranger(head.address)
        if access.body_length(head):
            raise Refusal(413)
        packed = "gzip" in (head.one("accept-encoding") or "")
        ask = Ask(caller=None, address=head.address, host="", found={}, query={}, gzip=packed)
        return Admitted(ask=ask, length=0, file=file, known_etag=head.one("if-none-match"))

    def _admit_route(
        self, head: Head, listener: Listener, path: str, query: str, *, mutates: bool
    ) -> Admitted:
        pairing = self._rooms.phone.is_open
        found = routes.find(head.method, path, local=listener.local, pairing=pairing)
        if found is None:
            self._charge_stranger(head, listener)
            raise Refusal(404, close=access.body_length(head) > 0)
        route, names = found
        length = access.body_length(head)
        if length > route.longest_body:
            self._charge_stranger(head, listener)
            raise Refusal(413)
        caller = self._caller(head, listener, route)
        if caller:
            self._check_caller(caller, route)
        self._check_order(head, listener, route, length, mutates=mutates)
        ask = Ask(
            caller=caller,
            address=head.address,
            host=(head.one("host") or "").lower(),
            found=names,
            query=access.query_of(query, route.query),
        )
        key = access.idempotency_key(head) if mutates and route.scope else None
        order = f"{head.method} {head.target}\n".encode()
        return Admitted(ask=ask, length=length, route=route, key=key, order=order)

    def _charge_stranger(self, head: Head, listener: Listener) -> None:
        if not listener.local:
            self._rooms.rates.stranger(head.address)

    def _caller(self, head: Head, listener: Listener, route: Route) -> Caller | None:
        if listener.local:
            return access.local_caller(head, listener)
        if route.scope is None:
            self._rooms.rates.stranger(head.address)
            return None
        try:
            return self._rooms.tokens.caller(head)
        except Refusal:
            self._rooms.rates.stranger(head.address)
            raise

    def _check_caller(self, caller: Caller, route: Route) -> None:
        if route.scope and not access.covers(caller.scope, route.scope):
            raise Refusal(403, detail=f"This device may not do that; it needs {route.scope}.", close=False)
        if route.not_for_agents and caller.pid is not None and self._is_insider(caller.pid):
            raise Refusal(403, detail=_NOT_FOR_AGENTS, close=False)
        self._rooms.rates.device(caller, route.method, typing=route.typing)

    def _is_insider(self, pid: int) -> bool:
        sessions: tuple[Session, ...] = tuple(self._rooms.backend.picture().sessions)
        return insider.descends(pid, [one.run for one in sessions if one.run])

    def _check_order(
        self, head: Head, listener: Listener, route: Route, length: int, *, mutates: bool
    ) -> None:
        wants_body = length > 0 or (route.longest_body > 0 and not listener.local)
        if wants_body and (head.one("content-type") or "").partition(";")[0].strip().lower() != JSON:
            raise Refusal(415, close=length > 0)
        must_have_key = mutates and route.scope is not None and not listener.local
        if must_have_key and access.idempotency_key(head) is None:
            raise Refusal(400, detail="A change needs an Idempotency-Key.", close=length > 0)

    async def _run_once(
        self, admitted: Admitted, ask: Ask, caller: Caller, key: str
    ) -> Answer | Follow | Carry:
        """The first answer to this key; a repeat gets it too, even while the first is under way."""
        mine = caller.name, key
        while other := self._running.get(mine):
            await other.wait()
        done = self._running[mine] = asyncio.Event()
        try:
            body_hash = sha256(admitted.order + ask.body).hexdigest()
            if kept := await self._rooms.backend.remembered(*mine):
                return _repeat(kept, body_hash)
            answer = await self._run(admitted, ask)
            if isinstance(answer, Answer) and answer.status < 500:
                await self._rooms.backend.remember(*mine, body_hash, answer.status, answer.body)
            return answer
        finally:
            del self._running[mine]
            done.set()

    async def _run(self, admitted: Admitted, ask: Ask) -> Answer | Follow | Carry:
        route = admitted.route
        if route is None:
            raise Refusal(404)
        audited = ask.caller is not None and route.method != "GET"
        try:
            if audited and not route.unkept:
                # Before it is done: what cannot be kept must not be begun.
                await self._rooms.backend.ready_for_orders()
            answer = await route.serve(self._rooms, ask)
        except WakelineError as trouble:
            answer = problem(trouble.status, trouble.title, trouble.hint)
        if audited and isinstance(answer, Answer):
            return await self._audited(admitted, ask, answer)
        return answer

    async def _audited(self, admitted: Admitted, ask: Ask, answer: Answer) -> Answer:
        name = ask.caller.name if ask.caller else ""
        told = {"caller": name, "address": ask.address, "status": str(answer.status)}
        try:
            await self._rooms.backend.audit(admitted.order.decode("ascii").strip(), told)
        except WakelineError as trouble:
            logger.warning("could not note an order: %s", trouble.title)
            is_unkept = admitted.route is not None and admitted.route.unkept
            return answer if answer.status >= 400 or is_unkept else problem(500, trouble.title, _UNSURE)
        return answer


def _repeat(kept: tuple[str, int, bytes], body_hash: str) -> Answer:
    first_hash, status, body = kept
    if first_hash != body_hash:
        trouble = Refused("This Idempotency-Key was used for another order.", "Take a new one.")
        return problem(trouble.status, trouble.title, trouble.hint)
    if not body:
        return Answer(status=status, content_type="")
    return Answer(status=status, body=body) if status < 400 else _problem_again(status, body)


def _problem_again(status: int, body: bytes) -> Answer:
    return replace(problem(status, ""), body=body)
