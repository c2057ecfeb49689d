"""A network of its own in this machine: a desktop with a bridge and a VPN, and a phone that is its router.

Linux, root. Each side is a network namespace; nothing leaves them, and they go with the ``Lan``.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.fixtures import do_without

ROOT = Path(__file__).parents[2]
DESK = "192.168.77.10"
PHONE = "192.168.77.20"
#: As containers and a VPN leave them on a desktop; the VPN has the default route, as VPNs like to.
BRIDGE = "172.17.0.1"
VPN = "10.8.0.2"

_SETUP = f"""
link add {{desk}} type veth peer name {{phone}}
link set {{desk}} netns {{desk}} name eth0
link set {{phone}} netns {{phone}} name eth0
-n {{desk}} link set lo up
-n {{desk}} addr add {DESK}/24 dev eth0
-n {{desk}} link set eth0 up
-n {{desk}} link add docker0 type bridge
-n {{desk}} addr add {BRIDGE}/16 dev docker0
-n {{desk}} link set docker0 up
-n {{desk}} link add veth0 type veth peer name container
-n {{desk}} link set veth0 master docker0 up
-n {{desk}} link set container up
-n {{desk}} link add tun0 type veth peer name elsewhere
-n {{desk}} link set elsewhere up
-n {{desk}} addr add {VPN}/24 dev tun0
-n {{desk}} link set tun0 up
-n {{desk}} route add default via 10.8.0.1
-n {{desk}} route add default via {PHONE} metric 600
-n {{phone}} link set lo up
-n {{phone}} addr add {PHONE}/24 dev eth0
-n {{phone}} link set eth0 up
-n {{phone}} route add default via {DESK}
"""

_SHUT = """
add table inet t
add chain inet t i { type filter hook input priority 0; policy drop; }
add rule inet t i iifname lo accept
add rule inet t i ct state established,related accept
"""


class Lan:
    """Owns two namespaces and the cable between them."""

    def __init__(self) -> None:
        """Nothing is there yet. Skips where it cannot be."""
        if shutil.which("ip") is None:
            do_without("needs ip: apt install iproute2")
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            do_without("network namespaces need root: run the tests as root")
        self._sides = {side: f"wl{os.getpid()}{side[0]}" for side in ("desk", "phone")}
        self._opened = ExitStack()

    def within(self, side: str) -> tuple[str, ...]:
        """What to write before a command to run it on that side (``desk`` or ``phone``)."""
        return ("ip", "netns", "exec", self._sides[side])

    def listening(self) -> set[str]:
        """Every socket on the desktop that waits for somebody: ``udp`` or ``tcp``, and where."""
        asked = [*self.within("desk"), "ss", "-Hlntu"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
        return {f"{fields[0]} {fields[4]}" for fields in map(str.split, told.splitlines())}

    def change(self, side: str, *commands: str) -> None:
        """Commands of ``ip`` on that side."""
        for command in commands:
            _ip("-n", self._sides[side], *command.split())

    def shut_firewall(self) -> None:
        """Let nothing into the desktop any more but answers."""
        if shutil.which("nft") is None:
            do_without("needs nft: apt install nftables")
        subprocess.run(
            [*self.within("desk"), "nft", "-f", "-"], input=_SHUT, text=True, check=True, timeout=60
        )

    @contextmanager
    def on_the_phone(self, *arguments: str) -> Iterator["Doing"]:
        """Do something of ``on_the_phone.py``; it ends with the block."""
        command = [*self.within("phone"), sys.executable, "-m", "tests.lab.on_the_phone", *arguments]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield Doing(process)
            finally:
                process.kill()

    def __enter__(self) -> Self:
        """Plugged in."""
        with ExitStack() as undo:
            for name in self._sides.values():
                if "not permitted" in _ip("netns", "add", name, check=False):
                    do_without("network namespaces are not allowed here: run on a machine of your own")
                undo.callback(_ip, "netns", "delete", name, check=False)
            for line in _SETUP.strip().splitlines():
                _ip(*line.format(**self._sides).split())
            self._opened = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Gone, with everything in it."""
        self._opened.close()


class Doing:
    """Something that is done on the phone's side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """*process* prints JSON lines."""
        self._process = process

    def say(self, line: str = "") -> None:
        """One line for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def told(self, **wanted: Any) -> dict[str, Any]:
        """Wait for the next line that has these values (``...``: any)."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if all(key in said and value in (..., said[key]) for key, value in wanted.items()):
                return said
        raise AssertionError(f"it ended without saying {wanted}")


def _ip(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stderr
