"""The table of verbs. A verb's module is loaded only when that verb is used: ``ls`` must be quick."""

import argparse
import difflib
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn

from supervisor import __version__
from supervisor.core.errors import WrongUse

#: verb → (module, one line of help)
VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "up": ("up", "start supervisor and tray if they are not running, and say how things stand"),
    "serve": ("serve", "run the supervisor here, without a tray"),
    "down": ("up", "stop the supervisor; agents go on"),
    "status": ("up", "how things stand"),
    "doctor": ("doctor", "check everything that Wakeline needs, and say what is missing"),
    "ls": ("sessions", "list sessions, newest activity first"),
    "show": ("sessions", "everything about one session"),
    "run": ("run", "run an agent, or any command, in a terminal that outlives this one"),
    "attach": ("run", "come back to what was started by run"),
    "adopt": ("steer", "type into a session that runs in tmux, screen, zellij, kitty or WezTerm"),
    "takeover": ("steer", "end a session where it runs, and bring it back in a terminal of ours"),
    "send": ("steer", "send a prompt to a session"),
    "followups": ("jobs", "prompts that wait for something; change them, or take them back"),
    "jobs": ("jobs", "background processes that sessions have left running"),
    "approve": ("approve", "see and answer what agents ask"),
    "interrupt": ("steer", "end the turn of a session"),
    "pause": ("steer", "stop the processes of a session where they are"),
    "continue": ("steer", "let a paused session go on"),
    "stop": ("steer", "end a session, gently, then firmly"),
    "resume": ("steer", "bring back a session that has ended or was lost"),
    "rm": ("steer", "put a session into the trash for 30 days, or bring it back"),
    "recover": ("recover", "what was lost in a crash or reboot, and bringing it back"),
    "retry": ("recover", "try at once to bring back a session that was cut off, or stop trying"),
    "hooks": ("hooks", "start agents in terminals of ours by their usual names"),
    "watch": ("watch", "follow the transcript of a session"),
    "copy": ("copy", "copy the agent's own command that resumes a session"),
    "awake": ("awake", "show or change what keeps the machine awake"),
    "phone": ("phone", "connect a phone by a QR code"),
    "devices": ("devices", "list paired phones, or remove them"),
    "completion": ("completion", "print a completion script for a shell"),
}


class _Parser(argparse.ArgumentParser):
    """Wrong use is one sentence and one hint, like every other error."""

    def error(self, message: str) -> NoReturn:
        """Say it our way."""
        raise WrongUse(message[:1].upper() + message[1:] + ".", f"See: {self.prog} --help")


def run(arguments: Sequence[str]) -> int:
    """Run the verb that *arguments* begins with (none: ``up``); the answer is the exit code."""
    if not arguments or arguments[0] not in VERBS:
        _outer(arguments)
        arguments = ["up", *arguments]
    verb, rest = arguments[0], arguments[1:]
    module = importlib.import_module(f"supervisor.commands.{VERBS[verb][0]}")
    parser = _Parser(
        prog=f"wakeline {verb}", description=VERBS[verb][1].capitalize() + ".", allow_abbrev=False
    )
    act: Callable[[argparse.Namespace], int] = getattr(module, f"add_{verb}")(parser)
    return act(parser.parse_args(rest))


def _outer(arguments: Sequence[str]) -> None:
    """``wakeline --help``, ``--version``, and verbs that do not exist."""
    if not arguments or arguments[0] == "--no-tray":
        return
    if arguments[0] in {"-V", "--version"}:
        print(f"wakeline {__version__}")
        raise SystemExit(0)
    if arguments[0] in {"-h", "--help", "help"}:
        print(overview())
        raise SystemExit(0)
    near = difflib.get_close_matches(arguments[0], VERBS, n=1)
    hint = f"Did you mean: wakeline {near[0]}?" if near else "See: wakeline --help"
    raise WrongUse(f"There is no command {arguments[0]!r}.", hint)


def overview() -> str:
    """What ``wakeline --help`` prints."""
    verbs = "\n".join(f"  {verb:<11} {line}" for verb, (_, line) in VERBS.items())
    return (
        "usage: wakeline [VERB] [ARGUMENTS]\n\n"
        "Keeps long AI agent sessions awake, connected and within reach.\n\n"
        f"{verbs}\n\n"
        "Without a verb: up. Verbs that read take --json. A session is named by any unique\n"
        "beginning of its id, or by its name. Exit codes: 0 done, 1 failed, 2 wrong use,\n"
        "3 no such session, 4 refused, 5 supervisor not reachable."
    )
