"""Holding by systemd-logind or elogind, where no desktop does it: as a method for wakepy."""

import sys

assert sys.platform == "linux"

import os
import select
from dataclasses import dataclass
from typing import Any, cast

from jeepney import DBusAddress as Address
from wakepy.core import (
    BusType,
    DBusAdapter,
    DBusAddress,
    DBusMethod,
    DBusMethodCall,
    Method,
    ModeName,
    PlatformType,
)
from wakepy.core.method import DBusCallError

from supervisor.system.awake.buses import SESSION, SYSTEM, Buses, CallFailed

LOGIND = "org.freedesktop.login1"
WHO = "Wakeline"

_MANAGER = DBusAddress(
    bus=BusType.SYSTEM, service=LOGIND, path="/org/freedesktop/login1", interface=f"{LOGIND}.Manager"
)
_INHIBIT = DBusMethod(
    name="Inhibit", signature="ssss", params=("what", "who", "why", "mode"), output_signature="h"
).of(_MANAGER)


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt to hold, as wakepy's methods make it. Owner: the grip."""

    buses: Buses
    why: str
    #: What went wrong with the last call, in words.
    trouble: str | None = None
    #: logind's lock: it lives as long as this descriptor, not as long as the connection.
    lock: int | None = None
    #: What the lock is for, in logind's words.
    what: str = ""
    #: Who gave it started anew since: what we could give back now is somebody else's.
    void: bool = False


def adapter_of(attempt: Attempt) -> type[DBusAdapter]:
    """wakepy wants a class; this one calls over our connections, which outlive wakepy's modes."""

    class Adapter(DBusAdapter):
        ours = attempt

        def process(self, call: DBusMethodCall) -> object:
            return _process(attempt, call)

    return Adapter


def _process(attempt: Attempt, call: DBusMethodCall) -> object:
    method = call.method
    giving_back = method.name.lower() == "uninhibit"
    if giving_back and attempt.void:
        return None
    bus = SYSTEM if method.bus == BusType.SYSTEM else SESSION
    to = Address(method.path, method.service, method.interface)
    try:
        return attempt.buses.call(bus, to, method.name, method.signature, call.args)
    except CallFailed as error:
        if giving_back:
            # Who is gone has let go; wakepy would call it an error and stay entered for ever.
            return None
        attempt.trouble = str(error)
        raise


class LogindInhibit(Method):
    """A lock that refuses ``sleep``, or where that is denied at least the idle timer.

    ``sleep`` is enough: logind's own idle action asks for it too. ``idle`` is second choice,
    because some desktops take it for a wish to keep the display on.
    """

    name = LOGIND
    mode_name = ModeName.KEEP_RUNNING
    supported_platforms = (PlatformType.LINUX,)

    def enter_mode(self) -> None:
        """Take the lock; raises ``DBusCallError``."""
        try:
            self._lock("sleep")
        except DBusCallError as error:
            # Denied to who has no session at the machine itself: SSH, cron, lingering services.
            if not (isinstance(error.__cause__, CallFailed) and error.__cause__.denied):
                raise
            self._lock("idle")

    def exit_mode(self) -> None:
        """Close the lock: that ends it, whatever became of the bus."""
        attempt = self._attempt
        if attempt.lock is not None:
            os.close(attempt.lock)
            attempt.lock = None

    @property
    def _attempt(self) -> Attempt:
        return cast(Attempt, cast(Any, self.dbus_adapter).ours)

    def _lock(self, what: str) -> None:
        attempt = self._attempt
        call = DBusMethodCall(_INHIBIT, (what, WHO, attempt.why, "block"))
        lock = self.process_dbus_call(call)[0].to_raw_fd()
        # An agent that inherited it would keep the machine awake after our end.
        os.set_inheritable(lock, False)
        attempt.lock, attempt.what = lock, what


def lock_listed(attempt: Attempt) -> bool:
    """Whether logind has the lock, by its own list; an unreachable bus does not end a lock."""
    if attempt.lock is None or not _answered(attempt.lock):
        return False
    manager = Address(_MANAGER.path, LOGIND, _MANAGER.interface)
    try:
        (rows,) = attempt.buses.call(SYSTEM, manager, "ListInhibitors")
    except CallFailed:
        return True
    return any(row[:4] == (attempt.what, WHO, attempt.why, "block") for row in rows)


def _answered(lock: int) -> bool:
    """The lock is a pipe that only logind reads: without a reader there is no lock."""
    poll = select.poll()
    poll.register(lock, 0)
    return not poll.poll(0)


def refuses_its_own_user(buses: Buses) -> bool:
    """Since systemd 257 a lock also binds programs of the user who took it."""
    properties = Address(_MANAGER.path, LOGIND, "org.freedesktop.DBus.Properties")
    try:
        buses.call(SYSTEM, properties, "Get", "ss", (_MANAGER.interface, "BlockWeakInhibited"))
    except CallFailed:
        return False
    return True
