"""A fake local LLM endpoint for testing coding-agent CLIs offline (stdlib only).

One server, several wire formats, all on 127.0.0.1:
  POST */responses                          OpenAI Responses API   (SSE or JSON)
  POST */chat/completions                   OpenAI chat completions (SSE or JSON)
  POST */models/<m>:streamGenerateContent   Gemini
  POST */models/<m>:generateContent         Gemini
  POST */models/<m>:countTokens             Gemini
  POST */v1/messages                        Anthropic messages (SSE or JSON)
  GET  */models                             a model list
  GET  /__state                             what has been asked so far (JSON)

The scenario is chosen by a magic word in the last user message:
  @@tool:CMD@@      ask for one shell tool call running CMD, then answer in text
  @@tools:A;;B@@    several shell calls, one per model turn
  @@call:NAME {}@@  ask for one call of the tool NAME (or NAMESPACE.NAME), then answer in text
  @@slow:SEC@@      stream words over SEC seconds
  @@drop@@          send half of the stream, then reset the connection (every time)
  @@drop:N@@        ... the first N times only, then answer normally
  @@fin:N@@         like drop, but a clean FIN in place of a reset
  @@refuse:SEC@@    reset this request and refuse new connections for SEC seconds
  @@refuseafter:SEC@@  stream half, reset, then refuse for SEC seconds
  @@hang:SEC@@      accept the request, send headers, send nothing for SEC seconds
  @@429@@ @@500@@ @@503@@ @@401@@ @@400@@ ...   that status every time
  @@429:N@@ ...     that status the first N times, then answer normally
  @@ctx@@           a "context window exceeded" error
  @@quota@@         an "insufficient quota" 429
  @@usage:SEC@@     a 429 as plans give it, that says when it is over: in SEC seconds
  (none)            plain text: "Echo: <prompt>"
"Continue from where you left off." goes on with the prompt before it.
%%word%% works too: a typed @ opens a file or agent popup in most TUIs.

Usage: fake_openai.py [--port 0]; the first line on stdout is ``READY http://127.0.0.1:<port> pid=<pid>``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
import uuid

MAGIC = re.compile(r"(?P<mark>@@|%%)(?P<word>[a-z0-9]+)(?::(?P<arg>.*?))?(?P=mark)", re.S)
PREFIX = re.compile(r"^\s*<current_datetime>.*?</current_datetime>\s*", re.S)
#: What Wakeline says to go on with a turn: the model goes on with what was asked before.
CONTINUES = "Continue from where you left off."
SKIP_USER = (
    CONTINUES,
    "<environment_context",
    "<user_instructions",
    "<permissions",
    "<INSTRUCTIONS",
    "# AGENTS.md",
    "<session_context>",
    "<system-reminder>",
    "This is the Gemini CLI",
    "<user_shell_command",
    "<turn_aborted",
)


class Fake:
    def __init__(self, port: int):
        self.port = port
        self.n = 0
        self.counts: dict[str, int] = {}
        self.server: asyncio.AbstractServer | None = None
        self.seen: list[dict] = []
        self.refusing = False

    async def listen(self):
        self.server = await asyncio.start_server(
            self.client, "127.0.0.1", self.port, reuse_address=True, limit=2**26
        )
        self.port = self.server.sockets[0].getsockname()[1]

    async def refuse(self, sec: float):
        if self.refusing:
            return
        self.refusing = True
        self.note({"event": "refuse-begin", "sec": sec})
        self.server.close()
        await asyncio.sleep(sec)
        await self.listen()
        self.refusing = False
        self.note({"event": "refuse-end"})

    def note(self, rec: dict):
        rec = {"t": round(time.time(), 3), **rec}
        self.seen.append(rec)

    # -- plumbing ---------------------------------------------------------
    async def client(self, r: asyncio.StreamReader, w: asyncio.StreamWriter):
        try:
            while True:
                req = await self.read_request(r)
                if req is None:
                    break
                if not await self.handle(req, w) or req[2].get("connection", "").lower() == "close":
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            w.close()

    async def read_request(self, r):
        try:
            head = await r.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        lines = head.decode("latin1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        hdr = {}
        for ln in lines[1:]:
            if ":" in ln:
                k, v = ln.split(":", 1)
                hdr[k.strip().lower()] = v.strip()
        body = b""
        if "chunked" in hdr.get("transfer-encoding", ""):
            while True:
                size = int((await r.readline()).split(b";")[0], 16)
                chunk = await r.readexactly(size)
                await r.readline()
                if size == 0:
                    break
                body += chunk
        elif "content-length" in hdr:
            body = await r.readexactly(int(hdr["content-length"]))
        return method, path, hdr, body

    async def handle(self, req, w) -> bool:
        method, path, hdr, body = req
        self.n += 1
        n = self.n
        if hdr.get("upgrade", "").lower() == "websocket":
            self.note({"n": n, "method": method, "path": path, "websocket": True})
            self.send_json(w, 426, {"error": {"message": "no websocket here"}})
            return False
        try:
            data = json.loads(body) if body else {}
        except ValueError:
            data = {"_raw": len(body)}
        p = path.split("?")[0]
        if p == "/__state":
            self.send_json(w, 200, self.seen)
            return True
        wire = None
        if method == "POST":
            if p.endswith("/responses"):
                wire = "responses"
            elif p.endswith("/chat/completions"):
                wire = "chat"
            elif p.endswith("/messages"):
                wire = "anthropic"
            elif p.endswith(":streamGenerateContent"):
                wire = "gemini"
            elif p.endswith(":generateContent"):
                wire = "gemini-json"
        if wire is None:
            self.note({"n": n, "method": method, "path": path})
            if p.endswith(":countTokens"):
                self.send_json(w, 200, {"totalTokens": 321})
            elif p.endswith("/models") and method == "GET":
                ids = ["fake-model", "fake-small"]
                self.send_json(
                    w,
                    200,
                    {
                        "object": "list",
                        "data": [
                            {"id": i, "object": "model", "owned_by": "fake", "context_length": 200000}
                            for i in ids
                        ],
                        "models": [
                            {"name": "models/" + i, "supportedGenerationMethods": ["generateContent"]}
                            for i in ids
                        ],
                    },
                )
            else:
                self.send_json(w, 404, {"error": {"message": "fake: no such path " + p}})
            return True
        prompt, toolsdone = self.last_user(wire, data)
        m = None
        for m in MAGIC.finditer(prompt or ""):
            pass
        word, arg = (m["word"], m["arg"]) if m else (None, None)
        key = f"{wire}|{prompt[-300:] if prompt else ''}"
        self.counts[key] = self.counts.get(key, 0) + 1
        c = self.counts[key]
        stream = wire == "gemini" or bool(data.get("stream")) if wire != "gemini-json" else False
        self.note(
            {
                "n": n,
                "wire": wire,
                "path": path,
                "stream": stream,
                "model": data.get("model") or p.split("/")[-1],
                "word": word,
                "arg": arg,
                "count": c,
                "toolsdone": toolsdone,
                "prompt": (prompt or "")[-120:],
                "ua": hdr.get("user-agent", "")[:80],
            }
        )
        # ---- failures
        if word and word.isdigit() and (arg is None or c <= int(arg)):
            st = int(word)
            self.send_json(w, st, self.err_body(wire, st), {"retry-after": "1"} if st == 429 else {})
            return True
        if word == "ctx":
            self.send_json(
                w,
                400,
                {
                    "error": {
                        "message": "Your input exceeds the context window of this model. Please adjust your input and try again.",
                        "type": "invalid_request_error",
                        "code": "context_length_exceeded",
                    }
                },
            )
            return True
        if word == "quota":
            self.send_json(
                w,
                429,
                {
                    "error": {
                        "message": "You exceeded your current quota, please check your plan and billing details.",
                        "type": "insufficient_quota",
                        "code": "insufficient_quota",
                    }
                },
            )
            return True
        if word == "usage":
            secs = int(float(arg or 3600))
            self.send_json(w, 429, self.limit_body(wire, secs), self.limit_headers(secs))
            return True
        if word == "refuse" and c == 1:
            asyncio.ensure_future(self.refuse(float(arg or 10)))
            w.transport.abort()
            return False
        # ---- answers
        cmds = []
        if word == "tool":
            cmds = [arg or "echo hi"]
        elif word == "tools":
            cmds = (arg or "echo 1").split(";;")
        elif word == "call":
            cmds = [(arg or "").partition(" ")[2] or "{}"]
        tool = self.pick_tool(wire, data) if cmds and toolsdone < len(cmds) else None
        if tool and word == "call":
            tool = ((arg or "").partition(" ")[0], json.loads)
        text = f"Echo: {prompt}" if not word else f"Finished {word} ({arg}). Tool results seen: {toolsdone}."
        text = text[:600]
        if not stream:
            self.send_json(w, 200, self.full(wire, data, text, tool, cmds[toolsdone] if tool else None))
            return True
        half = False
        if word in ("drop", "fin", "refuseafter"):
            half = (
                arg is None or (word == "refuseafter" and c == 1) or (word != "refuseafter" and c <= int(arg))
            )
        if word == "slow":
            secs = float(arg or 10)
            text = " ".join(f"word{i}" for i in range(int(max(4, secs * 2))))
        self.send_head(
            w,
            200,
            {
                "content-type": "text/event-stream",
                "cache-control": "no-cache",
                "transfer-encoding": "chunked",
                "x-request-id": f"req_fake{n}",
            },
        )
        await w.drain()
        if word == "hang":
            await asyncio.sleep(float(arg or 3600))
        events = self.events(wire, data, text, tool, cmds[toolsdone] if tool else None)
        delay = 0.0
        if word == "slow":
            delay = float(arg or 10) / max(1, sum(1 for e in events if e[2]))
        sent = 0
        for ev, obj, isdelta in events:
            if half and sent >= max(3, len(events) // 2):
                await w.drain()
                await asyncio.sleep(0.3)
                if word == "refuseafter":
                    asyncio.ensure_future(self.refuse(float(arg or 10)))
                if word == "fin":
                    w.close()
                else:
                    w.transport.abort()
                self.note({"n": n, "event": "dropped", "after": sent})
                return False
            if isdelta and delay:
                await asyncio.sleep(delay)
            s = (
                (f"event: {ev}\n" if ev else "")
                + "data: "
                + (obj if isinstance(obj, str) else json.dumps(obj))
                + "\n\n"
            )
            b = s.encode()
            w.write(f"{len(b):x}\r\n".encode() + b + b"\r\n")
            await w.drain()
            if w.transport.is_closing():
                self.note({"n": n, "event": "client-went-away", "after": sent})
                return False
            sent += 1
        w.write(b"0\r\n\r\n")
        await w.drain()
        self.note({"n": n, "event": "complete"})
        return True

    def send_head(self, w, status, headers):
        out = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        w.write(out.encode())

    def send_json(self, w, status, obj, extra=None):
        b = json.dumps(obj).encode()
        self.send_head(
            w, status, {"content-type": "application/json", "content-length": str(len(b)), **(extra or {})}
        )
        w.write(b)

    def err_body(self, wire, st):
        names = {
            429: ("rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
            500: ("server_error", "INTERNAL"),
            503: ("server_error", "UNAVAILABLE"),
            401: ("invalid_api_key", "UNAUTHENTICATED"),
            400: ("invalid_request_error", "INVALID_ARGUMENT"),
            403: ("forbidden", "PERMISSION_DENIED"),
        }
        a, g = names.get(st, ("error", "UNKNOWN"))
        if wire.startswith("gemini"):
            return {"error": {"code": st, "message": f"fake {st} {g}", "status": g}}
        if wire == "anthropic":
            return {"type": "error", "error": {"type": a, "message": f"fake {st} error"}}
        return {"error": {"message": f"fake {st} error", "type": a, "code": a}}

    def limit_headers(self, secs):
        """what is left of the plan's two windows: none of the first"""
        return {
            "retry-after": str(secs),
            "x-codex-primary-used-percent": "100.0",
            "x-codex-primary-window-minutes": "300",
            "x-codex-primary-reset-at": str(int(time.time()) + secs),
            "x-codex-secondary-used-percent": "41.0",
            "x-codex-secondary-window-minutes": "10080",
            "x-codex-secondary-reset-at": str(int(time.time()) + 400_000),
        }

    def limit_body(self, wire, secs):
        """what ChatGPT's plans answer, and what OpenCode's do"""
        if wire == "responses":
            return {
                "error": {
                    "type": "usage_limit_reached",
                    "message": "The usage limit has been reached",
                    "plan_type": "plus",
                    "resets_at": int(time.time()) + secs,
                    "resets_in_seconds": secs,
                }
            }
        hours, minutes = secs // 3600, secs % 3600 // 60
        message = f"Subscription quota exceeded. Retry in {hours}hr {minutes}min."
        return {"type": "error", "error": {"type": "SubscriptionUsageLimitError", "message": message}}

    # -- reading the request ----------------------------------------------
    def last_user(self, wire, d):
        """(text of the last real user message, number of tool results after it)"""
        msgs = []  # (kind, text) kind: user | tool | other
        if wire == "responses":
            inp = d.get("input", [])
            if isinstance(inp, str):
                inp = [{"role": "user", "content": inp}]
            for it in inp:
                t = it.get("type", "message")
                if t.endswith("_output"):
                    msgs.append(("tool", ""))
                elif t == "message" and it.get("role") == "user":
                    msgs += self.users(it.get("content"))
        elif wire == "chat":
            for it in d.get("messages", []):
                if it.get("role") == "tool":
                    msgs.append(("tool", ""))
                elif it.get("role") == "user":
                    msgs += self.users(it.get("content"))
        elif wire == "anthropic":
            for it in d.get("messages", []):
                if it.get("role") != "user":
                    continue
                c = it.get("content")
                if isinstance(c, list) and any(x.get("type") == "tool_result" for x in c):
                    msgs += [("tool", "") for x in c if x.get("type") == "tool_result"]
                else:
                    msgs += self.users(c)
        else:
            for it in d.get("contents", []):
                parts = it.get("parts", [])
                fr = [p for p in parts if "functionResponse" in p]
                if fr:
                    msgs += [("tool", "") for _ in fr]
                elif it.get("role", "user") == "user":
                    msgs += [("user", p.get("text", "")) for p in parts]
        tools, text = 0, ""
        for kind, t in reversed(msgs):
            if kind == "tool":
                tools += 1
            t = PREFIX.sub("", t)
            if kind == "user" and t.strip() and not t.lstrip().startswith(SKIP_USER):
                text = t
                break
        return text, tools

    @staticmethod
    def users(c):
        """one entry for each text block: agents put reminders in blocks of their own"""
        if isinstance(c, str):
            return [("user", c)]
        return [("user", x.get("text", "")) for x in (c or []) if isinstance(x, dict)]

    def pick_tool(self, wire, d):
        """-> (name, function(cmd) -> args dict, kind)"""
        want = (
            "shell_command",
            "shell",
            "exec_command",
            "local_shell",
            "bash",
            "run_shell_command",
            "Bash",
            "Shell",
            "execute",
        )
        have = {}
        tools = d.get("tools") or []
        if wire.startswith("gemini"):
            for t in tools:
                for f in t.get("functionDeclarations", []):
                    have[f["name"]] = f.get("parametersJsonSchema") or f.get("parameters") or {}
        else:
            for t in tools:
                f = t.get("function", t)
                have[f.get("name") or t.get("type")] = f.get("parameters") or f.get("input_schema") or {}
        for name in want:
            if name in have:
                props = (have[name] or {}).get("properties", {})

                def args(cmd, props=props):
                    a = {}
                    for k, v in props.items():
                        if k in ("command", "cmd"):
                            a[k] = ["bash", "-lc", cmd] if v.get("type") == "array" else cmd
                        elif k in ("description", "summary"):
                            a[k] = "fake shell call"
                        elif k == "sandbox_permissions" and "ESC" in cmd:
                            a[k] = "require_escalated"
                        elif k == "justification" and "ESC" in cmd:
                            a[k] = "May I run this outside the sandbox?"
                        elif k == "is_background":
                            a[k] = False
                        elif k == "mode":
                            a[k] = "sync"
                        elif k == "initial_wait":
                            a[k] = 30
                    return a

                return name, args
        return None

    # -- making the answer ------------------------------------------------
    def full(self, wire, d, text, tool, cmd):
        model = d.get("model", "fake-model")
        if wire == "responses":
            return self.resp_obj(model, "completed", [self.resp_item(text, tool, cmd)])
        if wire == "chat":
            msg = {"role": "assistant", "content": text}
            fin = "stop"
            if tool:
                msg = {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_" + uuid.uuid4().hex[:12],
                            "type": "function",
                            "function": {"name": tool[0], "arguments": json.dumps(tool[1](cmd))},
                        }
                    ],
                }
                fin = "tool_calls"
            return {
                "id": "chatcmpl-fake",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": model,
                "choices": [{"index": 0, "message": msg, "finish_reason": fin}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        if wire == "anthropic":
            c = {"type": "text", "text": text}
            if tool:
                c = {
                    "type": "tool_use",
                    "id": "toolu_" + uuid.uuid4().hex[:12],
                    "name": tool[0],
                    "input": tool[1](cmd),
                }
            return {
                "id": "msg_fake",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [c],
                "stop_reason": "tool_use" if tool else "end_turn",
                "usage": {"input_tokens": 100, "output_tokens": 20},
            }
        if d.get("generationConfig", {}).get("responseMimeType") == "application/json" or d.get(
            "generationConfig", {}
        ).get("responseJsonSchema"):
            text = json.dumps(
                self.from_schema(
                    d["generationConfig"].get("responseJsonSchema")
                    or d["generationConfig"].get("responseSchema")
                    or {}
                )
            )
        return self.gem_obj([self.gem_part(text, tool, cmd)], True)

    def from_schema(self, s):
        t = (s.get("type") or "object").lower() if isinstance(s.get("type"), str) else "object"
        if s.get("enum"):
            return s["enum"][0]
        if t == "object":
            return {k: self.from_schema(v) for k, v in (s.get("properties") or {}).items()}
        return {"string": "fake", "boolean": False, "integer": 1, "number": 1, "array": []}.get(t)

    def resp_item(self, text, tool, cmd):
        if tool:
            space, _, name = tool[0].rpartition(".")
            return {
                "id": "fc_" + uuid.uuid4().hex[:12],
                "type": "function_call",
                "status": "completed",
                **({"namespace": space} if space else {}),
                "name": name,
                "call_id": "call_" + uuid.uuid4().hex[:12],
                "arguments": json.dumps(tool[1](cmd)),
            }
        return {
            "id": "msg_" + uuid.uuid4().hex[:12],
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }

    def resp_obj(self, model, status, output):
        o = {
            "id": "resp_" + uuid.uuid4().hex[:12],
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "model": model,
            "output": output,
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
        }
        if status == "completed":
            o["usage"] = {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 40},
                "output_tokens": 20,
                "output_tokens_details": {"reasoning_tokens": 5},
                "total_tokens": 120,
            }
        return o

    def gem_part(self, text, tool, cmd):
        return {"functionCall": {"name": tool[0], "args": tool[1](cmd)}} if tool else {"text": text}

    def gem_obj(self, parts, last):
        o = {
            "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
            "modelVersion": "fake-gemini",
            "responseId": "r" + uuid.uuid4().hex[:8],
            "usageMetadata": {
                "promptTokenCount": 100,
                "candidatesTokenCount": 20,
                "totalTokenCount": 120,
                "cachedContentTokenCount": 40,
                "thoughtsTokenCount": 5,
            },
        }
        if last:
            o["candidates"][0]["finishReason"] = "STOP"
        return o

    def events(self, wire, d, text, tool, cmd):
        """list of (event name or None, data, is a delta)"""
        model = d.get("model", "fake-model")
        words = re.findall(r"\S+\s*", text) or [text]
        ev = []
        if wire == "responses":
            start = self.resp_obj(model, "in_progress", [])
            item = self.resp_item(text, tool, cmd)
            seq = 0

            def add(t, isdelta=False, **kw):
                nonlocal seq
                ev.append((t, {"type": t, "sequence_number": seq, **kw}, isdelta))
                seq += 1

            add("response.created", response=start)
            add("response.in_progress", response=start)
            if tool:
                add(
                    "response.output_item.added",
                    output_index=0,
                    item={**item, "status": "in_progress", "arguments": ""},
                )
                add(
                    "response.function_call_arguments.delta",
                    True,
                    item_id=item["id"],
                    output_index=0,
                    delta=item["arguments"],
                )
                add(
                    "response.function_call_arguments.done",
                    item_id=item["id"],
                    output_index=0,
                    arguments=item["arguments"],
                )
            else:
                add(
                    "response.output_item.added",
                    output_index=0,
                    item={**item, "status": "in_progress", "content": []},
                )
                add(
                    "response.content_part.added",
                    item_id=item["id"],
                    output_index=0,
                    content_index=0,
                    part={"type": "output_text", "text": "", "annotations": []},
                )
                for wd in words:
                    add(
                        "response.output_text.delta",
                        True,
                        item_id=item["id"],
                        output_index=0,
                        content_index=0,
                        delta=wd,
                    )
                add(
                    "response.output_text.done",
                    item_id=item["id"],
                    output_index=0,
                    content_index=0,
                    text=text,
                )
            add("response.output_item.done", output_index=0, item=item)
            done = self.resp_obj(model, "completed", [item])
            done["id"] = start["id"]
            add("response.completed", response=done)
        elif wire == "chat":
            base = {
                "id": "chatcmpl-" + uuid.uuid4().hex[:10],
                "object": "chat.completion.chunk",
                "created": int(time.time()),
                "model": model,
            }
            ev.append(
                (
                    None,
                    {
                        **base,
                        "choices": [
                            {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
                        ],
                    },
                    False,
                )
            )
            if tool:
                ev.append(
                    (
                        None,
                        {
                            **base,
                            "choices": [
                                {
                                    "index": 0,
                                    "delta": {
                                        "tool_calls": [
                                            {
                                                "index": 0,
                                                "id": "call_" + uuid.uuid4().hex[:12],
                                                "type": "function",
                                                "function": {
                                                    "name": tool[0],
                                                    "arguments": json.dumps(tool[1](cmd)),
                                                },
                                            }
                                        ]
                                    },
                                    "finish_reason": None,
                                }
                            ],
                        },
                        True,
                    )
                )
            else:
                for wd in words:
                    ev.append(
                        (
                            None,
                            {
                                **base,
                                "choices": [{"index": 0, "delta": {"content": wd}, "finish_reason": None}],
                            },
                            True,
                        )
                    )
            ev.append(
                (
                    None,
                    {
                        **base,
                        "choices": [
                            {"index": 0, "delta": {}, "finish_reason": "tool_calls" if tool else "stop"}
                        ],
                    },
                    False,
                )
            )
            ev.append(
                (
                    None,
                    {
                        **base,
                        "choices": [],
                        "usage": {
                            "prompt_tokens": 100,
                            "completion_tokens": 20,
                            "total_tokens": 120,
                            "prompt_tokens_details": {"cached_tokens": 40},
                        },
                    },
                    False,
                )
            )
            ev.append((None, "[DONE]", False))
        elif wire == "anthropic":

            def add(t, isdelta=False, **kw):
                ev.append((t, {"type": t, **kw}, isdelta))

            add(
                "message_start",
                message={
                    "id": "msg_" + uuid.uuid4().hex[:10],
                    "type": "message",
                    "role": "assistant",
                    "model": model,
                    "content": [],
                    "stop_reason": None,
                    "usage": {"input_tokens": 100, "output_tokens": 1},
                },
            )
            if tool:
                add(
                    "content_block_start",
                    index=0,
                    content_block={
                        "type": "tool_use",
                        "id": "toolu_" + uuid.uuid4().hex[:12],
                        "name": tool[0],
                        "input": {},
                    },
                )
                add(
                    "content_block_delta",
                    True,
                    index=0,
                    delta={"type": "input_json_delta", "partial_json": json.dumps(tool[1](cmd))},
                )
            else:
                add("content_block_start", index=0, content_block={"type": "text", "text": ""})
                for wd in words:
                    add("content_block_delta", True, index=0, delta={"type": "text_delta", "text": wd})
            add("content_block_stop", index=0)
            add(
                "message_delta",
                delta={"stop_reason": "tool_use" if tool else "end_turn"},
                usage={"output_tokens": 20},
            )
            add("message_stop")
        else:
            if tool:
                ev.append((None, self.gem_obj([self.gem_part(text, tool, cmd)], True), True))
            else:
                for i, wd in enumerate(words):
                    ev.append((None, self.gem_obj([{"text": wd}], i == len(words) - 1), True))
        return ev


async def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, default=0)
    f = Fake(ap.parse_args().port)
    await f.listen()
    print(f"READY http://127.0.0.1:{f.port} pid={os.getpid()}", flush=True)
    while True:
        await asyncio.sleep(3600)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
