"""The channel to OpenCode: the servers inside its live processes."""

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from supervisor.agents.base import Processes
from supervisor.agents.fields import mapping, short
from supervisor.agents.opencode import store
from supervisor.agents.opencode.asked import Asked
from supervisor.agents.opencode.live import SESSION_ID, command
from supervisor.agents.opencode.server import Server
from supervisor.agents.opencode.store import row, rows
from supervisor.agents.opencode.wire import Answer, Broken
from supervisor.agents.steering import Ear, Line
from supervisor.core.errors import Failed, Refused
from supervisor.core.model import Process, Run, Session, Sighting, Sign
from supervisor.core.steering import DESK, Approval, Decision, Prompt, Verdict

#: Who does not open a door soon after the start never will.
_OPENS_WITHIN: Final = 120.0
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BUSY: Final = frozenset({Sign.WORKING, Sign.ASKING})


class OpenCodeLine(Line):
    """Owns what is known of each server. On the event loop, except where it says otherwise."""

    def __init__(self, home: Path, processes: Processes) -> None:
        """Nothing is listened to yet."""
        self._home = home
        self._processes = processes
        self._servers: dict[Run, Server] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred = asyncio.Event()
        #: What was seen last by whoever looks: all processes, and who serves which session.
        self._running: Sequence[Process] = ()
        self._seen: Sequence[Sighting] = ()
        #: Who never will have a door.
        self._without: set[Run] = set()
        self._sending = asyncio.Lock()

    # -- listening ------------------------------------------------------------------------------

    async def listen(self, ear: Ear) -> None:
        """See ``Line.listen``."""
        self._loop = asyncio.get_running_loop()
        self._running = await asyncio.to_thread(self._processes.running)
        try:
            async with asyncio.TaskGroup() as group:
                await self._attend_all(group, ear)
        finally:
            self._loop = None
            self._servers.clear()

    async def _attend_all(self, group: asyncio.TaskGroup, ear: Ear) -> None:
        while True:
            self._stirred.clear()
            for process in await asyncio.to_thread(self._with_doors, self._running):
                server = self._servers[process.run] = Server(process, self._home, self._processes, ear)
                task = group.create_task(server.attend(), name=f"OpenCode {process.run.pid}")
                task.add_done_callback(partial(self._ended, process.run))
            if not self._servers:
                return
            for seen in self._seen:
                server_of = self._servers.get(seen.run)
                if server_of and seen.sign in _BUSY and seen.facts.cwd:
                    await server_of.works_in(seen.facts.cwd)
            await self._stirred.wait()

    def _with_doors(self, processes: Sequence[Process]) -> list[Process]:
        """The processes that have a server and are not listened to yet."""
        self._without &= {process.run for process in processes}
        return [process for process in processes if self._is_new(process)]

    def _is_new(self, process: Process) -> bool:
        if process.run in self._servers or process.run in self._without or not command(process.argv):
            return False
        if self._processes.listening(process.run.pid):
            return True
        if process.run.started_at < time.time() - _OPENS_WITHIN:
            self._without.add(process.run)
        return False

    def _ended(self, run: Run, _: "asyncio.Task[None]") -> None:
        self._servers.pop(run, None)
        self._without.add(run)
        self._stirred.set()

    # -- what looking at files and processes tells, and what is told there --------------------------

    def noticed(self, running: Sequence[Process], seen: Sequence[Sighting]) -> None:
        """Somebody looked; from any thread."""
        self._running, self._seen = running, seen
        if loop := self._loop:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._stir)

    def _stir(self) -> None:
        self._stirred.set()
        for server in self._servers.values():
            server.stirred.set()

    def waits_for(self, run: Run) -> Mapping[str, Approval] | None:
        """What the sessions of this process wait for; ``None``: it does not tell. From any thread."""
        server = self._servers.get(run)
        if server is None or server.door is None or not server.lists_all:
            return None
        return {one.session_id: one.approval for one in reversed(tuple(server.asked.values()))}

    def sessions(self, run: Run) -> Sequence[str]:
        """The sessions that this process was heard to work on, the last one last. From any thread."""
        server = self._servers.get(run)
        return server.sessions if server else ()

    def reaches(self, seen: Sighting) -> bool:
        """See ``Line.reaches``."""
        server = self._servers.get(seen.run)
        return seen.session_id is not None and server is not None and server.door is not None

    # -- saying ---------------------------------------------------------------------------------

    async def prompt(self, session: Session, prompt: Prompt) -> bool:
        """See ``Line.prompt``."""
        server = self._serving(session)
        typed = session.terminal or session.pane
        if server is None or (prompt.by == DESK and prompt.text.startswith("/") and typed):
            return False
        try:
            async with self._sending:
                return await self._prompt(server, session, prompt)
        except Broken as trouble:
            raise _unheard() from trouble
        except store.Unreadable as trouble:
            raise Failed("OpenCode's database cannot be read.", "Try again.") from trouble

    async def _prompt(self, server: Server, session: Session, prompt: Prompt) -> bool:
        end = _end_of(prompt.id)
        number = await asyncio.to_thread(self._number, session.id, end, prompt.moved_at or prompt.at)
        if number is None:
            return True
        found = await server.ask("GET", f"/session/{session.id}")
        if found.status != 200:
            return False
        name = f"{number:012x}{end}"
        part = {"id": f"prt_{name}", "type": "text", "text": prompt.text}
        body = {"messageID": f"msg_{name}", **_as_before(mapping(found.body)), "parts": [part]}
        answer = await server.ask("POST", f"/session/{session.id}/prompt_async", body=body)
        if answer.status // 100 != 2:
            raise Refused("OpenCode did not take it.", _why(answer))
        return True

    def _number(self, session_id: str, end: str, at: float) -> int | None:
        """The first half of a message's id, above all that are there; ``None``: it is there itself."""
        with store.opened(self._home / store.FILE) as connection:
            there = "SELECT id FROM message WHERE session_id = ? AND substr(id, 17) = ?"
            if rows(connection, there, session_id, end):
                return None
            last = "SELECT id FROM message WHERE session_id = ? ORDER BY time_created DESC, id DESC LIMIT 1"
            newest = row(connection, last, session_id)
        number = (int(at * 1000) << 12) & 0xFFFFFFFFFFFF
        return max(number, _number_of(newest["id"]) + 1 if newest else 0)

    async def interrupt(self, session: Session) -> bool:
        """See ``Line.interrupt``."""
        if (server := self._serving(session)) is None:
            return False
        try:
            # A turn that is ended leaves its questions on the screen: they are answered first.
            for one in [one for one in server.asked.values() if one.approval.session_id == session.id]:
                await server.answer(one, Decision(verdict=Verdict.DENY))
            return (await server.ask("POST", f"/session/{session.id}/abort")).status == 200
        except Broken:
            return False

    async def answer(self, approval: Approval, decision: Decision) -> bool:
        """See ``Line.answer``."""
        for server in tuple(self._servers.values()):
            if server.is_over(approval.id):
                raise _over()
            if one := server.asked.get(approval.id):
                await self._answer(server, one, decision)
                return True
        return False

    async def _answer(self, server: Server, one: Asked, decision: Decision) -> None:
        try:
            answer = await server.answer(one, decision)
        except Broken as trouble:
            raise _unheard() from trouble
        if answer.status == 404:
            server.over(one.approval.id)
            raise _over()
        if answer.status != 200:
            raise Failed("OpenCode did not take the answer.", _why(answer))

    def _serving(self, session: Session) -> Server | None:
        """The server of the process that serves it, and of no other."""
        if session.run is None or not SESSION_ID.fullmatch(session.id):
            return None
        server = self._servers.get(session.run)
        return server if server and server.door else None


def _as_before(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who answers, and with which model: as with the prompt before."""
    model, agent = mapping(told.get("model")), short(told.get("agent"))
    found: dict[str, Any] = {"agent": agent} if agent else {}
    provider, name, variant = (short(model.get(key)) for key in ("providerID", "id", "variant"))
    if provider and name:
        found["model"] = {"providerID": provider, "modelID": name}
    if variant and variant != "default":
        found["variant"] = variant
    return found


def _end_of(prompt_id: str) -> str:
    """The second half of a message's id, the same for the same prompt."""
    number = int.from_bytes(hashlib.sha256(prompt_id.encode()).digest())
    return "".join(_LETTERS[number // 62**place % 62] for place in range(14))


def _number_of(name: object) -> int:
    try:
        return int(str(name)[4:16], 16)
    except ValueError:
        return 0


def _why(answer: Answer) -> str:
    told = mapping(answer.body)
    return short(mapping(told.get("data")).get("message")) or f"It answered {answer.status}."


def _over() -> Refused:
    return Refused("That question is over.", "It was answered, here or elsewhere.")


def _unheard() -> Failed:
    return Failed("OpenCode does not answer.", "Look at its terminal.")
