"""The stream: exact continuation, honest gaps, slow readers, and no reader that outstays its welcome."""

import asyncio
import json
import random
from dataclasses import replace

import pytest

from supervisor.core.journal import Journal
from supervisor.core.model import Scope
from supervisor.remote import stream
from supervisor.remote.exchange import Caller, Follow
from supervisor.remote.stream import Streams
from tests.fakes.backend import MemoryBackend, entry, session

pytestmark = pytest.mark.anyio


class Pipe:
    """A connection that takes what it is given, or takes nothing while it is *stuck*."""

    def __init__(self) -> None:
        self.taken = b""
        self.waiting = b""
        self.stuck = False
        self.cut = False
        self.beaten = asyncio.Event()

    def send(self, data: bytes) -> None:
        """Hand over bytes."""
        if data == stream.BEAT:
            self.beaten.set()
        self.waiting += data
        self.flow()

    def flow(self) -> None:
        """Take everything, unless stuck."""
        if not self.stuck:
            self.taken, self.waiting = self.taken + self.waiting, b""

    def unsent(self) -> int:
        """What was not taken."""
        return len(self.waiting)

    def abort(self) -> None:
        """The server cut it."""
        self.cut = True

    @property
    def events(self) -> list[tuple[str, str, dict[str, object]]]:
        """What arrived: id, topic, data."""
        text, rest = b"", self.taken
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            text, rest = text + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        blocks = [block for block in text.decode().split("\n\n") if block and not block.startswith(":")]
        fields = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
        return [(one["id"], one["event"], json.loads(one["data"])) for one in fields]

    @property
    def ids(self) -> list[str]:
        """The numbers that arrived."""
        return [event[0] for event in self.events]


class Listening:
    """Streams over a supervisor in memory, and the readers that a test attaches."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.backend = MemoryBackend(journal=journal or Journal("e"))
        self.streams = Streams(self.backend)
        self.tasks: list[asyncio.Task[None]] = []

    async def attach(
        self, after: str | None = None, session_id: str | None = None, device: str | None = None
    ) -> Pipe:
        """A new reader."""
        pipe = Pipe()
        caller = Caller(device_id=device, scope=Scope.VIEW, address="local")
        serving = self.streams.serve(pipe, Follow(after=after, session_id=session_id), caller)
        self.tasks.append(asyncio.create_task(serving))
        await asyncio.sleep(0)
        return pipe


async def test_a_first_look_starts_with_everything() -> None:
    """Who has nothing gets a hello with the whole picture and the number to continue from."""
    listening = Listening()
    listening.backend.put(session("s-1"))

    pipe = await listening.attach()

    (number, topic, data), *more = pipe.events
    assert (number, topic, more) == ("e-1", "hello", [])
    assert list(data) == ["epoch", "seq", "heartbeat_seconds", "machine", "sessions", "awake"]


async def test_what_happens_is_heard_at_once_and_encoded_once() -> None:
    """Every reader gets the same bytes of an event, in the moment it is published."""
    listening = Listening()
    one, other = await listening.attach(), await listening.attach()
    before = len(one.taken), len(other.taken)

    listening.backend.write("s-1", entry(1))

    assert one.taken[before[0] :] == other.taken[before[1] :] != b""
    assert one.events[-1][1:] == (
        "entry",
        {"session_id": "s-1", "entry": one.events[-1][2]["entry"]},
    )


@pytest.mark.parametrize("seed", range(5))
async def test_a_thousand_cuts_lose_nothing_and_repeat_nothing(seed: int) -> None:
    """A phone that comes back again and again has in the end exactly what was published."""
    listening = Listening()
    chance = random.Random(seed)
    got: list[str] = []
    after = "e-0"

    for _ in range(200):
        pipe = await listening.attach(after)
        for _ in range(chance.randrange(4)):
            listening.backend.write("s-1", entry(chance.randrange(10**6)))
        pipe.stuck = True
        listening.streams.lost(pipe)
        for _ in range(chance.randrange(4)):
            listening.backend.write("s-1", entry(chance.randrange(10**6)))
        got += pipe.ids
        after = got[-1] if got else after
        await asyncio.gather(*listening.tasks)
    got += (await listening.attach(after)).ids

    assert got == [f"e-{seq}" for seq in range(1, listening.backend.journal.seq + 1)]


@pytest.mark.parametrize("after", ["other-1", "e-99", "e-0"])
async def test_what_cannot_be_continued_is_a_gap_and_a_fresh_picture(after: str) -> None:
    """Another life of the supervisor, a number of the future, or too long ago: said, never skipped."""
    listening = Listening(Journal("e", count=3))
    for seq in range(10):
        listening.backend.write("s-1", entry(seq))

    pipe = await listening.attach(after)

    (number, topic, data), *more = pipe.events
    assert (number, topic, more) == ("e-10", "gap", [])
    assert data["reason"]
    assert {"machine", "sessions", "awake"} <= data.keys()


@pytest.mark.parametrize("after", ["", "e", "-1", "e-", "e--1", "e-x", "e-1e3", "e-٣", "-", "e-" + "9" * 40])
async def test_what_is_no_position_starts_afresh(after: str) -> None:
    """Nonsense is not an error: it gets a hello, or a gap where it could have been a position."""
    listening = Listening()

    pipe = await listening.attach(after)

    assert pipe.events[0][1] in ("hello", "gap")


async def test_too_much_missed_is_a_gap_too() -> None:
    """A fresh picture is shorter than megabytes of what happened."""
    listening = Listening()
    for seq in range(200):
        listening.backend.write("s-1", entry(seq, "x" * 16_000))

    pipe = await listening.attach("e-0")

    assert [topic for _, topic, _ in pipe.events] == ["gap"]


async def test_a_stream_of_one_session_hears_of_that_session_and_of_the_machine() -> None:
    """Other sessions' events stay away, also from the picture at the start and from what was missed."""
    listening = Listening()
    for name in ("s-1", "s-2"):
        listening.backend.put(session(name))
    pipes = [await listening.attach(None, "s-1"), await listening.attach("e-0", "s-1")]

    listening.backend.write("s-2", entry(1))
    listening.backend.write("s-1", entry(2))
    listening.backend.journal.publish("awake", None, listening.backend.awake)

    assert pipes[0].ids == ["e-2", "e-4", "e-5"]
    assert pipes[1].ids == ["e-1", "e-4", "e-5"]


async def test_a_reader_that_is_stuck_gets_the_newest_state_and_every_entry() -> None:
    """What replaces itself is sent once; what was said is never left out; numbers only grow."""
    listening = Listening()
    pipe = await listening.attach()
    pipe.stuck = True
    for seq in range(40):
        listening.backend.write("s-1", entry(seq, "x" * 16_000))
        listening.backend.put(replace(session("s-1"), tokens=seq))

    pipe.stuck = False
    pipe.flow()
    listening.streams.has_room(pipe)

    entries = [data["entry"] for _, topic, data in pipe.events if topic == "entry"]
    states = [data["tokens"] for _, topic, data in pipe.events if topic == "session"]
    assert [one["seq"] for one in entries if isinstance(one, dict)] == list(range(40))
    assert states[-1] == 39
    assert len(states) < 30
    numbers = [int(number.partition("-")[2]) for number in pipe.ids[1:]]
    assert numbers == sorted(set(numbers))


async def test_a_reader_that_never_reads_is_let_go_at_four_mebibytes() -> None:
    """Nobody's memory grows because a phone sleeps; it comes back with its last number."""
    listening = Listening()
    pipe, other = await listening.attach(), await listening.attach()
    pipe.stuck = True
    most = 0

    for seq in range(400):
        listening.backend.write("s-1", entry(seq, "x" * 16_000))
        most = max(most, pipe.unsent())

    await asyncio.sleep(0)
    assert pipe.cut
    assert most <= stream.TOO_SLOW
    assert listening.tasks[0].done()
    assert len(other.ids) == 401


async def test_a_device_has_four_streams_and_the_oldest_makes_room() -> None:
    """A phone that lost its way back many times is not locked out by its own ghosts."""
    listening = Listening()
    for _ in range(6):
        await listening.attach(device="d-1")
    await listening.attach(device="d-2")
    await asyncio.sleep(0)

    over = [task.done() for task in listening.tasks]

    assert over == [True, True, False, False, False, False, False]


async def test_a_revoked_device_hears_nothing_more() -> None:
    """Its streams are cut in the same moment, everybody else's go on."""
    listening = Listening()
    pipe, other = await listening.attach(device="d-1"), await listening.attach(device="d-2")

    listening.streams.close_device("d-1")
    await asyncio.sleep(0)
    listening.backend.write("s-1", entry(1))

    assert pipe.cut
    assert pipe.ids == ["e-0"]
    assert other.ids == ["e-0", "e-1"]


async def test_nothing_ticks_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat beats for readers, and stops with the last of them."""
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.01)
    listening = Listening()
    pipe = await listening.attach()
    await pipe.beaten.wait()

    listening.streams.close()
    await asyncio.gather(*listening.tasks)
    pending = listening.streams._beat

    assert pending is None
    assert listening.backend.journal._ears == {}
