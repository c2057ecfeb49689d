"""The computer that a phone is paired with: the real HTTP side over TLS, a supervisor in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from supervisor.core.journal import Journal
from supervisor.core.model import Entry, Machine, Scope, Session
from supervisor.remote.backend import Picture
from tests.fakes.backend import MACHINE
from tests.fakes.house import House
from tests.fakes.steered import Steered, SteeredBackend, steering


class Memory(SteeredBackend):
    """As ever, but the machine may be another one."""

    machine: Machine = replace(MACHINE, hostname="devbox", agents={"claude": "2.1.329", "codex": "0.169.0"})

    online: bool = True

    def picture(self) -> Picture:
        """All of it, now."""
        return replace(super().picture(), machine=self.machine, online=self.online)


class Desk:
    """The computer, as a test handles it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.memory = Memory()
        house.backend = self.memory

    # --- its life

    @property
    def origin(self) -> str:
        """Where the page is."""
        return f"https://{self._house.host}"

    def start(self) -> None:
        """Listen again, where it listened before."""
        self._house.run(self._house._open())
        self._house.open_lan()

    def stop(self) -> None:
        """Wakeline ends: nobody listens, everybody is sent away."""
        self._house._port = self._house.server.lan.port
        self._house.run(self._house.server.close())

    def new_life(self) -> None:
        """All numbers begin anew, as after a restart of the supervisor."""
        self.memory.journal = Journal("e2")

    # --- pairing

    def offer(self, scope: Scope = Scope.VIEW) -> str:
        """Open the pairing dialog; the address in its QR code."""
        url: str = self._house.dialog(scope)["url"]
        return url

    def dialog(self) -> dict[str, Any]:
        """What the dialog shows now."""
        return self._house.call(self._house.server.phone.shown)

    def choose(self, number: int) -> None:
        """The owner picks a number."""
        self._house.run(self._house.server.phone.choose(number))

    def revoke_all(self) -> None:
        """The owner removes every phone."""
        for device_id in list(self.memory.known_devices):
            self._house.run(self.memory.remove_device(device_id))
            self._house.call(partial(self._house.server.forget, device_id))

    def trust(self) -> None:
        """The paired phones may do everything, as over a path that they could verify."""
        for device_id, device in self.memory.known_devices.items():
            self.memory.known_devices[device_id] = replace(device, scope=Scope.ADMIN)
        self.end_tokens()

    def end_tokens(self) -> None:
        """Every token is void, as after a quarter of an hour."""
        for device_id in self.memory.known_devices:
            self._house.call(partial(self._house.server._tokens.revoke, device_id))

    # --- what happens on it

    def put(self, *sessions: Session) -> None:
        """These sessions are so from now on."""
        for session in sessions:
            self.memory.transcripts.setdefault(session.id, [])
            self._house.call(partial(self.memory.put, session))

    def say(self, session_id: str, *entries: Entry) -> None:
        """These entries are written to the session's transcript."""
        for entry in entries:
            self._house.call(partial(self.memory.write, session_id, entry))

    def publish(self, topic: str, session_id: str | None, told: Any) -> None:
        """Publish anything else."""
        self._house.call(partial(self.memory.journal.publish, topic, session_id, told))

    def do(self, work: Callable[[Steered], Any]) -> Any:
        """Something happens to the sessions that no phone ordered."""
        return self._house.call(partial(work, self.memory.steered))

    @property
    def ordered(self) -> list[tuple[str, dict[str, Any]]]:
        """What phones ordered, but for focus: verb and body."""
        orders = self.memory.steered.orders
        return [(verb, body) for verb, _, body in orders if verb not in {"focus", "give focus"}]

    def cut(self) -> None:
        """Break every stream without a word."""
        self._house.call(self._abort)

    def cut_terminals(self) -> None:
        """Break every stream of a terminal without a word."""
        self._house.call(self._abort_carriers)

    def _abort_carriers(self) -> None:
        for carrier in tuple(self._house.server._carriers._devices):
            carrier.abort()

    def _abort(self) -> None:
        for pipe in tuple(self._house.server.streams._readers):
            pipe.abort()


@contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    """A desk that listens, and ends with its test."""
    house = House(folder)
    desk = Desk(house)
    with steering(lambda: desk.memory.steered), house:
        house.open_lan()
        yield desk
