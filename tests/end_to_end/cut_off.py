"""One agent under ``wakeline run``, cut off half-way through its task, and what came of it."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.end_to_end.steered import Held, InTerminal, home_of
from tests.lab import cutting
from tests.lab.diary import Diary, Told, diary
from tests.lab.gate import Gate
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline, entries, said

CONTINUES: Final = "Continue from where you left off."


@dataclass
class Story:
    """An agent with its task behind a gate. Owner: the test."""

    wakeline: Wakeline
    agent: str
    way: Gate | Server
    task: cutting.Task
    held: Held
    diary: Diary

    @property
    def gate(self) -> Gate:
        """The gate before its model."""
        assert isinstance(self.way, Gate)
        return self.way

    def begin(self) -> None:
        """Give it the task, at its own keyboard, and see the first step done."""
        if self.agent == "claude":
            self.wakeline.wait_for(agent=self.agent, cwd=str(self.held.cwd), state="idle")
        else:
            self.held.terminal.wait_for(cutting.READY[self.agent], 180)
            self.held.terminal.settle(1.0)
        self.held.terminal.prompt(self.task.words)
        until(lambda: self.task.so_far() == f"{cutting.FIRST}\n", 180)

    def fail(self, reason: cutting.Reason) -> None:
        """Let what is asked next fail in that way."""
        self.gate.fail(reason.fault, **reason.details)
        self.go_on()

    def go_on(self) -> None:
        """Let the first step end, once it was seen that the agent works at it.

        Some agents do not wait for the end of a long step: what is to go wrong goes wrong already.
        """
        self.diary.find(
            lambda told: told.get("cwd") == str(self.held.cwd) and told["state"] == "working", 180
        )
        self.task.go_on()

    def session(self, **wanted: Any) -> dict[str, Any]:
        """Its session, when it is as wanted. Agents have a long patience of their own."""
        return self.wakeline.wait_for(180, agent=self.agent, cwd=str(self.held.cwd), **wanted)

    def cut_off_by(self, reason: cutting.Reason) -> dict[str, Any]:
        """Its way back, when it says that reason; an agent may tell later why than that it failed.

        Whose patience is endless is not cut off: it is seen that nothing moves.
        """
        at_prompt = self.agent not in reason.endless

        def says_so(told: Told) -> bool:
            link = told.get("reconnect") or {}
            stands = told.get("cwd") == str(self.held.cwd) and (told["state"] == "cut_off" or not at_prompt)
            return stands and link.get("reason") == reason.cause

        return dict(self.diary.find(says_so, 180)["reconnect"])

    def finished(self) -> None:
        """Wait until the task is done, and the agent at rest."""
        until(lambda: self.task.so_far() == cutting.DONE, 180, f"{self.task.so_far()!r}: both steps, once")
        self.session(state="idle")

    def continued(self, back: float) -> int:
        """How often it was told to go on: with its model there, once at most, and never anything else."""
        told = self.told()
        assert set(told) == {CONTINUES}, f"it was told {told}"
        assert len(self.told(back)) <= 1, f"it was told twice with the model there: {told}"
        return len(told)

    def worked_again(self, since: float) -> float:
        """The seconds from then until its model was asked, and answered."""
        return until(lambda: self.gate.passed(since), 180)[0] - since

    def alone_for(self, seconds: float) -> bool:
        """Whether it goes on within that time."""
        with contextlib.suppress(AssertionError):
            until(lambda: self.task.so_far() == cutting.DONE, seconds)
        return self.task.so_far() == cutting.DONE

    def told(self, since: float = 0.0) -> list[str]:
        """What stands in its transcript as said by the user, without the task; from that time on."""
        all_entries = entries(self.wakeline, self.session()["id"])
        late_enough = [entry for entry in all_entries if _time(entry) >= since]
        return [words for words in said(late_enough, "user") if words != self.task.words]


def _time(entry: dict[str, Any]) -> float:
    return datetime.fromisoformat(entry["at"]).timestamp() if entry["at"] else 0.0


@contextmanager
def cut_off(
    wakeline: Wakeline, agent: str, way: Gate | Server, name: str, in_terminal: InTerminal
) -> Iterator[Story]:
    """An agent in a folder of its own; it is stopped at the end. *way*: to its model."""
    folder = wakeline.folder.parent / name
    held = Held(wakeline, cutting.launch(agent, home_of(wakeline), folder, way.url), in_terminal)
    task = cutting.Task(agent, folder)
    try:
        with diary(wakeline.client) as told:
            yield Story(wakeline, agent, way, task, held, told)
    finally:
        if session := wakeline.session(agent=agent, cwd=str(folder)):
            wakeline.run("stop", session["id"], check=False)
