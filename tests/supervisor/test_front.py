"""What screens ask: with a real store, real files and the smallest agent there is."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from supervisor.core import events
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession
from supervisor.core.journal import Journal
from supervisor.core.keeper import Keeper
from supervisor.core.model import (
    AwakeMode,
    Device,
    Machine,
    Record,
    Resume,
    Run,
    Scope,
    Session,
    Sighting,
    State,
)
from supervisor.front import Front
from supervisor.observe import Observer
from supervisor.remote.backend import Backend
from supervisor.store import devices
from supervisor.store.database import open_database
from supervisor.transcripts.tail import LineFile
from tests.fakes.agent import SmallAgent, write
from tests.fakes.processes import FewProcesses

pytestmark = pytest.mark.anyio

MACHINE = Machine(id="m", hostname="here", os="Linux", wakeline_version="1", started_at=1.0, boot_id="b")


class House:
    """A front with everything behind it. Nothing runs by itself: events are posted by the test."""

    def __init__(self, folder: Path) -> None:
        agent = SmallAgent()
        self.home = folder / "small"
        self.database = folder / "wakeline.db"
        self.desk = Desk(keeper=Keeper(), resume=agent_resume(agent))
        watching = Observer(
            agents={"small": (agent, self.home)},
            processes=FewProcesses(),
            lines=LineFile,
            post=self.post,
        )
        self.front = Front(
            desk=self.desk,
            journal=Journal("e"),
            observer=watching,
            post=self.post,
            database=open_database(self.database),
            machine=MACHINE,
            resume=agent_resume(agent),
        )

    def post(self, event: events.Event) -> None:
        """Take in an event; nobody does what is wished."""
        self.desk.handle(event)

    def live(self, session_id: str) -> None:
        """A process serves this session."""
        sighting = Sighting(agent="small", session_id=session_id, run=Run(1, 1.0), alive=True)
        self.post(events.Looked(agent="small", sightings=(sighting,), at=1000.0))


def agent_resume(agent: SmallAgent) -> Callable[[str, str, str | None], Resume | None]:
    """How sessions of this agent are resumed."""
    return lambda _, session_id, cwd: agent.resume(session_id, cwd)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A front, closed in the end."""
    made = House(tmp_path)
    yield made
    made.front.close()


def as_backend(front: Front) -> Backend:
    """It is what the routes want: the type checker proves it."""
    return front


async def test_a_live_session_is_in_the_picture_and_not_in_the_past(house: House) -> None:
    """Nothing is listed twice."""
    write(house.home, "now", "hello")
    write(house.home, "then", "hello")
    house.live("now")

    assert [session.id for session in house.front.picture().sessions] == ["now"]
    assert [session.id for session in await house.front.past_sessions(None, 10)] == ["then"]
    assert (await house.front.session("now")).state is State.STARTING


async def test_the_past_is_paged_by_time(house: House) -> None:
    """The newest first, and older ones when asked for."""
    for age, name in enumerate(("third", "second", "first")):
        os.utime(write(house.home, name, "hello"), (1000 - age, 1000 - age))

    newest = await house.front.past_sessions(None, 2)
    older = await house.front.past_sessions(999, 2)

    assert [session.id for session in newest] == ["third", "second"]
    assert [session.id for session in older] == ["first"]


async def test_conversations_of_the_same_moment_are_not_lost_between_two_pages(house: House) -> None:
    """Files from a backup share their time; paging through them shows each of them once."""
    for number in range(7):
        os.utime(write(house.home, f"s{number}", "hello"), (1000, 1000))
    os.utime(write(house.home, "old", "hello"), (900, 900))

    first = await house.front.past_sessions(None, 3)
    second = await house.front.past_sessions(1000.0, 3)

    assert sorted(session.id for session in first) == [f"s{number}" for number in range(7)]
    assert [session.id for session in second] == ["old"]


async def test_an_old_conversation_is_read_once_and_then_remembered(house: House) -> None:
    """A list of a thousand transcripts opens each of them one time only."""
    file = write(house.home, "then", "hello", cwd="/home/me/shop")
    stamp, size = file.stat().st_mtime_ns, file.stat().st_size
    first = await house.front.session("then")

    file.write_text("\0" * size)
    os.utime(file, ns=(stamp, stamp))
    second = await house.front.session("then")

    assert first == second
    assert (first.state, first.cwd) == (State.ENDED, "/home/me/shop")
    assert first.resume is not None
    assert first.resume.argv == ("small", "--resume", "then")


async def test_of_a_long_history_only_what_is_shown_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page of thousands of conversations opens as many files as it has rows."""
    for number in range(30):
        os.utime(write(house.home, f"s{number}", "hello"), (1000 + number, 1000 + number))
    read: list[Path] = []
    recent = LineFile.recent

    def counted(file: LineFile) -> Record:
        read.append(file._path)
        return recent(file)

    monkeypatch.setattr(LineFile, "recent", counted)

    page = await house.front.past_sessions(None, 5)
    again = await house.front.past_sessions(None, 5)

    assert [one.id for one in page] == [f"s{number}" for number in range(29, 24, -1)]
    assert again == page
    assert sorted({path.stem for path in read}) == sorted(one.id for one in page)
    assert len(read) == 5


async def test_a_transcript_is_read_page_by_page(house: House) -> None:
    """The newest page first, and the one before by the number that it names."""
    write(house.home, "one", *(f"line {n}" for n in range(5)))

    newest = await house.front.entries("one", None, 3)
    oldest = await house.front.entries("one", newest.before, 3)

    assert [entry.text for entry in newest.entries] == ["line 2", "line 3", "line 4"]
    assert [entry.text for entry in oldest.entries] == ["line 0", "line 1"]
    assert oldest.before is None


async def test_a_session_that_has_not_written_yet_has_an_empty_page(house: House) -> None:
    """It exists, there is just nothing to read."""
    house.live("fresh")

    page = await house.front.entries("fresh", None, 10)

    assert (list(page.entries), page.before) == ([], None)


async def test_what_nobody_knows_is_said_to_be_unknown(house: House) -> None:
    """By session, transcript and command alike."""
    for ask in (house.front.session, house.front.resume):
        with pytest.raises(NoSuchSession):
            await ask("nobody")
    with pytest.raises(NoSuchSession):
        await house.front.entries("nobody", None, 10)


async def test_the_switch_for_staying_awake_answers_with_what_it_did(house: House) -> None:
    """On for an hour, with the time at which that ends."""
    awake = await house.front.set_awake(AwakeMode.ON, 3600)

    assert (awake.mode, awake.wanted) == (AwakeMode.ON, True)
    assert awake.mode_until is not None
    assert house.front.picture().awake == awake


async def test_what_must_survive_is_on_disk_when_it_is_answered(house: House) -> None:
    """A phone, its removal, and answers that may be asked for again."""
    device = Device(id="d", label="Phone", scope=Scope.VIEW, public_key=b"k", paired_at=1.0)
    other_eyes = open_database(house.database)

    await house.front.add_device(device)
    added = devices.all_devices(other_eyes)
    removed = (await house.front.remove_device("d"), await house.front.remove_device("d"))
    await house.front.remember("d", "key", "hash", 200, b"{}")

    assert added == [device]
    assert removed == (True, False)
    assert devices.all_devices(other_eyes) == []
    assert await house.front.remembered("d", "key") == ("hash", 200, b"{}")
    other_eyes.close()


async def test_a_session_is_saved_before_the_store_is_closed(tmp_path: Path) -> None:
    """What was wished last is not lost by a polite end."""
    house = House(tmp_path)
    house.front.save(Session(id="one", agent="small", state=State.WORKING))

    house.front.close()

    reopened = open_database(house.database)
    assert reopened.rows("SELECT id FROM session") == [("one",)]
    reopened.close()


async def test_asking_it_to_stop_is_heard(house: House) -> None:
    """Whoever waits for the end goes on."""
    await house.front.shut_down()

    assert house.front.stop.is_set()
