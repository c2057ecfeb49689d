"""Trees of real processes with a mark of their own; nothing of them outlives the test."""

import os
import secrets
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from supervisor.core.model import Run
from tests.lab.waiting import until

#: A shell that only waits, without a child that would end before it.
WAIT = "read _ < hold"


class Tree:
    """What a shell script starts, in a session of its own; a context manager that ends all of it.

    In its folder is a pipe, ``hold``, that nobody ever writes to.
    """

    def __init__(
        self, script: str, folder: Path, *, argv: Sequence[str] = ("sh", "-c"), collect: bool = True
    ) -> None:
        """Start *script* in *folder*. *collect*: when it ends, see to that at once."""
        self.folder = folder
        self.marks: Mapping[str, str] = {"TREE_MARK": secrets.token_hex(8)}
        if not (folder / "hold").exists():
            os.mkfifo(folder / "hold")
        # Open at both ends, so that whoever reads there waits for ever.
        self._hold = os.open(folder / "hold", os.O_RDWR)
        self.process = subprocess.Popen(
            [*argv, script],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **self.marks},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.run = run(self.process.pid)
        if collect:
            threading.Thread(target=self.process.wait, name="collector", daemon=True).start()

    def told(self, name: str) -> int:
        """The PID that the script wrote into the file of that name."""
        path = self.folder / name
        return int(until(lambda: path.exists() and path.read_text().strip(), saying=f"{name} is written"))

    def all(self) -> list[psutil.Process]:
        """All living processes with the mark."""
        return [process for process in psutil.process_iter() if self._is_marked(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return self.marks.items() <= process.environ().items()
        except (psutil.Error, OSError):
            return False

    def __enter__(self) -> Self:
        """It has been started."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Nothing is left."""
        until(self._felled, saying="the tree is gone")
        self.process.wait()
        os.close(self._hold)

    def _felled(self) -> bool:
        left = self.all()
        for process in left:
            end(process)
        return not left


def run(pid: int) -> Run:
    """The run that has this PID now."""
    return Run(pid, psutil.Process(pid).create_time())


def status(pid: int) -> str:
    """Its state, in psutil's words; empty when it is gone."""
    try:
        return str(psutil.Process(pid).status())
    except psutil.Error:
        return ""


def end(process: psutil.Process) -> None:
    """kill -9, of that very process."""
    try:
        process.kill()
    except psutil.Error:
        return
