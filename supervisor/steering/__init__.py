"""Does to sessions what screens ask for: types, answers, stops, brings back. Decides little itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from supervisor.agents.base import Agent, Processes
from supervisor.agents.steering import USUAL, Line, Steering
from supervisor.chores import Chores
from supervisor.core import events
from supervisor.core.desk import Desk
from supervisor.core.model import Page, Session
from supervisor.core.steering import Remains
from supervisor.environment import clean, of_login
from supervisor.steering.copies import Copies
from supervisor.steering.errands import Errands
from supervisor.steering.jobs import JobWatch
from supervisor.steering.keyboard import Keyboard
from supervisor.steering.lives import Lives
from supervisor.steering.living import is_attended
from supervisor.steering.panes import Panes
from supervisor.steering.processes import Doer, Start
from supervisor.steering.prompts import Prompts
from supervisor.steering.questions import Questions
from supervisor.steering.recovery import Recovery
from supervisor.steering.screens import Screens
from supervisor.steering.shelf import Shelf
from supervisor.steering.trash import Trash
from supervisor.steering.typist import Typist
from supervisor.steering.wheel import Wheel
from supervisor.terminal import Roll
from supervisor.terminal.view.views import Views


class Seen(Protocol):
    """What screens see of sessions."""

    async def session(self, session_id: str) -> Session:
        """One session, live or stored."""
        ...

    async def entries(self, session_id: str, before: int | None, limit: int) -> Page:
        """A page of its transcript."""
        ...


class Eyes(Protocol):
    """Who finds sessions."""

    def line(self, agent: str) -> Line:
        """The agent's own channel."""
        ...

    async def look_now(self, agent: str) -> None:
        """Look, and return when the desk knows."""
        ...

    def is_stored(self, session: Session) -> bool:
        """Whether the agent still has its transcript. May block."""
        ...

    async def remains(self, session: Session) -> Remains | None:
        """What is stored of it."""
        ...


def open_wheel(
    *,
    desk: Desk,
    post: Callable[[events.Event], None],
    agents: Mapping[str, tuple[Agent, Path]],
    seen: Seen,
    eyes: Eyes,
    processes: Processes,
    roll: Roll,
    start: Start,
    panes: Panes,
    views: Views,
    shelf: Shelf,
    copies: Copies,
    jobs: JobWatch,
    hook: Sequence[str],
) -> Wheel:
    """Put the parts of steering together. See ``processes.Doer`` for *start* and *hook*."""

    steering = partial(_steering, agents)
    chores = Chores()
    typist = Typist(roll, panes, steering)
    doer = Doer(
        session=seen.session,
        steering=steering,
        processes=processes,
        roll=roll,
        start=start,
        looks=eyes,
        environment=of_login,
        clean=clean,
        hook=hook,
        spares=lambda process: any(agent.steering.spares(process) for agent, _ in agents.values()),
    )
    return Wheel(
        keyboard=Keyboard(
            desk=desk,
            post=post,
            line=eyes.line,
            steering=steering,
            typist=typist,
            roll=roll,
            chores=chores,
        ),
        prompts=Prompts(
            desk=desk,
            post=post,
            entries=seen.entries,
            steering=steering,
            line=eyes.line,
            typist=typist,
            jobs=jobs,
            kept=shelf,
            chores=chores,
        ),
        questions=_questions(desk=desk, post=post, steering=steering, line=eyes.line, shelf=shelf, roll=roll),
        lives=Lives(
            desk=desk,
            post=post,
            session=seen.session,
            line=eyes.line,
            doer=doer,
            recovery=Recovery(
                sessions=desk.sessions.values, is_stored=eyes.is_stored, copies=copies, resume=doer.resume
            ),
        ),
        trash=Trash(
            post=post,
            session=seen.session,
            steering=steering,
            remains=eyes.remains,
            bin_=shelf,
            copies=copies,
            errands=Errands(of_login),
        ),
        screens=Screens(desk, roll, views),
        jobs=jobs,
        session=seen.session,
        chores=chores,
    )


def _steering(agents: Mapping[str, tuple[Agent, Path]], agent: str) -> Steering:
    return agents[agent][0].steering if agent in agents else USUAL


def _questions(
    *,
    desk: Desk,
    post: Callable[[events.Event], None],
    steering: Callable[[str], Steering],
    line: Callable[[str], Line],
    shelf: Shelf,
    roll: Roll,
) -> Questions:
    def agent_of(session_id: str) -> str:
        session = desk.sessions.get(session_id)
        return session.agent if session else ""

    return Questions(
        steering=steering,
        line=line,
        agent_of=agent_of,
        find=desk.helm.question,
        post=post,
        keep=lambda approval, words: shelf.keep_words(approval.id, approval.digest, words),
        kept=shelf.words,
        attended=partial(is_attended, desk, roll),
    )


__all__ = ["Copies", "Panes", "Shelf", "Wheel", "open_wheel"]
