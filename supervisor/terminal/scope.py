"""Lets holders survive the last logout where systemd would end them with the session."""

import sys

assert sys.platform != "win32"

import contextlib
import os
import pwd
from typing import Final

#: A file for each user whose systemd runs without any session (``loginctl enable-linger``).
LINGERING: Final = "/var/lib/systemd/linger"
_MANAGER: Final = (
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
)


def leave_session() -> bool:
    """Move this process from its session to the user's own systemd, if that outlives sessions.

    Whether it was moved. What it forks goes with it. Where the user's systemd ends with the last
    session we are better off in the session: many systems leave alone what still runs there.
    """
    if not _lingers():
        return False
    try:
        pid = os.posix_spawnp("busctl", _order(os.getpid()), os.environ, file_actions=_mute())
    except OSError:
        return False
    return os.waitpid(pid, 0)[1] == 0


def _lingers() -> bool:
    with contextlib.suppress(KeyError):
        name = pwd.getpwuid(os.getuid()).pw_name
        return os.path.exists(f"{LINGERING}/{name}")  # noqa: PTH110 -- pathlib would stay in every holder
    return False


def _order(pid: int) -> list[str]:
    unit = ("ssa(sv)a(sa(sv))", f"wakeline-{pid}.scope", "fail", "1", "PIDs", "au", "1", f"{pid}", "0")
    return ["busctl", "--user", "--timeout=2", "call", *_MANAGER, "StartTransientUnit", *unit]


def _mute() -> list[tuple[int, int, str, int, int]]:
    return [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
