"""What Claude Code 2.1.329 wrote, put in place as a test wants it."""

import json
from pathlib import Path
from typing import Any

from supervisor.core.model import Process, Run

DATA = Path(__file__).parents[3] / "data" / "claude"
SESSION = "57b70e53-75e1-4bad-9b35-f3dd7052f367"
#: Above what any system gives out: no real process is ever mistaken for it.
PID = 4_999_999


def process(*argv: str, pid: int = PID, started_at: float = 1_795_239_593.0, parent: int = 1) -> Process:
    """A process of a test, by default one that can have written the recorded files."""
    return Process(
        run=Run(pid, started_at), parent_pid=parent, argv=argv or ("claude",), cwd="/home/user/project"
    )


def register(home: Path, recorded: str = "idle", pid: int = PID, **changes: Any) -> dict[str, Any]:
    """Put a recorded registry file in place, as that of *pid*, with a few changes."""
    words: dict[str, Any] = json.loads((DATA / "sessions" / f"{recorded}.json").read_bytes())
    words |= {"pid": pid, "pidDomain": None, **changes}
    path = home / "sessions" / f"{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(words))
    return words


def store(home: Path, session_id: str = SESSION, project: str = "-home-user-project") -> Path:
    """Put a recorded conversation in place."""
    path = home / "projects" / project / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((DATA / "transcripts" / "normal.jsonl").read_bytes())
    return path


def recorded(name: str) -> list[dict[str, Any]]:
    """The lines of a recorded conversation."""
    text = (DATA / "transcripts" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
