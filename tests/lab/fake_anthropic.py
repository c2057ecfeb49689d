"""A fake Anthropic Messages API for tests.  Standard library only, loopback only.

    python fake_anthropic.py [--port 0] [--delay-ms 15]

``--port 0`` picks a free port; the first line on stdout is then
``READY http://127.0.0.1:<port> pid=<pid>`` (it is printed for a fixed port too).

What the server answers is decided, in this order, by

1. a *fault* set through the control endpoint (applies to every /v1 request),
2. magic words in the newest user prompt of the request,
3. the default: a short plain text answer that echoes the prompt.

Magic words (anywhere in the prompt, case-insensitive name, ``:``-separated arguments)

    SCENARIO:text[:WORDS]           plain answer of WORDS words
    SCENARIO:slow[:MS[:WORDS]]      one word every MS ms (default 200 ms, 60 words)
    SCENARIO:think[:MS[:WORDS]]     a thinking block, slowly, then a short text
    SCENARIO:bash CMD...            Bash tool_use with CMD (rest of the line), then a final text
    SCENARIO:bash-bg CMD...         the same with run_in_background=true
    SCENARIO:tool JSON              {"name": "Write", "input": {...}}, then a final text
    SCENARIO:script JSON            [step, step, ...]: one step per assistant turn (see below)
    SCENARIO:drop-once[:rst|fin]    connection dropped mid-stream on the first request only
    SCENARIO:drop-times:N[:rst|fin] ... on the first N requests
    SCENARIO:drop[:rst|fin]         ... on every request
    SCENARIO:error-event[:N]        200, then an SSE "error" event (overloaded) mid-stream, N times
    SCENARIO:stall[:SECONDS]        stream starts, then silence for SECONDS (default 3600)
    SCENARIO:hang[:SECONDS]         request is read, nothing is ever answered
    SCENARIO:empty                  200 and an SSE body without any event
    SCENARIO:STATUS[:N[:RETRY]]     HTTP STATUS (any 4xx/5xx: 529, 500, 429, 401, 400, 413 ...);
                                    the first N requests only, then a normal answer (default: always);
                                    RETRY adds a retry-after header (seconds)
    SCENARIO:too-long               HTTP 400 "prompt is too long: ..."
    SCENARIO:max-tokens             stop_reason max_tokens
    SCENARIO:refusal                stop_reason refusal
    SCENARIO:usage:IN[:OUT]         plain answer that claims IN input tokens and OUT output tokens

"Continue from where you left off." goes on with the prompt before it.

A script step is an object with any of
    {"text": "..."}  {"thinking": "..."}  {"tool": "Bash", "input": {...}}
    {"tools": [{"name": ..., "input": {...}}, ...]}  {"ms": 100}  {"fault": {...}}

Control endpoint (JSON in, JSON out)

    GET  /__state                   counters, active fault
    GET  /__log?n=50                the newest request records
    POST /__fault {"kind": "status", "status": 529, "times": 3, "retry_after": 1}
                  {"kind": "drop", "how": "rst", "after_words": 5, "times": 1}
                  {"kind": "stall"|"hang", "seconds": 30}
                  {"kind": "refuse", "seconds": 20}     listening socket closed for 20 s
                  {"kind": "slow", "ms": 300}
                  {"kind": "cut"}                       drop every connection open right now
    POST /__clear                   no fault, per-prompt counters forgotten
    POST /__quit                    stop the server
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import struct
import sys
import time
import uuid
from urllib.parse import parse_qs, urlsplit

LOREM = [
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"),
    *("kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango"),
    *("uniform", "victor", "whiskey", "xray", "yankee", "zulu"),
]

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
ERROR_TEXT = {
    401: "invalid x-api-key",
    403: "Your account does not have access",
    404: "model: not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your rate limit",
    500: "Internal server error",
    529: "Overloaded",
}

SCENARIO = re.compile(r"SCENARIO:([A-Za-z0-9_-]+)((?::[^\s:]+)*)")
REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    529: "Overloaded",
}


class Drop(Exception):
    """Raised inside a handler to cut the connection."""

    def __init__(self, how: str = "rst"):
        self.how = how


def words(n: int):
    return [LOREM[i % len(LOREM)] for i in range(max(0, n))]


def text_blocks(message: dict):
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    return [b.get("text", "") for b in content or [] if isinstance(b, dict) and b.get("type") == "text"]


def is_injected(text: str) -> bool:
    """Text which the client adds by itself: reminders, interruption notices, notifications."""
    t = text.strip()
    return (
        not t
        or t.startswith(
            (
                "<system-reminder",
                "[Request interrupted",
                "<local-command",
                "<command-name>",
                "Caveat:",
                "Tool loaded.",
            )
        )
        or (t.startswith("<") and t.endswith("</system-reminder>"))
    )


#: What Wakeline says to go on with a turn: the model goes on with what was asked before.
CONTINUES = "Continue from where you left off."


def newest_prompt(body: dict):
    """(prompt text, number of assistant turns after it) for the newest real user text."""
    messages = body.get("messages") or []
    after = 0
    for m in reversed(messages):
        if m.get("role") == "assistant":
            after += 1
            continue
        if m.get("role") != "user":
            continue
        for t in reversed(text_blocks(m)):
            if t.strip() != CONTINUES and not is_injected(t):
                return t, after
    return "", after


def system_text(body: dict) -> str:
    s = body.get("system")
    if isinstance(s, str):
        return s
    return "\n".join(b.get("text", "") for b in s or [] if isinstance(b, dict))


class Fake:
    def __init__(self, args):
        self.args = args
        self.fault: dict | None = None
        self.counts: dict[str, int] = {}
        self.total = 0
        self.by_status: dict[str, int] = {}
        self.log: list[dict] = []
        self.open: dict[asyncio.StreamWriter, asyncio.StreamReader] = {}
        self.server: asyncio.AbstractServer | None = None
        self.port = args.port
        self.started = time.time()
        self.refusing_until = 0.0
        self.quit = asyncio.Event()
        self._refuse_task: asyncio.Task | None = None

    # ---------------------------------------------------------------- life cycle

    async def listen(self):
        last = None
        for _ in range(100):
            try:
                self.server = await asyncio.start_server(
                    self.connection, "127.0.0.1", self.port, limit=1 << 20
                )
                break
            except OSError as e:  # e.g. still in use: wait a little
                last = e
                if self.port == 0:
                    raise
                await asyncio.sleep(0.1)
        else:
            raise SystemExit(f"cannot listen on 127.0.0.1:{self.port}: {last}")
        self.port = self.server.sockets[0].getsockname()[1]

    async def refuse(self, seconds: float):
        """Close the listening socket and all connections; listen again later."""
        self.refusing_until = time.time() + seconds
        self.server.close()
        self.cut_all("rst")
        await asyncio.sleep(seconds)
        await self.listen()
        self.refusing_until = 0.0
        self.note({"event": "listening again"})

    def cut_all(self, how: str = "rst", but: asyncio.StreamWriter | None = None):
        n = 0
        for w in list(self.open):
            if w is not but:
                self.cut(w, how)
                n += 1
        return n

    @staticmethod
    def cut(writer: asyncio.StreamWriter, how: str):
        sock = writer.get_extra_info("socket")
        with contextlib.suppress(Exception):
            if how == "rst" and sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()

    async def linger(self, writer, seconds: float):
        """Sleep, but not longer than the client stays connected."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            reader = self.open.get(writer)
            if reader is None or reader.at_eof() or writer.transport.is_closing():
                return
            await asyncio.sleep(min(0.25, left))

    def state(self):
        return {
            "pid": os.getpid(),
            "port": self.port,
            "base_url": f"http://127.0.0.1:{self.port}",
            "started": self.started,
            "requests": self.total,
            "by_status": self.by_status,
            "fault": self.fault,
            "counts": self.counts,
            "open_connections": len(self.open),
            "refusing_until": self.refusing_until,
        }

    def note(self, rec: dict):
        rec = {"t": round(time.time(), 3), **rec}
        self.log.append(rec)
        del self.log[:-2000]
        return rec

    def first(self, key: str, limit: int | None) -> bool:
        """True for the first `limit` calls with this key (always when limit is None)."""
        n = self.counts.get(key, 0)
        self.counts[key] = n + 1
        return limit is None or n < limit

    # ---------------------------------------------------------------- HTTP

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.open[writer] = reader
        try:
            while True:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    return
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = [*lines[0].split(" "), "", ""][:3]
                headers = {}
                for line in lines[1:]:
                    if ":" in line:
                        k, v = line.split(":", 1)
                        headers[k.strip().lower()] = v.strip()
                if headers.get("expect", "").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                raw = await self.read_body(reader, headers)
                try:
                    keep = await self.handle(method, target, headers, raw, writer)
                except Drop as d:
                    self.cut(writer, d.how)
                    return
                if not keep or headers.get("connection", "").lower() == "close":
                    return
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            return
        except asyncio.CancelledError:
            return
        finally:
            self.open.pop(writer, None)
            with contextlib.suppress(Exception):
                writer.close()

    @staticmethod
    async def read_body(reader, headers):
        if "chunked" in headers.get("transfer-encoding", "").lower():
            out = b""
            while True:
                size = int((await reader.readline()).split(b";")[0].strip() or b"0", 16)
                out += await reader.readexactly(size)
                await reader.readexactly(2)
                if size == 0:
                    return out
        n = int(headers.get("content-length") or 0)
        return await reader.readexactly(n) if n else b""

    async def send_json(self, writer, status, obj, extra=None):
        data = json.dumps(obj).encode()
        head = [
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}",
            "content-type: application/json",
            f"content-length: {len(data)}",
            f"request-id: req_fake_{self.total:06d}",
        ]
        head += [f"{k}: {v}" for k, v in (extra or {}).items()]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode() + data)
        await writer.drain()
        self.by_status[str(status)] = self.by_status.get(str(status), 0) + 1
        return True

    async def send_error(self, writer, status, message=None, retry_after=None, etype=None):
        body = {
            "type": "error",
            "error": {
                "type": etype or ERROR_TYPES.get(status, "api_error"),
                "message": message or ERROR_TEXT.get(status, f"fake error {status}"),
            },
            "request_id": f"req_fake_{self.total:06d}",
        }
        extra = {}
        if retry_after is not None:
            extra["retry-after"] = retry_after
        return await self.send_json(writer, status, body, extra)

    # ---------------------------------------------------------------- routing

    async def handle(self, method, target, headers, raw, writer) -> bool:
        url = urlsplit(target)
        path = url.path
        if path.startswith("/__"):
            return await self.control(method, path, parse_qs(url.query), raw, writer)
        self.total += 1
        body = {}
        if raw:
            with contextlib.suppress(ValueError):
                body = json.loads(raw)
        rec = {
            "n": self.total,
            "method": method,
            "path": target,
            "bytes": len(raw),
            "ua": headers.get("user-agent"),
            "session": headers.get("x-claude-code-session-id"),
            "retry": headers.get("x-stainless-retry-count"),
        }
        if isinstance(body, dict) and body.get("messages"):
            prompt, after = newest_prompt(body)
            rec |= {
                "model": body.get("model"),
                "stream": bool(body.get("stream")),
                "messages": len(body["messages"]),
                "tools": len(body.get("tools") or []),
                "step": after,
                "prompt": prompt[-160:],
            }
        rec = self.note(rec)
        if raw and (not isinstance(body, dict) or not body):
            return await self.send_error(writer, 400, "fake server: the body is not a JSON object")
        if path == "/v1/messages" and method == "POST":
            try:
                keep = await self.messages(body, writer)
                rec["outcome"] = "answered" if keep else "dropped"
                return keep
            except (Drop, ConnectionError):
                rec["outcome"] = "dropped"
                raise
            finally:
                rec["ms"] = round((time.time() - rec["t"]) * 1000)
        if path == "/v1/messages/count_tokens" and method == "POST":
            return await self.send_json(writer, 200, {"input_tokens": max(1, len(raw) // 4)})
        if path == "/v1/models" and method == "GET":
            return await self.send_json(writer, 200, {"data": [], "has_more": False})
        if method in ("GET", "HEAD") and path in ("/", "/api/hello"):
            return await self.send_json(writer, 200, {"message": "hello"})
        return await self.send_error(writer, 404, f"fake server: no {method} {path}")

    async def control(self, method, path, query, raw, writer) -> bool:
        if path == "/__state":
            return await self.send_json(writer, 200, self.state())
        if path == "/__log":
            n = int((query.get("n") or ["50"])[0])
            return await self.send_json(writer, 200, self.log[-n:])
        if path == "/__clear":
            self.fault = None
            self.counts.clear()
            return await self.send_json(writer, 200, self.state())
        if path == "/__quit":
            await self.send_json(writer, 200, {"ok": True})
            self.quit.set()
            return False
        if path == "/__fault":
            try:
                f = json.loads(raw or b"{}")
            except ValueError:
                return await self.send_json(writer, 400, {"error": "bad json"})
            kind = f.get("kind")
            if kind == "cut":
                return await self.send_json(
                    writer, 200, {"cut": self.cut_all(f.get("how", "rst"), but=writer)}
                )
            if kind == "refuse":
                await self.send_json(writer, 200, {"ok": True, "seconds": f.get("seconds", 10)})
                self._refuse_task = asyncio.create_task(self.refuse(float(f.get("seconds", 10))))
                return False
            self.fault = f if kind else None
            return await self.send_json(writer, 200, self.state())
        return await self.send_json(writer, 404, {"error": "no such control"})

    # ---------------------------------------------------------------- the Messages API

    def take_fault(self):
        f = self.fault
        if not f:
            return None
        if f.get("times") is not None:
            if f["times"] <= 0:
                self.fault = None
                return None
            f["times"] -= 1
            if f["times"] <= 0:
                self.fault = None
        return f

    async def messages(self, body, writer) -> bool:
        prompt, step = newest_prompt(body)
        side = not body.get("tools")  # titles, summaries, probes: no tools offered
        turn = {"ms": self.args.delay_ms}
        f = self.take_fault()
        if f and f.get("kind") == "slow":
            turn["ms"] = f.get("ms", 200)
            f = None
        if f:
            r = await self.apply_fault(f, writer, body)
            if r is not None:
                return r
            turn |= {k: f[k] for k in ("drop_after", "how") if k in f}
        if side:
            return await self.side_answer(body, prompt, turn, writer)
        m = SCENARIO.search(prompt)  # the first one wins: scripts may nest others
        if m is None:
            said = " ".join(prompt.split())[:200]
            turn["text"] = f"You said: {said}"
            return await self.answer(body, turn, writer)
        name = m.group(1).lower()
        args = [a for a in m.group(2).split(":") if a]
        rest = prompt[m.end() :].strip()
        return await self.scenario(name, args, rest, prompt, step, body, turn, writer)

    async def apply_fault(self, f, writer, body):
        kind = f.get("kind")
        if kind == "status":
            return await self.send_error(
                writer, int(f.get("status", 529)), f.get("message"), f.get("retry_after")
            )
        if kind == "hang":
            await self.linger(writer, float(f.get("seconds", 3600)))
            raise Drop("fin")
        if kind == "drop-now":
            raise Drop(f.get("how", "rst"))
        if kind == "drop":
            await self.answer(
                body,
                {
                    "text": " ".join(words(40)),
                    "ms": f.get("ms", 30),
                    "drop_after": f.get("after_words", 5),
                    "how": f.get("how", "rst"),
                },
                writer,
            )
            return False
        if kind == "stall":
            await self.answer(
                body,
                {
                    "text": " ".join(words(40)),
                    "ms": 30,
                    "stall_after": f.get("after_words", 5),
                    "stall": f.get("seconds", 3600),
                },
                writer,
            )
            return False
        return None

    async def side_answer(self, body, prompt, turn, writer):
        sys_text = system_text(body).lower()
        if "title" in sys_text or "title" in json.dumps(
            body.get("output_config") or body.get("output_format") or ""
        ):
            turn["text"] = json.dumps({"title": "A session title", "branch": "a-session"})
        else:
            turn["text"] = "ok"
        turn["ms"] = 0
        return await self.answer(body, turn, writer)

    async def scenario(self, name, args, rest, prompt, step, body, turn, writer):
        def num(i, default):
            try:
                return float(args[i]) if "." in args[i] else int(args[i])
            except (IndexError, ValueError):
                return default

        key = f"{name}|{prompt[-200:]}"
        done = {"text": "Done.", "ms": turn["ms"]}
        if name.isdigit() and 400 <= int(name) <= 599:
            if self.first(key, num(0, None)):
                return await self.send_error(
                    writer, int(name), retry_after=args[1] if len(args) > 1 else None
                )
            return await self.answer(body, turn | {"text": "Recovered after errors."}, writer)
        if name == "too-long":
            return await self.send_error(writer, 400, "prompt is too long: 210000 tokens > 200000 maximum")
        if name == "text":
            return await self.answer(body, turn | {"text": " ".join(words(num(0, 20)))}, writer)
        if name == "slow":
            return await self.answer(
                body, turn | {"text": " ".join(words(num(1, 60))), "ms": num(0, 200)}, writer
            )
        if name == "think":
            return await self.answer(
                body,
                {"thinking": " ".join(words(num(1, 40))), "text": "Thought it over.", "ms": num(0, 200)},
                writer,
            )
        if name == "usage":
            return await self.answer(
                body, turn | {"text": "Counted.", "in": num(0, 1000), "out": num(1, 10)}, writer
            )
        if name in ("max-tokens", "refusal"):
            return await self.answer(
                body, turn | {"text": "Cut short", "stop": name.replace("-", "_")}, writer
            )
        if name in ("bash", "bash-bg"):
            if step:
                return await self.answer(body, done, writer)
            cmd = rest.split("\n")[0].strip() or "echo hello"
            inp = {"command": cmd, "description": "A command"}
            if name == "bash-bg":
                inp["run_in_background"] = True
            return await self.answer(
                body, turn | {"text": "Running a command.", "tools": [{"name": "Bash", "input": inp}]}, writer
            )
        if name in ("tool", "script"):
            try:
                spec, _ = json.JSONDecoder().raw_decode(rest[rest.index("[" if name == "script" else "{") :])
            except ValueError as e:
                return await self.answer(body, turn | {"text": f"bad scenario JSON: {e}"}, writer)
            if name == "tool":
                spec = [{"text": "Using a tool.", "tools": [spec]}]
            if step >= len(spec):
                return await self.answer(body, done, writer)
            s = dict(spec[step])
            if s.get("fault"):
                limit = s["fault"].get("times")
                if self.first(f"{key}|{step}", limit):
                    r = await self.apply_fault(s["fault"], writer, body)
                    if r is not None:
                        return r
            if "tool" in s:
                s["tools"] = [{"name": s.pop("tool"), "input": s.pop("input", {})}]
            return await self.answer(body, turn | s, writer)
        if name in ("drop", "drop-once", "drop-times"):
            limit = {"drop": None, "drop-once": 1, "drop-times": num(0, 1)}[name]
            how = "fin" if "fin" in args else "rst"
            if self.first(key, limit):
                await self.answer(
                    body, {"text": " ".join(words(40)), "ms": 30, "drop_after": 8, "how": how}, writer
                )
                return False
            return await self.answer(body, turn | {"text": "Recovered after a drop."}, writer)
        if name == "error-event":
            if self.first(key, num(0, None)):
                if not body.get("stream"):  # clients fall back to a request without streaming
                    return await self.send_error(writer, 529)
                return await self.answer(
                    body, {"text": " ".join(words(40)), "ms": 30, "error_after": 8}, writer
                )
            return await self.answer(body, turn | {"text": "Recovered after an error event."}, writer)
        if name == "stall":
            return await self.answer(
                body, {"text": " ".join(words(40)), "ms": 30, "stall_after": 8, "stall": num(0, 3600)}, writer
            )
        if name == "hang":
            await self.linger(writer, float(num(0, 3600)))
            raise Drop("fin")
        if name == "empty":
            return await self.answer(body, {"empty": True}, writer)
        return await self.answer(body, turn | {"text": f"unknown scenario {name}"}, writer)

    async def answer(self, body, turn, writer) -> bool:
        model = body.get("model", "fake-model")
        tools = turn.get("tools") or []
        stop = turn.get("stop") or ("tool_use" if tools else "end_turn")
        text, thinking = turn.get("text", ""), turn.get("thinking", "")
        n_in = turn.get("in") or max(1, len(json.dumps(body)) // 4)
        n_out = turn.get("out") or max(1, len((text + thinking).split()) + 20 * len(tools))
        usage = {
            "input_tokens": n_in,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
            "service_tier": "standard",
        }
        msg = {
            "id": f"msg_fake_{uuid.uuid4().hex[:20]}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        blocks = []
        if thinking:
            blocks.append({"type": "thinking", "thinking": thinking, "signature": "ZmFrZQ=="})
        if text:
            blocks.append({"type": "text", "text": text})
        for t in tools:
            blocks.append(
                {
                    "type": "tool_use",
                    "id": f"toolu_fake_{uuid.uuid4().hex[:16]}",
                    "name": t["name"],
                    "input": t.get("input") or {},
                }
            )
        if not body.get("stream"):
            if "drop_after" in turn:
                raise Drop(turn.get("how", "rst"))
            return await self.send_json(
                writer,
                200,
                msg | {"content": blocks, "stop_reason": stop, "usage": usage | {"output_tokens": n_out}},
            )

        self.by_status["200"] = self.by_status.get("200", 0) + 1
        writer.write(
            (
                f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                f"cache-control: no-cache\r\nrequest-id: req_fake_{self.total:06d}\r\n"
                f"transfer-encoding: chunked\r\n\r\n"
            ).encode()
        )

        async def chunk(data: bytes):
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()

        async def event(obj):
            await chunk(f"event: {obj['type']}\ndata: {json.dumps(obj)}\n\n".encode())

        async def end():
            writer.write(b"0\r\n\r\n")
            await writer.drain()

        if turn.get("empty"):
            await end()
            return True
        ms, sent = turn.get("ms", 0), 0

        async def pace():
            nonlocal sent
            sent += 1
            if "drop_after" in turn and sent > turn["drop_after"]:
                raise Drop(turn.get("how", "rst"))
            if "stall_after" in turn and sent > turn["stall_after"]:
                await self.linger(writer, float(turn["stall"]))
                raise Drop("fin")
            if "error_after" in turn and sent > turn["error_after"]:
                await event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
                await end()
                raise Drop("fin")
            if ms:
                await asyncio.sleep(ms / 1000)

        await event({"type": "message_start", "message": msg})
        await event({"type": "ping"})
        for i, b in enumerate(blocks):
            if b["type"] == "tool_use":
                await event({"type": "content_block_start", "index": i, "content_block": b | {"input": {}}})
                js = json.dumps(b["input"])
                for k in range(0, len(js), 40):
                    await event(
                        {
                            "type": "content_block_delta",
                            "index": i,
                            "delta": {"type": "input_json_delta", "partial_json": js[k : k + 40]},
                        }
                    )
                    await pace()
            elif b["type"] == "thinking":
                await event(
                    {
                        "type": "content_block_start",
                        "index": i,
                        "content_block": {"type": "thinking", "thinking": "", "signature": ""},
                    }
                )
                for w in re.findall(r"\S+\s*", b["thinking"]):
                    await event(
                        {
                            "type": "content_block_delta",
                            "index": i,
                            "delta": {"type": "thinking_delta", "thinking": w},
                        }
                    )
                    await pace()
                await event(
                    {
                        "type": "content_block_delta",
                        "index": i,
                        "delta": {"type": "signature_delta", "signature": b["signature"]},
                    }
                )
            else:
                await event(
                    {"type": "content_block_start", "index": i, "content_block": {"type": "text", "text": ""}}
                )
                for w in re.findall(r"\s*\S+", b["text"]) or [b["text"]]:
                    await event(
                        {
                            "type": "content_block_delta",
                            "index": i,
                            "delta": {"type": "text_delta", "text": w},
                        }
                    )
                    await pace()
            await event({"type": "content_block_stop", "index": i})
        await event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {"output_tokens": n_out},
            }
        )
        await event({"type": "message_stop"})
        await end()
        return True


async def amain(args):
    fake = Fake(args)
    await fake.listen()
    print(f"READY http://127.0.0.1:{fake.port} pid={os.getpid()}", flush=True)
    loop = asyncio.get_running_loop()
    for s in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(s, fake.quit.set)
    await fake.quit.wait()
    fake.server.close()
    fake.cut_all("fin")


def main(argv=None):
    p = argparse.ArgumentParser(description="fake Anthropic Messages API for tests (loopback only)")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--delay-ms", type=float, default=15, help="pause between words (default 15)")
    args = p.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(amain(args))
    return 0


if __name__ == "__main__":
    sys.exit(main())
