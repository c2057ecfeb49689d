"""A network of its own whose cable can be pulled: agent, model and supervisor are all in it. Linux, root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.fixtures import do_without


class Weather:
    """Owns one network namespace; what runs in it talks over its loopback, and nothing else."""

    def __init__(self, more: str = "") -> None:
        """Nothing is there yet. Skips where it cannot be. *more*: tells it from another one."""
        if sys.platform != "linux" or shutil.which("ip") is None:
            do_without("needs ip: apt install iproute2")
        if os.geteuid() != 0:
            do_without("network namespaces need root: run the tests as root")
        self.name = f"wlw{os.getpid()}{more}"

    @property
    def within(self) -> tuple[str, ...]:
        """What to write before a command to run it there."""
        return ("ip", "netns", "exec", self.name)

    def knows(self, *names: str) -> None:
        """From now on these names lead to this machine, and no others to anywhere."""
        lines = [f"127.0.0.1 {name}\n" for name in ("localhost", *names)]
        # In the same file: it is seen by whoever runs here already.
        (self._names / "hosts").write_text("".join(lines))

    @property
    def _names(self) -> Path:
        """What ``ip netns exec`` puts in place of the machine's own files; see ip-netns(8)."""
        return Path("/etc/netns", self.name)

    def pull(self) -> None:
        """Pull the cable: with it, address and route go."""
        self._ip("address", "flush", "dev", "lo")
        self._ip("link", "set", "lo", "down")

    def plug(self) -> None:
        """Plug it in again."""
        self._ip("link", "set", "lo", "up")
        self._ip("address", "replace", "127.0.0.1/8", "dev", "lo")

    def _ip(self, *arguments: str) -> None:
        subprocess.run(("ip", "-n", self.name, *arguments), check=True, capture_output=True, timeout=60)

    def __enter__(self) -> Self:
        """Fair."""
        made = subprocess.run(("ip", "netns", "add", self.name), capture_output=True, check=False)
        if made.returncode:
            do_without("network namespaces are not allowed here: run on a machine of your own")
        self.plug()
        self._names.mkdir(parents=True, exist_ok=True)
        # Nobody listens there: names that are not known are looked for in vain.
        (self._names / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.knows()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Gone."""
        shutil.rmtree(self._names, ignore_errors=True)
        subprocess.run(("ip", "netns", "delete", self.name), capture_output=True, check=False)
