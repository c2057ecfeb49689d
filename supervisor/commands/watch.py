"""``watch``: the last entries of a session, then each new one as it is written."""

import argparse
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from supervisor.client import Client, connect
from supervisor.commands import find, say

_MARKS = {"user": (">", "36;1"), "assistant": ("●", "0"), "tool": ("⎿", "2"), "system": ("!", "33")}


def add_watch(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``watch ID [--last N] [--json]``."""
    parser.add_argument("id", help="any unique beginning of the session's id, or its name")
    parser.add_argument(
        "--last", type=int, default=10, metavar="N", help="begin with N old entries (default: 10)"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON document for each line: {entry} or {state}"
    )
    return _watch


def _watch(options: argparse.Namespace) -> int:
    client = connect()
    session = find.session(client, options.id)
    tell = _tell_json if options.json else _tell
    shown, state = -1, session["state"]
    for event in client.events(session=session["id"]):
        if event.topic in {"hello", "gap"}:
            # The stream is open before the page is read, so that nothing falls between the two.
            replaced = event.topic == "gap" and event.data.get("session_id") is not None
            shown = _show_last(client, session["id"], options.last, tell, after=-1 if replaced else shown)
        elif event.topic == "entry" and event.data["entry"]["seq"] > shown:
            shown = event.data["entry"]["seq"]
            tell("entry", event.data["entry"])
        elif event.topic == "session" and event.data.get("state") != state:
            state = event.data.get("state")
            tell("state", state or "gone")
            if state in {None, "ended", "lost"}:
                break
    return 0


def _show_last(
    client: Client, session_id: str, limit: int, tell: Callable[[str, Any], None], after: int
) -> int:
    if limit <= 0:
        limit = 1
    page = client.get(f"/api/sessions/{quote(session_id, safe='')}/entries?limit={min(limit, 500)}")
    for entry in page["entries"]:
        if entry["seq"] > after:
            tell("entry", entry)
            after = entry["seq"]
    return after


def _tell_json(what: str, value: Any) -> None:
    print(json.dumps({what: value}, ensure_ascii=False), flush=True)


def _tell(what: str, value: Any) -> None:
    if what == "state":
        print(say.coloured(f"── {say.STATES.get(value, ('', '', value))[2]} ──", "2"), flush=True)
        return
    mark, colour = _MARKS.get(value["role"], ("·", "0"))
    if value["kind"] in {"error", "notice"}:
        mark, colour = "!", "31" if value["kind"] == "error" else "33"
    head = f"{value['tool']}: " if value["tool"] and value["kind"] == "tool_call" else ""
    lines = [say.plain(line) for line in value["text"].splitlines()] or [""]
    shown = lines if value["kind"] == "text" else lines[:12]
    print(say.coloured(f"{mark} {head}{shown[0]}", colour))
    for line in shown[1:]:
        print(f"  {line}")
    if len(shown) < len(lines):
        print(say.coloured(f"  … {len(lines) - len(shown)} more lines", "2"))
    print(end="", flush=True)
