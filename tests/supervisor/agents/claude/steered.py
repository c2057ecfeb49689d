"""Claude Code in a real terminal, started as we start it, with a supervisor's door for its hooks."""

import sys

assert sys.platform != "win32"

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from supervisor import programs
from supervisor.agents import claude
from supervisor.core.model import Sighting, Sign
from supervisor.core.steering import Approval, Decision, Launch, Verdict
from tests.lab import homes
from tests.lab.processes import Below
from tests.lab.route import Asked, Route
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

PROCESSES = Below()
ALLOW = Decision(verdict=Verdict.ALLOW)
DIALOG = "Do you want to proceed?"

InTerminal = Callable[[homes.Launch], Terminal]


class Desk:
    """One home with Claude Code in it, and a supervisor's door."""

    def __init__(self, home: Path, launch: homes.Launch, start: InTerminal, route: Route) -> None:
        """Nothing runs yet."""
        self.home = home
        self.project = launch.cwd
        self.launch = launch
        self.route = route
        self._start = start

    @property
    def settings(self) -> Path:
        """The user's settings."""
        return claude.steering.hook_file(self.home / ".claude")

    def prepared(self, *arguments: str) -> homes.Launch:
        """What is started when a person starts it with these arguments."""
        command = Launch(
            argv=(*self.launch.argv, *arguments), environment=self.launch.env, cwd=str(self.project)
        )
        done = claude.steering.prepare(command, programs.hook_command(self.route.place))
        return replace(self.launch, argv=done.argv, env=done.environment)

    def begin(self, *arguments: str, mode: str = "manual") -> Terminal:
        """Start it and wait until it takes prompts."""
        return self.run(self.prepared("--permission-mode", mode, *arguments), mode)

    def run(self, launch: homes.Launch, mode: str = "manual") -> Terminal:
        """Start exactly this and wait until it takes prompts."""
        terminal = self._start(launch)
        self.seen(Sign.IDLE, terminal)
        terminal.wait_for(f"{mode} mode on")
        terminal.settle()
        return terminal

    def seen(self, sign: Sign, of: Terminal) -> Sighting:
        """Wait until its session is seen with this sign."""

        def right() -> list[Sighting]:
            sightings = claude.look(self.home / ".claude", PROCESSES)
            return [one for one in sightings if one.alive and one.sign is sign and one.run.pid == of.pid]

        return until(right, saying=f"the session is {sign}")[0]

    def lines(self) -> list[dict[str, Any]]:
        """Its one conversation, line by line."""
        found = list(claude.transcripts(self.home / ".claude"))
        if not found:
            return []
        whole = Path(found[0].where).read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def results(self) -> list[str]:
        """What the model was told of its tools, one after the other."""
        blocks = [block for line in self.lines() if line["type"] == "user" for block in _blocks(line)]
        return [_text(block.get("content")) for block in blocks if block.get("type") == "tool_result"]

    def prompts(self) -> list[str]:
        """What people said to it."""
        said = [line["message"]["content"] for line in self.lines() if line["type"] == "user"]
        return [text for text in said if isinstance(text, str)]


def _blocks(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = line["message"]["content"]
    return content if isinstance(content, list) else []


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def question(asked: Asked) -> Approval:
    """What a person is asked."""
    found = claude.steering.asked(asked.document, time.time())
    assert found is not None
    return found


def answer(asked: Asked, decision: Decision) -> None:
    """Answer as the supervisor does."""
    asked.answer(claude.steering.decided(question(asked), asked.document, decision))


def tools(*uses: tuple[str, Mapping[str, Any]]) -> str:
    """A prompt after which the model uses these tools at once."""
    listed = [{"name": name, "input": arguments} for name, arguments in uses]
    return f"SCENARIO:script {json.dumps([{'text': 'Now.', 'tools': listed}])}"


def bash(*commands: str) -> str:
    """A prompt after which the model wants to run these."""
    return tools(*(("Bash", {"command": command, "description": f"Runs {command}"}) for command in commands))


def sub_agent(command: str) -> tuple[str, Mapping[str, Any]]:
    """A sub-agent that wants to run something."""
    task = {"description": "sub", "prompt": f"SCENARIO:bash {command}", "subagent_type": "general-purpose"}
    return "Agent", task


def give(terminal: Terminal, text: str) -> None:
    """Type a prompt as the supervisor does."""
    pieces = claude.steering.pastes(claude.steering.as_text(text))
    terminal.press("".join(f"\x1b[200~{piece}\x1b[201~" for piece in pieces))
    terminal.settle(claude.steering.typing.settle)
    terminal.press("\r")
