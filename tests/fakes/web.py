"""A web server of somebody else, which takes JSON and keeps it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Web:
    """A server of somebody else. *failing*: how many requests it refuses before it is well again."""

    port: int = 0
    failing: int = 0
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: int = 0

    def take(self, path: str, body: bytes) -> int:
        """One request; its status."""
        if self.failing:
            self.failing -= 1
            self.refused += 1
            return 500
        self.got.append((path, json.loads(body)))
        return 200


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    """Let it answer on the loopback."""

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One notice."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(web.take(self.path, body))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    web.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
