"""Starts our other programs: the supervisor, the tray, a window. From source, installed, or frozen."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


def supervisor_command() -> list[str]:
    """How the supervisor is started."""
    return _command("wakeline", "supervisor", "serve", "--quiet")


def nursery_command() -> list[str]:
    """How the parent of all holders of terminals is started."""
    return _command("wakeline", "supervisor", "nursery")


def hook_command(socket: Path) -> list[str]:
    """How agents start what asks the supervisor at *socket*; the agent's name is to be added.

    From source it is one file that needs nothing else: it must start quickly.
    """
    if _frozen():
        return _command("wakeline", "supervisor", "hook", str(socket))
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("hook.py")), str(socket)]


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
    """Start a program that may outlive us, and take note of its end. ``OSError`` if there is none."""
    # Windows: no console, and none of ours; zero on systems that have no such flags.
    flags = sum(getattr(subprocess, name, 0) for name in ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP"))
    started = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        cwd=os.sep,  # whoever lives long must not keep a folder busy
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


def _command(program: str, module: str, *arguments: str) -> list[str]:
    if _frozen():
        return [str(Path(sys.executable).with_name(program + Path(sys.executable).suffix)), *arguments]
    # -P: the folder that somebody starts us in must not bring modules of its own.
    return [sys.executable, "-P", "-m", module, *arguments]


def _frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
