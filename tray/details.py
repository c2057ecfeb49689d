"""The window with everything that is known of the sessions, and their resume commands.

It follows the supervisor while it is open: what it shows is true now.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from supervisor.core.errors import WakelineError
from tray import words
from tray.follow import Client
from tray.snapshot import Approval, Session, mapping, moment, number, rows, session, text

PAGE = 100
#: What the facts are taken from, and how they are written. Unknown facts are left out.
Writer = Callable[[Any, float], str]


def facts(fields: Mapping[str, Any], now: float) -> list[tuple[str, str]]:
    """Every known fact of a session of the API as a name and a text."""
    known = session(fields)
    if known is None:
        return []
    written = _of_session(known, now) | _of_fields(fields, now)
    return [(name, written[key]) for key, name in words.FACTS.items() if written.get(key)]


def _of_session(known: Session, now: float) -> dict[str, str]:
    version = f" {known.agent_version}" if known.agent_version else ""
    return {
        "state": words.state(known, now),
        "failure": words.plain(known.failure, 300),
        "reconnect": words.reconnect(known.reconnect, now) if known.reconnect else "",
        "question": words.plain(known.question, 300),
        "agent": words.plain(known.agent + version, 60),
        "model": words.plain(known.model, 80),
        "cwd": words.plain(known.cwd, 300),
        "git_branch": words.plain(known.git_branch, 80),
        "pid": str(known.pid or ""),
        "id": words.plain(known.id, 80),
    }


def _of_fields(fields: Mapping[str, Any], now: float) -> dict[str, str]:
    cost, share, tokens = (number(fields.get(key)) for key in ("cost_usd", "context_used_percent", "tokens"))
    jobs = number(fields.get("jobs"))
    return {
        "started": _when(fields.get("run_started_at"), now),
        "last": _when(fields.get("last_activity_at"), now),
        "line": words.plain(mapping(fields.get("last_entry")).get("text"), 200),
        "jobs": f"{jobs:.0f} running" if jobs else "",
        "context": f"{share:.0f} %" if share is not None else "",
        "tokens": f"{tokens:,.0f}" if tokens is not None else "",
        "cost": f"$ {cost:.2f}" if cost is not None else "",
        "awake": "yes" if fields.get("keeps_awake") is True else "no",
        "kind": words.KINDS.get(text(fields.get("kind")) or "", ""),
    }


def _when(found: Any, now: float) -> str:
    at = moment(found)
    return words.when(at, now) if at is not None else ""


def resume_text(answer: Mapping[str, Any]) -> tuple[str, str]:
    """The resume command and a remark: a folder that is not safe in a command is named beside it."""
    command = text(answer.get("command"))
    if command:
        return command, ""
    argv = answer.get("argv")
    parts = [part for part in argv if isinstance(part, str)] if isinstance(argv, list) else []
    if not parts:
        return "", words.NO_COMMAND
    return " ".join(parts), f"{words.UNSAFE}\n{words.plain(answer.get('cwd'), 300)}"


class Source:
    """Asks the supervisor. Every method may block; failures come back as a sentence."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect

    def page(self, before: str | None) -> tuple[list[Mapping[str, Any]], str | None, str]:
        """Stored sessions, newest first: rows, where the next page begins, what went wrong."""
        query = {"all": 1, "limit": PAGE} | ({"before": before} if before else {})
        try:
            answer = mapping(self._connect().get(f"/api/sessions?{urlencode(query)}"))
        except WakelineError as failure:
            return [], None, f"{failure.title} {failure.hint}".strip()
        return list(rows(answer.get("sessions"))), text(answer.get("next")), ""

    def decide(self, asked: Approval, allow: bool) -> str:
        """Answer exactly what was shown; what to say about it."""
        decision = {"digest": asked.digest, "decision": "allow" if allow else "deny"}
        try:
            self._connect().post(f"/api/approvals/{quote(asked.id, safe='')}", decision)
        except WakelineError as failure:
            return f"{failure.title} {failure.hint}".strip()
        return words.ANSWERED

    def session(self, session_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any], str]:
        """One session, its resume command, what went wrong."""
        path = f"/api/sessions/{quote(session_id, safe='')}"
        try:
            fields = mapping(self._connect().get(path))
            return fields, mapping(self._connect().get(f"{path}/resume-command")), ""
        except WakelineError as failure:
            return {}, {}, f"{failure.title} {failure.hint}".strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window until it is closed; the exit code."""
    from supervisor.client import connect

    parser = argparse.ArgumentParser(prog="tray.details", description=__doc__)
    parser.add_argument("--session", help="the id of the session to show first")
    chosen = parser.parse_args(arguments).session
    try:
        import tkinter as tk

        from tray.details_window import Window
    except ImportError:
        sys.stderr.write(f"{words.NO_WINDOWS} {words.SHOW_HINT}\n")
        return 1
    try:
        window = Window(connect, chosen)
    except tk.TclError:
        sys.stderr.write(f"{words.NO_SCREEN} {words.SHOW_HINT}\n")
        return 1
    window.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
