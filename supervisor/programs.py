"""Starts our other programs: the supervisor, the tray, a window. From source, installed, or frozen."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

# Windows: no console, and none of ours; and not in the job of a window or an SSH session, that ends
# with it. Zero on systems that have no such flags.
_FLAGS: Final = sum(getattr(subprocess, name, 0) for name in ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP"))
_OUT_OF_JOB: Final[int] = getattr(subprocess, "CREATE_BREAKAWAY_FROM_JOB", 0)
#: By these the processes of a session are known, wherever they have gone.
MARKS: Final = frozenset({"WAKELINE_TERMINAL", "CLAUDE_CODE_SESSION_ID", "CLAUDE_PID"})


def up_command() -> list[str]:
    """How all of it is started at login."""
    return _command("wakeline", "supervisor", "up")


def supervisor_command() -> list[str]:
    """How the supervisor is started."""
    return _command("wakeline", "supervisor", "serve", "--quiet")


def nursery_command() -> list[str]:
    """How the parent of all holders of terminals is started."""
    return _command("wakeline", "supervisor", "nursery")


def hook_command(socket: Path) -> list[str]:
    """How an agent's hook reaches the supervisor at *socket*; the agent's name comes behind it."""
    if _frozen():
        return [*_command("wakeline", "supervisor", "hook"), str(socket)]
    # -I and -S: an agent waits for it at every question, and it needs nothing but the library.
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("hook.py")), str(socket)]


def start_nursery(log: Path, end: int) -> None:
    """Start the parent of holders, with socket *end* as its standard input."""
    with opened_log(log) as file:
        start(nursery_command(), stdin=end, stdout=file, stderr=file)


def opened_log(log: Path) -> IO[bytes]:
    """A log to be added to; where it cannot be kept, nobody hears what would stand in it."""
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return log.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def painter_command(folder: Path, terminal: str) -> list[str]:
    """How a painter of one terminal is started; *folder*: where the terminals are held."""
    return _command("wakeline", "supervisor", "painter", str(folder), terminal)


def tray_command() -> list[str]:
    """How the tray is started by somebody who has started the supervisor."""
    return _command("wakeline-tray", "tray", "--follow")


def window_command(window: str, *arguments: str) -> list[str]:
    """How a window is opened: ``pairing`` or ``details``."""
    if _frozen():
        return [*_command("wakeline-tray", "tray"), window, *arguments]
    return _command("wakeline-tray", f"tray.{window}", *arguments)


def keeper_command() -> list[str]:
    """How the last resort of the clipboard is started."""
    if _frozen():
        return [*_command("wakeline-tray", "tray"), "clipboard"]
    return _command("wakeline-tray", "supervisor.clipboard")


def start(
    command: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] | None = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that may outlive us, and take note of its end. ``OSError`` if there is none.

    Started from within a session, it is no part of it: it must not end with that one.
    """
    given = os.environ if environment is None else environment

    def begin(flags: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={name: value for name, value in given.items() if name not in MARKS},
            cwd=os.sep,  # whoever lives long must not keep a folder busy
            start_new_session=True,
            creationflags=flags,
        )

    try:
        started = begin(_FLAGS | _OUT_OF_JOB)
    except PermissionError:
        if not _OUT_OF_JOB:
            raise
        # Whoever started us wants all of us to end with it.
        started = begin(_FLAGS)
    threading.Thread(target=started.wait, name=command[-1], daemon=True).start()
    return started


def start_supervisor() -> None:
    """Start the supervisor. It sees itself to being the only one."""
    start(supervisor_command())


def open_window(window: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Open a window in a process of its own: Tk wants the main thread, and its memory back."""
    return start(window_command(window, *arguments), stderr=None)


def _command(program: str, module: str, *arguments: str) -> list[str]:
    if _frozen():
        return [str(Path(sys.executable).with_name(program + Path(sys.executable).suffix)), *arguments]
    # -P: the folder that somebody starts us in must not bring modules of its own.
    return [sys.executable, "-P", "-m", module, *arguments]


def _frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
