"""``jobs`` and ``followups``: what runs behind sessions, and the prompts that wait for something."""

import argparse
import shutil
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from supervisor.client import Client, connect
from supervisor.commands import find, say, when
from supervisor.commands.steer import path
from supervisor.core.errors import NoSuchSession, WrongUse

Act = Callable[[argparse.Namespace], int]

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def add_jobs(parser: argparse.ArgumentParser) -> Act:
    """``jobs [ID] [--output PID] [--json]``."""
    parser.add_argument(
        "id", nargs="?", help="only of this session: any unique beginning of its id, or its name"
    )
    parser.add_argument("--all", action="store_true", help="also those that ended within a day")
    parser.add_argument(
        "--output", metavar="PID", type=int, help="the end of what this job of ID has written"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _jobs


def _jobs(options: argparse.Namespace) -> int:
    client = connect()
    if options.output is not None:
        return _output(client, options)
    sessions = [find.session(client, options.id)] if options.id else _sessions(client, past=options.all)
    found = [
        {**job, "session_id": session["id"], "session_title": session["name"] or session["title"]}
        for session in sessions
        for job in client.get(f"{path(session)}/jobs")["jobs"]
    ]
    if options.json:
        say.document({"jobs": found})
        return 0
    shown = [job for job in found if options.all or job["state"] == "running"]
    if not shown:
        ended = "" if options.all or not found else f" {len(found)} ended within a day: wakeline jobs --all"
        print(f"No background jobs run.{ended}")
        return 0
    width = shutil.get_terminal_size((110, 24)).columns
    print(
        say.coloured(
            f"{'PID':>8}  {'SESSION':<10} {'STATE':<10} {'RUNS':<12} {'CPU':<9} {'MEMORY':<8} COMMAND", "2"
        )
    )
    for job in shown:
        print(_line(job, width))
    return 0


def _sessions(client: Client, *, past: bool) -> list[dict[str, Any]]:
    """Those that may have some; those that are over have what is known of them only."""
    known: list[dict[str, Any]] = client.get("/api/sessions")["sessions"]
    return [one for one in known if past or one["jobs"] or one["pid"]]


def _line(job: dict[str, Any], width: int) -> str:
    head = (
        f"{job['pid']:>8}  {_short(job['session_id']):<10} {_state(job):<10} {_span(job['seconds']):<12} "
        f"{_span(job['cpu_seconds']):<9} {_size(job['memory_bytes']):<8} "
    )
    return head + say.cut(say.plain(job["command"]), max(20, width - len(head)))


def _state(job: dict[str, Any]) -> str:
    if job["state"] == "running":
        return "running"
    status = job["exit_status"]
    if status is None:
        return "ended"
    return f"exit {status}" if status >= 0 else f"signal {-status}"


def _output(client: Client, options: argparse.Namespace) -> int:
    if not options.id:
        raise WrongUse("Which session?", "Write: wakeline jobs ID --output PID")
    session = find.session(client, options.id)
    answer = client.get(f"{path(session)}/jobs/{options.output}/output")
    if options.json:
        say.document(answer)
        return 0
    if answer["from"]:
        print(say.coloured(f"… {_size(answer['from'])} before this", "2"))
    for line in answer["text"].splitlines():
        print(say.plain(line.replace("\t", "    ")))
    return 0


def add_followups(parser: argparse.ArgumentParser) -> Act:
    """``followups [ID] [--cancel PROMPT] [--change PROMPT [--text T] [--when W]] [--json]``."""
    parser.add_argument(
        "id", nargs="?", help="only of this session: any unique beginning of its id, or its name"
    )
    parser.add_argument("--cancel", metavar="PROMPT", help="take back the prompt that begins with this")
    parser.add_argument(
        "--change", metavar="PROMPT", help="give the prompt that begins with this --text or --when"
    )
    parser.add_argument("--text", help="with --change: another text")
    parser.add_argument("--when", help=f"with --change: {when.HELP}")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _followups


def _followups(options: argparse.Namespace) -> int:
    client = connect()
    waiting = client.get("/api/prompts")["prompts"]
    if options.cancel:
        client.delete(_path_of(_one(waiting, options.cancel)))
        print("Taken back.")
        return 0
    if options.change:
        return _change(client, _one(waiting, options.change), options)
    if options.id:
        session = find.session(client, options.id)
        waiting = [one for one in waiting if one["session_id"] == session["id"]]
    if options.json:
        say.document({"prompts": waiting})
        return 0
    if not waiting:
        print("No prompt waits.")
    for one in waiting:
        print(_told(one))
    return 0


def _told(one: dict[str, Any]) -> str:
    text = say.cut(say.plain(" ".join(one["text"].split())), 60)
    told = say.local(say.plain(one["waits_for"] or f"It is on its way ({one['state']})."))
    return f"{one['id'][:8]:<8}  {_short(one['session_id']):<10} {one['when']:<12} {text}\n{'':<21}{told}"


def _change(client: Client, one: dict[str, Any], options: argparse.Namespace) -> int:
    body = {"text": options.text, "when": when.of(options.when) if options.when else None}
    wanted = {name: value for name, value in body.items() if value is not None}
    if not wanted:
        raise WrongUse("Nothing is to be changed.", "Say --text TEXT or --when WHEN.")
    changed = client.patch(_path_of(one), wanted)
    if options.json:
        say.document(changed)
    else:
        print(_told(changed))
    return 0


def _one(waiting: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    found = [one for one in waiting if one["id"].startswith(wanted)]
    if len(found) != 1:
        raise NoSuchSession(
            f"{len(found)} prompts that wait begin with {wanted[:40]!r}.", "See: wakeline followups"
        )
    return found[0]


def _path_of(one: dict[str, Any]) -> str:
    return f"/api/sessions/{quote(one['session_id'], safe='')}/prompts/{one['id']}"


def _short(session_id: str) -> str:
    return session_id[:10] if session_id.startswith("ses_") else session_id[:8]


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"{seconds:.1f} s" if seconds < 10 else say.span(seconds)


def _size(count: int | None) -> str:
    if count is None:
        return "?"
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}"
