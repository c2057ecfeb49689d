"""logind says before and after: ``PrepareForSleep``, org.freedesktop.login1(5).

A lock of kind "delay" makes it wait until screens have been told; it is let go at once. One
thread listens: the lock is a descriptor, which the library passes on blocking connections only.
"""

import sys

assert sys.platform == "linux"

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from jeepney import DBusAddress, MatchRule, MessageType, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from supervisor.system.sleep import elsewhere

logger = logging.getLogger(__name__)

_LOGIND: Final = DBusAddress(
    "/org/freedesktop/login1", "org.freedesktop.login1", "org.freedesktop.login1.Manager"
)
#: Seconds until the bus is tried again: soon, as it may only be started anew, then more and more seldom.
_SOON: Final = 1.0
_SELDOM: Final = 300.0
#: Seconds in which it answers.
_PATIENCE: Final = 5.0
#: Seconds for which the machine is kept from sleeping, so that what was told gets out.
_LAST_WORDS: Final = 0.3
_BROKEN: Final = (OSError, ValueError, RuntimeError, EOFError, TimeoutError, StopIteration)


async def follow(told: Callable[[bool], None]) -> None:
    """See ``sleep.follow``. While there is no logind, the clock tells."""
    pause, clock = _SOON, asyncio.ensure_future(elsewhere.follow(told))
    try:
        while True:
            began = time.monotonic()
            try:
                await _listen(told, clock.cancel)
            except _BROKEN as trouble:
                logger.debug("logind does not tell of sleep: %s", trouble)
            if clock.done():
                clock = asyncio.ensure_future(elsewhere.follow(told))
            pause = _SOON if time.monotonic() - began > pause else min(_SELDOM, pause * 2)
            await asyncio.sleep(pause)
    finally:
        clock.cancel()


async def _listen(told: Callable[[bool], None], found: Callable[[], object]) -> None:
    """Until the bus breaks, which is raised."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    connection = await asyncio.to_thread(_subscribed)

    def report(before: bool) -> None:
        loop.call_soon_threadsafe(told, before)

    def end(trouble: BaseException) -> None:
        if not ended.done():
            ended.set_exception(trouble)

    def run() -> None:
        try:
            _hear(connection, report)
        except _BROKEN as trouble:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                loop.call_soon_threadsafe(end, OSError(str(trouble)))

    found()
    threading.Thread(target=run, name="sleep", daemon=True).start()
    try:
        await ended
    finally:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(2)


_RULE: Final = MatchRule(
    type="signal",
    interface=_LOGIND.interface,
    member="PrepareForSleep",
    path=_LOGIND.object_path,
)
#: Who starts anew does not know our lock.
_ANEW: Final = MatchRule(
    type="signal",
    sender=message_bus.bus_name,
    interface=message_bus.interface,
    member="NameOwnerChanged",
    path=message_bus.object_path,
)
_ANEW.add_arg_condition(0, _LOGIND.bus_name)


def _subscribed() -> DBusConnection:
    """Raises one of ``_BROKEN`` where there is no bus, or nobody that tells."""
    connection = open_dbus_connection("SYSTEM", enable_fds=True)
    try:
        for rule in (_RULE, _ANEW):
            connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_PATIENCE)
        asked = message_bus.NameHasOwner(_LOGIND.bus_name)
        (there,) = connection.send_and_get_reply(asked, timeout=_PATIENCE).body
    except BaseException:
        connection.close()
        raise
    if not there:
        connection.close()
        raise OSError("logind is not running")
    return connection


def _hear(connection: DBusConnection, told: Callable[[bool], None]) -> None:
    signals: deque[Any] = deque()
    lock: int | None = None
    try:
        with connection.filter(_RULE, queue=signals), connection.filter(_ANEW, queue=signals):
            lock = _delay(connection)
            while True:
                said = connection.recv_until_filtered(signals)
                before = _RULE.matches(said) and bool(said.body[0])
                if _RULE.matches(said):
                    told(before)
                    time.sleep(_LAST_WORDS if before else 0.0)
                _let_go(lock)
                gone = _ANEW.matches(said) and not said.body[2]
                lock = None if before or gone else _delay(connection)
    finally:
        _let_go(lock)
        connection.close()


def _delay(connection: DBusConnection) -> int | None:
    """Ask logind to wait for us; ``None`` where that is not ours to ask."""
    why = ("sleep", "Wakeline", "tells phones that the machine sleeps", "delay")
    call = new_method_call(_LOGIND, "Inhibit", "ssss", why)
    reply = connection.send_and_get_reply(call, timeout=_PATIENCE)
    if reply.header.message_type is MessageType.error:
        return None
    lock: int = reply.body[0].to_raw_fd()
    os.set_inheritable(lock, False)
    return lock


def _let_go(lock: int | None) -> None:
    if lock is not None:
        with contextlib.suppress(OSError):
            os.close(lock)
