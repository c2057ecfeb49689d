"""Stands in for terminal programs that cannot be installed here, as far as their documentation says.

``serve FOLDER ID COMMAND…`` runs a command in a terminal, as its parent, and types what it is told
over a socket. Any other words are the program's own command line: what its documentation does not
know ends with an error. Nothing but the standard library: it is copied to where it is found.
"""

import argparse
import json
import os
import pty
import re
import select
import socket
import sys
from pathlib import Path
from typing import Any

NAME = Path(sys.argv[0]).name
BRACKETS = re.compile(rb"\x1b\[\?2004([hl])")


def main(words: list[str]) -> int:
    """One or the other."""
    if words[:1] == ["serve"]:
        serve(Path(words[1]), words[2], words[3:])
        return 0
    if log := os.environ.get("STAND_IN_LOG"):
        with Path(log).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([NAME, *words]) + "\n")
    return zellij(words) if NAME == "zellij" else wezterm(words)


def serve(folder: Path, number: str, command: list[str]) -> None:
    """Own the terminal until its command ends."""
    name = folder / f"{NAME}-{number}"
    if NAME == "zellij":
        told = {"ZELLIJ_PANE_ID": number, "ZELLIJ_SESSION_NAME": name.name, "ZELLIJ_SOCKET_DIR": str(folder)}
    else:
        told = {"WEZTERM_PANE": number, "WEZTERM_UNIX_SOCKET": str(name), "TERM_PROGRAM": "WezTerm"}
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(name))
    listening.listen()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(told)
        os.execvp(command[0], command)
    shown, asked = bytearray(), False
    while True:
        for ready in select.select([listening.fileno(), terminal], [], [])[0]:
            if ready == terminal:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:
                    return
                asked = [b"l", *BRACKETS.findall(shown)][-1] == b"h"
            else:
                answer(listening, terminal, number, shown, asked=asked)


def answer(listening: socket.socket, terminal: int, number: str, shown: bytearray, *, asked: bool) -> None:
    """Do what one caller wants."""
    with listening.accept()[0] as caller, caller.makefile("rwb") as line:
        wanted = json.loads(line.readline())
        found = wanted.get("pane", number) == number
        if found and wanted["do"] == "type":
            typed = bytes.fromhex(wanted["bytes"])
            typed = b"\x1b[200~" + typed + b"\x1b[201~" if asked and wanted["paste"] else typed
            while typed:
                typed = typed[os.write(terminal, typed[:1024]) :]
        text = re.sub(rb"\x1b\[[?0-9]*[a-z]", b"", shown).decode(errors="replace")
        line.write(json.dumps({"found": found, "pane": number, "text": text}).encode())


def call(name: str, **wanted: Any) -> dict[str, Any]:
    """Ask the server; ends the program when there is none."""
    calling = socket.socket(socket.AF_UNIX)
    try:
        calling.connect(name)
    except OSError as trouble:
        sys.exit(f"no server: {trouble}")
    with calling, calling.makefile("rwb") as line:
        line.write(json.dumps(wanted).encode() + b"\n")
        line.flush()
        told: dict[str, Any] = json.loads(line.read())
    if not told["found"]:
        sys.exit(f"pane {wanted['pane']} not found")
    return told


def zellij(words: list[str]) -> int:
    """Zellij 0.44: CLI Actions, and Programmatic Control, in its documentation."""
    if words == ["--version"]:
        print("zellij", os.environ.get("STAND_IN_VERSION", "0.44.1"))
        return 0
    parser = argparse.ArgumentParser("zellij", allow_abbrev=False)
    parser.add_argument("--session", "-s", required=True)
    actions = (
        parser.add_subparsers(required=True).add_parser("action").add_subparsers(dest="action", required=True)
    )
    for action, rest in (("paste", "chars"), ("write", "bytes"), ("dump-screen", ""), ("list-clients", "")):
        known = actions.add_parser(action, allow_abbrev=False)
        if action != "list-clients":
            known.add_argument("--pane-id", "-p", required=True)
        if rest == "bytes":
            known.add_argument(rest, nargs="+", type=int)
        elif rest:
            known.add_argument(rest)
    asked = parser.parse_args(words)
    server = str(Path(os.environ["ZELLIJ_SOCKET_DIR"], asked.session))
    pane = getattr(asked, "pane_id", "terminal_").removeprefix("terminal_")
    match asked.action:
        case "paste":
            call(server, do="type", pane=pane, paste=True, bytes=os.fsencode(asked.chars).hex())
        case "write":
            call(server, do="type", pane=pane, paste=False, bytes=bytes(asked.bytes).hex())
        case "dump-screen":
            print(call(server, do="show", pane=pane)["text"])
        case "list-clients":
            print("CLIENT_ID ZELLIJ_PANE_ID RUNNING_COMMAND")
            print(f"1         terminal_{call(server, do='list')['pane']}     N/A")
    return 0


def wezterm(words: list[str]) -> int:
    """``wezterm cli --help`` of WezTerm 20240203 and later."""
    parser = argparse.ArgumentParser("wezterm", allow_abbrev=False)
    cli = parser.add_subparsers(required=True).add_parser("cli", allow_abbrev=False)
    cli.add_argument("--no-auto-start", action="store_true")
    actions = cli.add_subparsers(dest="action", required=True)
    for action in ("list", "list-clients"):
        actions.add_parser(action).add_argument("--format", choices=("table", "json"), required=True)
    for action in ("send-text", "get-text"):
        actions.add_parser(action, allow_abbrev=False).add_argument("--pane-id", required=True)
    actions.choices["send-text"].add_argument("--no-paste", action="store_true")
    asked = parser.parse_args(words)
    server = os.environ["WEZTERM_UNIX_SOCKET"]
    match asked.action:
        case "list":
            told = call(server, do="list")
            print(json.dumps([{"window_id": 0, "tab_id": 0, "pane_id": int(told["pane"]), "title": "x"}]))
        case "list-clients":
            pane = int(call(server, do="list")["pane"])
            print(json.dumps([{"username": "me", "hostname": "here", "pid": 1, "focused_pane_id": pane}]))
        case "send-text":
            typed = sys.stdin.buffer.read().decode().encode()
            call(server, do="type", pane=asked.pane_id, paste=not asked.no_paste, bytes=typed.hex())
        case "get-text":
            print(call(server, do="show", pane=asked.pane_id)["text"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
