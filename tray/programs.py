"""Starts the other programs: the supervisor, and a window. From source, installed, or frozen."""

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path


def supervisor_command() -> list[str]:
    """How the supervisor is started."""
    if _frozen():
        return [str(Path(sys.executable).with_name("wakeline" + Path(sys.executable).suffix)), "serve"]
    return [sys.executable, "-m", "supervisor", "serve"]


def window_command(window: str, *arguments: str) -> list[str]:
    """How a window is opened: ``pairing``, ``details`` or ``clipboard``."""
    if _frozen():
        return [sys.executable, window, *arguments]
    return [sys.executable, "-m", f"tray.{window}", *arguments]


def start(
    command: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int | None = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that may outlive us, and take note of its end. ``OSError`` if there is none."""
    # Windows: no console, and none of ours; zero on systems that have no such flags.
    flags = sum(getattr(subprocess, name, 0) for name in ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP"))
    started = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        start_new_session=True,
        creationflags=flags,
    )
    threading.Thread(target=started.wait, name=command[-1], daemon=True).start()
    return started


def start_supervisor() -> None:
    """Start the supervisor. It sees itself to being the only one."""
    start(supervisor_command())


def open_window(window: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Open a window in a process of its own: Tk wants the main thread, and its memory back."""
    return start(window_command(window, *arguments), stderr=None)


def _frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
