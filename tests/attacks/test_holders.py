"""What programs on the same machine may try with the socket of a held terminal."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("holders are attacked where they have been run", allow_module_level=True)
assert sys.platform == "linux"

import contextlib
import os
import shutil
import socket
import subprocess
import textwrap
from collections.abc import Iterator, Sequence

import psutil

from supervisor.terminal import wire
from tests.lab.fixtures import do_without
from tests.lab.held import ROOT, Caller, Held
from tests.lab.waiting import until

NOBODY = 65_534
FLOOD = "import itertools, os; [os.write(1, b'line %d\\n' % n) for n in itertools.count()]"


@pytest.fixture
def held() -> Iterator[Held]:
    """A nursery and its holders; all of them end with the test."""
    with Held() as running:
        yield running


def socket_of(held: Held, caller: Caller) -> str:
    """Where its holder answers."""
    return str(held.folder / f"{caller.hello.id.decode()}.sock")


def answer_to(user: int, *places: str) -> Sequence[str]:
    """What somebody with that user id hears first at these sockets."""
    script = """
        import os, socket, sys
        os.setgroups([]); os.setuid(int(sys.argv[1]))
        for place in sys.argv[2:]:
            with socket.socket(socket.AF_UNIX) as calling:
                try:
                    calling.connect(place)
                    print("silence" if calling.recv(1) == b"" else "an answer")
                except OSError as trouble:
                    print(trouble.strerror)
    """
    argv = [sys.executable, "-I", "-c", textwrap.dedent(script), str(user), *places]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def test_another_user_is_refused_twice(held: Held) -> None:
    """By the folder's mode, and where that was changed by the kernel's word about who calls."""
    if os.geteuid() != 0:
        do_without("becoming another user needs root: run the tests as root")
    cat = held.run("cat")
    (nursery,) = map(str, held.folder.glob("nursery-*.sock"))
    places = (socket_of(held, cat), nursery)

    assert answer_to(NOBODY, *places) == ["Permission denied", "Permission denied"]
    held.folder.chmod(0o755)
    assert answer_to(NOBODY, *places) == ["Permission denied", "Permission denied"]
    for place in places:
        os.chmod(place, 0o777)  # noqa: PTH101

    assert answer_to(NOBODY, *places) == ["silence", "silence"]
    assert answer_to(0, places[0]) == ["an answer"]
    until(lambda: len(held.nursery.children()) == 1)


@pytest.mark.parametrize("announced", [0, 2**20 + 1, 2**31, 2**32 - 1])
def test_an_oversized_frame_is_not_waited_for(held: Held, announced: int) -> None:
    """Whoever announces it is cut off; nobody else notices, and no memory is taken for it."""
    cat = held.run("cat")
    other = held.attach(cat)

    other.line.connection.sendall(announced.to_bytes(4, "big") + b"\x04")

    until(lambda: other.line.hear() is None)
    cat.type(b"still here\n")
    cat.wait_for(b"still here\r\nstill here\r\n")
    assert psutil.Process(cat.hello.holder).memory_full_info().uss < 4 * 2**20


def test_an_order_that_lies_about_its_lengths_starts_nothing(held: Held) -> None:
    """Its holder goes again, and says nothing."""
    held.run("cat")
    for body in (b"\x01" + b"\xff" * 60, b"\x01" + b"\0" * 7 + b"\2" + b"\xff\xff\xff\xff" * 4):
        line = held.nursery_line()
        line.connection.sendall(len(body).to_bytes(4, "big") + body)
        assert line.hear() is None

    until(lambda: len(held.nursery.children()) == 1)


def test_a_flood_of_input_stops_neither_output_nor_others(held: Held) -> None:
    """The program reads nothing: its output comes on, others are heard, and memory has a bound."""
    printing = held.run(sys.executable, "-c", FLOOD)
    flooder, phone = held.watch(printing), held.watch(printing)
    flooder.line.connection.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 2**26:
            sent += flooder.line.connection.send(wire.pressed(b"x" * 60_000))

    seen = len(printing.output)
    printing.hear(lambda: len(printing.output) > seen + 2**21)

    assert sent < 2**22
    assert phone.state().screens == 1
    assert psutil.Process(printing.hello.holder).memory_full_info().uss < 16 * 2**20
    phone.say(wire.Signal(9))
    assert printing.code() == -9


def test_a_flood_of_calls_takes_no_more_than_its_share(held: Held) -> None:
    """Some are let in and the others are not; who was there before is served."""
    cat = held.run("cat")
    before = psutil.Process(cat.hello.holder).num_fds()
    lines = [socket.socket(socket.AF_UNIX) for _ in range(200)]
    for line in lines:
        line.connect(socket_of(held, cat))
    for line in lines[100:]:
        assert line.recv(1) == b""

    cat.type(b"still here\n")
    cat.wait_for(b"still here\r\nstill here\r\n")
    assert psutil.Process(cat.hello.holder).num_fds() < before + 64
    for line in lines:
        line.close()
    until(lambda: psutil.Process(cat.hello.holder).num_fds() == before)
    held.attach(cat).wait_for(b"still here")


def test_out_of_descriptors_a_holder_rests(held: Held) -> None:
    """It does not spin, and serves again when some are free."""
    cat = held.run("cat")
    holder = psutil.Process(cat.hello.holder)
    holder.rlimit(psutil.RLIMIT_NOFILE, (holder.num_fds() + 1, 4096))
    lines = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for line in lines:
        line.connect(socket_of(held, cat))
    until(lambda: holder.status() == psutil.STATUS_SLEEPING)

    holder.cpu_percent()
    busy = holder.cpu_percent(1.0)
    for line in lines:
        line.close()

    assert busy < 10
    held.attach(cat).type(b"again\n")
    cat.wait_for(b"again")


def test_a_full_disk_is_said_and_harms_nobody() -> None:
    """No socket can be made: one sentence, nothing is started, and who is held goes on."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        do_without("a disk of its own needs root and unshare: apt install util-linux")
    script = """
        import subprocess, sys
        from supervisor.core.errors import Failed
        from tests.lab.held import Held
        with Held() as held:
            mount = ["mount", "-t", "tmpfs", "-o", "nr_inodes=6,mode=700", "none"]
            subprocess.run([*mount, held.folder], check=True)
            runs = []
            for number in range(9):
                try:
                    runs.append(held.run("cat"))
                except Failed as trouble:
                    print(trouble.title)
            for cat in runs:
                cat.type(b"still here\\n")
                cat.wait_for(b"still here\\r\\nstill here\\r\\n")
            print(len(runs), len(held.nursery.children()))
            for cat in runs:
                cat.close()
            subprocess.run(["umount", "-l", held.folder], check=True)
    """
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    *refused, last = done.stdout.splitlines()
    held_now, children = map(int, last.split())
    assert held_now == children == 9 - len(refused)
    assert len(refused) >= 3
    assert all("No space left on device" in title for title in refused), done.stdout + done.stderr
