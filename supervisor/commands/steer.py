"""Verbs that steer one session: ``send``, ``interrupt``, ``pause``, ``continue``, ``stop``, ``resume`` …"""

import argparse
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from supervisor.client import Client, connect
from supervisor.commands import find, say, when
from supervisor.core.errors import Refused, Unreachable, WrongUse

Act = Callable[[argparse.Namespace], int]

_ID_HELP = "any unique beginning of the session's id, or its name"
_LONGEST = 64 * 1024
_DONE = frozenset({"taken", "refused", "cancelled"})


def add_send(parser: argparse.ArgumentParser) -> Act:
    """``send ID TEXT [--when now|idle|online|reset|job:PID|at:TIME] [--json]``."""
    parser.add_argument("id", help=_ID_HELP)
    parser.add_argument("text", help="the prompt; - reads it from standard input")
    parser.add_argument("--when", default="now", help=when.HELP)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _send


def _send(options: argparse.Namespace) -> int:
    client = connect()
    session = find.session(client, options.id)
    text = sys.stdin.read(_LONGEST + 1) if options.text == "-" else options.text
    answer = client.post(f"{path(session)}/prompt", {"text": text, "when": when.of(options.when)})
    prompt = _followed(client, session["id"], answer["prompt"])
    if options.json:
        say.document(prompt)
    else:
        print(_told(prompt))
    if prompt["state"] == "refused":
        raise Refused(say.plain(prompt["note"] or "It was not taken."), f"See: wakeline show {options.id}")
    return 0


def _followed(client: Client, session_id: str, prompt: dict[str, Any]) -> dict[str, Any]:
    """What becomes of it soon; what waits for its time is not waited for."""
    where = f"/api/sessions/{quote(session_id, safe='')}/prompts/{prompt['id']}"
    if prompt["when"] != "now":
        return prompt
    try:
        for event in client.events(session=session_id):
            if event.topic in {"hello", "gap", "session"}:
                prompt = client.get(where)
                if prompt["state"] in _DONE or (prompt["state"] == "sent" and prompt["note"]):
                    break
                if prompt["session_id"] != session_id:
                    # Its agent has told by now which session that is.
                    return _followed(client, prompt["session_id"], prompt)
    except Unreachable as trouble:
        raise Unreachable(
            "The supervisor has taken the prompt, and vanished; it goes on with it when it is back.",
            trouble.hint,
        ) from trouble
    return prompt


def _told(prompt: dict[str, Any]) -> str:
    match prompt["state"]:
        case "taken":
            return "The agent has it."
        case "waiting":
            change = f"wakeline followups --change {prompt['id'][:8]}"
            told = say.local(say.plain(prompt["waits_for"] or "It waits."))
            return f"{told}\nOtherwise: {change}, or --cancel"
        case "refused" | "cancelled":
            return f"Not sent: {say.plain(prompt['note'] or prompt['state'])}"
        case _:
            return "Handed over; the agent's transcript does not show it yet."


def add_interrupt(parser: argparse.ArgumentParser) -> Act:
    """``interrupt ID``."""
    return _simple(parser, "interrupt", lambda _: "Interrupted.")


def add_pause(parser: argparse.ArgumentParser) -> Act:
    """``pause ID``."""
    return _simple(parser, "pause", _paused)


def _paused(answer: dict[str, Any]) -> str:
    escaped = f" These could not be stopped: {answer['escaped']}." if answer["escaped"] else ""
    return (
        f"Paused: its processes stand still.{escaped}\n"
        "A pause of some minutes ends the agent's connection to its model; it asks again afterwards."
    )


def add_continue(parser: argparse.ArgumentParser) -> Act:
    """``continue ID``."""
    return _simple(parser, "continue", lambda _: "It goes on.")


def add_stop(parser: argparse.ArgumentParser) -> Act:
    """``stop ID [--left-behind]``."""
    parser.add_argument("id", help=_ID_HELP)
    parser.add_argument("--left-behind", action="store_true", help="also what it started and left running")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _stop


def _stop(options: argparse.Namespace) -> int:
    client = connect()
    session = find.session(client, options.id)
    answer = client.post(f"{path(session)}/stop", {"left_behind": options.left_behind})
    if options.json:
        say.document(answer)
        return 0
    back = f" Back to it: wakeline resume {options.id}" if session["resume_command"] else ""
    print(f"Stopped.{back}")
    for one in answer["left"]:
        print(f"  still runs: {one['pid']} {say.plain(one['command'])}")
    return 0


def add_resume(parser: argparse.ArgumentParser) -> Act:
    """``resume ID [--detach]``."""
    return _reviving(parser, "resume")


def add_takeover(parser: argparse.ArgumentParser) -> Act:
    """``takeover ID [--yes] [--detach]``."""
    parser.add_argument("--yes", action="store_true", help="also when that ends a turn")
    return _reviving(parser, "takeover")


def add_adopt(parser: argparse.ArgumentParser) -> Act:
    """``adopt ID``."""
    parser.add_argument("id", help=_ID_HELP)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _adopt


def _adopt(options: argparse.Namespace) -> int:
    session = find.session(connect(), options.id)
    if options.json:
        say.document({"id": session["id"], "kind": session["kind"], "pane": session["pane"]})
    elif session["kind"] == "hosted":
        print("It runs in a terminal of ours already: wakeline attach")
    elif session["pane"]:
        print(f"Adopted: it can be typed into through {say.plain(session['pane'])}.")
    if session["kind"] == "seen":
        raise Refused(
            "Nobody else can type into its terminal: it is not tmux, screen, zellij, kitty or WezTerm.",
            f"Bring it into one of ours: wakeline takeover {options.id}",
        )
    return 0


def add_rm(parser: argparse.ArgumentParser) -> Act:
    """``rm ID``, ``rm --list``, ``rm --restore ID``."""
    parser.add_argument("id", nargs="?", help=_ID_HELP)
    parser.add_argument("--list", action="store_true", help="what is in the trash")
    parser.add_argument("--restore", metavar="ID", help="bring back what has this id or begins with it")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _rm


def _rm(options: argparse.Namespace) -> int:
    client = connect()
    if options.list:
        return _list_trash(client, as_json=options.json)
    if options.restore:
        return _restore(client, options.restore)
    if not options.id:
        raise WrongUse("Which session?", "Write: wakeline rm ID")
    session = find.session(client, options.id)
    answer = client.delete(path(session))
    if options.json:
        say.document(answer)
        return 0
    print(f"In the trash until {say.clock(answer['until'])}. Back: wakeline rm --restore {session['id'][:8]}")
    return 0


def _list_trash(client: Client, *, as_json: bool) -> int:
    answer = client.get("/api/trash")
    if as_json:
        say.document(answer)
        return 0
    if not answer["trashed"]:
        print("The trash is empty.")
    for one in answer["trashed"]:
        title = say.plain(one["title"] or "(no title)")
        gone = say.until(one["until"])
        print(f"{one['session_id'][:12]:<12}  {one['agent']:<9} goes in {gone:<12} {title}")
    return 0


def _restore(client: Client, wanted: str) -> int:
    trashed = client.get("/api/trash")["trashed"]
    found = [one for one in trashed if one["id"] == wanted or one["session_id"].startswith(wanted)]
    if len(found) != 1:
        raise WrongUse(
            f"{len(found)} sessions in the trash begin with {wanted!r}.", "See: wakeline rm --list"
        )
    client.post(f"/api/trash/{quote(found[0]['id'], safe='')}/restore")
    print(f"Restored: wakeline resume {found[0]['session_id'][:8]}")
    return 0


def path(session: dict[str, Any]) -> str:
    """Where the API has this session."""
    return f"/api/sessions/{quote(session['id'], safe='')}"


def _simple(parser: argparse.ArgumentParser, order: str, told: Callable[[Any], str]) -> Act:
    parser.add_argument("id", help=_ID_HELP)

    def act(options: argparse.Namespace) -> int:
        client = connect()
        session = find.session(client, options.id)
        print(told(client.post(f"{path(session)}/{order}")))
        return 0

    return act


def _reviving(parser: argparse.ArgumentParser, order: str) -> Act:
    parser.add_argument("id", help=_ID_HELP)
    parser.add_argument("--detach", action="store_true", help="print the terminal's id, and leave it alone")

    def act(options: argparse.Namespace) -> int:
        client = connect()
        session = find.session(client, options.id)
        body = {"confirm": options.yes} if order == "takeover" else {}
        terminal = client.post(f"{path(session)}/{order}", body)["terminal"]
        if options.detach or not sys.stdin.isatty():
            print(terminal)
            return 0
        from supervisor.commands import run

        return run.attached(terminal)

    return act
