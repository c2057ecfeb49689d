"""Waits until sessions can go on, and lets them: tenacity does the waiting, the desk decides.

One task for each session that is cut off. What the network's monitor says wakes them all; a probe
of the very endpoint that the session's agent uses says whether it is worth continuing.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from supervisor.core import effects, events
from supervisor.core.errors import Failed, Refused, WakelineError
from supervisor.core.failing import REMEDIES, Cause, Remedy
from supervisor.core.model import OVER, Session, State
from supervisor.core.rescue import continuing
from supervisor.core.steering import Prompt
from supervisor.steering.rounds import Rounds

if TYPE_CHECKING:
    import tenacity

logger = logging.getLogger(__name__)

#: Under this name the words that continue a turn are given.
WAKELINE: Final = "wakeline"
_LOOK_EVERY: Final = 0.2
#: A look costs little: the pauses between two grow so slowly that what is back is seen after about a
#: sixth of the time that it was away.
_LOOKS_GROW: Final = 1.25
#: To ask the model itself once more costs money, and does not help one that is overloaded.
_CONTINUATIONS_GROW: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How long it is waited, in seconds: exponential with full jitter, from *first* up to *longest*."""

    first: float = 1.0
    longest: float = 120.0
    #: After a limit is reset, so that clocks need not agree.
    after_reset: float = 5.0
    #: For an agent's word about why its turn failed.
    for_a_reason: float = 5.0
    #: Before a process is started again: how it ended may be told a little later than that it did.
    before_restart: float = 1.0
    #: Between two that go on: a hundred sessions that were cut off together do not all ask at once.
    between: float = 0.5
    #: Within which an agent that was started again serves its session.
    seen_within: float = 120.0
    #: After which an agent should show that it was told to go on.
    shown_within: float = 90.0


@dataclass(slots=True)
class _Reaching:
    """A session that is waited for. Owner: the lifeline."""

    task: "asyncio.Task[None]"
    poke: asyncio.Event = field(default_factory=asyncio.Event)


class Lifeline:
    """Owns one waiting task for each session that is cut off. On the event loop."""

    def __init__(
        self,
        *,
        post: Callable[[events.Event], None],
        probe: Callable[[Session], Awaitable[bool]],
        words: Callable[[Session], Awaitable[str]],
        give: Callable[[Prompt], Awaitable[None]],
        resume: Callable[[str], Awaitable[str]],
        interrupt: Callable[[Session], Awaitable[None]],
        lives: Callable[[str], bool],
        pauses: Pauses,
    ) -> None:
        """*probe*: whether a session's model can be reached; *words*: what continues its turn.

        *give* takes a prompt in as the outbox does; *resume* brings a session back in a terminal of ours;
        *interrupt* ends a turn in which nothing moves, and refuses where something does;
        *lives*: whether a session is seen to be served.
        """
        self._post = post
        self._probe = probe
        self._words = words
        self._give = give
        self._resume = resume
        self._interrupt = interrupt
        self._lives = lives
        self._pauses = pauses
        self._reaching: dict[str, _Reaching] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._turnstile = asyncio.Lock()
        self._rounds = Rounds(pauses.first)

    # -- waiting ----------------------------------------------------------------------------------

    def reach(self, wish: effects.Reach) -> None:
        """Begin to wait, instead of whatever was waited for before."""
        self.stop(effects.StopReaching(wish.session.id))
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._wait(wish), name=f"reach {wish.session.id}")
        self._reaching[wish.session.id] = _Reaching(task)
        task.add_done_callback(_noted)

    def stop(self, wish: effects.StopReaching) -> None:
        """Wait no more."""
        if reaching := self._reaching.pop(wish.session_id, None):
            reaching.task.cancel()

    def network_changed(self) -> None:
        """Somebody said that the network is another one now: all look at once."""
        for reaching in self._reaching.values():
            reaching.poke.set()

    async def _wait(self, wish: effects.Reach) -> None:
        session, remedy = wish.session, REMEDIES[wish.cause]
        # The task begins after it was noted, so that it finds itself there.
        poke = self._reaching[session.id].poke
        if remedy is Remedy.TELL and not wish.wished:
            await asyncio.sleep(self._pauses.for_a_reason)
            self._arrived(session.id)
            return
        if wish.not_before is not None:
            await self._sleep_until(session, wish.not_before + self._pauses.after_reset)
        elif remedy is Remedy.RESTART and not wish.attempt:
            await self._sleep(session, poke, self._pauses.before_restart, wakes=False)
        elif wish.attempt or (remedy is Remedy.BACK_OFF and not wish.wished):
            await self._sleep(session, poke, self._pause(wish.attempt), wakes=remedy is Remedy.REACH)
        async for attempt in self._tries(session, poke):
            # What is said while it is looked may be news that this look did not see.
            poke.clear()
            with attempt:
                reached = await self._probe(session)
            if attempt.retry_state.outcome and not attempt.retry_state.outcome.failed:
                attempt.retry_state.set_result(reached)
        self._arrived(session.id)

    def _arrived(self, session_id: str) -> None:
        self._reaching.pop(session_id, None)
        self._post(events.Reached(session_id=session_id, at=time.time()))

    def _tries(self, session: Session, poke: asyncio.Event) -> "tenacity.AsyncRetrying":
        import tenacity  # not before something is cut off

        async def sleep(seconds: float) -> None:
            await self._sleep(session, poke, seconds, wakes=True)

        return tenacity.AsyncRetrying(
            sleep=sleep,
            wait=tenacity.wait_random_exponential(
                multiplier=self._pauses.first, max=self._pauses.longest, exp_base=_LOOKS_GROW
            ),
            retry=tenacity.retry_if_result(lambda reached: not reached),
        )

    def _pause(self, attempt: int) -> float:
        """Each continuation in vain makes the next pause longer."""
        grown = self._pauses.first * _CONTINUATIONS_GROW ** min(attempt + 1, 30)
        longest = min(self._pauses.longest, grown)
        return random.uniform(0.0, longest)  # jitter, no secret

    async def _sleep(self, session: Session, poke: asyncio.Event, seconds: float, *, wakes: bool) -> None:
        now, elapsed = time.time(), asyncio.get_running_loop().time()
        end = self._rounds.end(seconds, self._pauses.longest) if wakes else elapsed + seconds
        self._post(events.TryPlanned(session_id=session.id, next_try_at=now + end - elapsed, at=now))
        if not wakes:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            # Not "after so many seconds": who looks at the same time wakes us once.
            async with asyncio.timeout_at(end):
                await poke.wait()

    async def _sleep_until(self, session: Session, at: float) -> None:
        """By the wall clock: it may be set, and the machine may sleep meanwhile."""
        self._post(events.TryPlanned(session_id=session.id, next_try_at=at, at=time.time()))
        while (left := at - time.time()) > 0:  # noqa: ASYNC110  # the time is a wall clock's
            await asyncio.sleep(min(left, 30.0))

    # -- going on ---------------------------------------------------------------------------------

    def go_on(self, wish: effects.Continue) -> None:
        """Continue the turn; bring the session back first if nobody serves it."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._continue(wish), name=f"continue {wish.session.id}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(_noted)

    async def _continue(self, wish: effects.Continue) -> None:
        async with self._turnstile:
            await self._go_on(wish)
            await asyncio.sleep(self._pauses.between)
        await asyncio.sleep(self._pauses.shown_within)
        self._post(events.Unanswered(session_id=wish.session.id, number=wish.number, at=time.time()))

    async def _go_on(self, wish: effects.Continue) -> None:
        session = wish.session
        try:
            over = session.state in OVER
            if over:
                await self._resume(session.id)
                await self._until_seen(session.id)
            elif wish.cause is Cause.SILENT and session.state is State.WORKING:
                await self._interrupt(session)
            if not over or session.unfinished:
                when = "now" if session.state is State.CUT_OFF else "idle"
                await self._give(await self._prompt(session, wish.number, when=when))
        except WakelineError as trouble:
            note = f"{trouble.title} {trouble.hint}".strip()
            logger.warning("could not continue %s: %s", session.id, note)
            self._post(events.NotContinued(session_id=session.id, note=note, at=time.time()))

    async def _until_seen(self, session_id: str) -> None:
        """Agents take a while until they serve what they were started for."""
        try:
            async with asyncio.timeout(self._pauses.seen_within):
                while not self._lives(session_id):  # noqa: ASYNC110 -- it is nobody's event
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise Failed(
                "It was started again, and does not serve its session.", "See: wakeline attach"
            ) from None

    async def _prompt(self, session: Session, number: int, *, when: str) -> Prompt:
        """Its id is that of the attempt: whoever else goes on with it continues nothing twice."""
        text = await self._words(session)
        if not text:
            raise Refused("What was asked last is not known.", "Ask again by hand.")
        now = time.time()
        return Prompt(
            id=continuing(session, number),
            session_id=session.id,
            agent=session.agent,
            text=text,
            when=when,
            by=WAKELINE,
            at=now,
        )

    def close(self) -> None:
        """Wait for nothing more."""
        for session_id in tuple(self._reaching):
            self.stop(effects.StopReaching(session_id))
        for task in tuple(self._under_way):
            task.cancel()


def _noted(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (trouble := task.exception()):
        logger.error("could not %s", task.get_name(), exc_info=trouble)
