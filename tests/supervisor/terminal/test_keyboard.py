"""What is typed, by whom, and in whose turn: whoever sits at the screen wins."""

import sys

assert sys.platform != "win32"

from supervisor.terminal import wire
from tests.lab.held import Caller, Held


def turn(caller: Caller) -> wire.Turn:
    """What was told of the turn last."""
    caller.hear(lambda: caller.told(wire.Turn))
    return caller.told(wire.Turn)[-1]


def test_somebody_from_afar_types_in_its_turn(held: Held) -> None:
    """Everybody is told whose turn it is; what is typed is confirmed, and typed once."""
    cat = held.run("cat")
    phone = held.watch(cat)

    taken = phone.take()
    phone.answer(wire.Remote(b"1", taken, b"far\n"), wire.Written)
    phone.answer(wire.Remote(b"1", taken, b"far\n"), wire.Written)
    phone.answer(wire.Remote(b"2", taken, b"away\n"), wire.Written)

    cat.hear(lambda: cat.output.count(b"away\r\n") == 2)
    assert cat.output.count(b"far\r\n") == 2  # the echo, and what cat says
    assert turn(phone) == turn(cat) == wire.Turn(1, remote=True, draft=False)


def test_without_the_turn_nothing_is_typed_from_afar(held: Held) -> None:
    """Never taken, another's, given back: refused by its id, and the same id may come again."""
    cat = held.run("cat")
    one, two = held.watch(cat), held.watch(cat)

    assert one.answer(wire.Remote(b"a", 0, b"no\n"), wire.Refused).id == b"a"
    first = one.take()
    second = two.take()
    assert one.answer(wire.Remote(b"b", first, b"no\n"), wire.Refused).id == b"b"
    one.say(wire.Give())
    two.answer(wire.Remote(b"a", second, b"yes\n"), wire.Written)
    two.say(wire.Give())
    assert two.answer(wire.Remote(b"c", second, b"no\n"), wire.Refused).id == b"c"

    cat.wait_for(b"yes\r\nyes\r\n")
    assert bytes(cat.output) == b"yes\r\nyes\r\n"
    assert turn(cat) == wire.Turn(2, remote=False, draft=False)


def test_a_key_at_the_screen_takes_the_turn_back(held: Held) -> None:
    """At once, and it is typed; what the terminal reports by itself is typed and takes nothing."""
    cat = held.run("sh", "-c", "stty raw -echo; echo ready; cat")
    cat.wait_for(b"ready")
    phone = held.watch(cat)
    taken = phone.take()

    cat.say(wire.Report(b"<focus>"))
    phone.answer(wire.Remote(b"1", taken, b"<far>"), wire.Written)
    cat.type(b"k")

    phone.hear(lambda: not turn(phone).remote)
    assert turn(phone) == wire.Turn(taken + 1, remote=False, draft=True)
    assert phone.answer(wire.Remote(b"2", taken, b"<late>"), wire.Refused).id == b"2"
    cat.wait_for(b"k")
    assert cat.output.endswith(b"<focus><far>k")


def test_what_waits_from_afar_is_not_typed_after_a_key(held: Held) -> None:
    """The program did not read meanwhile: whoever sits there wins all the same."""
    script = "stty raw -echo; echo ready; while [ ! -e go ]; do sleep 0.02; done; head -c 100001 | tr -d x"
    caller = held.run("sh", "-c", script)
    caller.wait_for(b"ready")
    phone = held.watch(caller)
    taken = phone.take()
    phone.say(wire.Remote(b"begun", taken, b"x" * 100_000), wire.Remote(b"waits", taken, b"far"))
    phone.state()

    caller.type(b"k")

    phone.hear(lambda: phone.told(wire.Refused))
    assert phone.told(wire.Refused) == [wire.Refused(b"waits")]
    (held.folder / "go").touch()
    assert caller.code() == 0
    assert caller.output.endswith(b"k")
    phone.hear(lambda: phone.told(wire.Written))
    assert phone.told(wire.Written) == [wire.Written(b"begun")]


def test_a_supervisor_that_dies_has_given_its_turn_back(held: Held) -> None:
    """The screens are told."""
    cat = held.run("cat")
    phone = held.watch(cat)
    phone.take()
    cat.hear(lambda: turn(cat).remote)

    phone.close()

    cat.hear(lambda: not turn(cat).remote)


def test_a_line_that_was_begun_is_told(held: Held) -> None:
    """Until it is sent: a prompt is not to be put into it."""
    cat = held.run("cat")
    watcher = held.watch(cat)

    cat.type(b"half")
    watcher.hear(lambda: turn(watcher).draft)
    cat.type(b"\r")
    watcher.hear(lambda: not turn(watcher).draft)

    later = held.watch(cat)
    later.hear(lambda: later.told(wire.Turn))
    assert turn(later) == wire.Turn(0, remote=False, draft=False)
