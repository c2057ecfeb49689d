"""A task that an agent is cut off from half-way: two steps on disk, and what may go wrong between them.

Each step adds one line to a file, so that a step that is missing or done twice is seen.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.lab import homes

AGENTS: Final = ("claude", "codex", "opencode")
#: What an agent shows when it can be typed at.
READY: Final = {"claude": "for shortcuts", "codex": "fake-model", "opencode": "Ask anything"}
FIRST, SECOND = "one", "two"
DONE: Final = f"{FIRST}\n{SECOND}\n"
#: Milliseconds after which an agent asks again, where it lets itself be told.
_SOON: Final = {"retry-after": "1", "retry-after-ms": "100"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What goes wrong. *heals*: the agent itself goes on, and nothing of ours is wanted."""

    fault: str
    details: Mapping[str, Any] = field(default_factory=dict)
    #: What the session says of it.
    cause: str = ""
    heals: frozenset[str] = frozenset()
    #: Only a person can help.
    told: bool = False
    #: Whose own patience with it is endless, or cannot be cut short: its turn goes on, and nothing moves.
    endless: frozenset[str] = frozenset()


def _status(status: int, **headers: str) -> Mapping[str, Any]:
    return {"status": status, "headers": {**_SOON, **headers}}


REASONS: Final[Mapping[str, Reason]] = {
    "refused": Reason(fault="refused", cause="network unreachable"),
    "reset": Reason(fault="reset", cause="connection dropped"),
    "unheard": Reason(fault="unheard", cause="no answer", endless=frozenset({"codex"})),
    "silent": Reason(fault="silent", cause="no answer", endless=frozenset({"claude"})),
    "delayed": Reason(fault="delayed", heals=frozenset(AGENTS)),
    "429": Reason(fault="status", details=_status(429), cause="rate limit"),
    "500": Reason(fault="status", details=_status(500), cause="server error"),
    "529": Reason(fault="status", details=_status(529), cause="overloaded"),
    "401": Reason(fault="status", details=_status(401), cause="authentication", told=True),
}


class Task:
    """What the agent is asked to do in its folder. Owner: the test."""

    def __init__(self, agent: str, folder: Path) -> None:
        """*folder*: where the agent works."""
        self.agent = agent
        self.made = folder / "made"
        self._go = folder / "go"
        for name, more in ((FIRST, "until [ -e go ]; do sleep 0.05; done\n"), (SECOND, "")):
            homes.write(folder / f"{name}.sh", f"echo {name} >> made\n{more}")

    @property
    def words(self) -> str:
        """The prompt."""
        commands = [f"sh {name}.sh" for name in (FIRST, SECOND)]
        if self.agent == "claude":
            steps = [{"tool": "Bash", "input": {"command": command}} for command in commands]
            return f"SCENARIO:script {json.dumps(steps)}"
        return f"do %%tools:{';;'.join(commands)}%%"

    def so_far(self) -> str:
        """What stands in the file."""
        return self.made.read_text() if self.made.exists() else ""

    def go_on(self) -> None:
        """Let the first step end: the next thing the agent does is to ask its model."""
        self._go.touch()


def launch(agent: str, home: Path, project: Path, url: str) -> homes.Launch:
    """The agent with its model at *url*; it may run what it likes, and gives up soon."""
    return _LAUNCHES[agent](home, project, url)


def _claude(home: Path, project: Path, url: str) -> homes.Launch:
    impatient = {
        "CLAUDE_CODE_RETRY_WATCHDOG": "0",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "API_TIMEOUT_MS": "4000",
    }
    return homes.claude(home, project, url).plus(
        "--permission-mode", "acceptEdits", "--allowedTools", "Bash", **impatient
    )


def _codex(home: Path, project: Path, url: str) -> homes.Launch:
    made = homes.codex(home, project, url)
    config = home / ".codex" / "config.toml"
    told = config.read_text().replace(
        'wire_api = "responses"\n',
        'wire_api = "responses"\nrequest_max_retries = 1\nstream_max_retries = 1\n'
        "stream_idle_timeout_ms = 4000\n",
    )
    homes.write(config, f"{told}[features]\nplugins = false\nunbounded_connection_retries = false\n")
    return made.plus("--dangerously-bypass-approvals-and-sandbox")


def _opencode(home: Path, project: Path, url: str) -> homes.Launch:
    made = homes.opencode(home, project, url)
    path = home / ".config" / "opencode" / "opencode.json"
    config = json.loads(path.read_text())
    config["provider"]["fake"]["options"] |= {"timeout": 4000, "chunkTimeout": 4000}
    homes.write(path, json.dumps(config))
    return made


_LAUNCHES: Final[Mapping[str, Callable[[Path, Path, str], homes.Launch]]] = {
    "claude": _claude,
    "codex": _codex,
    "opencode": _opencode,
}
