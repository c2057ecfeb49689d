"""The tray itself: follows the supervisor, keeps the icon true, does what is chosen in the menu."""

import contextlib
import dataclasses
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from supervisor import clipboard, programs
from supervisor.core.errors import Unreachable, WakelineError
from supervisor.core.model import State
from tray import icon, lines, menu, notices, words
from tray import snapshot as facts
from tray.backend import Icon, Look
from tray.follow import Client, Follower
from tray.lines import Action
from tray.popups import Popups
from tray.snapshot import Notice, Snapshot

#: Seconds between two looks at what only time changes.
TICK = 5.0


def look(snapshot: Snapshot, now: float) -> Look:
    """Everything that is seen of this snapshot."""
    going = menu.live(snapshot)
    return Look(
        picture=icon.picture(snapshot),
        tooltip=words.tooltip(snapshot, going),
        menu=menu.render(snapshot, now),
        attention=snapshot.reachable and any(one.state is State.NEEDS_YOU for one in going),
    )


def counts_down(snapshot: Snapshot) -> bool:
    """Whether a line of the menu says how long it is until something."""
    return snapshot.reachable and any(
        one.state is State.CUT_OFF and one.reconnect and one.reconnect.next_try_at is not None
        for one in snapshot.sessions
    )


def _path(session_id: str) -> str:
    return f"/api/sessions/{quote(session_id, safe='')}"


class Tray:
    """Owner of the latest snapshot, and of the windows that are open."""

    def __init__(
        self, client: Client, start_supervisor: Callable[[], None], popups: Popups | None = None
    ) -> None:
        self._client, self._start_supervisor = client, start_supervisor
        self._snapshot = Snapshot()
        self._shown: Look | None = None
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, ...], Any] = {}
        self._follower = Follower(client, self.happened)
        self._popups = popups
        #: Whether the user wants notices here. Until the supervisor has said so, notices wait.
        self._on_desktop: bool | None = False
        self._waiting: list[Notice] = []
        self._icon: Icon | None = None
        self._stopped = threading.Event()
        self._ticks = False

    def run(self, icon: Icon) -> None:
        """Show the icon until somebody quits. On macOS only in the main thread."""
        self._icon = icon
        if self._popups:
            self._popups.start()
        self._follower.start()
        icon.run()
        self._stopped.set()
        self._follower.stop()
        if self._popups:
            self._popups.stop()

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
        if topic == "notice":
            self._notice(facts.notice(facts.mapping(event)))
        if topic in ("hello", "gap"):
            self.opened()
            with self._lock:
                self._on_desktop, self._waiting = None, []
            self._in_background(self._ask_for_notices)

    def opened(self) -> None:
        """The menu is about to be seen: what no event tells of is asked for, and what time changes."""
        # Not here: whoever draws the menu holds a lock that showing it takes too.
        self._in_background(self._refresh)
        self._in_background(self._ask_for_devices)

    def _notice(self, told: Notice | None) -> None:
        if told is None or not self._popups:
            return
        with self._lock:
            if self._on_desktop is None:
                self._waiting.append(told)
                return
        if self._on_desktop:
            self._pop_up(self._popups, told)

    def _pop_up(self, popups: Popups, told: Notice) -> None:
        if told.withdrawn:
            popups.withdraw(told.id)
        else:
            popups.show(notices.popup(told, self._snapshot))

    def _ask_for_notices(self) -> None:
        """What was told and withdrawn while nobody listened; then what was told since."""
        try:
            answer = self._client.get("/api/notices")
        except WakelineError:
            return
        if popups := self._popups:
            told = facts.notices(answer)
            popups.keep_only([one.id for one in told])
            popups.catch_up(lambda seen: self._missed(told, seen))
        with self._lock:
            self._on_desktop = facts.mapping(answer).get("on_desktop") is True
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._notice(one)

    def _missed(self, told: Sequence[Notice], seen: frozenset[str]) -> list[notices.Popup]:
        worth = notices.worth_showing(told, seen, time.time())
        return [notices.popup(one, self._snapshot) for one in worth]

    def _refresh(self) -> None:
        """Show what only time has changed."""
        with self._lock:
            self._show()

    def _tick(self) -> None:
        """As long as something is counted down."""
        while not self._stopped.wait(TICK):
            self._refresh()
            with self._lock:
                if not counts_down(self._snapshot):
                    self._ticks = False
                    return

    def _change(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Take over a change, and show it if it can be seen."""
        with self._lock:
            before, self._snapshot = self._snapshot, change(self._snapshot)
            if before == self._snapshot and self._shown:
                return
            self._show()
            if counts_down(self._snapshot) and not self._ticks:
                self._ticks = True
                self._in_background(self._tick)

    def _show(self) -> None:
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
            case lines.SendPrompt(session_id):
                self._open(words.PROMPT_HINT, "prompt", f"--session={session_id}")
            case lines.Decide() | lines.Order() | lines.Reconnect() | lines.Recover():
                self._steer(action)
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

    def _steer(self, action: Action) -> None:
        match action:
            case lines.Decide(approval_id, digest, _, allow):
                decision = {"digest": digest, "decision": "allow" if allow else "deny"}
                self._client.post(f"/api/approvals/{quote(approval_id, safe='')}", decision)
            case lines.Order(session_id, "stop"):
                self._client.post(f"{_path(session_id)}/stop", {})
            case lines.Order(session_id, what):
                self._client.post(f"{_path(session_id)}/{what}")
            case lines.Reconnect(session_id, what):
                # To wait is to need no yes any more.
                wish = {"policy": "auto"} if what == "wait" else {"action": what}
                self._client.post(f"{_path(session_id)}/reconnect", wish)
            case lines.Recover(session_ids):
                self._client.post("/api/recovery", {"sessions": list(session_ids)} if session_ids else {})
            case _:
                pass

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
