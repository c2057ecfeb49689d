"""Watching agents: what they do becomes events, on real files with the smallest agent there is."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from supervisor.agents import codex, plain
from supervisor.agents.base import Agent
from supervisor.core import events
from supervisor.core.model import Hosted, Process, Run, Session, Sign, State
from supervisor.observe import Observer, _Aside
from supervisor.transcripts.tail import LineFile
from tests.fakes.agent import SmallAgent, lives, words_of, write
from tests.fakes.processes import FewProcesses

pytestmark = pytest.mark.anyio

E = TypeVar("E")


class Posted:
    """The events that were posted, to be waited for."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[events.Event] = asyncio.Queue()

    def post(self, event: events.Event) -> None:
        """Take it in."""
        self._queue.put_nowait(event)

    async def next(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of that kind that fits; others are passed over."""
        async with asyncio.timeout(60):
            while True:
                event = await self._queue.get()
                if isinstance(event, kind) and fits(event):
                    return event

    def rest(self) -> list[events.Event]:
        """All that are left."""
        left = []
        with suppress(asyncio.QueueEmpty):
            while True:
                left.append(self._queue.get_nowait())
        return left


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the small agent keeps its files."""
    return tmp_path / "small"


def observer(posted: Posted, **agents: tuple[Agent, Path]) -> Observer:
    """An observer of these agents; files are as they are, processes are none."""
    return Observer(agents=agents, processes=FewProcesses(), lines=LineFile, post=posted.post)


@asynccontextmanager
async def running(watching: Observer) -> AsyncIterator[None]:
    """It looks and listens meanwhile."""
    task = asyncio.create_task(watching.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        watching.close()


def texts(event: events.Written) -> list[str]:
    """What was written."""
    return [entry.text for record in event.records for entry in record.entries]


async def test_who_lives_is_told_at_once_and_after_each_change(home: Path) -> None:
    """A session that starts or ends is seen by its registry, without waiting for a look around."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    file = lives(home, "one")

    async with running(watching):
        first = await posted.next(events.Looked)
        file.unlink()
        watching.changed(file)
        second = await posted.next(events.Looked)

    assert [sighting.session_id for sighting in first.sightings] == ["one"]
    assert second.sightings == ()


async def test_a_transcript_is_told_in_short_and_then_followed(home: Path) -> None:
    """What stood there is read as history; what comes is reported once, as it comes."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    write(home, "one", "old", "older than what comes")

    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    opened = await posted.next(events.Opened)
    watching.changed(write(home, "one", "new"))
    written = await posted.next(events.Written)
    watching.close()

    assert [entry.text for entry in opened.record.entries] == ["older than what comes"]
    assert texts(written) == ["new"]


async def test_a_transcript_that_does_not_exist_yet_is_waited_for(home: Path) -> None:
    """Some agents name a transcript before they write it."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))

    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    await watching._chores.settled()
    watching.changed(write(home, "one", "first"))
    opened = await posted.next(events.Opened)
    watching.close()

    assert [entry.text for entry in opened.record.entries] == ["first"]


@pytest.mark.parametrize("early", [True, False])
async def test_the_last_words_come_before_the_news_of_the_end(home: Path, early: bool) -> None:
    """A short life: over before its transcript was opened, or before anybody told that there is one."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    if not early:
        await watching._chores.settled()
    write(home, "one", "all is done")

    async with running(watching):
        first, second = [await posted.next(object, _is_news) for _ in range(2)]

    assert isinstance(first, events.Opened)
    assert [entry.text for entry in first.record.entries] == ["all is done"]
    assert isinstance(second, events.Looked)


def _is_news(event: object) -> bool:
    return isinstance(event, events.Opened | events.Looked)


async def test_a_rewritten_transcript_is_said_to_be_another(home: Path) -> None:
    """Numbers of entries that screens have seen mean nothing then."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    write(home, "one", "long ago", "and more")
    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    await posted.next(events.Opened)

    words_of(home, "one").unlink()
    watching.changed(write(home, "one", "anew"))

    assert (await posted.next(events.Replaced)).session_id == "one"
    watching.close()


async def test_what_is_let_go_is_not_reported_any_more(home: Path) -> None:
    """An ended session costs nothing."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    write(home, "one", "old")
    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    await posted.next(events.Opened)

    watching.unfollow("one")
    watching.changed(write(home, "one", "after the end"))

    assert posted.rest() == []


async def test_what_ends_while_it_is_opened_stays_closed(home: Path) -> None:
    """A session may be over before the disk has answered."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    write(home, "one", "old")

    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    watching.unfollow("one")
    await watching._chores.settled()
    watching.changed(write(home, "one", "after the end"))

    assert not [event for event in posted.rest() if isinstance(event, events.Written)]


async def test_a_feed_is_passed_on_and_its_end_is_told(home: Path) -> None:
    """When an agent falls silent, its transcripts count again."""
    posted = Posted()
    agent = SmallAgent()
    agent.says = [("one", Sign.ASKING, "approval")]
    watching = observer(posted, small=(agent, home))

    async with running(watching):
        told = await posted.next(events.Told)
        unheard = await posted.next(events.Unheard)

    assert (told.agent, told.session_id, told.sign, told.waiting_for) == (
        "small",
        "one",
        Sign.ASKING,
        "approval",
    )
    assert unheard.agent == "small"


async def test_a_fault_in_one_agent_blinds_us_to_no_other(tmp_path: Path) -> None:
    """A surprise in one agent's files is logged; the others are seen as ever."""
    posted = Posted()
    broken = SmallAgent("broken")
    broken.fault = LookupError("a version from the future")
    watching = observer(
        posted, broken=(broken, tmp_path / "broken"), small=(SmallAgent(), tmp_path / "small")
    )
    lives(tmp_path / "small", "one")

    async with running(watching):
        seen = await posted.next(events.Looked, lambda looked: looked.agent == "small")
        broken.fault = None
        watching.look("broken")
        healed = await posted.next(events.Looked, lambda looked: looked.agent == "broken")

    assert [sighting.session_id for sighting in seen.sightings] == ["one"]
    assert healed.sightings == ()


async def test_files_of_others_concern_nobody(tmp_path: Path) -> None:
    """A folder whose name only begins alike is another one."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), tmp_path / "small"))
    write(tmp_path / "small", "one", "old")
    watching.follow(Session(id="one", agent="small", state=State.WORKING))
    await posted.next(events.Opened)

    watching.changed(write(tmp_path / "smaller", "one", "not ours"))
    watching.close()

    assert posted.rest() == []


def test_stored_conversations_come_newest_first_without_their_side_talks(home: Path) -> None:
    """History lists what a person began."""
    watching = observer(Posted(), small=(SmallAgent(), home))
    for age, name in enumerate(("new", "old", "side-of-old")):
        file = write(home, name, "words")
        age_it(file, age * 100)

    assert [transcript.session_id for transcript in watching.stored()] == ["new", "old"]


def age_it(file: Path, seconds: float) -> None:
    """Let the file be that old."""
    changed = file.stat().st_mtime - seconds
    os.utime(file, (changed, changed))


async def test_it_is_known_when_everybody_was_looked_at(home: Path) -> None:
    """Who gives an order right after a start waits for that."""
    posted = Posted()
    watching = observer(posted, small=(SmallAgent(), home))
    lives(home, "one")

    async with running(watching):
        await asyncio.wait_for(watching.seen(), 60)

    (looked,) = [event for event in posted.rest() if isinstance(event, events.Looked)]
    assert [sighting.session_id for sighting in looked.sightings] == ["one"]


async def test_a_session_below_a_held_command_is_in_its_terminal(home: Path) -> None:
    """Started through a shell or not: its process descends from the one that is held."""
    posted = Posted()
    lives(home, "one")
    held = Hosted(id="a1", run=Run(50, 1.0), argv=("bash",), cwd="/", name="desk")
    watching = Observer(
        agents={"small": (SmallAgent(), home), "plain": (plain, home)},
        processes=FewProcesses(),
        lines=LineFile,
        post=posted.post,
        hosted=lambda: [held],
        ancestors=lambda _: [Run(60, 2.0), Run(50, 1.0), Run(1, 0.0)],
    )

    async with running(watching):
        # In either order: each agent is looked for by itself.
        pair = [await posted.next(events.Looked) for _ in range(2)]

    looked = {event.agent: event.sightings for event in pair}
    (sighting,) = looked["small"]
    assert (sighting.terminal, sighting.name) == ("a1", "desk")
    assert [seen.session_id for seen in looked["plain"]] == ["a1"]


async def test_what_a_shared_process_serves_is_where_it_is_shown(tmp_path: Path) -> None:
    """Whose child the shared process is says nothing of the sessions that it serves for others."""
    shown, unseen = (f"01a1fc71-d152-7061-9fe7-00000000000{number}" for number in (1, 2))
    locks = [tmp_path / "thread-writer-locks" / f"{name}.lock" for name in (shown, unseen)]
    for lock in locks:
        lock.parent.mkdir(exist_ok=True)
        lock.touch()
    first, second = Run(50, 1.0), Run(60, 2.0)
    daemon = Process(run=Run(70, 3.0), parent_pid=50, argv=("codex", "app-server"), cwd="/")
    terminal = Process(run=second, parent_pid=1, argv=("codex", "resume", shown), cwd="/")
    held = [Hosted(id=name, run=run, argv=("codex",), cwd="/") for name, run in (("a", first), ("b", second))]
    environments = {60: {"CODEX_HOME": str(tmp_path)}}
    posted = Posted()
    watching = Observer(
        agents={"codex": (codex, tmp_path)},
        processes=FewProcesses([daemon, terminal], dict.fromkeys(locks, 70), environments),
        lines=LineFile,
        post=posted.post,
        hosted=lambda: held,
        ancestors=lambda pid: [first] if pid == 70 else [],
    )

    async with running(watching):
        looked = await posted.next(events.Looked, lambda event: event.agent == "codex")

    assert [(seen.session_id, seen.terminal) for seen in looked.sightings] == [(shown, "b"), (unseen, None)]
    assert [seen.argv[-1:] for seen in looked.sightings] == [(shown,), ("app-server",)]
    assert all(seen.reachable for seen in looked.sightings)


@pytest.mark.skipif(sys.platform == "win32", reason="what a file system tells is Unix's here")
async def test_reading_a_store_is_no_news_of_it(home: Path) -> None:
    """A store that was opened for writing and not written to is not read again, and again, for ever."""
    posted = Posted()
    store = home / "words"
    store.mkdir(parents=True)
    log = store / "log"
    log.write_text("one")
    watching = observer(posted, small=(SmallAgent(), home))
    old = time.time() - 10
    os.utime(log, (old, old))

    assert watching._is_news(log)
    with log.open("r+"):
        pass
    assert not watching._is_news(log)

    log.write_text("two!")
    assert watching._is_news(log)
    assert watching._is_news(log), "written to just now: it may be written to again within its time"


async def test_what_is_asked_at_once_wakes_one_thread() -> None:
    """Fifty that were cut off cost as much as one; a fault in one question is that one's alone."""
    aside, threads = _Aside(), []

    def ask(answer: str) -> str:
        threads.append(threading.get_ident())
        if answer == "b":
            raise ValueError(answer)
        return answer

    answers = await asyncio.gather(*(aside.ask(partial(ask, one)) for one in "abc"), return_exceptions=True)
    later = await aside.ask(lambda: "d")

    assert [str(one) for one in answers] == ["a", "b", "c"]
    assert isinstance(answers[1], ValueError)
    assert len(set(threads)) == 1
    assert later == "d"
