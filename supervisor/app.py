"""Puts the parts together, and takes them apart again. The only module that knows them all."""

import asyncio
import contextlib
import gc
import logging
import os
import platform
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervisor import __version__, programs, rules, terminal
from supervisor import settings as setting
from supervisor.agents.base import Agent
from supervisor.agents.catalog import AGENTS
from supervisor.chores import Chores
from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.errors import Failed, WakelineError
from supervisor.core.helm import Helm
from supervisor.core.journal import Journal
from supervisor.core.keeper import Keeper
from supervisor.core.model import Machine, Power, Resume, Session
from supervisor.core.notices import Notices
from supervisor.core.steering import Typing
from supervisor.engine import Engine, Hands
from supervisor.environment import of_login
from supervisor.folders import Folders, folders
from supervisor.front import Front, hostname
from supervisor.notify import Sender
from supervisor.observe import Observer
from supervisor.remote.server import Server
from supervisor.room import Room
from supervisor.settings import Settings
from supervisor.steering import Copies, Panes, Shelf, Wheel, open_wheel
from supervisor.steering.jobs import JobWatch
from supervisor.steering.lifeline import Lifeline, Pauses
from supervisor.steering.probes import Probes
from supervisor.store import jobs as kept_jobs
from supervisor.store import notes, notices, sessions
from supervisor.store.database import Database, Unkept
from supervisor.store.spare import open_or_stand_in, stand_in
from supervisor.system import boot, network, power, sleep
from supervisor.system.awake import Held, Holder
from supervisor.system.branch import git_branch
from supervisor.system.exits import watch_exit
from supervisor.system.instance import Instance, private
from supervisor.system.processes import Processes, booted_at
from supervisor.terminal.view import open_views
from supervisor.transcripts.tail import LineFile
from supervisor.transcripts.watch import open_watch

logger = logging.getLogger(__name__)

#: The note of when we were asked to stop: what was asked to end then, too, ended with the machine.
_STOPPED = "stopped_at"


def serve(*, quiet: bool) -> int:
    """Be the supervisor until asked to stop. Raises ``WakelineError`` if it cannot start."""
    places = folders()
    settings = setting.load(places.settings)
    _log(quiet)
    with Instance(places.runtime):
        private(places.terminals)
        database = _kept_at(places)
        # All that is loaded stays: to look through it for garbage stalls everybody for a tenth of a second.
        gc.freeze()
        asyncio.run(_run(places, settings, database))
    return 0


def _kept_at(places: Folders) -> Database:
    """Where everything is kept; while that cannot be, a copy in memory, and all that needs none goes on."""
    file, nearby = places.state / "wakeline.db", (places.runtime, Path(tempfile.gettempdir()))
    try:
        private(places.state)
    except Failed as trouble:
        database = stand_in(file, nearby, trouble)
    else:
        database = open_or_stand_in(file, nearby)
    database.booted_at = booted_at()
    return database


def _log(quiet: bool) -> None:
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # Others say at this level what only their makers want to know.
    for chatty in ("wakepy", "aiohttp", "zeroconf", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


async def _run(places: Folders, settings: Settings, database: Database) -> None:
    supervisor = Supervisor(places, settings, database)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, supervisor.front.stop.set)
    await supervisor.run()


class Supervisor:
    """Owns every part for one life of the supervisor."""

    def __init__(self, places: Folders, settings: Settings, database: Database) -> None:
        """Nothing runs before ``run``. Make it on the event loop."""
        self._settings = settings
        self._places = places
        self._agents = _chosen(settings)
        self._exits: dict[Any, Callable[[], None]] = {}
        self._chores = Chores()
        self.journal = Journal(secrets.token_hex(4))
        self.desk = self._a_desk()
        self.engine = Engine(self.desk, self._hands())
        self.watch = open_watch(self._changed, logger.warning)
        self.holder = Holder(self._held)
        self._processes = Processes(settings.discover.below_pid or None)
        self._panes = Panes(self._processes.environment)
        self.roll = self._a_roll()
        self.observer = self._an_observer()
        self.front = self._a_front(database)
        self.shelf = Shelf(self.front.store, places.trash)
        self.jobs = JobWatch(
            desk=self.desk, post=self.engine.post, agents=self._agents, hosted=self.roll.hosted
        )
        self.copies = self._a_place_for_copies()
        self.views = open_views(places.terminals, programs.painter_command)
        self.wheel = self._a_wheel()
        self.front.steered_by(self.wheel)
        self.probes = Probes(network.reached, network.same)
        self.lifeline = self._a_lifeline()
        self.sender = self._a_sender()
        self.server = self._a_server()
        self.room = Room(self.front, lambda: _kept_at(places), self._tell_of_room, self._keep_again)

    # -- the parts --------------------------------------------------------------------------------

    def _a_desk(self) -> Desk:
        return Desk(
            keeper=Keeper(rules.of_awake(self._settings)),
            helm=Helm(_typing),
            rescue=rules.of_reconnect(self._settings),
            notices=Notices(rules.of_notices(self._settings)),
            resume=_resume,
            keep_over=self._settings.list.keep_over_hours * 3600.0,
        )

    def _a_roll(self) -> terminal.Roll:
        return terminal.open_roll(
            self._places.terminals,
            started_at=self._processes.started_at,
            changed=lambda: self.observer.look_at_all(),
            ended=self._terminal_ended,
            turned=lambda *turn: self.wheel.turned(*turn),
        )

    def _an_observer(self) -> Observer:
        return Observer(
            agents=self._agents,
            processes=self._processes,
            lines=LineFile,
            post=self.engine.post,
            hosted=self.roll.hosted,
            ancestors=self._processes.ancestors,
            pane=self._panes.of,
        )

    def _a_front(self, database: Database) -> Front:
        return Front(
            desk=self.desk,
            journal=self.journal,
            observer=self.observer,
            post=self.engine.post,
            database=database,
            machine=_machine(database),
            resume=_resume,
        )

    def _a_place_for_copies(self) -> Copies:
        recovering = self._settings.recovery
        return Copies(
            self._places.state / "copies",
            most=recovering.most_megabytes << 20 if recovering.keep_transcripts else 0,
            remains=self.observer.remains,
            home=lambda agent: self._agents[agent][1] if agent in self._agents else None,
        )

    def _a_wheel(self) -> Wheel:
        return open_wheel(
            desk=self.desk,
            post=self.engine.post,
            agents=self._agents,
            seen=self.front,
            eyes=self.observer,
            processes=self._processes,
            roll=self.roll,
            start=lambda order: self.roll.start(order, self._start_nursery),
            panes=self._panes,
            views=self.views,
            shelf=self.shelf,
            copies=self.copies,
            jobs=self.jobs,
            hook=programs.hook_command(self._places.socket),
        )

    def _a_lifeline(self) -> Lifeline:
        return Lifeline(
            post=self.engine.post,
            probe=self._reaches,
            words=self.wheel.words,
            give=self.wheel.give,
            resume=self.wheel.resume,
            interrupt=self.wheel.interrupt_silent,
            lives=self.desk.lives,
            pauses=Pauses(
                first=float(self._settings.reconnect.first_pause_seconds),
                longest=float(self._settings.reconnect.longest_pause_seconds),
            ),
        )

    def _a_sender(self) -> Sender:
        return Sender(
            self._settings.notices.urls,
            level=rules.elsewhere(self._settings),
            is_open=self.desk.notices.board.is_open,
            sent=lambda sent: self.engine.post_from_thread(events.NoticeSent(notice_id=sent, at=time.time())),
        )

    def _a_server(self) -> Server:
        return Server(
            self.front,
            socket=self._places.socket,
            tls_folder=self._places.state / "tls",
            port=self._settings.phone.port,
            usual_address=self._settings.phone.address,
            around=network.around,
        )

    # -- its life ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until ``front.stop`` is set."""
        await self._restore()
        await self.server.open()
        self.watch.add(self._places.terminals, 0)
        # First of all: whose terminal is not on the roll would be taken for lost.
        await self.roll.look()
        for agent, home in self._agents.values():
            for watched in agent.watched(home):
                self.watch.add(watched.folder, watched.depth)
        running = [
            asyncio.create_task(self.watch.run(), name="watch"),
            asyncio.create_task(self.observer.run(), name="observe"),
            asyncio.create_task(power.follow(self._power), name="power"),
            asyncio.create_task(sleep.follow(self._sleeps), name="sleep"),
            asyncio.create_task(network.follow(self._network_changed), name="network"),
            asyncio.create_task(self.room.run(), name="room"),
        ]
        stopping = asyncio.create_task(self.front.stop.wait(), name="stop")
        logger.info("serving at %s", self._places.socket)
        try:
            await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(stopping, *running)
            await self._close()

    async def _restore(self) -> None:
        now = time.time()
        jobs = await self.front.store(kept_jobs.load)
        kept_since = now - self._settings.list.keep_over_hours * 3600.0
        known = await self.front.store(sessions.load, kept_since, kept_jobs.with_running(jobs))
        observed = tuple(session for session in known if session.agent in self._agents)
        last_boot = await self.front.store(notes.read, "boot")
        told = await self.front.store(notices.load)
        self.engine.post(events.NoticesRestored(notices=told, at=now))
        stopped = await self.front.store(notes.read, _STOPPED)
        await self._note_start()
        self.engine.post(
            events.Restored(
                sessions=observed,
                rebooted=last_boot not in {None, boot.boot_id()},
                at=now,
                stopped_at=float(stopped) if stopped else None,
                jobs=jobs,
            )
        )
        self.engine.post(events.PromptsRestored(prompts=await self.shelf.restored(), at=now))
        with contextlib.suppress(WakelineError):
            await self.shelf.purge()

    async def _note_start(self) -> None:
        """That we run, in which life of the machine, and under which name."""
        with contextlib.suppress(Unkept):
            await self.front.store(notes.write, "boot", boot.boot_id())
            await self.front.store(notes.forget, _STOPPED)
            await self.front.store(notes.write, "machine", self.front.picture().machine.id)

    def _tell_of_room(self, trouble: str | None) -> None:
        self.front.trouble = trouble
        self.journal.publish("machine", None, None)

    async def _keep_again(self, database: Database) -> None:
        """All that is known now, and what waited on disk meanwhile."""
        was_spare = self.front.database.trouble is not None
        self.front.keep_in(database)
        await self._note_start()
        self.front.keep_all_again()
        if was_spare:
            prompts = await self.shelf.restored()
            self.engine.post(events.PromptsRestored(prompts=prompts, at=time.time()))
            await self.server.come_back()

    async def _close(self) -> None:
        with contextlib.suppress(Unkept):
            await self.front.store(notes.write, _STOPPED, str(time.time()))
        # Screens are told why nothing will come any more.
        self.journal.publish("machine", None, "stop")
        await self.server.close()
        self._chores.close()
        self.lifeline.close()
        self.sender.close()
        self.jobs.close()
        self.copies.close()
        self.wheel.close()
        await self.views.close()
        self.observer.close()
        self.roll.close()
        for stop in self._exits.values():
            stop()
        self.engine.close()
        await asyncio.to_thread(self.holder.close)
        await asyncio.to_thread(self.front.close)

    # -- hands: what is to be done ----------------------------------------------------------------

    def _hands(self) -> Hands:
        return {
            effects.Publish: lambda e: self.journal.publish(e.topic, e.session_id, e.data),
            effects.Follow: lambda e: self.observer.follow(e.session),
            effects.Unfollow: lambda e: self.observer.unfollow(e.session_id),
            effects.WatchExit: self._watch_exit,
            effects.Look: lambda e: self.observer.look(e.agent),
            effects.ReadBranch: self._read_branch,
            effects.Save: lambda e: self._save(e.session),
            effects.KeepPrompt: lambda e: self.wheel.keep(e),
            effects.Deliver: lambda e: self.wheel.deliver(e),
            effects.Withdraw: lambda e: self.wheel.withdraw(e),
            effects.FocusLost: lambda e: self.wheel.focus_lost(e),
            effects.Reach: lambda e: self.lifeline.reach(e),
            effects.StopReaching: lambda e: self.lifeline.stop(e),
            effects.Continue: lambda e: self.lifeline.go_on(e),
            effects.KeepNotices: lambda e: self.front.keep_notices(e.notices),
            effects.Announce: lambda e: self.sender.announce(e.notice),
            effects.LookAtJobs: lambda e: self.jobs.look(e),
            effects.WatchJob: lambda e: self.jobs.watch(e.run),
            effects.KeepJob: lambda e: self.front.keep_job(e.session_id, e.job),
            effects.Probe: self._probe,
            effects.Hold: lambda e: self.holder.hold(e.reason),
            effects.Release: lambda _: self.holder.release(),
        }

    def _save(self, session: Session) -> None:
        self.front.save(session)
        self.copies.offer(session)

    def _start_nursery(self, end: int) -> None:
        programs.start_nursery(self._places.holders_log, end)

    def _watch_exit(self, effect: effects.WatchExit) -> None:
        if effect.run not in self._exits:
            self._exits[effect.run] = watch_exit(effect.run, self._gone)

    def _gone(self, run: Any) -> None:
        self._exits.pop(run, None)
        self.engine.post(events.RunEnded(run=run, at=time.time()))

    def _read_branch(self, effect: effects.ReadBranch) -> None:
        found = git_branch(effect.cwd)
        self.engine.post(events.BranchRead(session_id=effect.session_id, branch=found, at=time.time()))

    # -- ears: what the system tells --------------------------------------------------------------

    def _changed(self, path: Path) -> None:
        if path.parent == self._places.terminals or path == self._places.terminals:
            self._chores.begin(self.roll.look(), "look at holders")
        else:
            self.observer.changed(path)

    def _terminal_ended(self, ended: str, code: int | None) -> None:
        self.engine.post(events.TerminalEnded(terminal=ended, code=code, at=time.time()))
        self.observer.look_at_all()

    def _held(self, holding: Held) -> None:
        self.engine.post_from_thread(
            events.Held(
                held=holding.held, mechanism=holding.mechanism, problem=holding.problem, at=time.time()
            )
        )

    def _sleeps(self, before: bool) -> None:
        """Phones are told before; afterwards everything is looked at, at once."""
        self.journal.publish("machine", None, "sleep" if before else None)
        # Whoever comes to the screen afterwards may be another one.
        self.server.phone.void("The machine went to sleep.")
        if not before:
            self._network_changed()
            self.observer.look_at_all()
            self.holder.verify()

    def _network_changed(self) -> None:
        self.probes.forget()
        self.lifeline.network_changed()
        self.server.network_changed()
        self.engine.post(events.Roused(at=time.time()))

    def _power(self, seen: Power) -> None:
        self.engine.post(events.PowerRead(power=seen, at=time.time()))

    def _probe(self, effect: effects.Probe) -> None:
        self._chores.begin(self._probed(effect.session), f"probe for {effect.session.id}")

    async def _probed(self, session: Session) -> None:
        reached = await self._reaches(session)
        self.engine.post(events.Probed(session_id=session.id, reached=reached, at=time.time()))

    async def _reaches(self, session: Session) -> bool:
        """Whether the API that this session's agent uses answers."""
        environment = self._processes.environment(session.run.pid) if session.run else {}
        environment = environment or await asyncio.to_thread(of_login)
        url = await self.observer.endpoint(session, environment)
        if url is None:
            return True
        return await self.probes.reached(url, environment)


def _resume(agent: str, session_id: str, cwd: str | None) -> Resume | None:
    known = AGENTS.get(agent)
    return known.resume(session_id, cwd) if known else None


def _typing(agent: str) -> Typing:
    return AGENTS[agent].steering.typing if agent in AGENTS else Typing()


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """End them all; what one of them died of is raised."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def _chosen(settings: Settings) -> Mapping[str, tuple[Agent, Path]]:
    wanted = settings.discover.agents or tuple(AGENTS)
    return {
        name: (agent, agent.home(os.environ, Path.home())) for name, agent in AGENTS.items() if name in wanted
    }


def _machine(database: Database) -> Machine:
    return Machine(
        id=notes.read(database, "machine") or secrets.token_hex(8),
        hostname=hostname(),
        os=f"{platform.system()} {platform.release()}",
        wakeline_version=__version__,
        started_at=time.time(),
        boot_id=boot.boot_id(),
    )
