"""A network of its own whose cable can be pulled: agent, model and supervisor are all in it. Linux, root."""

import os
import shutil
import subprocess
import sys
from types import TracebackType
from typing import Self

from tests.lab.fixtures import do_without


class Weather:
    """Owns one network namespace; what runs in it talks over its loopback, and nothing else."""

    def __init__(self) -> None:
        """Nothing is there yet. Skips where it cannot be."""
        if sys.platform != "linux" or shutil.which("ip") is None:
            do_without("needs ip: apt install iproute2")
        if os.geteuid() != 0:
            do_without("network namespaces need root: run the tests as root")
        self._name = f"wlw{os.getpid()}"

    @property
    def within(self) -> tuple[str, ...]:
        """What to write before a command to run it there."""
        return ("ip", "netns", "exec", self._name)

    def pull(self) -> None:
        """Pull the cable: with it, address and route go."""
        self._ip("address", "flush", "dev", "lo")
        self._ip("link", "set", "lo", "down")

    def plug(self) -> None:
        """Plug it in again."""
        self._ip("link", "set", "lo", "up")
        self._ip("address", "replace", "127.0.0.1/8", "dev", "lo")

    def _ip(self, *arguments: str) -> None:
        subprocess.run(("ip", "-n", self._name, *arguments), check=True, capture_output=True, timeout=60)

    def __enter__(self) -> Self:
        """Fair."""
        made = subprocess.run(("ip", "netns", "add", self._name), capture_output=True, check=False)
        if made.returncode:
            do_without("network namespaces are not allowed here: run on a machine of your own")
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Gone."""
        subprocess.run(("ip", "netns", "delete", self._name), capture_output=True, check=False)
