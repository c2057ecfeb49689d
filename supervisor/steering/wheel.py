"""What every screen may do to sessions: the parts of steering in one hand."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from supervisor.chores import Chores
from supervisor.core import effects
from supervisor.core.model import Job, Session
from supervisor.core.steering import Decision
from supervisor.remote.backend import Who
from supervisor.steering.jobs import JobWatch, Tail
from supervisor.steering.keyboard import Keyboard
from supervisor.steering.lives import Lives
from supervisor.steering.prompts import Prompts
from supervisor.steering.questions import Questions
from supervisor.steering.screens import Screens
from supervisor.steering.trash import Trash


class Wheel:
    """Satisfies ``remote.backend.Steer``; what its parts do is documented there and at them."""

    def __init__(
        self,
        *,
        keyboard: Keyboard,
        prompts: Prompts,
        questions: Questions,
        lives: Lives,
        trash: Trash,
        screens: Screens,
        jobs: JobWatch,
        session: Callable[[str], Awaitable[Session]],
        chores: Chores,
    ) -> None:
        """*session*: as every screen sees it, live or stored; *chores*: what the parts have under way."""
        self._questions = questions
        self._jobs = jobs
        self._session = session
        self.close = chores.close

        self.take_focus = keyboard.take_focus
        self.give_focus = keyboard.give_focus
        self.focus_lost = keyboard.focus_lost
        self.turned = keyboard.turned
        self.keys = keyboard.keys
        self.interrupt = keyboard.interrupt
        self.interrupt_silent = keyboard.interrupt_silent

        self.prompt = prompts.prompt
        self.change = prompts.change
        self.all_prompts = prompts.all_prompts
        self.given = prompts.given
        self.give = prompts.give
        self.words = prompts.words
        self.cancel = prompts.cancel
        self.keep = prompts.keep
        self.deliver = prompts.deliver

        self.pause = lives.pause
        self.go_on = lives.go_on
        self.stop = lives.stop
        self.resume = lives.resume
        self.take_over = lives.take_over
        self.reconnect = lives.reconnect
        self.lost = lives.lost
        self.recover = lives.recover

        self.discard = trash.discard
        self.trash = trash.trash
        self.restore = trash.restore

        self.screen = screens.screen
        self.fit = screens.fit
        self.scrollback = screens.scrollback

    # -- background jobs ------------------------------------------------------------------------

    async def jobs(self, session_id: str) -> Sequence[Job]:
        """The background jobs of a session as they are now, and those that have ended."""
        await self._session(session_id)
        return await self._jobs.of(session_id)

    async def job_output(self, session_id: str, pid: int, size: int) -> Tail:
        """The end of what a job has written."""
        return await self._jobs.tail(session_id, pid, size)

    # -- questions ------------------------------------------------------------------------------

    async def decide(self, approval_id: str, digest: str, decision: Decision, who: Who) -> None:
        """Answer a question."""
        del who
        await self._questions.decide(approval_id, digest, decision)

    def hook(self, agent: str, told: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """What an agent's hook is to print."""
        return self._questions.hook(agent, told)

    def withdraw(self, wish: effects.Withdraw) -> None:
        """A question is over."""
        self._questions.withdraw(wish.approval_id)
