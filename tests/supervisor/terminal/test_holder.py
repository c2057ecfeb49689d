"""Real commands in real terminals: nothing is lost, nothing stalls, nothing is left."""

import contextlib
import hashlib
import os
import signal
import sys
import threading

import psutil
import pytest

from supervisor.core.errors import NoSuchSession
from supervisor.terminal import wire
from tests.lab.held import ROOT, Held
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


def test_a_new_size_reaches_the_program(held: Held) -> None:
    """SIGWINCH, and the size that the newest screen has."""
    caller = held.run("bash", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done")
    caller.wait_for(b"ready")

    caller.line.say(wire.Resize(50, 132))

    caller.wait_for(b"50 132")


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


def test_what_survives_a_killed_holder_is_of_its_session(held: Held) -> None:
    """Whoever ignores a hang-up lives on, and is known by it; everybody else is gone and buried."""
    shell = held.run("bash", "-c", "nohup sleep 1000 >nohup.out 2>&1 & sleep 1000 & exec cat")
    until(lambda: sorted(p.name() for p in in_session(shell.hello.child)) == ["cat", "sleep", "sleep"])
    session = [process.pid for process in in_session(shell.hello.child)]

    os.kill(shell.hello.holder, signal.SIGKILL)

    until(lambda: len(in_session(shell.hello.child)) == 1)
    (survivor,) = in_session(shell.hello.child)
    assert survivor.cmdline() == ["sleep", "1000"]
    assert os.getpgid(survivor.pid) == shell.hello.child
    survivor.kill()
    until(lambda: not any(map(psutil.pid_exists, session)))
    until(lambda: held.nursery.children() == [])
    assert list(held.folder.glob("[0-9a-f]*.sock")) == []


def in_session(leader: int) -> list[psutil.Process]:
    """All processes of that session, but for the dead."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_only_asked_signals_reach_the_command(held: Held) -> None:
    """Interrupt does; a number that is none of ours does not."""
    caller = held.run("bash", "-c", "trap 'echo int' INT; echo ready; while :; do sleep 0.05; done")
    caller.wait_for(b"ready")

    caller.line.say(wire.Signal(64), wire.Signal(-9), wire.Signal(signal.SIGINT))
    caller.wait_for(b"int")

    caller.line.say(wire.Signal(signal.SIGKILL))
    assert caller.code() == -9


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


def test_how_things_are_is_answered(held: Held) -> None:
    """Size, modes at the end, screens, turn, line, and how long no person has pressed a key."""
    script = r"printf '\033[?2004h\033[?1h\033[?1049h\033[?1049lready'; read x"
    caller = held.run("sh", "-c", script, size=(33, 101))
    caller.wait_for(b"ready")
    before = caller.state()
    phone = held.watch(caller)
    caller.type(b"x")
    phone.take()

    after = phone.state()

    assert before[:2] == (33, 101)
    assert before.modes == b"\x1b[?2004h\x1b[?1h"
    assert before[3:] == (1, 0, False, False, False, -1.0)
    assert after[3:8] == (1, 1, True, True, False)
    assert 0 <= after.idle < 20


def test_a_pause_from_outside_suspends_no_screen(held: Held) -> None:
    """Screens are told of it, also those that come later; a stop of the program's own is told after it."""
    caller = held.run("bash", "-c", "echo ready; read x; echo $x; kill -STOP $$; read x")
    caller.wait_for(b"ready")
    phone = held.watch(caller)
    child = psutil.Process(caller.hello.child)

    phone.answer(wire.Pause(), wire.Paused)
    child.suspend()
    until(lambda: child.status() == psutil.STATUS_STOPPED)
    assert phone.state().paused
    late = held.attach(caller)
    late.hear(lambda: late.told(wire.Paused))
    child.resume()
    phone.answer(wire.Continue(), wire.Paused)
    caller.type(b"on\n")

    caller.hear(lambda: caller.told(wire.Stopped))
    assert caller.told(wire.Paused) == [wire.Paused(paused=True), wire.Paused(paused=False)]
    assert len(caller.told(wire.Stopped)) == 1
    assert b"on" in caller.output
    assert not phone.state().paused


def test_a_phone_gives_the_size_only_where_no_screen_is(held: Held) -> None:
    """Whoever sits there has a window of a size of its own."""
    caller = held.run("cat")
    phone = held.watch(caller)
    phone.say(wire.Fit(50, 40))
    assert phone.state()[:2] == (24, 80)

    caller.close()
    until(lambda: phone.state().screens == 0)
    phone.say(wire.Fit(50, 40))

    assert phone.state()[:2] == (50, 40)


@pytest.mark.parametrize(
    ("asked", "given"), [((0, 0), (1, 1)), ((-5, 70_000), (1, 1000)), ((65_535, 2), (1000, 2))]
)
def test_a_size_is_one_that_a_terminal_can_have(
    held: Held, asked: tuple[int, int], given: tuple[int, int]
) -> None:
    """From 1 to 1000; what a screen without a size says is no size."""
    caller = held.run("cat", looks=False, size=(70_000, 80))
    assert caller.state()[:2] == (1000, 80)

    caller.say(wire.Fit(*asked))
    assert caller.state()[:2] == given
    caller.say(wire.Resize(*asked))

    assert caller.state()[:2] == given


def test_no_clock_that_jumps_is_asked() -> None:
    """Whoever sets the clock, or sleeps, changes nothing: only the start has a time of day."""
    sources = (ROOT / "supervisor" / "terminal").glob("*.py")

    asking = [path.name for path in sources if "time.time()" in path.read_text()]

    assert asking == ["order.py"]
