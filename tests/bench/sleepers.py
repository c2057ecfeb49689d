"""Live Claude Code sessions without Claude Code: real processes, real registry files, real transcripts."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRANSCRIPTS = Path(__file__).parents[1] / "data" / "claude" / "transcripts"
RECORDED = _TRANSCRIPTS / "normal.jsonl"
CUT_OFF = _TRANSCRIPTS / "api-error-connection-refused.jsonl"


@dataclass(frozen=True, slots=True)
class Sleeper:
    """One session: its id, its transcript and its folder."""

    session_id: str
    transcript: Path
    #: As its registry has it, and each line of its transcript.
    cwd: str

    def say(self, text: str) -> None:
        """Append what the agent said, as it would."""
        with self.transcript.open("ab", buffering=0) as file:
            file.write(answer(self.session_id, text))

    def fail(self) -> None:
        """Append what Claude Code writes when it has given up on its model."""
        lines = (json.loads(line) for line in CUT_OFF.read_bytes().splitlines())
        last = [line for line in lines if line.get("isApiErrorMessage")][-1]
        with self.transcript.open("ab", buffering=0) as file:
            ids = {"sessionId": self.session_id, "cwd": self.cwd, "uuid": str(uuid.uuid4())}
            file.write(encoded({**last, **ids}))


@contextmanager
def sleepers(home: Path, number: int, **environment: str) -> Iterator[Sequence[Sleeper]]:
    """So many live sessions below *home*, until the end of the context."""
    processes = [
        subprocess.Popen(["sleep", "3600"], env={**os.environ, **environment}) for _ in range(number)
    ]
    try:
        yield [register(home, process.pid) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def register(home: Path, pid: int) -> Sleeper:
    """Write the files that Claude Code writes for a session that is at its prompt."""
    session_id = str(uuid.uuid4())
    transcript = store(home, session_id, cwd=str(home))
    started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    words = {
        "pid": pid,
        "sessionId": session_id,
        "cwd": str(home),
        "startedAt": 0,
        "procStart": started,
        "version": "2.1.329",
        "kind": "interactive",
        "entrypoint": "cli",
        "status": "idle",
    }
    registry = home / ".claude" / "sessions"
    registry.mkdir(parents=True, exist_ok=True)
    (registry / f"{pid}.json").write_text(json.dumps(words))
    return Sleeper(session_id, transcript, str(home))


def store(home: Path, session_id: str, folder: str = "-bench", cwd: str = "/home/user/project") -> Path:
    """A stored conversation, as recorded from the real program."""
    path = home / ".claude" / "projects" / folder / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.loads(line) for line in RECORDED.read_bytes().splitlines())
    ids = {"sessionId": session_id, "cwd": cwd}
    lines = ({**line, **{name: ids[name] for name in ids.keys() & line.keys()}} for line in lines)
    path.write_bytes(b"".join(map(encoded, lines)))
    return path


def answer(session_id: str, text: str) -> bytes:
    """One line of an assistant's answer."""
    content = [{"type": "text", "text": text}]
    message = {"id": f"msg_{uuid.uuid4().hex}", "role": "assistant", "model": "m", "content": content}
    return encoded(
        {
            "type": "assistant",
            "uuid": str(uuid.uuid4()),
            "sessionId": session_id,
            "timestamp": "2026-01-31T12:00:00.000Z",
            "message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}},
        }
    )


def encoded(line: dict[str, Any]) -> bytes:
    """One line of a file."""
    return json.dumps(line).encode() + b"\n"


if sys.platform != "linux":
    raise SystemExit("the benchmarks read /proc: run them on Linux")
