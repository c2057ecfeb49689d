"""kill -9 of the supervisor, again and again, while an agent is steered through it."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import os
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import psutil

from supervisor.core.errors import Unreachable
from tests.end_to_end.steered import Held, InTerminal, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.wakeline import Wakeline

#: All of them where every submission is tested; a sample at a desk.
KILLS = 200 if os.environ.get("CI") == "true" else 20


class Writer(threading.Thread):
    """Gives prompts one after the other, as a phone does that never gives up. Owner: the test."""

    def __init__(self, wakeline: Wakeline, session_id: str) -> None:
        """Begins with ``start``."""
        super().__init__(daemon=True)
        self._client = wakeline.client
        self._path = f"/api/sessions/{quote(session_id, safe='')}"
        self._enough = threading.Event()
        self.confirmed: list[str] = []

    def run(self) -> None:
        """Until it is told that this is enough."""
        while not self._enough.is_set():
            text = f"number {len(self.confirmed)}\nof many"
            prompt = {"text": text, "when": "idle"}
            given = self._insist(partial(self._client.post, f"{self._path}/prompt", prompt))
            while self._state(given["prompt"]["id"]) != "taken":
                time.sleep(0.02)
            self.confirmed.append(text)

    def finish(self) -> None:
        """Finish the one that is under way."""
        self._enough.set()
        self.join(120)
        assert not self.is_alive(), f"{len(self.confirmed)} prompts were taken, and then none"

    def _state(self, prompt: str) -> str:
        told = self._insist(lambda: self._client.get(f"{self._path}/prompts/{prompt}"))
        assert told["state"] not in {"refused", "cancelled"}, told
        return str(told["state"])

    def _insist(self, ask: Callable[[], Any]) -> Any:
        while True:
            try:
                return ask()
            except Unreachable:
                time.sleep(0.02)


def test_no_kill_of_the_supervisor_loses_or_doubles_a_prompt(
    in_terminal: InTerminal, fake_anthropic: Server, needs_claude: None
) -> None:
    """The agent lives, and its conversation is what was confirmed, each once and in order."""
    del needs_claude
    chance = random.Random(11)
    with wakeline_in() as wakeline:
        folder = wakeline.folder.parent
        held = Held(
            wakeline, homes.claude(folder / "home", folder / "project", fake_anthropic.url), in_terminal
        )
        session = held.session(state="idle", kind="hosted")
        agent = psutil.Process(session["pid"])
        writer = Writer(wakeline, session["id"])
        writer.start()
        wakeline.kill()

        for _ in range(KILLS):
            # Each fourth dies while it starts, the others while they work.
            if chance.random() < 0.25:
                wakeline.begin()
            else:
                wakeline.start()
            time.sleep(chance.random() * 0.6)
            wakeline.kill()
        wakeline.start()
        writer.finish()

        held.terminal.wait_for(f"number {len(writer.confirmed) - 1}")
        assert agent.is_running()
        assert held.session(state="idle", kind="hosted")["pid"] == agent.pid
        assert held.said("user") == writer.confirmed
        assert len(writer.confirmed) > KILLS // 20, "hardly anything was written"
