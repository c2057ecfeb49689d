"""The server inside one live OpenCode: found by its process, listened to, and asked."""

import asyncio
import base64
import ipaddress
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from supervisor.agents.base import Processes
from supervisor.agents.fields import mapping, parsed, sequence, short
from supervisor.agents.opencode import asked, store, wire
from supervisor.agents.opencode.asked import Asked
from supervisor.agents.opencode.live import SESSION_ID, command
from supervisor.agents.opencode.meaning import standing
from supervisor.agents.opencode.wire import Answer, Broken, Door
from supervisor.agents.steering import Ear
from supervisor.core.model import Process, Run, Sign
from supervisor.core.steering import Decision

logger = logging.getLogger(__name__)

#: Seconds for the first word: a server that is just starting takes a call and never answers it.
_GREETING: Final = 3.0
_SHORTEST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 30.0
_MOST_REMEMBERED: Final = 1000
#: Events that tell something; most are pieces of answers, and are not even parsed.
_TELLING: Final = (b'"session.status"', b'"session.idle"', b'"session.error"', b'"permission.', b'"question.')
_STATUS: Final[Mapping[object, Sign]] = {"busy": Sign.WORKING, "retry": Sign.WORKING, "idle": Sign.IDLE}
_ENDED: Final = frozenset({Sign.FAILED, Sign.INTERRUPTED})


class Locked(Exception):
    """It does not let us in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What a server says of one folder."""

    statuses: Mapping[str, Mapping[str, Any]]
    asked: Sequence[Asked]
    lists_all: bool


class Server:
    """One process's own. Owns what its sessions do and ask; on the event loop."""

    def __init__(self, process: Process, home: Path, processes: Processes, ear: Ear) -> None:
        """Nothing is asked yet. What it says goes to *ear*."""
        self.run: Run = process.run
        #: Where it is while it is heard.
        self.door: Door | None = None
        #: Whether it tells all that it asks; there are questions that it cannot list.
        self.lists_all = False
        self.asked: dict[str, Asked] = {}
        #: Makes it try again, or look again, at once.
        self.stirred = asyncio.Event()
        self._ear = ear
        self._database = home / store.FILE
        self._processes = processes
        self._folders = dict.fromkeys(_folder(process))
        self._signs: dict[str, Sign] = {}
        #: Questions that are over; an answer to an earlier look may still show them.
        self._closed: dict[str, None] = {}
        self._told: dict[str, tuple[Sign, str | None]] = {}

    # -- being heard ----------------------------------------------------------------------------

    async def attend(self) -> None:
        """Pass on what it says until its process ends, or it is clear that it will not let us in."""
        pauses = _pauses()
        while self._processes.alive(self.run):
            try:
                await self._hear()
            except Locked:
                break
            except Broken as trouble:
                logger.debug("OpenCode %s: %s", self.run.pid, trouble)
            if self.door is not None:
                pauses = _pauses()
            self._unheard()
            await self._rest(next(pauses))
        for name in list(self.asked):
            self.over(name)

    def _unheard(self) -> None:
        self.door = None
        self.lists_all = False

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(_SHORTEST_PAUSE)
        self.stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.2)):
                await self.stirred.wait()

    async def _hear(self) -> None:
        """As long as it speaks. Always raises, ``Broken`` or ``Locked``."""
        door = await self._found()
        async with wire.events(door, "/global/event") as said:
            await anext(said)
            self.door = door
            await self.look()
            async for event in said:
                if any(word in event for word in _TELLING):
                    await self._take(mapping(parsed(event)))

    async def _found(self) -> Door:
        """Its door, tried. Raises ``Broken``, ``Locked``."""
        pid = self.run.pid
        listening = await asyncio.to_thread(self._processes.listening, pid)
        environment = await asyncio.to_thread(self._processes.environment, pid)
        authorization = _authorization(environment)
        for address, port in sorted(listening, key=lambda each: each[1]):
            if (host := _reachable(address)) is None:
                continue
            door = Door(host, port, authorization, partial(self._is_own, (address, port)))
            with suppress(Broken):
                if await self._greets(door):
                    return door
        raise Broken("it has no door")

    def _is_own(self, at: tuple[str, int]) -> bool:
        return self._processes.alive(self.run) and at in self._processes.listening(self.run.pid)

    async def _greets(self, door: Door) -> bool:
        answer = await wire.ask(door, "GET", "/global/health", seconds=_GREETING)
        if answer.status == 401:
            raise Locked
        return answer.status == 200 and mapping(answer.body).get("healthy") is True

    # -- what it tells --------------------------------------------------------------------------

    async def look(self) -> None:
        """Ask it how all its sessions stand, and for everything that is open. Raises ``Broken``."""
        looked = [await self._looked(folder) for folder in tuple(self._folders)]
        statuses = {name: status for one in looked for name, status in one.statuses.items()}
        listed = {one.approval.id for folder in looked for one in folder.asked}
        lists_all = all(one.lists_all for one in looked)
        for name in [name for name in self.asked if lists_all and name not in listed]:
            self.over(name)
        for session_id, sign in list(self._signs.items()):
            if sign is Sign.WORKING and session_id not in statuses:
                self._ended(session_id, await asyncio.to_thread(self._written, session_id))
        self._take_in(looked)
        self.lists_all = lists_all

    async def _looked(self, folder: str) -> "_Looked":
        status = await self.ask("GET", "/session/status", folder)
        lists = [await self.ask("GET", path, folder) for path in ("/permission", "/question")]
        requests = [mapping(each) for answer in lists for each in sequence(answer.body)]
        found = [await self._understood(request, folder) for request in requests]
        return _Looked(
            statuses={name: mapping(each) for name, each in mapping(status.body).items()},
            asked=[one for one in found if one is not None],
            lists_all=all(isinstance(answer.body, list) for answer in lists),
        )

    def _take_in(self, looked: Sequence["_Looked"]) -> None:
        for found in looked:
            for one in found.asked:
                # One whose turn was ended is still listed, but nobody waits for its answer.
                if one.session_id in found.statuses:
                    self._asks(one)
            for session_id, status in found.statuses.items():
                self._status(session_id, status)

    async def _understood(self, request: Mapping[str, Any], folder: str | None) -> Asked | None:
        known = self.asked.get(str(request.get("id")))
        return known or await asyncio.to_thread(asked.understood, self._database, request, folder)

    def _written(self, session_id: str) -> Sign:
        try:
            with store.opened(self._database) as connection:
                sign = standing(connection, session_id).sign
        except store.Unreadable:
            sign = None
        return sign if sign in _ENDED else Sign.IDLE

    async def _take(self, event: Mapping[str, Any]) -> None:
        folder, payload = short(event.get("directory")), mapping(event.get("payload"))
        kind, told = payload.get("type"), mapping(payload.get("properties"))
        session_id = short(told.get("sessionID")) or ""
        match kind:
            case "session.status":
                self._status(session_id, mapping(told.get("status")))
            case "session.idle":
                self._status(session_id, {"type": "idle"})
            case "session.error" if SESSION_ID.fullmatch(session_id):
                aborted = mapping(told.get("error")).get("name") == "MessageAbortedError"
                self._ended(session_id, Sign.INTERRUPTED if aborted else Sign.FAILED)
            case "permission.asked" | "question.asked":
                if one := await self._understood(told, folder):
                    self._asks(one)
            case "permission.replied" | "question.replied" | "question.rejected":
                self.over(short(told.get("requestID")) or "")
            case _:
                pass

    def _status(self, session_id: str, status: Mapping[str, Any]) -> None:
        sign = _STATUS.get(short(status.get("type")))
        if sign is None or not SESSION_ID.fullmatch(session_id):
            return
        if sign is Sign.IDLE:
            # It tells why a turn ended, and then once more that it ended.
            before = self._signs.get(session_id)
            self._ended(session_id, before if before in _ENDED and before else sign)
            return
        self._note(session_id, sign)
        self._tell(session_id)

    def _ended(self, session_id: str, sign: Sign) -> None:
        """Its turn is over, and so is all that it asked."""
        self._note(session_id, sign)
        for name in [name for name, one in self.asked.items() if one.session_id == session_id]:
            self.over(name)
        self._tell(session_id)

    def _note(self, session_id: str, sign: Sign) -> None:
        self._signs.pop(session_id, None)
        self._signs[session_id] = sign
        while len(self._signs) > _MOST_REMEMBERED:
            oldest = next(iter(self._signs))
            del self._signs[oldest]
            self._told.pop(oldest, None)

    def _asks(self, one: Asked) -> None:
        if one.approval.id not in self.asked and one.approval.id not in self._closed:
            self.asked[one.approval.id] = one
            self._ear.asks(one.approval)
            self._tell(one.approval.session_id)

    def is_over(self, name: str) -> bool:
        """Whether this was asked, and is no more."""
        return name in self._closed

    def over(self, name: str) -> None:
        """That question is answered, by whomever."""
        self._closed[name] = None
        if len(self._closed) > _MOST_REMEMBERED:
            del self._closed[next(iter(self._closed))]
        if one := self.asked.pop(name, None):
            self._ear.answered(name)
            self._tell(one.approval.session_id)

    def _tell(self, session_id: str) -> None:
        """How the turn stands; who waits for an answer does nothing else, whoever asks for it."""
        waits = [one for one in self.asked.values() if one.approval.session_id == session_id]
        sign = self._signs.get(session_id, Sign.WORKING)
        told = (Sign.ASKING, waits[0].approval.summary) if waits else (sign, None)
        if self._told.get(session_id) != told:
            self._told[session_id] = told
            self._ear.turn(session_id, *told)

    # -- what others know of it -----------------------------------------------------------------

    @property
    def sessions(self) -> tuple[str, ...]:
        """The sessions that it was heard to work on, the last one last."""
        return tuple(self._signs)

    async def works_in(self, folder: str) -> None:
        """It works in this folder too: what is asked there before it was heard, only asking tells."""
        if folder not in self._folders:
            self._folders[folder] = None
            with suppress(Broken):
                if self.door is not None:
                    self._take_in([await self._looked(folder)])

    # -- asking it ------------------------------------------------------------------------------

    async def ask(
        self, method: str, path: str, folder: str | None = None, body: Mapping[str, Any] | None = None
    ) -> Answer:
        """Ask it for something. Raises ``Broken``."""
        if self.door is None:
            raise Broken("it does not answer")
        where = f"?directory={quote(folder)}" if folder else ""
        return await wire.ask(self.door, method, path + where, body)

    async def answer(self, one: Asked, decision: Decision) -> Answer:
        """Answer what it asks. Raises ``Broken``."""
        path, body = asked.reply(one, decision)
        return await self.ask("POST", path, one.directory, body)


def _folder(process: Process) -> Iterator[str]:
    found = command(process.argv)
    if process.cwd is not None:
        yield str(Path(process.cwd, found.folder)) if found and found.folder else process.cwd


def _pauses() -> Iterator[float]:
    """Before each further try, in seconds."""
    pause = _SHORTEST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _authorization(environment: Mapping[str, str]) -> str | None:
    password = environment.get("OPENCODE_SERVER_PASSWORD")
    if not password:
        return None
    user = environment.get("OPENCODE_SERVER_USERNAME", "opencode")
    words = f"{user}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {base64.b64encode(words).decode()}"


def _reachable(address: str) -> str | None:
    """How to call who listens there; who listens everywhere is called without leaving the machine."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if not found.is_unspecified:
        return address
    return "127.0.0.1" if found.version == 4 else "::1"
