"""Holding on Linux, by real services on private buses: taken, verified, lost, taken back, let go."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE

import pytest

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)
assert sys.platform == "linux"

from supervisor.system.awake import Held, Holder
from supervisor.system.awake.holder import Holder as AnyHolder
from supervisor.system.awake.linux import LinuxGrip
from tests.lab.buses import Place, need, place
from tests.lab.waiting import until

BY_LOGIND = Held(held=True, mechanism="logind")
BY_SESSION_MANAGER = Held(held=True, mechanism="session manager (org.gnome.SessionManager)")
BY_POWER_MANAGER = Held(held=True, mechanism="power manager (org.freedesktop.PowerManagement)")
FREE = Held(held=False)
OURS = ("sleep", "Wakeline", "claude is working")

#: A supervisor in small, as another user if told so: holds, says what it was told, goes on until killed.
PROGRAM = """
import os, subprocess, sys
from supervisor.system.awake import Holder, linux
def tell(held):
    # A child that inherits whatever can be inherited.
    child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
    print(child.pid, held, flush=True)
if len(sys.argv) > 1:
    os.setgroups([]), os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
holder = Holder(tell)
holder.hold("claude is working")
sys.stdin.read()
"""
NOBODY = 65534


@contextmanager
def supervisor(where: Place, user: int | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, holding, and what it was told. A child of it outlives it."""
    argv = [sys.executable, "-c", PROGRAM, *([] if user is None else [str(user)])]
    environment = where.environment | {"PYTHONPATH": str(Path(__file__).parents[4])}
    with subprocess.Popen(argv, env=environment, stdin=PIPE, stdout=PIPE, text=True) as program:
        assert program.stdout is not None
        child, _, told = program.stdout.readline().partition(" ")
        try:
            yield program, told
        finally:
            program.kill()
            os.kill(int(child), signal.SIGKILL)


class Scene:
    """A holder in a place, and what it told."""

    def __init__(self, where: Place) -> None:
        """Nothing is held."""
        self.place = where
        self.told: SimpleQueue[Held] = SimpleQueue()
        self.holder: AnyHolder = Holder(self.told.put, where.environment)

    def use(self, *, every: float, slow: float) -> None:
        """Hold by a grip that is more impatient than usual."""
        self.holder.close()
        self.holder = AnyHolder(
            self.told.put, lambda: LinuxGrip(self.place.environment, every=every, slow=slow)
        )

    def heard(self) -> Held:
        """The next thing told."""
        return self.told.get(timeout=60)

    def hold(self) -> Held:
        """Hold for the usual reason, and return the first thing told."""
        self.holder.hold(OURS[2])
        return self.heard()


def open_files() -> Sequence[str]:
    """The sockets and pipes that this process has open."""
    targets = (str(name.readlink()) for name in Path("/proc/self/fd").iterdir() if name.is_symlink())
    return sorted(target for target in targets if not target.startswith("anon_inode:"))


@pytest.fixture
def nowhere() -> Iterator[Scene]:
    """A machine without any bus."""
    with place() as made:
        scene = Scene(made)
        yield scene
        scene.holder.close()


@pytest.fixture
def server() -> Iterator[Scene]:
    """A machine with logind and a bus for the user, without a desktop."""
    with place(Place.start_session_bus, Place.start_system_bus, Place.start_logind) as made:
        scene = Scene(made)
        yield scene
        scene.holder.close()


@pytest.fixture
def desktop() -> Iterator[Scene]:
    """A user's bus and a screen, without logind."""
    with place(Place.start_session_bus, Place.start_screen) as made:
        scene = Scene(made)
        yield scene
        scene.holder.close()


def test_logind_lists_our_name_and_reason_until_the_release(server: Scene) -> None:
    """Anybody can see who keeps the machine awake, and why; afterwards nothing is left."""
    held = server.hold()
    listed = server.place.locks()

    server.holder.release()

    assert (held, listed) == (BY_LOGIND, [OURS])
    assert server.heard() == FREE
    until(lambda: server.place.locks() == [])


def test_logind_refuses_to_suspend_while_we_hold_and_does_not_after(server: Scene) -> None:
    """The lock is no entry in a list only: the machine's own idle timer is refused by it."""
    server.hold()
    until(lambda: server.place.logind_said("Refusing suspend operation"), saying="the idle timer runs out")
    refused = not server.place.logind_said("Suspending...")

    server.holder.release()

    until(lambda: server.place.logind_said("Suspending..."), saying="the released machine suspends")
    assert refused


def test_a_new_reason_replaces_the_old_one_at_logind(server: Scene) -> None:
    """What is listed is true now; there is never more than one lock of ours for long."""
    server.hold()

    server.holder.hold("codex is working")

    until(lambda: server.place.locks() == [("sleep", "Wakeline", "codex is working")])


def test_close_lets_go(server: Scene) -> None:
    """When the supervisor ends, nothing holds any more."""
    server.hold()

    server.holder.close()

    until(lambda: server.place.locks() == [])


def test_after_a_release_no_connection_and_no_lock_stays_open(server: Scene) -> None:
    """A hundred holds leave nothing behind."""
    server.hold()
    server.holder.release()
    server.heard()
    before = open_files()

    for _ in range(100):
        server.hold()
        server.holder.release()
        server.heard()

    assert open_files() == before


def test_logind_that_dies_is_noticed_and_held_by_again_when_it_is_back(server: Scene) -> None:
    """A lost hold is told at once, not shown as held, and taken back without asking all the time."""
    server.hold()
    server.place.running["logind"].kill()

    lost, nothing = server.heard(), server.heard()
    server.place.start_logind()

    assert lost == Held(held=False, problem="logind went away")
    assert (
        nothing.problem == "cannot hold here, because no desktop service is there and logind is not running"
    )
    assert server.heard() == BY_LOGIND
    assert server.place.locks() == [OURS]


def test_a_user_bus_that_dies_does_not_take_the_lock_with_it(server: Scene) -> None:
    """The lock at logind has nothing to do with the user's bus."""
    server.hold()
    server.place.running["session-bus"].kill()

    server.holder.hold("codex is working")

    until(lambda: server.place.locks() == [("sleep", "Wakeline", "codex is working")])
    assert server.told.empty()


def test_a_killed_supervisor_holds_nothing_even_if_its_children_live(server: Scene) -> None:
    """kill -9: within a second the machine may sleep, though agents we started go on."""
    with supervisor(server.place) as (program, told):
        listed = server.place.locks()

        program.kill()

        until(lambda: server.place.locks() == [])
    assert told.startswith("Held(held=True, mechanism='logind'")
    assert listed == [OURS]


def test_a_login_from_afar_holds_the_idle_timer_and_says_that_this_is_all() -> None:
    """polkit denies a lock on sleep to a user without a local session: half a hold is told as half."""
    starts = (Place.start_system_bus, Place.start_polkitd, Place.start_logind)
    with place(*starts) as far, supervisor(far, user=NOBODY) as (_, told):
        listed = far.locks()

    assert listed == [("idle", "Wakeline", "claude is working")]
    assert "held=True, mechanism='logind', problem='only the idle timer is held" in told


def test_on_a_desktop_without_a_service_the_weak_lock_is_told(server: Scene) -> None:
    """Before systemd 257 the same user's power manager ignores the lock: that is said, not hidden."""
    server.place.environment["DISPLAY"] = ":99"

    held = server.hold()

    assert held.held
    assert held.problem == "programs of the same user can still put the machine to sleep (systemd before 257)"


@pytest.mark.parametrize("start", [Place.start_mate_session, Place.start_gnome_session])
def test_a_session_manager_holds_and_lets_go(desktop: Scene, start: Callable[[Place], object]) -> None:
    """MATE, Cinnamon and GNOME are asked at their session manager, which then refuses to suspend."""
    start(desktop.place)

    held, inhibited = desktop.hold(), desktop.place.session_inhibited()
    desktop.holder.release()

    assert (held, inhibited) == (BY_SESSION_MANAGER, True)
    assert desktop.heard() == FREE
    assert not desktop.place.session_inhibited()


def test_a_session_manager_that_dies_is_noticed_and_asked_again(desktop: Scene) -> None:
    """wakepy would go on to call it active; we tell the loss at once and take it back."""
    mate = desktop.place.start_mate_session()
    desktop.hold()
    mate.kill()

    lost, nothing = desktop.heard(), desktop.heard()
    desktop.place.start_mate_session()

    assert lost == Held(held=False, problem=f"{BY_SESSION_MANAGER.mechanism} went away")
    assert not nothing.held
    assert desktop.heard() == BY_SESSION_MANAGER
    assert desktop.place.session_inhibited()


def test_a_killed_supervisor_holds_nothing_at_the_session_manager(desktop: Scene) -> None:
    """kill -9: the session manager sees the connection end."""
    desktop.place.start_mate_session()
    with supervisor(desktop.place) as (program, _):
        inhibited = desktop.place.session_inhibited()

        program.kill()

        until(lambda: not desktop.place.session_inhibited())
    assert inhibited


def test_a_desktop_that_turns_up_takes_over_from_logind(server: Scene) -> None:
    """Started before the desktop, we move to its service when it is there, and back when it goes."""
    held = [server.hold()]
    server.place.start_screen()
    mate = server.place.start_mate_session()
    del server.place.environment["DISPLAY"]
    held.append(server.heard())
    until(lambda: server.place.locks() == [], saying="logind's lock is given back")
    mate.kill()
    held += [server.heard(), server.heard()]

    assert held == [
        BY_LOGIND,
        BY_SESSION_MANAGER,
        Held(held=False, problem=f"{BY_SESSION_MANAGER.mechanism} went away"),
        BY_LOGIND,
    ]
    assert server.place.locks() == [OURS]


def test_on_xfce_the_power_manager_is_left_alone(server: Scene) -> None:
    """Held by Xfce's power manager the screen would never be locked; logind holds sleep only."""
    server.place.start_screen()
    server.place.start_xfce_power_manager()

    held = server.hold()

    assert (held.held, held.mechanism) == (True, "logind")
    assert not server.place.power_inhibited()


def test_a_power_manager_that_was_replaced_keeps_the_new_hold(desktop: Scene) -> None:
    """The new one counts its holds from one again: the old one's number is not given back to it."""
    first = desktop.place.start_power_manager()
    desktop.hold()
    desktop.place.start_power_manager()
    until(lambda: desktop.place.waiting_for("org.freedesktop.PowerManagement") == 1)

    first.kill()

    assert desktop.heard() == Held(held=False, problem=f"{BY_POWER_MANAGER.mechanism} went away")
    assert desktop.heard() == BY_POWER_MANAGER
    assert desktop.place.power_inhibited()


def test_a_power_manager_that_lists_late_is_trusted_meanwhile(desktop: Scene) -> None:
    """KDE counts a hold after some seconds; that is no loss."""
    desktop.place.start_power_manager(delay="0.5")
    desktop.use(every=0.05, slow=2)

    held = desktop.hold()

    assert held == BY_POWER_MANAGER
    until(desktop.place.power_inhibited)
    assert desktop.told.empty()


def test_a_power_manager_that_never_lists_the_hold_is_not_believed(server: Scene) -> None:
    """A yes without a deed is found out, and logind holds instead, for good."""
    server.place.start_power_manager(delay="inf")
    server.use(every=0.05, slow=0.2)

    told = [server.hold(), server.heard(), server.heard()]

    assert told[0] == BY_POWER_MANAGER
    assert told[1] == Held(held=False, problem=f"{BY_POWER_MANAGER.mechanism} no longer lists the hold")
    assert told[2] == BY_LOGIND
    assert server.place.locks() == [OURS]


def test_a_user_bus_is_found_without_its_variable(desktop: Scene) -> None:
    """Over SSH or from cron nobody tells where the bus is; it is in the runtime folder."""
    runtime = desktop.place.folder / "runtime"
    runtime.mkdir()
    (runtime / "bus").symlink_to(desktop.place.folder / "session-bus")
    desktop.place.start_power_manager()
    del desktop.place.environment["DBUS_SESSION_BUS_ADDRESS"]
    desktop.place.environment["XDG_RUNTIME_DIR"] = str(runtime)

    held = desktop.hold()

    assert held == BY_POWER_MANAGER


def test_nothing_is_started_by_asking(desktop: Scene) -> None:
    """A desktop's service that does not run is not started by us."""
    need("dbus-daemon")
    held = desktop.hold()

    assert not held.held
    assert not desktop.place.owned("org.freedesktop.PowerManagement")


def test_where_nothing_can_hold_it_says_so(nowhere: Scene) -> None:
    """An honest word instead of a silent nothing."""
    held = nowhere.hold()

    assert held == Held(
        held=False,
        problem="cannot hold here, because no desktop service is there and logind has no bus here",
    )


@pytest.mark.parametrize(
    "address", ["disabled:", "nonsense", "unix:path=/nowhere/bus", "tcp:host=::1,port=1", ";"]
)
def test_a_bus_address_that_is_none_is_no_crash(nowhere: Scene, address: str) -> None:
    """Broken variables end in words."""
    nowhere.place.environment |= {"DBUS_SESSION_BUS_ADDRESS": address, "DBUS_SYSTEM_BUS_ADDRESS": address}

    held = nowhere.hold()

    assert held.problem is not None
    assert held.problem.startswith("cannot hold here")


def test_a_pretended_success_is_none(server: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """wakepy can be told to pretend; nothing pretended is shown as held."""
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")

    held = server.hold()

    assert not held.held
    assert held.problem is not None
    assert "WAKEPY_FAKE_SUCCESS" in held.problem
    assert server.place.locks() == []


def test_a_forced_failure_is_told_in_words(server: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """wakepy can be told to fail, too; it says why."""
    monkeypatch.setenv("WAKEPY_FORCE_FAILURE", "1")

    held = server.hold()

    assert not held.held
    assert held.problem is not None
    assert "WAKEPY_FORCE_FAILURE" in held.problem
