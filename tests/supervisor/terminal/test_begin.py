"""From an order to a running command, or a word about what kept it from running."""

import shutil
import sys

import pytest

assert sys.platform != "win32"

from supervisor.core.errors import Failed
from supervisor.terminal import calling, wire
from tests.lab.held import Caller, Held
from tests.lab.waiting import until


@pytest.mark.parametrize(
    ("argv", "cwd", "said"),
    [
        (("no-such-program",), None, "no-such-program"),
        (("/etc/passwd",), None, "/etc/passwd"),
        (("true",), "/no/such/folder", "/no/such/folder"),
    ],
)
def test_what_cannot_be_started_is_said(
    held: Held, argv: tuple[str, ...], cwd: str | None, said: str
) -> None:
    """One sentence with the name of the program or the folder, and no holder is left."""
    order = held.order(*argv)

    with pytest.raises(Failed, match=said):
        held.hold(order._replace(cwd=cwd or order.cwd))

    until(lambda: held.nursery.children() == [])
    assert list(held.folder.glob("[0-9a-f]*.sock")) == []


def test_what_comes_with_the_order_is_heard(held: Held) -> None:
    """An order of many pieces, and keys that were pressed before anything had started."""
    line = held.nursery_line()
    order = wire.encode(calling.start(held.order("cat", LARGE="x" * 100_000)))
    attach = wire.encode(wire.Attach(wire.VERSION, -1, 0, 0))

    line.connection.sendall(order[:7])
    line.connection.sendall(order[7:] + attach + wire.pressed(b"early\n"))

    Caller(line).wait_for(b"early\r\nearly\r\n")


def test_an_order_that_makes_no_sense_is_no_order(held: Held) -> None:
    """Noise, another message first, nothing to run: the line is closed, and nobody is left."""
    cat = held.run("cat")
    empty = wire.encode(calling.start(held.order()))

    for said in (b"\xff" * 10, wire.encode(wire.Watch(wire.VERSION)), empty):
        line = held.nursery_line()
        line.connection.sendall(said)
        assert line.hear() is None

    until(lambda: len(held.nursery.children()) == 1)
    cat.type(b"x\n")
    cat.wait_for(b"x\r\nx\r\n")


def test_a_folder_that_takes_no_socket_is_said(held: Held) -> None:
    """It was removed meanwhile. Nothing is started then."""
    held.run("cat")
    held.nursery.suspend()
    line = held.nursery_line()
    shutil.rmtree(held.folder)
    held.nursery.resume()

    with pytest.raises(Failed, match=r"\.sock cannot be used: No such file or directory"):
        line.greeted()
