"""The channels to all sessions of Qwen Code that were started in terminals of ours."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from supervisor.agents.base import Processes
from supervisor.agents.qwen import channel as channels
from supervisor.agents.qwen import files, registry
from supervisor.agents.qwen.channel import Channel, Follower
from supervisor.agents.qwen.hearing import Hearing
from supervisor.agents.steering import Ear, Line
from supervisor.core.errors import Failed, NotYet, Refused
from supervisor.core.model import Run, Session, Sighting, Sign
from supervisor.core.steering import DESK, Approval, Decision, Prompt, Verdict

#: Seconds within which a turn that is interrupted before its answer has begun tells nothing.
_SILENT: Final = 3.0
#: Seconds within which the transcript says that the turn has failed, and why, if it says so at all.
_WRITTEN_WITHIN: Final = 5.0


@dataclass(slots=True)
class _Served:
    """One process with a channel. Owner: the line."""

    channel: Channel
    transcript: str | None
    hearing: Hearing
    follower: Follower
    told: tuple[str, Sign | None] = ("", None)
    asked: set[str] = field(default_factory=set)
    #: When it was heard, by the loop's clock, that it has failed; its transcript may say so, too.
    failed_at: float | None = None


class QwenLine(Line):
    """Owns what each channel has told. On the event loop, except where it says otherwise."""

    def __init__(self, home: Path, processes: Processes) -> None:
        """Nothing is heard yet."""
        self._home = home
        self._processes = processes
        self._served: dict[Run, _Served] = {}
        #: The last that was seen of all that have a channel, by whoever looks.
        self._seen: Sequence[tuple[Sighting, Channel]] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred = asyncio.Event()

    # -- listening ------------------------------------------------------------------------------

    async def listen(self, ear: Ear) -> None:
        """See ``Line.listen``."""
        self._loop = asyncio.get_running_loop()
        self.noticed(await asyncio.to_thread(registry.look, self._home, self._processes))
        await asyncio.to_thread(channels.tidy, self._home, [channel for _, channel in self._seen])
        try:
            while self._attend(ear):
                self._stirred.clear()
                for served in tuple(self._served.values()):
                    await self._hear(served, ear)
                await self._stirred.wait()
        finally:
            self._loop = None
            self._served.clear()

    def noticed(self, seen: Sequence[Sighting]) -> None:
        """Somebody looked; from any thread."""
        alive = [one for one in seen if one.alive and one.session_id]
        self._seen = [(one, channel) for one in alive if (channel := self._channel(one))]
        if loop := self._loop:
            with suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._stirred.set)

    def changed(self) -> None:
        """A file has grown in which a channel tells, or a transcript."""
        self._stirred.set()

    def _channel(self, seen: Sighting) -> Channel | None:
        process = self._processes.find(seen.run.pid)
        return channels.of(self._home, process.argv) if process and process.run == seen.run else None

    def _attend(self, ear: Ear) -> bool:
        """Begin with who is new, and end with who is gone; whether there is anybody."""
        seen = {one.run: (one, channel) for one, channel in self._seen}
        for run in [run for run in self._served if run not in seen]:
            for name in self._served.pop(run).asked:
                ear.answered(name)
        for run, (one, channel) in seen.items():
            if served := self._served.get(run):
                served.transcript = one.transcript
            else:
                hearing = Hearing(one.session_id or "", one.facts.cwd)
                self._served[run] = _Served(channel, one.transcript, hearing, Follower(channel.tells))
        return bool(self._served)

    async def _hear(self, served: _Served, ear: Ear) -> None:
        for event in await asyncio.to_thread(served.follower.news):
            served.hearing.hear(event)
        await asyncio.to_thread(served.hearing.look_up, served.transcript)
        if not served.hearing.asked:
            await asyncio.to_thread(served.follower.give_back)
        self._tell(served, ear)

    def _tell(self, served: _Served, ear: Ear) -> None:
        hearing = served.hearing
        questions = hearing.open
        for name in served.asked - {one.id for one in questions}:
            ear.answered(name)
        for one in questions:
            if one.id not in served.asked:
                ear.asks(one)
        served.asked = {one.id for one in questions}
        told = (hearing.session_id, hearing.sign)
        if hearing.sign is Sign.FAILED and told != served.told and not self._is_read(served):
            return
        served.failed_at = None
        if told != served.told and hearing.sign is not None:
            ear.turn(hearing.session_id, hearing.sign, questions[0].summary if questions else None)
        served.told = told

    def _is_read(self, served: _Served) -> bool:
        """Whether the transcript has had its time to say it."""
        loop = asyncio.get_running_loop()
        if served.failed_at is None:
            served.failed_at = loop.time()
            loop.call_later(_WRITTEN_WITHIN, self._stirred.set)
        return loop.time() >= served.failed_at + _WRITTEN_WITHIN

    def reaches(self, seen: Sighting) -> bool:
        """See ``Line.reaches``."""
        return channels.of(self._home, seen.argv) is not None

    # -- saying ---------------------------------------------------------------------------------

    async def prompt(self, session: Session, prompt: Prompt) -> bool:
        """See ``Line.prompt``."""
        channel = channels.of(self._home, session.argv)
        if channel is None or session.run is None or not self._processes.alive(session.run):
            return False
        if _is_command(prompt.text):
            if prompt.by != DESK:
                raise Refused("'/' at the beginning is a command to this agent.", "Begin with a word.")
            if session.terminal or session.pane:
                return False
        registered = files.registry_in(self._home) / f"{session.run.pid}.json"
        if not await asyncio.to_thread(lambda: registered.exists() and channel.is_ready()):
            raise NotYet("The agent is not ready to be told anything yet.")
        await self._say(channel, {"type": "submit", "text": prompt.text, "id": prompt.id})
        return True

    async def interrupt(self, session: Session) -> bool:
        """A key does that. But what is stopped before its answer has begun, nobody tells of."""
        served = self._served.get(session.run) if session.run else None
        if served and served.hearing.awaits_answer:
            asyncio.get_running_loop().call_later(
                _SILENT, partial(self._was_stopped, served, served.follower.at)
            )
        return False

    def _was_stopped(self, served: _Served, at: int) -> None:
        if served.follower.at == at and served.hearing.awaits_answer:
            served.hearing.stopped()
            self._stirred.set()

    async def answer(self, approval: Approval, decision: Decision) -> bool:
        """See ``Line.answer``."""
        served = next((s for s in self._served.values() if approval.id in s.hearing.asked), None)
        if served is None or not approval.answerable:
            return False
        if served.hearing.asked[approval.id].settled:
            raise Refused("That question is over.", "It was answered, here or elsewhere.")
        allowed = decision.verdict is Verdict.ALLOW
        answer = {"type": "confirmation_response", "request_id": approval.id, "allowed": allowed}
        await self._say(served.channel, {**answer, "id": approval.id})
        served.hearing.settle(approval.id)
        self._stirred.set()
        return True

    async def _say(self, channel: Channel, command: dict[str, object]) -> None:
        try:
            await asyncio.to_thread(channel.say, command)
        except OSError as trouble:
            raise Failed("Qwen Code cannot be told.", f"{trouble.strerror}: {channel.told}") from trouble


def _is_command(text: str) -> bool:
    """Whether the program takes it for an order to itself; a path with more slashes is none."""
    first = text.strip().split(maxsplit=1)[:1]
    return bool(first) and first[0].startswith("/") and "/" not in first[0][1:]
