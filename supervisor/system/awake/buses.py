"""The session bus and the system bus, for one thread: calls, and who came or went meanwhile.

Nothing is started by asking on the session bus. A connection that broke is opened again by the
next call.
"""

import sys

assert sys.platform == "linux"

import contextlib
import os
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, MatchRule, MessageFlag, MessageType, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

SESSION = "session"
SYSTEM = "system"

#: Seconds to wait for an answer.
PATIENCE = 2.0

#: ValueError: an address that is none, or nobody there speaks D-Bus. RuntimeError: descriptors got lost.
_BROKEN = (OSError, ValueError, RuntimeError)

_DENIED = frozenset(
    {
        "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
        "org.freedesktop.PolicyKit1.Error.NotAuthorized",
    }
)
_ABSENT = frozenset(
    {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}
)


class CallFailed(Exception):
    """A call without a result; its text goes after the name of who was called."""

    def __init__(self, words: str, *, denied: bool = False) -> None:
        """*denied*: we may not have this, but perhaps less."""
        super().__init__(words)
        self.denied = denied


class Buses:
    """Owns up to two connections, and remembers which *names* changed hands on them."""

    def __init__(self, environment: Mapping[str, str], names: Mapping[str, Sequence[str]]) -> None:
        """Connect to nothing yet; *names* by bus are those to be told of."""
        self._environment = environment
        self._names = names
        self._connections: dict[str, DBusConnection] = {}
        self._signals: deque[Any] = deque(maxlen=64)
        self._broken: set[str] = set()

    def call(
        self, bus: str, to: DBusAddress, member: str, signature: str | None = None, body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Call a method and return what it answers; raises ``CallFailed``."""
        message = new_method_call(to, member, signature, body)
        if bus == SESSION:
            message.header.flags |= MessageFlag.no_auto_start
        connection = self._connection(bus)
        try:
            reply = connection.send_and_get_reply(message, timeout=PATIENCE)
        except TimeoutError as error:
            raise CallFailed("does not answer") from error
        except _BROKEN as error:
            self._drop(bus)
            raise CallFailed("is gone with its bus") from error
        self._pump(bus)
        if reply.header.message_type is MessageType.error:
            raise _failure(reply)
        return tuple(reply.body)

    def reachable(self, bus: str) -> bool:
        """Whether there is such a bus, connecting to it where needed."""
        try:
            self._connection(bus)
        except CallFailed:
            return False
        return True

    def owned(self, bus: str, name: str) -> bool:
        """Whether somebody answers to this name now."""
        try:
            return bool(self.call(bus, message_bus, "NameHasOwner", "s", (name,))[0])
        except CallFailed:
            return False

    def listen(self) -> None:
        """Read what has come in."""
        for bus in tuple(self._connections):
            self._pump(bus)

    def changed(self) -> set[str]:
        """The names that changed hands since last asked or forgotten; all of a bus that broke."""
        names = {signal.body[0] for signal in self._signals}
        return names.union(*(self._names[bus] for bus in self._broken))

    def forget(self) -> None:
        """What changed so far has been seen to."""
        self._signals.clear()
        self._broken.clear()

    def sockets(self) -> Sequence[int]:
        """What becomes readable when there is something to ``listen`` to."""
        return [connection.sock.fileno() for connection in self._connections.values()]

    def close(self) -> None:
        """Leave both buses; who held something for us lets go of it."""
        for bus in tuple(self._connections):
            self._connections.pop(bus).close()
        self.forget()

    def _connection(self, bus: str) -> DBusConnection:
        if bus in self._connections:
            return self._connections[bus]
        address = self._address(bus)
        if address is None:
            raise CallFailed("has no bus here")
        connection = None
        try:
            connection = open_dbus_connection(address, enable_fds=bus == SYSTEM)
            self._subscribe(connection, bus)
        except (*_BROKEN, StopIteration) as error:
            if connection is not None:
                connection.close()
            raise CallFailed("has no bus here") from error
        self._connections[bus] = connection
        return connection

    def _subscribe(self, connection: DBusConnection, bus: str) -> None:
        for name in self._names[bus]:
            rule = MatchRule(
                type="signal",
                sender=message_bus.bus_name,
                interface=message_bus.interface,
                member="NameOwnerChanged",
            )
            rule.add_arg_condition(0, name)
            connection.filter(rule, queue=self._signals)
            connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=PATIENCE)

    def _pump(self, bus: str) -> None:
        try:
            while True:
                self._connections[bus].recv_messages(timeout=0)
        except TimeoutError:
            return
        except _BROKEN:
            self._drop(bus)

    def _drop(self, bus: str) -> None:
        self._broken.add(bus)
        with contextlib.suppress(OSError):
            self._connections.pop(bus).close()

    def _address(self, bus: str) -> str | None:
        """Where a bus is, also for who was not started by a desktop: SSH, cron, a lingering service."""
        if bus == SYSTEM:
            default = "unix:path=/run/dbus/system_bus_socket"
            return self._environment.get("DBUS_SYSTEM_BUS_ADDRESS") or default
        if address := self._environment.get("DBUS_SESSION_BUS_ADDRESS"):
            return address
        folder = self._environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
        place = Path(folder, "bus")
        return f"unix:path={place}" if place.is_socket() else None


def _failure(reply: Any) -> CallFailed:
    name = reply.header.fields.get(4, "")  # ERROR_NAME, D-Bus specification, "Header Fields"
    if name in _DENIED:
        return CallFailed("refuses", denied=True)
    if name in _ABSENT:
        return CallFailed("is not running")
    return CallFailed(f"answers {name.rpartition('.')[2]}")
