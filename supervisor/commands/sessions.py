"""``ls`` and ``show``."""

import argparse
import shutil
from collections.abc import Callable
from typing import Any

from supervisor.client import connect
from supervisor.commands import find, say

Act = Callable[[argparse.Namespace], int]


def add_ls(parser: argparse.ArgumentParser) -> Act:
    """``ls [--all] [--json]``."""
    parser.add_argument("--all", action="store_true", help="also sessions that ended long ago")
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="at most N with --all (default: 50)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _ls


def _ls(options: argparse.Namespace) -> int:
    path = f"/api/sessions?all=1&limit={options.limit}" if options.all else "/api/sessions"
    answer = connect().get(path)
    if options.json:
        say.document(answer)
        return 0
    if not answer["sessions"]:
        print("No agent sessions. Start one (claude, codex, opencode) and it appears here.")
        return 0
    width = shutil.get_terminal_size((110, 24)).columns
    print(say.coloured(f"{'STATE':<12} {'SINCE':<12} {'AGENT':<9} {'ID':<10} TITLE · FOLDER", "2"))
    for session in answer["sessions"]:
        print(_line(session, width))
    if answer.get("next"):
        print(say.coloured(f"… and older ones: wakeline ls --all --limit {options.limit * 4}", "2"))
    return 0


def _line(session: dict[str, Any], width: int) -> str:
    shape, colour, word = say.STATES.get(session["state"], ("?", "0", session["state"]))
    state = say.coloured(f"{shape} {word:<10}", colour)
    called = say.plain(session["name"] or session["title"] or "(no title yet)")
    where = say.folder(session["cwd"])
    short = session["id"].removeprefix("ses_")[:8] if session["agent"] != "opencode" else session["id"][:10]
    head = f"{say.ago(session['since']):<12} {session['agent']:<9} {short:<10} "
    room = max(20, width - 13 - len(head))
    return f"{state} {head}{say.cut(f'{called} · {where}', room)}"


#: What happens when a session is cut off or lost.
_POLICIES = {
    "off": "nothing is done",
    "ask": "brought back after your yes: wakeline retry",
    "auto": "brought back by itself",
}


def add_show(parser: argparse.ArgumentParser) -> Act:
    """``show ID [--json]``."""
    parser.add_argument("id", help="any unique beginning of the session's id, or its name")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _show


def _show(options: argparse.Namespace) -> int:
    session = find.session(connect(), options.id)
    if options.json:
        say.document(session)
        return 0
    say.facts(_facts(session))
    return 0


def _facts(session: dict[str, Any]) -> list[tuple[str, str | None]]:
    stale = ", nothing seen of it for a while" if session["stale"] else ""
    approval, failure = session["approval"], session["failure"]
    rows: list[tuple[str, str | None]] = [
        ("state", f"{say.state(session['state'])} for {say.ago(session['since'])}{stale}"),
        ("waits for", say.plain(_asked(approval)) if approval else ""),
        ("failed by", say.plain(failure) if failure else ""),
        ("cut off", _standing(session["reconnect"])),
        *(("tried", _tried(one)) for one in session["attempts"]),
        ("if cut off", _if_cut_off(session)),
        ("title", _plain(session["title"])),
        ("name", _plain(session["name"])),
        ("agent", f"{session['agent']} {session['agent_version'] or '(version unknown)'}"),
        ("model", _plain(session["model"])),
        ("folder", say.folder(session["cwd"])),
        ("git branch", _plain(session["git_branch"])),
        ("machine", _plain(session["hostname"])),
        ("process", str(session["pid"]) if session["pid"] else "none"),
        ("started", say.clock(session["run_started_at"]) if session["run_started_at"] else "unknown"),
        (
            "last active",
            f"{say.ago(session['last_activity_at'])} ago" if session["last_activity_at"] else None,
        ),
        ("context used", _number(session["context_used_percent"], "{:.0f} %")),
        ("tokens", _number(session["tokens"], "{:,}")),
        ("cost", _number(session["cost_usd"], "${:.2f}")),
        ("jobs", f"{session['jobs']} running: wakeline jobs" if session["jobs"] else ""),
        ("keeps awake", "yes" if session["keeps_awake"] else "no"),
        ("session id", session["id"]),
        ("resume by", session["resume_command"] or "no safe command: see wakeline copy"),
    ]
    return [(name, value) for name, value in rows if value != ""]


def _standing(link: dict[str, Any] | None) -> str:
    """Where its way back stands."""
    if link is None:
        return ""
    words = [link["phase"]]
    if link["next_try_at"]:
        words.append(f"next try at {say.clock(link['next_try_at'])}")
    if link["note"]:
        words.append(say.plain(link["note"]))
    return f"{', '.join(words)} ({say.plain(link['reason'])})"


def _tried(one: dict[str, Any]) -> str:
    """When, why, what was done, and what came of it."""
    return say.plain(f"{say.clock(one['at'])} {one['cause']}, {one['what']}: {one['outcome'] or '…'}")


def _if_cut_off(session: dict[str, Any]) -> str:
    policy = _POLICIES.get(session["policy"] or "", "")
    own = ", chosen for this session" if session["policy_chosen"] else ""
    return f"{policy}{own}" if policy else ""


def _asked(approval: dict[str, Any]) -> str:
    """What the question is about where that is known, else what the agent says that it waits for."""
    tool, text = approval["tool"], approval["text"]
    return f"{tool}: {text}" if tool and text else str(approval["summary"])


def _plain(text: str | None) -> str | None:
    return None if text is None else say.plain(text)


def _number(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)
