"""The signals by which things are done to a process."""

import sys

assert sys.platform != "win32"

import signal
from collections.abc import Mapping
from typing import Final

from supervisor.system.tree.base import Act

SIGNALS: Final[Mapping[Act, signal.Signals]] = {
    Act.PAUSE: signal.SIGSTOP,
    Act.RESUME: signal.SIGCONT,
    Act.ASK: signal.SIGTERM,
    Act.HANG_UP: signal.SIGHUP,
    Act.KILL: signal.SIGKILL,
}
