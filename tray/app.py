"""The tray itself: follows the supervisor, keeps the icon true, does what is chosen in the menu."""

import contextlib
import dataclasses
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from supervisor import clipboard, programs
from supervisor.core.errors import Unreachable, WakelineError
from supervisor.core.model import State
from tray import icon, words
from tray import menu as lines
from tray import snapshot as facts
from tray.backend import Icon, Look
from tray.follow import Client, Follower
from tray.menu import Action
from tray.snapshot import Snapshot


def look(snapshot: Snapshot, now: float) -> Look:
    """Everything that is seen of this snapshot."""
    going = lines.live(snapshot)
    return Look(
        picture=icon.picture(snapshot),
        tooltip=words.tooltip(snapshot, going),
        menu=lines.render(snapshot, now),
        attention=snapshot.reachable and any(one.state is State.NEEDS_YOU for one in going),
    )


class Tray:
    """Owner of the latest snapshot, and of the windows that are open."""

    def __init__(self, client: Client, start_supervisor: Callable[[], None]) -> None:
        self._client, self._start_supervisor = client, start_supervisor
        self._snapshot = Snapshot()
        self._shown: Look | None = None
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, ...], Any] = {}
        self._follower = Follower(client, self.happened)
        self._icon: Icon | None = None

    def run(self, icon: Icon) -> None:
        """Show the icon until somebody quits. On macOS only in the main thread."""
        self._icon = icon
        self._follower.start()
        icon.run()
        self._follower.stop()

    def stop(self) -> None:
        """Take the icon away. Safe in a signal handler."""
        if self._icon:
            self._icon.stop()

    # What the supervisor says.

    def happened(self, topic: str | None, event: Any, at: float) -> None:
        """One event of the stream; no topic: the supervisor does not answer."""
        if topic is None:
            self._change(lambda before: facts.unreachable(before, at))
            return
        self._change(lambda before: facts.after(before, topic, event, at))
        if topic in ("hello", "gap"):
            self.opened()

    def opened(self) -> None:
        """The menu is about to be seen: what no event tells of is asked for."""
        self._in_background(self._ask_for_devices)

    def _change(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Take over a change, and show it if it can be seen."""
        with self._lock:
            before, self._snapshot = self._snapshot, change(self._snapshot)
            if before == self._snapshot and self._shown:
                return
            now = look(self._snapshot, time.time())
            if self._icon and now != self._shown:
                self._shown = now
                self._icon.show(now)

    def _ask_for_devices(self) -> None:
        try:
            devices = facts.devices(self._client.get("/api/devices"))
        except WakelineError:  # the menu keeps those it knew
            return
        self._change(lambda before: dataclasses.replace(before, devices=devices))

    # What the user wants.

    def act(self, action: Action) -> None:
        """Do what was chosen, without keeping the menu waiting."""
        self._in_background(lambda: self._do_or_tell(action))

    def _do_or_tell(self, action: Action) -> None:
        try:
            self._do(action)
        except WakelineError as failure:
            self._tell(failure.title, failure.hint)

    def _do(self, action: Action) -> None:
        match action:
            case lines.CopyResume():
                self._copy(action)
            case lines.ShowDetails(None):
                self._open(words.SHOW_HINT, "details")
            case lines.ShowDetails(session_id):
                self._open(words.SHOW_HINT, "details", f"--session={session_id}")
            case lines.SetAwake(mode, seconds):
                limit = {"seconds": seconds} if seconds is not None else {}
                self._client.put("/api/awake", {"mode": str(mode), **limit})
            case lines.ConnectPhone():
                self._open(words.PHONE_HINT, "pairing")
            case lines.RemoveDevice(device_id):
                self._client.delete(f"/api/devices/{device_id}")
                self._ask_for_devices()
            case lines.StartSupervisor():
                self._start_supervisor()
                self._follower.try_now()
            case lines.StopSupervisor():
                self._stop_everything()
            case lines.Quit():
                self.stop()

    def _copy(self, action: lines.CopyResume) -> None:
        try:
            clipboard.copy(action.command)
        except WakelineError:
            self._open(words.SHOW_HINT, "details", f"--session={action.session_id}")
            raise

    def _stop_everything(self) -> None:
        with contextlib.suppress(Unreachable):  # it is what we want
            self._client.post("/api/shutdown")
        self.stop()

    def _open(self, instead: str, *window: str) -> None:
        """Open a window unless it is open; without Tk, say what does the same."""
        if find_spec("_tkinter") is None:
            self._tell(words.NO_WINDOWS, instead)
            return
        with self._lock:
            before = self._windows.get(window)
            if before is not None and before.poll() is None:
                return
            self._windows[window] = opened = programs.open_window(*window)
        if window[0] == "pairing":
            opened.wait()
            self._ask_for_devices()

    def _tell(self, title: str, text: str) -> None:
        sys.stderr.write(f"{title} {text}\n".lstrip())
        if self._icon:
            self._icon.tell(title, text)

    def _in_background(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()
