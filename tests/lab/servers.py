"""Fake model servers on loopback, each a process of its own that ends with its test."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.homes import Launch

HERE = Path(__file__).parent
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Server:
    """A running fake server. What it can do stands at the head of its module."""

    url: str

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Talk to its control endpoints (``/__state``, ``/__log``, …): GET, or POST with a body."""
        data = None if body is None else json.dumps(body).encode()
        with DIRECT.open(urllib.request.Request(self.url + path, data=data), timeout=60) as answer:
            return json.loads(answer.read())

    def fault(self, kind: str, **details: Any) -> None:
        """Let the next requests fail (fake_anthropic only)."""
        self.ask("/__fault", {"kind": kind, **details})


@contextmanager
def serve(name: str, within: Launch | None = None) -> Iterator[Server]:
    """Run ``fake_NAME.py`` on a free port.

    *within*: a program in front of it, such as one that enters a network namespace.
    """
    front = within.argv if within else ()
    command = [*front, sys.executable, str(HERE / f"fake_{name}.py"), "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = process.stdout.readline().split()
            assert ready[:1] == ["READY"], f"fake_{name}.py did not start"
            yield Server(ready[1])
        finally:
            process.kill()
