"""Real commands in real terminals: nothing is lost, nothing stalls, nothing is left."""

import hashlib
import os
import shutil
import signal
import stat
import sys
import threading

import psutil
import pytest

from supervisor.core.errors import Failed, NoSuchSession
from supervisor.terminal import wire
from tests.lab.held import Held
from tests.lab.waiting import until

assert sys.platform != "win32"

MEGABYTE = 2**20


def test_what_is_typed_comes_back(held: Held) -> None:
    """A terminal echoes, and its program answers."""
    cat = held.run("cat")

    cat.type(b"hello\n")

    cat.wait_for(b"hello\r\nhello\r\n")
    cat.type(b"\x04")
    assert cat.code() == 0


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
def test_the_exit_status_comes_after_the_last_byte(held: Held, command: str, code: int) -> None:
    """The last words are not cut off by the end."""
    caller = held.run("sh", "-c", f"echo last words; {command}")

    assert caller.code() == code
    assert bytes(caller.output) == b"last words\r\n"
    assert caller.told(wire.Exit)[0].offset == len(caller.output)


def test_the_exit_status_is_kept_until_it_is_read(held: Held) -> None:
    """Nobody looked when it ended: who comes later learns of it, and then the holder goes."""
    caller = held.run("sh", "-c", "echo done; exit 3", looks=False)
    holder = psutil.Process(caller.hello.holder)
    caller.close()
    until(lambda: not psutil.pid_exists(caller.hello.child))

    later = held.attach(caller)

    assert later.code() == 3
    assert bytes(later.output) == b"done\r\n"
    later.line.say(wire.Taken())
    until(lambda: not holder.is_running())
    assert list(held.folder.glob("[0-9a-f]*.sock")) == []


def test_a_screen_that_leaves_while_something_is_printed_harms_nobody(held: Held) -> None:
    """The holder learns of both at once."""
    first = held.run("sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; echo printed; touch done; cat")
    leaving = held.attach(first)
    holder = psutil.Process(first.hello.holder)
    holder.suspend()

    (held.folder / "go").touch()
    until((held.folder / "done").exists)
    leaving.close()
    holder.resume()

    first.wait_for(b"printed")
    first.type(b"still here\n")
    first.wait_for(b"still here\r\nstill here\r\n")


def test_the_command_has_a_terminal_of_its_own_and_nothing_of_ours(held: Held) -> None:
    """Controlling terminal, size, folder, three descriptors, usual signals."""
    script = "stty size; pwd; ls /proc/self/fd | wc -l; tty; ps -o sid= -p $$; echo $$"
    script += "; grep SigIgn /proc/$$/status"
    caller = held.run("bash", "-c", script, size=(33, 101))

    assert caller.code() == 0
    lines = [line.strip() for line in caller.output.decode().splitlines()]
    assert lines[:3] == ["33 101", str(held.folder), "4"]  # the fourth is the folder that ls reads
    assert lines[3].startswith("/dev/pts/")
    assert lines[4] == lines[5]
    assert int(lines[6].split()[1], 16) == 0


def test_a_broken_pipe_ends_a_hosted_program(held: Held) -> None:
    """Python ignores SIGPIPE; what it starts must not."""
    caller = held.run("bash", "-c", "yes | head -n 1; echo ${PIPESTATUS[0]}")

    caller.code()

    assert bytes(caller.output) == b"y\r\n141\r\n"


@pytest.mark.parametrize(
    ("argv", "said"), [(("no-such-program",), "no-such-program"), (("/etc/passwd",), "/etc/passwd")]
)
def test_what_cannot_be_started_is_said(held: Held, argv: tuple[str, ...], said: str) -> None:
    """One sentence with the program's name, and no holder is left."""
    with pytest.raises(Failed, match=said):
        held.run(*argv)

    until(lambda: held.nursery.children() == [])
    assert list(held.folder.glob("[0-9a-f]*.sock")) == []


def test_a_new_size_reaches_the_program(held: Held) -> None:
    """SIGWINCH, and the size that the newest screen has."""
    caller = held.run("bash", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done")
    caller.wait_for(b"ready")

    caller.line.say(wire.Resize(50, 132))

    caller.wait_for(b"50 132")


def test_an_input_is_typed_once_whoever_repeats_it(held: Held) -> None:
    """A repeat is confirmed again, and not typed; another id is."""
    caller = held.run("cat")
    again = held.attach(caller)

    caller.type(b"one\n", b"id-1")
    caller.hear(lambda: caller.told(wire.Written))
    again.type(b"one\n", b"id-1")
    again.hear(lambda: again.told(wire.Written))
    again.type(b"two\n", b"id-2")

    caller.wait_for(b"two\r\ntwo\r\n")
    assert caller.output.count(b"one\r\n") == 2  # the echo, and what cat says
    assert [w.id for w in again.told(wire.Written)] == [b"id-1"]


def test_a_megabyte_typed_at_once_arrives_whole(held: Held) -> None:
    """Typing never blocks the holder, and never loses a byte."""
    caller = held.run("sh", "-c", "stty raw -echo; echo ready; head -c 1048576 | md5sum")
    caller.wait_for(b"ready")
    pieces = [bytes([number + 65]) * 65_536 for number in range(16)]

    for piece in pieces:
        caller.type(piece)

    assert caller.code() == 0
    assert hashlib.md5(b"".join(pieces)).hexdigest().encode() in caller.output


def test_a_hundred_megabytes_arrive_whole_in_bounded_memory(held: Held) -> None:
    """A screen that keeps up misses nothing; the holder keeps two megabytes."""
    caller = held.run("sh", "-c", "head -c 104857600 /dev/zero | tr '\\0' x; echo end")
    caller.line.connection.settimeout(30)

    while not caller.told(wire.Exit):
        caller._take(caller.line.hear() or ())
        del caller.output[:-100]

    assert caller.told(wire.Gap) == []
    assert caller.offset == 100 * MEGABYTE + 5
    assert caller.output.endswith(b"xend\r\n")
    used = psutil.Process(caller.hello.holder).memory_full_info().uss
    assert used < 8 * MEGABYTE


def test_a_screen_that_does_not_read_stalls_nobody(held: Held) -> None:
    """The agent goes on within a second; the slow one gets a gap and then the end."""
    caller = held.run("sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; echo end; touch done; cat")
    watcher = held.attach(caller)

    until((held.folder / "done").exists, 10)  # nobody has read a byte

    watcher.wait_for(b"end")
    caller.wait_for(b"end")
    assert caller.told(wire.Gap)
    assert caller.offset == watcher.offset == 20_000_005


def test_a_client_that_comes_back_goes_on_at_its_byte(held: Held) -> None:
    """What was printed meanwhile comes; nothing comes twice."""
    caller = held.run("cat")
    caller.type(b"first\n")
    caller.wait_for(b"first\r\nfirst\r\n")
    other = held.attach(caller)
    caller.close()
    other.type(b"second\n")
    other.wait_for(b"second\r\nsecond\r\n")

    again = held.attach(caller, offset=caller.offset or 0)
    again.wait_for(b"second\r\nsecond\r\n")

    assert bytes(again.output) == b"second\r\nsecond\r\n"


def test_two_screens_show_the_same(held: Held) -> None:
    """Both may type, both see all."""
    one = held.run("cat")
    two = held.attach(one)

    one.type(b"from one\n")
    two.wait_for(b"from one\r\nfrom one\r\n")
    two.type(b"from two\n")

    one.wait_for(b"from two\r\nfrom two\r\n")
    two.wait_for(b"from two\r\nfrom two\r\n")
    assert one.output == two.output


@pytest.mark.skipif(shutil.which("less") is None, reason="needs less: apt install less")
def test_who_comes_late_to_a_full_screen_program_gets_the_same_screen(held: Held) -> None:
    """All that made the screen is played again, and the program is left alone."""
    (held.folder / "text").write_text("".join(f"line {n}\n" for n in range(500)))
    less = held.run("less", "text", LESS="")
    less.wait_for(b"line 22")

    late = held.attach(less)
    late.hear(lambda: late.offset == less.offset)

    assert late.output == less.output


def test_a_screen_that_is_not_kept_whole_is_painted_anew(held: Held) -> None:
    """Its modes are told, and the program learns of a new size and then of the old one."""
    script = "printf '\\033[?1049h'; head -c 3000000 /dev/zero | tr '\\0' x; trap 'stty size' WINCH"
    first = held.run("bash", "-c", f"{script}; echo ready; while :; do sleep 0.02; done")
    first.wait_for(b"ready")

    late = held.attach(first)

    late.wait_for(b"24 80")
    (gap,) = late.told(wire.Gap)
    assert gap.modes == b"\x1b[?1049h"
    assert late.output.index(b"23 80") < late.output.index(b"24 80")


def test_holders_die_with_nobody_else(held: Held) -> None:
    """The nursery killed: its holders go on, and new ones come from a new nursery."""
    cat = held.run("cat")
    held.nursery.kill()
    until(lambda: not held.nursery.is_running() or held.nursery.status() == psutil.STATUS_ZOMBIE)

    cat.type(b"alive\n")
    cat.wait_for(b"alive\r\nalive\r\n")
    other = held.run("cat")

    assert psutil.Process(cat.hello.holder).is_running()
    assert other.hello.holder != cat.hello.holder
    cat.type(b"\x04")
    assert cat.code() == 0
    cat.line.say(wire.Taken())


def test_a_killed_holder_takes_its_command_along_and_says_nothing(held: Held) -> None:
    """The terminal is gone: the command gets a hang-up, callers an end without exit status."""
    cat = held.run("cat")

    os.kill(cat.hello.holder, signal.SIGKILL)

    until(lambda: cat.line.hear() is None)
    until(lambda: not psutil.pid_exists(cat.hello.child))
    with pytest.raises(NoSuchSession):
        held.attach(cat)


def test_only_asked_signals_reach_the_command(held: Held) -> None:
    """Interrupt does; a number that is none of ours does not."""
    caller = held.run("bash", "-c", "trap 'echo int' INT; echo ready; while :; do sleep 0.05; done")
    caller.wait_for(b"ready")

    caller.line.say(wire.Signal(64), wire.Signal(-9), wire.Signal(signal.SIGINT))
    caller.wait_for(b"int")

    caller.line.say(wire.Signal(signal.SIGKILL))
    assert caller.code() == -9


def test_sockets_are_for_this_user_only(held: Held) -> None:
    """Mode 0600, below a folder that is nobody else's."""
    held.run("cat")

    modes = {stat.S_IMODE(place.stat().st_mode) for place in held.folder.glob("*.sock")}

    assert modes == {0o600}


def test_a_client_that_talks_nonsense_is_cut_off_alone(held: Held) -> None:
    """Nobody else notices."""
    cat = held.run("cat")
    other = held.attach(cat)

    other.line.connection.sendall(b"\xff" * 100)

    until(lambda: other.line.hear() is None)
    cat.type(b"still here\n")
    cat.wait_for(b"still here\r\nstill here\r\n")


def test_a_holder_that_waits_costs_nothing(held: Held) -> None:
    """No wake-up while nothing happens, and less than two megabytes of its own."""
    callers = [held.run("cat") for _ in range(4)]
    holders = [psutil.Process(caller.hello.holder) for caller in callers]
    for caller in callers:
        caller.type(b"x\n")
        caller.wait_for(b"x\r\nx\r\n")

    until(lambda: {process.status() for process in holders} == {psutil.STATUS_SLEEPING})
    before = sum(process.num_ctx_switches().voluntary for process in holders)
    threading.Event().wait(0.5)
    after = sum(process.num_ctx_switches().voluntary for process in holders)

    assert after - before <= 1  # the last one may just have gone to sleep
    assert all(process.memory_full_info().uss < 2 * MEGABYTE for process in holders)
