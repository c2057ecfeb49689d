"""Real agents, as a phone sees them."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import asyncio
import contextlib
import json
from pathlib import Path

from supervisor import programs
from supervisor.terminal import wire
from supervisor.terminal.view import keys
from supervisor.terminal.view.views import View, Views
from tests.lab import homes
from tests.lab.fixtures import needs
from tests.lab.held import Held
from tests.lab.servers import Server, serve

pytestmark = pytest.mark.anyio

#: Agent → its fake server, what stands there when it takes prompts, a prompt, and a part of the answer.
AGENTS = {
    "claude": ("anthropic", "manual mode on", "SCENARIO:slow:50:40", "charlie"),
    "codex": ("openai", "fake-model", "hello %%slow:1%%", "word3"),
    "opencode": ("openai", "fake", "hello %%slow:1%%", "word3"),
}


class Phone:
    """What stands on it."""

    def __init__(self, looking: View) -> None:
        """Nothing yet."""
        self.view = looking
        self._frames = looking.frames()
        self._rows: dict[int, str] = {}
        self.size = (0, 0)

    async def wait_for(self, words: str, seconds: float = 60.0) -> None:
        """Take frames until these are on the screen."""
        async with asyncio.timeout(seconds):
            while words not in "\n".join(self._rows.values()):
                await self._next()

    async def rests(self) -> None:
        """Take frames until none comes for a moment."""
        with contextlib.suppress(TimeoutError):
            for _ in range(50):
                async with asyncio.timeout(0.4):
                    await self._next()

    async def _next(self) -> None:
        frame = await anext(self._frames)
        self.size = frame.picture.size
        kept = {} if frame.whole else {row - frame.scrolled: text for row, text in self._rows.items()}
        changed = {row: json.loads(b"[%b]" % said)[0] for row, said in frame.rows.items()}
        self._rows = kept | {row: "".join(run[0] for run in runs) for row, runs in changed.items()}


def launch(agent: str, home: Path, folder: Path, server: Server) -> homes.Launch:
    """How it is started in that folder, which it trusts."""
    made = {"claude": homes.claude, "codex": homes.codex, "opencode": homes.opencode}[agent]
    started = made(home, folder, server.url)
    return started.plus("--permission-mode", "manual") if agent == "claude" else started


@pytest.mark.parametrize("agent", AGENTS)
async def test_an_agents_screen_is_followed_from_afar(agent: str, held: Held, tmp_path: Path) -> None:
    """Its start, what is typed, its answer, and its screen in another size."""
    needs(agent)
    fake, ready, prompt, answer = AGENTS[agent]
    views = Views(held.folder, programs.painter_command)
    with serve(fake) as server:
        started = launch(agent, tmp_path, held.folder, server)
        caller = held.run(*started.argv, looks=True, size=(30, 100), **started.env)
        phone = Phone(await views.open(caller.hello.id.decode()))
        await phone.wait_for(ready)
        await phone.rests()

        caller.type(b"\x1b[200~" + keys.text(prompt) + b"\x1b[201~")
        await phone.wait_for(prompt[:10])
        await phone.rests()
        caller.type(keys.encode("Enter", phone.view.modes))
        await phone.wait_for(answer)
        caller.say(wire.Resize(20, 60))
        await phone.rests()
        await phone.wait_for(answer)

        assert phone.size == (20, 60)

        await phone.view.close()
        await views.close()
