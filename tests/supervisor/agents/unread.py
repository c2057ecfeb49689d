"""What tests of agents ask that are only seen by their processes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from supervisor.agents.unread import Unread
from supervisor.core.model import Sighting
from tests.fakes.processes import process, world


class Module(Protocol):
    """A module of such an agent."""

    @property
    def AGENT(self) -> Unread:  # noqa: N802  its name there
        """The agent."""
        ...


def nothing() -> Path:
    """A home with nothing in it."""
    return Path("/nonexistent")


def seen(module: Module, *argv: str) -> Sequence[Sighting]:
    """What is seen while only this runs."""
    return module.AGENT.look(nothing(), world(process(*argv)))


def ids(module: Module, *argv: str) -> list[str | None]:
    """The same, by ids alone."""
    return [one.session_id for one in seen(module, *argv)]
