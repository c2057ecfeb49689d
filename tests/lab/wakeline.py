"""A real supervisor with a home of its own, and the real command line to ask it with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from supervisor.client import Client
from supervisor.core.errors import WakelineError
from tests.lab import homes
from tests.lab.waiting import until

ROOT = Path(__file__).parents[2]


class Wakeline:
    """One supervisor below *folder*, seeing only agents in *home* and processes below this one."""

    def __init__(self, folder: Path, home: Path, within: Sequence[str] = (), **environment: str) -> None:
        """Nothing runs yet. *within*: what stands before its command, to run it in another network."""
        self.folder = folder
        self._within = within
        self.environment: Mapping[str, str] = {
            **homes.environment(home),
            "WAKELINE_HOME": str(folder),
            "WAKELINE_DISCOVER_BELOW_PID": str(os.getpid()),
            "PYTHONPATH": str(ROOT),
            "XDG_RUNTIME_DIR": str(folder),
            **environment,
        }
        self.client = Client(folder / "run" / "api.sock")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The PID of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start it and wait until it answers."""
        self.begin()
        until(self.answers, saying=f"the supervisor answers; see {self.folder / 'output'}")
        return self

    def begin(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*self._within, sys.executable, "-m", "supervisor", "serve"],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Whether it can be reached."""
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text()
        try:
            self.client.get("/api/machine")
        except WakelineError:
            return False
        return True

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def command(self, *arguments: str) -> homes.Launch:
        """One command of the command line, for a terminal."""
        argv = (sys.executable, "-m", "supervisor", *arguments)
        return homes.Launch(argv=argv, env=self.environment, cwd=self.folder)

    def run(self, *arguments: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """One command of the command line, as a user gives it."""
        done = subprocess.run(
            [sys.executable, "-m", "supervisor", *arguments],
            env=dict(self.environment),
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        """The JSON document that a reading verb prints."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def sessions(self) -> list[dict[str, Any]]:
        """What the list shows."""
        sessions: list[dict[str, Any]] = self.client.get("/api/sessions")["sessions"]
        return sessions

    def session(self, **wanted: Any) -> dict[str, Any] | None:
        """The session that is as wanted, if there is one."""
        return next((s for s in self.sessions() if all(s[k] == v for k, v in wanted.items())), None)

    def wait_for(self, seconds: float = 60.0, **wanted: Any) -> dict[str, Any]:
        """Wait for a session that is as wanted."""
        try:
            found = until(lambda: self.session(**wanted), seconds)
        except AssertionError as late:
            told = [{key: s[key] for key in ("id", "state", "pid", "title")} for s in self.sessions()]
            raise AssertionError(f"no session with {wanted} within {seconds:g} s, but {told}") from late
        assert found is not None
        return found

    def __enter__(self) -> Self:
        """Started."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Ended, whatever happened."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def entries(wakeline: Wakeline, session_id: str) -> list[dict[str, Any]]:
    """The whole transcript, page by page."""
    found: list[dict[str, Any]] = []
    before = ""
    while True:
        page = wakeline.client.get(f"/api/sessions/{quote(session_id, safe='')}/entries?limit=5{before}")
        found = page["entries"] + found
        if page["before"] is None:
            return found
        before = f"&before={page['before']}"


def said(found: Sequence[dict[str, Any]], role: str) -> list[str]:
    """The texts that one side said."""
    return [entry["text"] for entry in found if entry["role"] == role and entry["kind"] == "text"]
