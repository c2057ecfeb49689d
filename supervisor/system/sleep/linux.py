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
#: Seconds until the bus is tried again, and in which it answers.
_AGAIN: Final = 300.0
_PATIENCE: Final = 5.0
#: Seconds for which the machine is kept from sleeping, so that what was told gets out.
_LAST_WORDS: Final = 0.3
_BROKEN: Final = (OSError, ValueError, RuntimeError, EOFError, TimeoutError, StopIteration)


async def follow(told: Callable[[bool], None]) -> None:
    """See ``sleep.follow``. While there is no logind, the clock tells."""
    while True:
        watching = asyncio.ensure_future(elsewhere.follow(told))
        try:
            await _listen(told, watching.cancel)
        except _BROKEN as trouble:
            logger.debug("logind does not tell of sleep: %s", trouble)
        finally:
            watching.cancel()
        await asyncio.sleep(_AGAIN)


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


def _subscribed() -> DBusConnection:
    """Raises one of ``_BROKEN`` where there is no bus, or nobody that tells."""
    connection = open_dbus_connection("SYSTEM", enable_fds=True)
    try:
        connection.send_and_get_reply(message_bus.AddMatch(_RULE), timeout=_PATIENCE)
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
        with connection.filter(_RULE, queue=signals):
            lock = _delay(connection)
            while True:
                (before,) = connection.recv_until_filtered(signals).body
                told(bool(before))
                if before:
                    time.sleep(_LAST_WORDS)
                    _let_go(lock)
                    lock = None
                else:
                    lock = _delay(connection)
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
