"""A Unix socket in a folder of this user only."""

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path

assert sys.platform != "win32"

from supervisor.core.errors import Failed, Refused
from supervisor.remote import private
from supervisor.remote.exchange import Listener
from supervisor.remote.local.door import Door

HOST = "localhost"


def listen(path: Path) -> Door:
    """Bind *path*. Raises ``Refused`` when somebody answers there or the place is not ours."""
    private.folder(path.parent)
    _clear(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The folder keeps others out from the first moment, before the mode of the socket does.
        listening.bind(str(path))
        path.chmod(0o600)
    except OSError as trouble:
        listening.close()
        raise Failed(
            f"The local socket {path} cannot be made: {trouble.strerror or trouble}.",
            "Its path may be too long; WAKELINE_HOME can name a shorter place.",
        ) from trouble
    return Door(listening=listening, listener=Listener(local=True, hosts=frozenset({HOST})))


def close(path: Path) -> None:
    """Remove the socket file."""
    with contextlib.suppress(OSError):
        path.unlink()


def is_me(uid: int) -> bool:
    """Whether that is this user."""
    return uid == os.getuid()


def _clear(path: Path) -> None:
    """Remove what a supervisor that died has left."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(seen.st_mode) or not is_me(seen.st_uid):
        raise Refused(f"{path} is in the way, and it is no socket of ours.", "Remove it.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise Refused("A supervisor is running already.", "See wakeline status.")
