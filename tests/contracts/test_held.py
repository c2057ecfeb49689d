"""What a terminal that we hold promises, on every system: the same tests run on Unix and on Windows."""

import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from supervisor.core.errors import Failed, NoSuchSession, Refused
from supervisor.terminal import calling, wire
from supervisor.terminal.roll import Holders
from tests.fakes.waiting import Seen
from tests.lab.held import Caller, Held
from tests.lab.waiting import until

#: A program of few words: it says all that it is told, and ends with the number that it is told.
ECHO = """
import sys
sys.stdin.reconfigure(encoding='utf-8'); sys.stdout.reconfigure(encoding='utf-8')
print('ready', flush=True)
for line in sys.stdin:
    word, _, number = line.strip().partition(' ')
    if word == 'end': sys.exit(int(number))
    print('<' + line.strip() + '>', flush=True)
"""
#: What a shell, a batch file or a rule of quoting would see something in.
HARD = (
    "",
    "two words",
    'a "quoted" one',
    "back\\slash\\",
    'both\\"',
    "%PATH% 100%",
    "a & b | c > d < e ^ f",
    "(x) !y! 'z' *?",
    "ü ß 日本語",
)
ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\\\)|[\r\n]", re.DOTALL)


@pytest.fixture
def held() -> Iterator[Held]:
    """Holders that end with the test."""
    with Held() as running:
        yield running


@pytest.fixture
def echo(held: Held) -> Caller:
    """A program of few words that is ready."""
    return wait_for(held.run(sys.executable, "-u", "-c", ECHO), "ready")


def seen(caller: Caller) -> str:
    """All that was printed, without what moves a cursor, and in one line: a pseudo-console breaks its own."""
    return ESCAPES.sub(b"", bytes(caller.output)).decode()


def wait_for(caller: Caller, words: str) -> Caller:
    """Hear what is printed until these words have come."""
    return caller.hear(lambda: words in seen(caller))


def test_what_is_typed_arrives_and_the_end_comes_last(echo: Caller) -> None:
    """The exit status follows the last byte."""
    echo.type("größe 日本\r".encode())
    wait_for(echo, "<größe 日本>")
    echo.type(b"end 7\r")

    assert echo.code() == 7
    assert echo.told(wire.Exit)[0].offset == echo.offset


def test_arguments_folder_and_environment_arrive_as_they_are(held: Held) -> None:
    """Whatever a system makes of a command line."""
    print_all = (
        "import sys, os; sys.stdout.reconfigure(encoding='utf-8'); "
        "print(ascii(sys.argv[1:]), os.environ['LIKE_THIS'], os.getcwd()); print('ready')"
    )

    told = held.run(sys.executable, "-c", print_all, *HARD, LIKE_THIS="a=b; c")

    wait_for(told, "ready")
    assert ascii(list(HARD)) in seen(told)
    assert "a=b; c" in seen(told)
    assert held.folder.name in seen(told)
    assert told.code() == 0


@pytest.mark.parametrize("wrong", ["program", "folder"])
def test_what_cannot_be_started_is_said(held: Held, wrong: str) -> None:
    """At once, and by its name; nothing is left of it."""
    order = held.order("no-such-program" if wrong == "program" else sys.executable)
    if wrong == "folder":
        order = order._replace(cwd=str(held.folder / "no-such-folder"))

    with pytest.raises(Failed, match=f"no-such-{wrong}"):
        held.hold(order)

    until(lambda: not list(held.folder.glob("[0-9a-f]*.sock")))


def test_who_comes_later_sees_the_same(held: Held, echo: Caller) -> None:
    """All that was printed, byte for byte; and what two screens type comes in order."""
    echo.type(b"one\r")
    wait_for(echo, "<one>")
    later = wait_for(held.attach(echo), "<one>")

    later.type(b"two\r")

    wait_for(later, "<two>")
    wait_for(echo, "<two>")
    until(lambda: later.offset == echo.offset or later.hear(lambda: True) is None)
    assert later.output == echo.output


def test_a_screen_that_dies_takes_nothing_along(held: Held, echo: Caller) -> None:
    """The command goes on, and is found again by its name."""
    echo.close()

    again = held.attach(echo)

    assert list(calling.held(held.folder)) == [(echo.hello.id.decode(), "named")]
    again.type(b"still here\r")
    wait_for(again, "<still here>")


def test_an_input_with_an_id_is_typed_once(held: Held, echo: Caller) -> None:
    """However often it is sent, by whomever."""
    other = held.attach(echo)

    echo.type(b"once\r", b"id-1")
    echo.hear(lambda: echo.told(wire.Written))
    other.type(b"once\r", b"id-1")
    other.hear(lambda: other.told(wire.Written))
    other.type(b"end 0\r")

    assert echo.code() == 0
    assert seen(echo).count("<once>") == 1


def test_a_key_at_the_screen_takes_the_turn_back(held: Held, echo: Caller) -> None:
    """Who types from afar does so in its turn only."""
    phone = held.watch(echo)
    turn = phone.take()
    phone.answer(wire.Remote(b"1", turn, b"far\r"), wire.Written)
    wait_for(echo, "<far>")

    echo.type(b"near\r")

    wait_for(echo, "<near>")
    assert phone.answer(wire.Remote(b"2", turn, b"too late\r"), wire.Refused).id == b"2"
    assert not phone.state().remote


def test_all_of_a_flood_arrives(held: Held) -> None:
    """In order, and nothing of it is broken."""
    flood = "import sys; sys.stdout.reconfigure(encoding='utf-8')\nfor i in range(20000): print(f'<{i}ä€>')"

    caller = held.run(sys.executable, "-c", flood, size=(50, 200))

    assert caller.code() == 0
    numbers = [int(number) for number in re.findall(r"<(\d+)ä€>", seen(caller))]
    assert "\ufffd" not in seen(caller)
    assert numbers == list(range(20000))


def test_a_holder_that_is_killed_takes_its_command_along(echo: Caller) -> None:
    """As a window does that is closed."""
    command = psutil.Process(echo.hello.child)

    psutil.Process(echo.hello.holder).kill()

    until(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE)


def test_what_is_still_in_a_terminal_ends_with_its_command(held: Held) -> None:
    """Nothing is left that nobody can see."""
    leave = (
        "import subprocess, sys; "
        "print('left', subprocess.Popen([sys.executable, '-c', 'input()']).pid, '.', flush=True)"
    )

    caller = held.run(sys.executable, "-u", "-c", leave)

    assert caller.code() == 0
    (pid,) = re.findall(r"left (\d+) \.", seen(caller))
    until(lambda: not psutil.pid_exists(int(pid)))


def test_a_size_is_told_to_who_asks(held: Held, echo: Caller) -> None:
    """While a screen looks, its own counts; then anybody's."""
    phone = held.watch(echo)
    phone.say(wire.Fit(30, 90))
    assert phone.state()[:2] == (24, 80)

    echo.say(wire.Resize(40, 100))
    until(lambda: phone.state()[:2] == (40, 100))
    echo.close()
    until(lambda: phone.state().screens == 0)
    phone.say(wire.Fit(30, 90))

    assert phone.state()[:2] == (30, 90)


def test_who_stops_it_says_so(held: Held, echo: Caller) -> None:
    """Screens are told that it is paused, and that it is not any more."""
    watcher = held.watch(echo)

    watcher.say(wire.Pause())
    echo.hear(lambda: wire.Paused(paused=True) in echo.others)
    assert watcher.state().paused
    watcher.say(wire.Continue())

    echo.hear(lambda: wire.Paused(paused=False) in echo.others)


@pytest.mark.anyio
async def test_the_roll_knows_who_is_held_and_types_for_a_phone(held: Held, echo: Caller) -> None:
    """Its process, its name, its state; a prompt; its end."""
    ended = Seen()
    roll = open_roll(held.folder, ended)
    await roll.look()
    (one,) = roll.hosted()
    assert (one.id, one.run.pid, one.name) == (echo.hello.id.decode(), echo.hello.child, "named")

    turn = await roll.take(one.id)
    await roll.type(one.id, "p-1", turn, b"prompt\r")
    await roll.type(one.id, "p-1", turn, b"prompt\r")
    wait_for(echo, "<prompt>")
    state = await roll.ask(one.id)
    assert (state.remote, state.screens) == (True, 1)
    echo.type(b"end 3\r")

    await ended.wait_for((one.id, 3))
    with pytest.raises((Refused, NoSuchSession)):
        await roll.type(one.id, "p-2", turn, b"too late\r")
    assert roll.hosted() == ()


@pytest.mark.anyio
async def test_the_roll_hears_of_a_killed_holder(held: Held, echo: Caller) -> None:
    """An end without a code; its place is cleared away."""
    ended = Seen()
    roll = open_roll(held.folder, ended)
    await roll.look()

    psutil.Process(echo.hello.holder).kill()

    await ended.wait_for((echo.hello.id.decode(), None))
    await roll.look()
    until(lambda: not list(Path(held.folder).glob("[0-9a-f]*.sock")))


def open_roll(folder: Path, ended: Seen) -> Holders:
    """One that notes every end."""
    return Holders(
        folder,
        started_at=lambda _: 5.0,
        changed=lambda: None,
        ended=partial(_note, ended),
        turned=lambda *_: None,
    )


def _note(ended: Seen, terminal: str, code: int | None) -> None:
    ended.add((terminal, code))
