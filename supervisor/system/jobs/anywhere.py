"""Jobs as psutil tells of them, where there is no /proc."""

import os
import stat
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import psutil

from supervisor.core.model import Run
from supervisor.system.exits import watch_exit
from supervisor.system.jobs.base import Output, Use
from supervisor.system.jobs.files import last_of
from supervisor.system.processes import Processes
from supervisor.system.tree.anywhere import NO_ANSWER


class Details:
    """See ``jobs.base.Details``."""

    def environment(self, pid: int, names: Collection[str]) -> Mapping[str, str]:
        """Those of its variables that have these names; none for another user's."""
        try:
            return {n: value for n, value in psutil.Process(pid).environ().items() if n in names}
        except NO_ANSWER:
            return {}

    def use(self, pid: int) -> Use:
        """What it uses now."""
        try:
            process = psutil.Process(pid)
            times = process.cpu_times()
            return Use(cpu_seconds=times.user + times.system, memory_bytes=process.memory_info().rss)
        except NO_ANSWER:
            return Use()

    def output(self, pid: int) -> Output | None:
        """Where its standard output goes; nobody tells that on Windows, where descriptors have no numbers."""
        try:
            path = next((file.path for file in psutil.Process(pid).open_files() if file.fd == 1), None)
            found = Path(path).stat() if path else None
        except NO_ANSWER:
            return None
        if path is None or found is None or not stat.S_ISREG(found.st_mode) or not _is_ours(found):
            return None
        return Output(path=path, file=(found.st_dev, found.st_ino), bytes=found.st_size)

    def tail(self, run: Run, size: int) -> tuple[bytes, int, int] | None:
        """The last bytes of that file."""
        output = self.output(run.pid) if Processes().alive(run) else None
        return last_of(output.path, size, only=output.file) if output else None


def watch_end(run: Run, tell: Callable[[Run, int | None], None]) -> Callable[[], None]:
    """Call *tell* once when *run* has ended; how it ended, only its parent is told here."""
    return watch_exit(run, lambda gone: tell(gone, None))


def _is_ours(found: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()
