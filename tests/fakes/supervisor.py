"""A supervisor that speaks the API on a Unix socket and has only what a test gives it."""

import sys

assert sys.platform != "win32"

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from queue import SimpleQueue
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]

#: A long poll; and what a test waits for.
WAIT_SECONDS, PATIENCE = 15.0, 60.0


def session(session_id: str, **fields: Any) -> Json:
    """A session as the API tells it, with what every one has."""
    usual: Json = {
        "id": session_id,
        "agent": "claude",
        "agent_version": "2.1.4",
        "model": "claude-opus-4-5",
        "title": f"Session {session_id}",
        "pid": 4242,
        "cwd": "/home/me/wakeline",
        "state": "working",
        "since": "2026-03-01T12:00:00Z",
        "resume_command": f"cd /home/me/wakeline && claude --resume {session_id}",
        "approval": None,
        "reconnect": None,
        "jobs": 0,
        "kind": "seen",
        "terminal": None,
        "keeps_awake": False,
    }
    return usual | fields


#: A notice as the API tells it.
NOTICE: Json = {
    "id": "n",
    "kind": "needs_you",
    "level": "full",
    "session": "a",
    "sessions": ["a"],
    "approval": None,
    "title": "“Session a” needs you",
    "text": "claude · wakeline",
    "at": "2026-03-01T12:00:00Z",
    "count": 1,
    "urgent": True,
    "silent": False,
    "rang": True,
    "withdrawn": False,
}


def asking(session_id: str, command: str, **fields: Any) -> Json:
    """A session that asks whether it may run this."""
    asked: Json = {
        "id": f"q-{session_id}",
        "digest": f"digest of {command}"[:64],
        "summary": "permission",
        "tool": "Bash",
        "text": command,
        "questions": [],
        "answerable": True,
    } | fields
    return session(
        session_id, state="needs_you", approval=asked, approvals=[asked], can=["interrupt", "stop"]
    )


NO_DIALOG: Json = {"version": 0, "state": "none", "url": None, "addresses": [], "numbers": []}


@dataclass
class Supervisor:
    """What it knows, what it was asked. Fields may be changed while it runs; ``publish`` tells clients."""

    sessions: list[Json] = field(default_factory=list)
    awake: Json = field(default_factory=lambda: {"mode": "auto", "held": False, "reasons": []})
    devices: list[Json] = field(default_factory=list)
    notices: list[Json] = field(default_factory=list)
    on_desktop: bool = True
    dialog: Json = field(default_factory=lambda: dict(NO_DIALOG))
    #: How a dialog begins, once somebody opens it.
    opened: Json = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    #: Answer nothing, as if it were gone.
    refusing: bool = False
    _news: threading.Condition = field(default_factory=threading.Condition)
    _streams: list[SimpleQueue[tuple[str, Any] | None]] = field(default_factory=list)
    _numbers: int = 0

    def publish(self, topic: str, data: Any) -> None:
        """Send an event to everybody who follows."""
        with self._news:
            for stream in self._streams:
                stream.put((topic, data))

    def hang_up(self) -> None:
        """End all streams, as a supervisor that stops does."""
        with self._news:
            for stream in self._streams:
                stream.put(None)
            self._streams.clear()

    def put(self, *sessions: Json) -> None:
        """Change or add sessions, and tell."""
        for changed in sessions:
            others = [one for one in self.sessions if one["id"] != changed["id"]]
            self.sessions = [*others, changed]
            self.publish("session", changed)

    def tell(self, **fields: Any) -> Json:
        """Tell a notice, or what has become of it."""
        notice = next((one for one in self.notices if one["id"] == fields["id"]), NOTICE) | fields
        self.notices = [notice, *(one for one in self.notices if one["id"] != notice["id"])]
        self.publish("notice", notice)
        return notice

    def set_dialog(self, **fields: Any) -> None:
        """The pairing dialog goes on."""
        with self._news:
            self.dialog = self.dialog | fields | {"version": self.dialog["version"] + 1}
            self._news.notify_all()

    def was_asked(self, verb: str, path: str) -> Any:
        """Wait for a request and return its body; AssertionError if it does not come."""

        def found() -> list[Any]:
            return [body for done, where, body in self.asked if (done, where) == (verb, path)]

        with self._news:
            assert self._news.wait_for(found, PATIENCE), f"no {verb} {path} in {self.asked}"
        return found()[-1]

    # What the server asks of it.

    def hello(self) -> Json:
        """A picture of everything."""
        machine = {"id": "m", "hostname": "lighthouse"}
        return {"epoch": "e", "seq": 0, "machine": machine, "sessions": self.sessions, "awake": self.awake}

    def follow(self) -> Iterator[tuple[str, Any]]:
        """The events for one client."""
        stream: SimpleQueue[tuple[str, Any] | None] = SimpleQueue()
        with self._news:
            self._streams.append(stream)
            stream.put(("hello", self.hello()))
        while (event := stream.get()) is not None:
            yield event

    def answer(self, verb: str, path: str, query: Mapping[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and JSON for a request."""
        with self._news:
            self.asked.append((verb, path, body))
            self._news.notify_all()
        answers: Mapping[tuple[str, str], Callable[[], Any]] = {
            ("GET", "/api/machine"): lambda: {"hostname": "lighthouse"},
            ("GET", "/api/devices"): lambda: {"devices": self.devices},
            ("GET", "/api/notices"): lambda: {"notices": self.notices, "on_desktop": self.on_desktop},
            ("POST", "/api/recovery"): lambda: {"resuming": []},
            ("GET", "/api/sessions"): lambda: {"sessions": self.sessions, "next": None},
            ("PUT", "/api/awake"): lambda: self._set_awake(body),
            ("POST", "/api/shutdown"): dict,
            ("POST", "/api/pair/dialog"): lambda: self._open(body),
            ("GET", "/api/pair/dialog"): lambda: self._wait(int(query.get("after", ["0"])[0])),
            ("POST", "/api/pair/dialog/choice"): lambda: self.dialog,
            ("DELETE", "/api/pair/dialog"): self._close,
        }
        if found := answers.get((verb, path)):
            return 200, found()
        if verb == "DELETE" and path.startswith("/api/devices/"):
            self.devices = [one for one in self.devices if one["id"] != path.rpartition("/")[2]]
            return 204, None
        if verb == "POST" and path.startswith("/api/approvals/"):
            return 204, None
        return self._of_session(path.removeprefix("/api/sessions/"))

    def _of_session(self, rest: str) -> tuple[int, Any]:
        session_id, _, more = rest.partition("/")
        for one in self.sessions:
            if one["id"] == unquote(session_id):
                command = {"command": one["resume_command"], "argv": [], "safe": True}
                return 200, command if more == "resume-command" else one
        problem = {"title": "No session has that id", "status": 404, "detail": "See `wakeline ls`."}
        return 404, problem

    def _set_awake(self, body: Json) -> Json:
        self.awake = self.awake | {"mode": body["mode"]}
        self.publish("awake", self.awake)
        return self.awake

    def _open(self, body: Json) -> Json:
        self.set_dialog(**{"state": "open", "numbers": []} | self.opened | body)
        return self.dialog

    def _wait(self, version: int) -> Json:
        with self._news:
            self._news.wait_for(lambda: self.dialog["version"] != version, WAIT_SECONDS)
            return self.dialog

    def _close(self) -> None:
        self.set_dialog(state="none")


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    supervisor: Supervisor


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        if self.server.supervisor.refusing:
            self.close_connection = True
            return
        with suppress(BrokenPipeError):  # windows that are closed do not wait for answers
            self._answer()

    def _answer(self) -> None:
        url, length = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        if url.path == "/api/events":
            self._stream()
            return
        status, answer = self.server.supervisor.answer(self.command, url.path, parse_qs(url.query), body)
        raw = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815  # the names http.server looks for

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number, (topic, data) in enumerate(self.server.supervisor.follow()):
                self._chunk(f"id: e-{number}\nevent: {topic}\ndata: {json.dumps(data)}\n\n")
            self._chunk("")
        except OSError:  # the client has gone
            return

    def _chunk(self, text: str) -> None:
        self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(path: Path, supervisor: Supervisor) -> Iterator[Supervisor]:
    """Let it answer on the socket *path*."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = _Server(str(path), _Requests)
    server.supervisor = supervisor
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield supervisor
    finally:
        server.shutdown()
        server.server_close()
        supervisor.hang_up()
        path.unlink(missing_ok=True)
