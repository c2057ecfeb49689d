"""Two machines and a wire between them that loses packets: a thread carries each, or not. Linux, root."""

import sys

assert sys.platform == "linux"

import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.lab.fixtures import do_without
from tests.lab.weather import Weather

#: Addresses of the two, from a block that is for tests of networks (RFC 2544).
HERE, THERE = "198.18.0.1", "198.18.0.2"
_TUNSETIFF: Final = 0x400454CA  # linux/if_tun.h
_IFF_TUN_NO_PI: Final = 0x0001 | 0x1000
_CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
_LARGEST: Final = 65536


def enter(name: str) -> None:
    """Move this thread, and no other, into that network namespace: sockets that it makes are there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{name}").open("rb") as place:
        if libc.setns(place.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


class Wire:
    """Owns both namespaces and the thread that carries packets. *here* is where agent and supervisor are."""

    def __init__(self, loss: float, seed: int = 1) -> None:
        """*loss*: the share of packets that never arrive, 0 to 1."""
        self.here, self.there = Weather("h"), Weather("t")
        self.loss = loss
        self._chosen = random.Random(seed)
        self._ends: list[int] = []
        self._stop = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wire", daemon=True)
        #: Packets that were carried, and that were lost.
        self.carried, self.lost = 0, 0

    def _open(self, weather: Weather, address: str, other: str) -> int:
        end = -1

        def opened() -> None:
            nonlocal end
            enter(weather.name)
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", b"wire", _IFF_TUN_NO_PI))

        opening = threading.Thread(target=opened)
        opening.start()
        opening.join()
        if end < 0:
            do_without("needs /dev/net/tun: run the tests on a machine that has it")
        for words in (
            ("address", "add", address, "peer", other, "dev", "wire"),
            ("link", "set", "wire", "up"),
        ):
            subprocess.run(("ip", "-n", weather.name, *words), check=True, capture_output=True, timeout=60)
        return end

    def _carry(self) -> None:
        while True:
            ready = select.select([*self._ends, self._stop[0]], [], [])[0]
            if self._stop[0] in ready:
                return
            for end in ready:
                packet = os.read(end, _LARGEST)
                if self._chosen.random() < self.loss:
                    self.lost += 1
                    continue
                self.carried += 1
                os.write(self._ends[1 - self._ends.index(end)], packet)

    def __enter__(self) -> Self:
        """Both ends are up."""
        for weather in (self.here, self.there):
            weather.__enter__()
        self._ends = [self._open(self.here, HERE, THERE), self._open(self.there, THERE, HERE)]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Nothing is left."""
        if self._thread.is_alive():
            os.write(self._stop[1], b"x")
            self._thread.join(20)
        for one in (*self._ends, *self._stop):
            os.close(one)
        for weather in (self.here, self.there):
            weather.__exit__(kind, error, place)
