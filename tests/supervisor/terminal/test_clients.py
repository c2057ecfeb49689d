"""Those who look at a held terminal: each gets every byte, and none holds up another."""

import shutil
import stat
import sys

import psutil
import pytest

assert sys.platform != "win32"

from supervisor.terminal import wire
from tests.lab.held import Held
from tests.lab.waiting import until


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


def test_an_input_is_typed_once_whoever_repeats_it(held: Held) -> None:
    """A repeat is confirmed again, and not typed; another id is."""
    caller = held.run("cat")
    again = held.attach(caller)

    caller.type(b"one\n", b"id-1")
    caller.hear(lambda: caller.told(wire.Written))
    again.type(b"one\n", b"id-1")
    again.hear(lambda: again.told(wire.Written))
    again.type(b"two\n", b"id-2")

    caller.hear(lambda: caller.output.count(b"two\r\n") == 2)
    assert caller.output.count(b"one\r\n") == 2  # the echo, and what cat says
    assert [w.id for w in again.told(wire.Written)] == [b"id-1"]


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


def test_a_viewer_holds_nothing_up_and_is_no_screen(held: Held) -> None:
    """It gets a gap where a screen would be waited for; the program is not told to paint anew."""
    script = (
        "trap 'echo painted' WINCH; echo ready; read x; head -c 20000000 /dev/zero | tr '\\0' x; echo end"
    )
    first = held.run("bash", "-c", f"{script}; touch done; read x")
    first.wait_for(b"ready")
    viewer = held.view(first)
    first.type(b"\n")

    first.hear(lambda: b"end" in first.output[-99:])

    viewer.wait_for(b"end")
    assert viewer.told(wire.Gap)
    assert first.told(wire.Gap) == []
    assert viewer.offset == first.offset
    assert viewer.state().screens == 1
    assert b"painted" not in first.output


def test_a_viewer_is_told_the_size_that_output_was_meant_for(held: Held) -> None:
    """Each size comes before what was printed for it, also to one who comes later."""
    caller = held.run("sh", "-c", "stty size; read x; stty size; cat", size=(24, 80))
    early = held.view(caller).wait_for(b"24 80")

    caller.say(wire.Resize(40, 120))
    caller.type(b"\n")
    early.wait_for(b"40 120")
    late = held.view(caller).wait_for(b"40 120")

    assert early.told(wire.Sized) == late.told(wire.Sized) == [wire.Sized(24, 80), wire.Sized(40, 120)]
    assert not caller.told(wire.Sized)


def test_a_viewer_may_ask_for_a_new_picture(held: Held) -> None:
    """The program learns of another size and of the old one again."""
    first = held.run("bash", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done")
    viewer = held.view(first)
    viewer.wait_for(b"ready")

    viewer.say(wire.Nudge())

    viewer.wait_for(b"24 80")
    assert viewer.output.index(b"23 80") < viewer.output.index(b"24 80")


def test_who_asks_and_does_not_listen_is_let_go(held: Held) -> None:
    """Answers do not pile up in the holder; others do not notice."""
    cat = held.run("cat")
    flood = held.watch(cat)
    questions = wire.encode(wire.Ask()) * 200_000

    with pytest.raises(OSError, match=r"(?i)pipe|reset"):
        flood.line.connection.sendall(questions)

    cat.type(b"still here\n")
    cat.wait_for(b"still here\r\nstill here\r\n")
    assert psutil.Process(cat.hello.holder).memory_full_info().uss < 8 * 2**20


def test_a_client_of_the_first_version_is_served(held: Held) -> None:
    """What it cannot know passes it by; what it types is typed."""
    cat = held.run("cat")
    old = held.call(cat, wire.Attach(1, -1, 0, 0))

    old.type(b"old\n")

    old.wait_for(b"old\r\nold\r\n")
