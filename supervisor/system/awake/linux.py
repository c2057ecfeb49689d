"""Holding on Linux: the desktop's own service first, then logind; verified, and watched.

The desktop first, because only it tells its own idle timer from the user who wants to sleep now:
a lock at logind does not stop the timer before systemd 257, and stops the user since.
"""

import sys

assert sys.platform == "linux"

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jeepney import DBusAddress
from wakepy import Mode, keep

from supervisor.system.awake.buses import SESSION, SYSTEM, Buses, CallFailed
from supervisor.system.awake.grip import Held
from supervisor.system.awake.logind import (
    LOGIND,
    Attempt,
    adapter_of,
    lock_listed,
    refuses_its_own_user,
)

SESSION_MANAGER = "org.gnome.SessionManager"
POWER_MANAGEMENT = "org.freedesktop.PowerManagement"
XFCE = "org.xfce.PowerManager"

_DESKTOPS = (SESSION_MANAGER, POWER_MANAGEMENT)
_SUSPEND = 4  # GsmInhibitorFlag: inhibit suspending the session or computer

_MECHANISMS = {
    SESSION_MANAGER: f"session manager ({SESSION_MANAGER})",
    POWER_MANAGEMENT: f"power manager ({POWER_MANAGEMENT})",
    LOGIND: "logind",
}


@dataclass(frozen=True, slots=True)
class _Hold:
    name: str
    mode: Mode
    attempt: Attempt
    since: float

    @property
    def bus(self) -> str:
        return SYSTEM if self.name == LOGIND else SESSION


class LinuxGrip:
    """Owns at most one hold, and the connections it needs."""

    def __init__(self, environment: Mapping[str, str], *, every: float = 30.0, slow: float = 10.0) -> None:
        """Connect to nothing yet. *slow*: seconds until a power manager must list its hold.

        KDE counts a hold only after five seconds, so that short ones do not matter.
        """
        self.every: float | None = every
        self._slow = slow
        self._environment = environment
        self._buses = Buses(environment, {SESSION: _DESKTOPS, SYSTEM: (LOGIND,)})
        self._hold: _Hold | None = None
        #: Services that took a hold and did not keep it, until they start anew.
        self._distrusted: set[str] = set()

    def take(self, why: str) -> Held:
        """Hold by the first way that works and can be verified."""
        self._buses.listen()
        self._buses.forget()
        before, self._hold = self._hold, None
        desktops = self._desktops()
        troubles = [] if desktops else ["no desktop service is there"]
        for name in (*desktops, LOGIND):
            hold = self._enter(name, why)
            trouble = self._flaw(hold)
            if trouble is None:
                self._hold = hold
                break
            _leave(hold)
            troubles.append(trouble)
        if before is not None:
            _leave(before)
        if self._hold is None:
            return Held(held=False, problem=f"cannot hold here, because {' and '.join(troubles)}")
        return Held(held=True, mechanism=_MECHANISMS[self._hold.name], problem=self._caveat(self._hold))

    def lost(self) -> str | None:
        """Ask who holds for us, unless it is known that they went away."""
        self._buses.listen()
        changed = self._buses.changed()
        self._buses.forget()
        self._distrusted -= changed
        if (hold := self._hold) is None:
            return None
        # logind's lock outlives its bus; a desktop's hold ends with the name that gave it.
        gone = hold.name in changed
        if not (gone and hold.name != LOGIND) and self._confirmed(hold):
            return None
        if gone or not self._buses.owned(hold.bus, hold.name) or hold.name in self._buses.changed():
            hold.attempt.void = True
            return f"{_MECHANISMS[hold.name]} went away"
        self._distrusted.add(hold.name)
        return f"{_MECHANISMS[hold.name]} no longer lists the hold"

    def outdated(self, why: str) -> bool:
        """At logind the reason is shown, and a desktop that turned up is better."""
        hold = self._hold
        if hold is None or hold.name != LOGIND:
            return False
        return hold.attempt.why != why or bool(self._desktops())

    def release(self) -> None:
        """Let go, and leave the buses: what is forgotten there ends with the connection."""
        self._buses.listen()
        if (hold := self._hold) is not None:
            hold.attempt.void = hold.name in self._buses.changed()
            _leave(hold)
            self._hold = None
        self._buses.close()

    def watched(self) -> Sequence[int]:
        """Both buses, and logind's lock, which reports an error when logind drops it."""
        lock = self._hold.attempt.lock if self._hold is not None else None
        return [*self._buses.sockets(), *([] if lock is None else [lock])]

    def news(self) -> bool:
        """Whether a name we rely on or wait for changed hands."""
        return bool(self._buses.changed())

    def _desktops(self) -> Sequence[str]:
        """The desktop's services that are there now, best first.

        Xfce's power manager is left out: held by it, the screen is never locked. wakepy knows
        that too, but only from a variable that services of the session often do not have.
        """
        if not self._buses.reachable(SESSION):
            return ()
        there = [
            name for name in _DESKTOPS if name not in self._distrusted and self._buses.owned(SESSION, name)
        ]
        if POWER_MANAGEMENT in there and self._buses.owned(SESSION, XFCE):
            there.remove(POWER_MANAGEMENT)
        return there

    def _enter(self, name: str, why: str) -> _Hold:
        attempt = Attempt(buses=self._buses, why=why)
        mode = keep.running(methods=[name], on_fail="pass", dbus_adapter=adapter_of(attempt))
        mode.__enter__()
        return _Hold(name, mode, attempt, time.monotonic())

    def _flaw(self, hold: _Hold) -> str | None:
        """Why this is no hold; ``None``: it is one."""
        mechanism = _MECHANISMS[hold.name]
        result = hold.mode.result
        if result.real_success:
            return None if self._confirmed(hold) else f"{mechanism} does not list the hold"
        if result.success:
            return "wakepy was told to pretend (WAKEPY_FAKE_SUCCESS)"
        if hold.attempt.trouble is not None:
            return f"{mechanism} {hold.attempt.trouble}"
        reasons = [method.failure_reason for method in result.list_methods() if method.failure_reason]
        return f"{mechanism} cannot be used ({'; '.join(reasons)})"

    def _confirmed(self, hold: _Hold) -> bool:
        if hold.name == POWER_MANAGEMENT and time.monotonic() - hold.since < self._slow:
            return self._buses.owned(SESSION, POWER_MANAGEMENT)
        return _LISTED[hold.name](hold.attempt)

    def _caveat(self, hold: _Hold) -> str | None:
        if hold.name != LOGIND:
            return None
        if hold.attempt.what == "idle":
            return "only the idle timer is held: this login may not refuse sleep itself"
        graphical = any(self._environment.get(name) for name in ("WAYLAND_DISPLAY", "DISPLAY"))
        if graphical and not refuses_its_own_user(self._buses):
            return "programs of the same user can still put the machine to sleep (systemd before 257)"
        return None


def _leave(hold: _Hold) -> None:
    # wakepy raises RuntimeError when what it held is gone already.
    with contextlib.suppress(RuntimeError):
        hold.mode.__exit__(None, None, None)


def _listed_by_session_manager(attempt: Attempt) -> bool:
    manager = DBusAddress("/org/gnome/SessionManager", SESSION_MANAGER, SESSION_MANAGER)
    return _says_yes(attempt, manager, "IsInhibited", "u", (_SUSPEND,))


def _listed_by_power_management(attempt: Attempt) -> bool:
    path = "/org/freedesktop/PowerManagement/Inhibit"
    return _says_yes(
        attempt, DBusAddress(path, POWER_MANAGEMENT, f"{POWER_MANAGEMENT}.Inhibit"), "HasInhibit"
    )


def _says_yes(
    attempt: Attempt, to: DBusAddress, question: str, signature: str | None = None, body: tuple[int, ...] = ()
) -> bool:
    try:
        return attempt.buses.call(SESSION, to, question, signature, body) == (True,)
    except CallFailed:
        return False


_LISTED: Mapping[str, Callable[[Attempt], bool]] = {
    SESSION_MANAGER: _listed_by_session_manager,
    POWER_MANAGEMENT: _listed_by_power_management,
    LOGIND: lock_listed,
}
