"""Windows: threads are suspended, there are no sessions, and nobody can be asked to end: only ended."""

import sys

assert sys.platform == "win32"

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import psutil

from supervisor.core.model import Run
from supervisor.system.tree.anywhere import NO_ANSWER, Told, everyone, is_it
from supervisor.system.tree.base import Act, Member, Sent

#: psutil looks at the start time itself right before it acts.
_ACTS: Final[Mapping[Act, Callable[[psutil.Process], None]]] = {
    Act.PAUSE: psutil.Process.suspend,
    Act.RESUME: psutil.Process.resume,
    Act.KILL: psutil.Process.kill,
}


class System(Told):
    """All processes of this machine."""

    def everyone(self) -> Sequence[Member]:
        """All processes, of whatever user."""
        return tuple(everyone(lambda _: 0))

    def do(self, run: Run, act: Act) -> Sent:
        """Do it to this very process, or to nobody."""
        if act not in _ACTS:
            return Sent.REFUSED
        try:
            process = psutil.Process(run.pid)
            if not is_it(process, run):
                return Sent.GONE
            _ACTS[act](process)
        except psutil.NoSuchProcess:
            return Sent.GONE
        except NO_ANSWER:
            return Sent.REFUSED
        return Sent.DONE
