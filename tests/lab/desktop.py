"""A desktop for tests: an X screen of its own, a private D-Bus session, a window manager, a panel.

Everything lives below one folder, the home too; ends only what it started, by its process group.
"""

import sys

assert sys.platform == "linux"

import io
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection
from PIL import Image, ImageChops

from tests.lab.waiting import until

#: What must be installed, by the name of its Debian package.
PROGRAMS = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xclip": "xclip",
}
PANELS = ("xfce4-panel", "lxqt-panel")
PANEL_HEIGHT = 32

Box = tuple[int, int, int, int]

XFCE = f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{PANEL_HEIGHT}"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
LXQT = f"""[General]
panels=panel1
[panel1]
iconSize=22
panelSize={PANEL_HEIGHT}
position=Top
width=100
width-percent=true
plugins=spacer,statusnotifier
[spacer]
type=spacer
size=400
[statusnotifier]
type=statusnotifier
"""


def missing(*panels: str) -> str:
    """What is not installed here, as one line naming the packages; empty if all is."""
    lacking = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    lacking += [panel for panel in panels if not shutil.which(panel)]
    return f"needs a desktop: apt install {' '.join(lacking)}" if lacking else ""


class Desktop:
    """Owner of the screen, the bus and the panel. *env* is the environment of a program on it."""

    def __init__(self, folder: Path, size: str = "1024x768x24") -> None:
        """Nothing runs before ``start``."""
        self.folder = folder
        self._size = size
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("home", "run", "config", "cache", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "run").chmod(0o700)
        self.env: dict[str, str] = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(folder / "home"),
            "WAKELINE_HOME": str(folder / "wakeline"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_SESSION_TYPE": "x11",
            "NO_AT_BRIDGE": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }

    def __enter__(self) -> Self:
        """Start screen, bus and window manager."""
        try:
            screen = ["-screen", "0", self._size, "-nolisten", "tcp", "-noreset"]
            number = self._start_and_hear("screen", lambda fd: ["Xvfb", "-displayfd", str(fd), *screen])
            self.env["DISPLAY"] = f":{number}"
            self.start_bus()
            self.start("windows", ["openbox"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End everything that was started here."""
        for name in reversed(list(self._running)):
            self.end(name)
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(left, timeout=5)[1]:
            process.kill()

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether a program of ours started it, in a session of its own: it has our home."""
        try:
            return process.environ().get("WAKELINE_HOME") == self.env["WAKELINE_HOME"]
        except (psutil.Error, OSError):
            return False

    def start_bus(self) -> None:
        """Start the session bus; started again, it is where it was."""
        address = f"unix:path={self.folder / 'run' / 'bus'}"
        (self.folder / "run" / "bus").unlink(missing_ok=True)
        # Whoever shows popups here is started by a test, never by the bus.
        _write(self.folder / "data/dbus-1/services/org.freedesktop.Notifications.service", NO_POPUPS)
        words = ["dbus-daemon", "--session", "--nofork", f"--address={address}"]
        self._start_and_hear("bus", lambda fd: [*words, f"--print-address={fd}"])
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address

    def start_panel(self, panel: str) -> None:
        """Start a panel with nothing but a tray, and wait until it shows icons."""
        config = self.folder / "config"
        if panel == "xfce4-panel":
            self.env["XDG_CURRENT_DESKTOP"] = "XFCE"
            _write(config / "xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", XFCE)
            self.start("panel", ["xfce4-panel", "--disable-wm-check"])
        else:
            self.env["XDG_CURRENT_DESKTOP"] = "LXQt"
            _write(config / "lxqt/panel.conf", LXQT)
            self.start("panel", ["lxqt-panel", "--config", str(config / "lxqt/panel.conf")])
        until(lambda: Host(self).present(), saying=f"no tray by {panel}")

    def start(self, name: str, command: Sequence[str], pass_fds: Sequence[int] = ()) -> int:
        """Start a program on this desktop, under a name to end it by; its PID. Its output goes to a log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        return self._running[name].pid

    def end(self, name: str) -> None:
        """End a program and what belongs to its group."""
        ending = self._running.pop(name)
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(ending.pid, how)
                ending.wait(3)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        if ending.poll() is None:
            ending.wait()

    def kill(self, name: str) -> None:
        """kill -9."""
        killed = self._running.pop(name)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()

    def log(self, name: str) -> str:
        """What a program said so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def run(self, *command: str) -> str:
        """Run a program on this desktop and return what it printed."""
        done = subprocess.run(command, env=self.env, capture_output=True, check=True, timeout=60)
        return done.stdout.decode()

    def run_until_end(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a program with more variables until it ends by itself, however it ends."""
        return subprocess.run(
            command,
            env=self.env | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    # What a person sees and does.

    def screen(self) -> Image.Image:
        """The whole screen."""
        shot = ["import", "-window", "root", "png:-"]
        done = subprocess.run(shot, env=self.env, capture_output=True, check=True, timeout=60)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")

    def find(self, colour: str, box: Box | None = None) -> tuple[int, int] | None:
        """The middle of all that has this colour (``#rrggbb``), or None if fewer than 8 pixels have."""
        area = self.screen() if box is None else self.screen().crop(box)
        flat = Image.new("RGB", area.size, colour)
        near = ImageChops.difference(area, flat).convert("L").point(lambda value: 255 if value < 10 else 0)
        where = near.getbbox()
        if where is None or near.histogram()[255] < 8:
            return None
        left, top = (box or (0, 0))[:2]
        return left + (where[0] + where[2]) // 2, top + (where[1] + where[3]) // 2

    def settled(self, colour: str, box: Box | None = None) -> tuple[int, int]:
        """Where this colour is; waits until it is there and moves no more."""
        seen: list[tuple[int, int] | None] = []

        def at_rest() -> bool:
            seen.append(self.find(colour, box))
            return len(seen) > 3 and seen[-1] is not None and len(set(seen[-4:])) == 1

        until(at_rest, saying=f"no {colour} on the screen that stays where it is")
        return seen[-1] or (0, 0)

    def still(self, box: Box | None = None) -> Image.Image:
        """The screen, or a part of it; waits until nothing on it moves."""
        seen: list[Image.Image] = []

        def at_rest() -> bool:
            seen[:] = [*seen[-1:], self.screen().crop(box)]
            return len(seen) == 2 and ImageChops.difference(*seen).getbbox() is None

        until(at_rest, saying="the screen does not come to rest")
        return seen[-1]

    def click(self, at: tuple[int, int], button: int = 1) -> None:
        """Click with the mouse."""
        self.point(at)
        self.run("xdotool", "click", str(button))

    def point(self, at: tuple[int, int]) -> None:
        """Move the mouse."""
        self.run("xdotool", "mousemove", str(at[0]), str(at[1]))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.run("xdotool", "key", "--delay", "60", *keys)

    def focus(self, title: str) -> None:
        """Wait for the window with this title, and type into it from here on."""
        window = until(lambda: self.windows(title), saying=f"no window {title!r}")[0]
        self.run("xdotool", "windowfocus", window)
        until(lambda: self.run("xdotool", "getwindowfocus").strip() == window)

    def windows(self, title: str) -> list[str]:
        """The ids of the visible windows with this title."""
        search = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
        done = subprocess.run(search, env=self.env, capture_output=True, check=False, timeout=60)
        return done.stdout.decode().split()

    def clipboard(self) -> str:
        """What a paste would give; empty if there is nothing."""
        ask = ["xclip", "-selection", "clipboard", "-target", "UTF8_STRING", "-out"]
        done = subprocess.run(ask, env=self.env, capture_output=True, check=False, timeout=60)
        return done.stdout.decode() if done.returncode == 0 else ""

    def _start_and_hear(self, name: str, command: Callable[[int], Sequence[str]]) -> str:
        """Start a program that says one line on a descriptor when it is ready; the line."""
        ear, mouth = os.pipe()
        self.start(name, command(mouth), pass_fds=(mouth,))
        os.close(mouth)
        with os.fdopen(ear) as answer:
            return answer.readline().strip()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


NO_POPUPS = """[D-BUS Service]
Name=org.freedesktop.Notifications
Exec=/bin/false
"""
WATCHER = "org.kde.StatusNotifierWatcher"
ITEM, MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"
WATCHER_ADDRESS = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)


class Host:
    """Speaks with an icon as a panel does. Each question opens the bus anew."""

    def __init__(self, desktop: Desktop) -> None:
        """Speak on the bus of this desktop."""
        self._address = desktop.env["DBUS_SESSION_BUS_ADDRESS"]

    def present(self) -> bool:
        """Whether a panel shows icons."""
        return bool(self._property(WATCHER_ADDRESS, "IsStatusNotifierHostRegistered"))

    def items(self) -> list[str]:
        """The icons that the panel knows, as name and path in one."""
        return list(self._property(WATCHER_ADDRESS, "RegisteredStatusNotifierItems") or [])

    def item(self) -> DBusAddress:
        """The one icon there is; waits for it."""
        found = until(self.items, saying="no icon came")
        name, _, path = found[0].partition("/")
        return DBusAddress(f"/{path}" if path else "/StatusNotifierItem", name, ITEM)

    def about(self, name: str) -> Any:
        """A property of the icon."""
        return self._property(self.item(), name)

    def menu(self) -> list[Mapping[str, Any]]:
        """The lines of the menu: their properties, ``id`` and ``children``."""
        _, layout = self._call(self._menu_address(), "GetLayout", "iias", (0, -1, []))
        return list(_line(layout)["children"])

    def line(self, path: str) -> Mapping[str, Any]:
        """One line by its labels ("Keep awake/Off"), each at least the beginning of one."""
        lines, found = self.menu(), None
        for part in path.split("/"):
            found = next((line for line in lines if line.get("label", "").startswith(part)), None)
            assert found, f"no {part!r} among {[line.get('label') for line in lines]}"
            lines = found["children"]
        assert found
        return found

    def has(self, path: str) -> bool:
        """Whether the menu has this line now."""
        try:
            return bool(self.line(path))
        except AssertionError:
            return False

    def choose(self, path: str) -> None:
        """Choose a line."""
        number = self.line(path)["id"]
        self._call(self._menu_address(), "Event", "isvu", (number, "clicked", ("i", 0), 0))

    def call(self, member: str, form: str, *body: Any) -> Any:
        """Call any method of the menu."""
        return self._call(self._menu_address(), member, form, body)

    def activate(self) -> None:
        """Click the icon with the left button."""
        self._call(self.item(), "Activate", "ii", (0, 0))

    def _menu_address(self) -> DBusAddress:
        item = self.item()
        return DBusAddress(self._property(item, "Menu"), item.bus_name, MENU)

    def _property(self, address: DBusAddress, name: str) -> Any:
        found = self._ask(Properties(address).get(name))
        return None if found is None else found[0][1]

    def _call(self, address: DBusAddress, member: str, form: str, body: tuple[Any, ...]) -> Any:
        answer = self._ask(new_method_call(address, member, form, body))
        assert answer is not None, f"{member}{body} was refused"
        return answer

    def _ask(self, message: Any) -> Any:
        """The body of the answer, or None for an error."""
        with _on_bus(self._address), open_dbus_connection() as bus:
            reply = bus.send_and_get_reply(message, timeout=60)
        return reply.body if reply.header.message_type.name == "method_return" else None


def _line(layout: tuple[int, Mapping[str, tuple[str, Any]], Sequence[tuple[str, Any]]]) -> dict[str, Any]:
    number, properties, below = layout
    known = {name: value for name, (_, value) in properties.items()}
    known["label"] = known.get("label", "").replace("__", "_")
    return {"id": number, **known, "children": [_line(child) for _, child in below]}


@contextmanager
def _on_bus(address: str) -> Iterator[None]:
    """jeepney takes the address from our environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield
