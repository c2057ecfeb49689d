"""``copy``: the agent's own resume command, on the clipboard or printed."""

import argparse
import os
from collections.abc import Callable
from urllib.parse import quote

from supervisor import clipboard
from supervisor.client import connect
from supervisor.commands import find, say
from supervisor.core.errors import Refused

SHELLS = ("posix", "fish", "powershell", "cmd")


def add_copy(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``copy ID [--shell S] [--print] [--json]``."""
    parser.add_argument("id", help="any unique beginning of the session's id, or its name")
    parser.add_argument("--shell", choices=SHELLS, default=None, help="quote for this shell (default: yours)")
    parser.add_argument("--print", action="store_true", help="print it, and leave the clipboard alone")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return _copy


def own_shell() -> str:
    """The shell that the user most likely pastes into."""
    if os.name == "nt":
        return "powershell" if os.environ.get("PSMODULEPATH") else "cmd"
    return "fish" if os.environ.get("SHELL", "").endswith("/fish") else "posix"


def _copy(options: argparse.Namespace) -> int:
    client = connect()
    session = find.session(client, options.id)
    shell = options.shell or own_shell()
    answer = client.get(f"/api/sessions/{quote(session['id'], safe='')}/resume-command?shell={shell}")
    if options.json:
        say.document(answer)
        return 0
    if not answer["safe"] or not answer["command"]:
        raise Refused(
            f"No command for {shell} can be proved safe for this folder, or the agent has none.",
            f"Session {answer['session_id']}, folder {answer['cwd']!a}: go there by hand.",
        )
    if options.print:
        print(answer["command"])
        return 0
    clipboard.copy(answer["command"])
    print(f"Copied: {answer['command']}")
    return 0
