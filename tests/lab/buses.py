"""Private D-Bus daemons, and the real services that keep a machine awake on them.

Ends only what it started. Nothing here can put a machine to sleep: logind is alone on its bus,
without the systemd that would do it.
"""

import sys

assert sys.platform == "linux"

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.lab.waiting import until

LOGIND = "/usr/lib/systemd/systemd-logind"
POLKITD = "/usr/lib/polkit-1/polkitd"
GNOME = "/usr/libexec/gnome-session-binary"

_BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

_SYSTEM_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""

#: logind looks for these below /run; it gets a /run of its own, and a kernel that claims to sleep.
_LOGIND_AT_HOME = """
mount -t tmpfs none /run && mkdir -p /run/systemd/inhibit /run/systemd/logind.conf.d || exit 1
cp "$FOLDER/idle.conf" /run/systemd/logind.conf.d/ && mount --bind "$FOLDER/state" /sys/power/state || exit 1
exec "$LOGIND"
"""

_IDLE = "[Login]\nIdleAction=suspend\nIdleActionSec=1s\n"


def need(*programs: str, root: bool = False) -> None:
    """Skip the test in one clear line where something is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if root and os.geteuid() != 0:
        pytest.skip("needs root: a mount namespace for a private systemd-logind")


class Running:
    """One program in a process group of its own, with its output in a file."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], log: Path, **more: Any) -> None:
        """Start it."""
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **more,
            )  # fmt: skip

    def kill(self) -> None:
        """End it and what it started, at once, and wait for that."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def output(self) -> str:
        """What it has said so far."""
        return self.log.read_text(errors="replace")


class Place:
    """A folder, a private environment and everything that was started there. Use it with ``with``."""

    def __init__(self) -> None:
        """Make the folder, short of name and readable for other users."""
        self.folder = Path(tempfile.mkdtemp(prefix="awake-"))
        self.folder.chmod(0o755)
        (self.folder / "empty").mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        home = {
            name: str(self.folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
        }
        self.environment: dict[str, str] = {
            **kept, **home,
            "XDG_CONFIG_DIRS": str(self.folder / "empty"),
            "XDG_RUNTIME_DIR": str(self.folder / "empty"),
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/no-system-bus",
            "NO_AT_BRIDGE": "1", "GSETTINGS_BACKEND": "memory", "LIBGL_ALWAYS_SOFTWARE": "1",
        }  # fmt: skip
        #: What runs, by name; the newest of that name.
        self.running: dict[str, Running] = {}
        self._all: list[Running] = []

    def __enter__(self) -> Self:
        """Nothing runs yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End everything, newest first."""
        for running in reversed(self._all):
            running.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name: str, argv: Sequence[str], **more: Any) -> Running:
        """Start a program here; it ends with the place."""
        running = Running(argv, self.environment, self.folder / f"{name}.log", cwd=self.folder, **more)
        self._all.append(running)
        self.running[name] = running
        return running

    def start_session_bus(self) -> Running:
        """A session bus without any service that could start by itself."""
        need("dbus-daemon")
        socket = self.folder / "session-bus"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"
        return self._bus("session-bus", socket, ["--session", f"--address=unix:path={socket}"])

    def start_system_bus(self) -> Running:
        """A bus where the system's services may be."""
        need("dbus-daemon")
        socket, settings = self.folder / "system-bus", self.folder / "system-bus.conf"
        settings.write_text(_SYSTEM_BUS.format(socket=socket))
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={socket}"
        return self._bus("system-bus", socket, [f"--config-file={settings}"])

    def _bus(self, name: str, socket: Path, options: Sequence[str]) -> Running:
        socket.unlink(missing_ok=True)
        running = self.start(name, ["dbus-daemon", "--nofork", "--nopidfile", *options])
        until(socket.is_socket, saying=f"the {name} comes up")
        return running

    def start_logind(self) -> Running:
        """The real systemd-logind, which would suspend an idle machine after a second."""
        need(LOGIND, "unshare", "mount", root=True)
        (self.folder / "idle.conf").write_text(_IDLE)
        (self.folder / "state").write_text("mem\n")
        self.environment |= {"FOLDER": str(self.folder), "LOGIND": LOGIND, "SYSTEMD_LOG_TARGET": "console"}
        running = self.start("logind", ["unshare", "--mount", "sh", "-c", _LOGIND_AT_HOME])
        return self._answers(running, "org.freedesktop.login1", "SYSTEM")

    def start_polkitd(self) -> Running:
        """The real polkitd, with the rules of this machine."""
        need(POLKITD, root=True)
        running = self.start("polkitd", [POLKITD, "--no-debug"])
        return self._answers(running, "org.freedesktop.PolicyKit1", "SYSTEM")

    def start_screen(self) -> None:
        """An X server of its own; what wants to draw can."""
        need("Xvfb")
        ours, theirs = os.pipe()
        self.start("screen", ["Xvfb", "-displayfd", str(theirs), "-nolisten", "tcp"], pass_fds=(theirs,))
        os.close(theirs)
        with os.fdopen(ours) as answer:
            self.environment["DISPLAY"] = f":{answer.readline().strip()}"

    def start_mate_session(self) -> Running:
        """The real session manager of MATE, with nothing else of MATE."""
        need("mate-session")
        running = self.start("mate", ["mate-session", "--disable-acceleration-check"])
        return self._answers(running, "org.gnome.SessionManager")

    def start_gnome_session(self) -> Running:
        """The real session manager of GNOME, with nothing else of GNOME; it insists on a logind."""
        need(GNOME)
        self.start_system_bus()
        self.start_logind()
        sessions = self.folder / "gnome-session" / "sessions"
        sessions.mkdir(parents=True)
        (sessions / "bare.session").write_text("[GNOME Session]\nName=bare\nRequiredComponents=\n")
        argv = [GNOME, "--builtin", "--disable-acceleration-check", "--session=bare"]
        return self._answers(self.start("gnome", argv), "org.gnome.SessionManager")

    def start_xfce_power_manager(self) -> Running:
        """The real power manager of Xfce."""
        need("xfce4-power-manager", "xfconf-query")
        running = self.start("xfce", ["xfce4-power-manager", "--no-daemon"])
        return self._answers(running, "org.freedesktop.PowerManagement")

    def start_power_manager(self, delay: str = "0") -> Running:
        """A power manager of our own, which lists a hold *delay* seconds after it took it."""
        root = str(Path(__file__).parents[2])
        argv = [sys.executable, "-m", "tests.lab.power_manager", delay]
        running = self.start("power-manager", ["env", f"PYTHONPATH={root}", *argv])
        return self._answers(running, "org.freedesktop.PowerManagement")

    def _answers(self, running: Running, name: str, bus: str = "SESSION") -> Running:
        """Wait until *running* answers to this name; say what it said if it does not."""

        def answered() -> bool:
            assert running.process.poll() is None, f"it ended: {running.output()[-2000:]}"
            return self.owned(name, bus)

        until(answered, saying=f"{name} on the {bus.lower()} bus; {running.log} has its words")
        return running

    def owned(self, name: str, bus: str = "SESSION") -> bool:
        """Whether somebody answers to this name."""
        try:
            return bool(self.ask(bus, _BUS, "NameHasOwner", "s", (name,))[0])
        except (OSError, LookupError):
            return False

    def waiting_for(self, name: str) -> int:
        """How many would answer to this name if its owner went away."""
        return len(self.ask("SESSION", _BUS, "ListQueuedOwners", "s", (name,))[0]) - 1

    def ask(
        self, bus: str, to: DBusAddress, member: str, signature: str | None = None, body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Call something as a stranger; raises ``LookupError`` with the error's name."""
        with open_dbus_connection(self.environment[f"DBUS_{bus}_BUS_ADDRESS"]) as connection:
            reply = connection.send_and_get_reply(new_method_call(to, member, signature, body), timeout=60)
        if reply.header.message_type is MessageType.error:
            raise LookupError(reply.header.fields.get(4))
        return tuple(reply.body)

    def locks(self) -> list[tuple[str, str, str]]:
        """What logind lists: what for, who, why."""
        manager = DBusAddress(
            "/org/freedesktop/login1", "org.freedesktop.login1", "org.freedesktop.login1.Manager"
        )
        return [row[:3] for row in self.ask("SYSTEM", manager, "ListInhibitors")[0]]

    def logind_said(self, words: str) -> bool:
        """Whether logind has said this; asking wakes it, its timers may be half a minute late."""
        self.locks()
        return words in self.running["logind"].output()

    def power_inhibited(self) -> bool:
        """Whether the power manager refuses to suspend."""
        name = "org.freedesktop.PowerManagement"
        to = DBusAddress("/org/freedesktop/PowerManagement/Inhibit", name, f"{name}.Inhibit")
        return bool(self.ask("SESSION", to, "HasInhibit")[0])

    def session_inhibited(self) -> bool:
        """Whether the session manager refuses to suspend."""
        manager = DBusAddress(
            "/org/gnome/SessionManager", "org.gnome.SessionManager", "org.gnome.SessionManager"
        )
        return bool(self.ask("SESSION", manager, "IsInhibited", "u", (4,))[0])


@contextlib.contextmanager
def place(*starts: Callable[[Place], object]) -> Iterator[Place]:
    """A place where these have been started, in this order."""
    with Place() as made:
        for start in starts:
            start(made)
        yield made
