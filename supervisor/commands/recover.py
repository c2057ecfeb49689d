"""``recover`` and ``retry``: what was lost or cut off, and bringing it back."""

import argparse
from collections.abc import Callable
from typing import Any

from supervisor.client import Client, connect
from supervisor.commands import find, say
from supervisor.commands.steer import path
from supervisor.core.errors import Refused

Act = Callable[[argparse.Namespace], int]


def add_recover(parser: argparse.ArgumentParser) -> Act:
    """``recover [ID…] [--all] [--json]``."""
    parser.add_argument("id", nargs="*", help="resume these; without any, the list is shown")
    parser.add_argument("--all", action="store_true", help="resume everything that can be")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _recover


def _recover(options: argparse.Namespace) -> int:
    client = connect()
    if options.all or options.id:
        return _resume(client, options)
    answer = client.get("/api/recovery")
    if options.json:
        say.document(answer)
        return 0
    if not answer["lost"]:
        print("Nothing was lost.")
        return 0
    for one in answer["lost"]:
        _show(one)
    print(say.coloured("Bring back one: wakeline recover ID · all: wakeline recover --all", "2"))
    return 0


def _resume(client: Client, options: argparse.Namespace) -> int:
    wanted = None if options.all else [find.session(client, one)["id"] for one in options.id]
    answer = client.post("/api/recovery", {"sessions": wanted})
    if options.json:
        say.document(answer)
    elif answer["resuming"]:
        print(f"Bringing back {len(answer['resuming'])}, one after the other: wakeline ls")
    if not answer["resuming"]:
        raise Refused("Nothing of that can be brought back.", "See: wakeline recover")
    return 0


def _show(one: dict[str, Any]) -> None:
    session = one["session"]
    title = say.plain(session["name"] or session["title"] or "(no title)")
    print(f"{say.state('lost')}  {session['id'][:10]}  {session['agent']:<9} {title}")
    how = session["cause"] or "unknown"
    print(f"  {how}, {say.ago(session['since'])} ago, in {say.folder(session['cwd'])}")
    for missing, words in (
        (not one["folder_exists"], "its folder is not there any more"),
        (not one["transcript_exists"], "the agent has deleted its transcript: it cannot be resumed"),
        (_on_another_branch(one), f"its folder is on branch {one['branch_now']} now"),
    ):
        if missing:
            print(say.coloured(f"  ! {say.plain(words)}", "33"))
    last = session["last_entry"]
    if last and (words := last["text"].split()):
        print(f"  {last['role']}: {say.cut(say.plain(' '.join(words)), 90)}")
    if session["resume_command"]:
        print(f"  {session['resume_command']}")


def _on_another_branch(one: dict[str, Any]) -> bool:
    before, now = one["session"]["git_branch"], one["branch_now"]
    return bool(before and now and before != now)


def add_retry(parser: argparse.ArgumentParser) -> Act:
    """``retry ID [--stop] [--policy off|ask|auto]``."""
    parser.add_argument("id", help="any unique beginning of the session's id, or its name")
    parser.add_argument("--stop", action="store_true", help="stop trying")
    parser.add_argument("--policy", choices=("off", "ask", "auto"), help="what may be done without asking")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _retry


def _retry(options: argparse.Namespace) -> int:
    client = connect()
    session = find.session(client, options.id)
    body: dict[str, str] = {"policy": options.policy} if options.policy else {}
    if options.stop or not options.policy:
        body["action"] = "stop" if options.stop else "now"
    answer = client.post(f"{path(session)}/reconnect", body)["reconnect"]
    if options.json:
        say.document(answer)
    else:
        print("Noted." if answer is None else f"{answer['phase']}: {answer['note'] or answer['reason']}")
    return 0
