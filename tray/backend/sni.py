"""A StatusNotifierItem spoken directly over D-Bus: the icon on Linux, without GTK or an imaging library.

The desktop draws the icon and the menu; we send pixels and lines, and are told what was chosen.
https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem and libdbusmenu's interface.
"""

import sys

assert sys.platform == "linux"

import itertools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageFlag,
    MessageType,
    Properties,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tray import icon as pictures
from tray import words
from tray.backend import introspection
from tray.backend.base import Act, Look
from tray.backend.pixmaps import Pixmap, pixmaps
from tray.backend.tree import ROOT, Change, Tree
from tray.menu import default_action

ITEM, MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"
ITEM_PATH, MENU_PATH = "/StatusNotifierItem", "/MenuBar"
PROPERTIES, INTROSPECTABLE = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.Introspectable"
WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_ADDRESS = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)
NOTICES = "org.freedesktop.Notifications"
NOTICES_ADDRESS = DBusAddress("/org/freedesktop/Notifications", NOTICES, NOTICES)

#: Seconds to wait before each try to get a lost bus back; then the desktop's session is over.
TRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *(60.0,) * 9)
ANSWER_SECONDS = 2.0
#: At login the panel often comes last. Seconds after which it is said that none has come.
NOBODY_SECONDS = 60.0

_instances = itertools.count(1)

#: What a request was answered with: a D-Bus type and the values, or nothing.
Answer = tuple[str | None, tuple[Any, ...]]


class NoBusError(OSError):
    """There is no session bus to speak on."""


def open_bus() -> DBusConnection:
    """The session bus; ``NoBusError`` if there is none."""
    try:
        return open_dbus_connection("SESSION")
    except (OSError, KeyError, ValueError, RuntimeError) as gone:  # as jeepney says "no", "none", "odd"
        raise NoBusError(str(gone)) from gone


def host_present(bus: DBusConnection) -> bool:
    """Whether something on this desktop shows icons. Only before ``Icon.run`` reads the bus."""
    ask = Properties(WATCHER_ADDRESS).get("IsStatusNotifierHostRegistered")
    try:
        reply = bus.send_and_get_reply(ask, timeout=ANSWER_SECONDS)
    except (OSError, TimeoutError):
        return False
    return reply.header.message_type is MessageType.method_return and bool(reply.body[0][1])


class Icon:
    """Owner of the bus connection, and of what was last shown."""

    def __init__(self, bus: DBusConnection, panel: str, act: Act, opened: Callable[[], None]) -> None:
        self._bus: DBusConnection | None = bus
        self._panel, self._act, self._opened = panel, act, opened
        self._name = f"{ITEM}-{os.getpid()}-{next(_instances)}"
        self._look = Look(picture="offline", tooltip=words.NAME, menu=())
        self._pixmaps: list[Pixmap] = pixmaps(pictures.files("offline", panel).values())
        self._tree = Tree()
        #: The menus that are seen now: all lines stay where they are until they are closed. GTK tells
        #: of submenus only, but moves lines in an open menu; Qt closes it when they move.
        self._open: set[int] = set()
        #: Of what is shown, and of the order in which messages are sent.
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._waiting: threading.Timer | None = None

    def wait_for_host(self) -> None:
        """Nothing shows icons yet: say so in a popup if that stays so."""
        self._waiting = threading.Timer(NOBODY_SECONDS, self.tell, (words.NO_TRAY_TITLE, words.NO_TRAY_POPUP))
        self._waiting.daemon = True
        self._waiting.start()

    def run(self) -> None:
        """Serve the icon until ``stop``, or until the bus has been gone for ten minutes."""
        while self._bus and not self._stopping.is_set():
            try:
                self._greet()
                while not self._stopping.is_set():
                    self._receive(self._bus.receive())
            except (OSError, ValueError):  # closed by us, closed by the bus, or no D-Bus any more
                self._bus.close()
                self._bus = None if self._stopping.is_set() else self._reopened()

    def show(self, look: Look) -> None:
        """Show this from now on; only what differs is told to the desktop."""
        with self._lock:
            before, self._look = self._look, look
            if before.picture != look.picture:
                self._pixmaps = pixmaps(pictures.files(look.picture, self._panel).values())
                self._signal("NewIcon")
                self._signal("NewAttentionIcon")
            if before.tooltip != look.tooltip:
                self._signal("NewToolTip")
                self._signal("NewTitle")
            if before.attention != look.attention:
                self._signal("NewStatus", "s", (self._status(),))
            in_place = self._tree.repaint if self._open else self._tree.change
            self._tell_changes(in_place(look.menu))

    def tell(self, title: str, text: str) -> None:
        """Show a notice; without a service for notices nothing happens."""
        body: tuple[Any, ...] = (words.NAME, 0, "", title, text, [], {"desktop-entry": ("s", "wakeline")}, -1)
        self._ask(NOTICES_ADDRESS, "Notify", "susssasa{sv}i", body)

    def stop(self) -> None:
        """Make ``run`` return. Takes no lock: a signal handler may call it."""
        self._stopping.set()
        if bus := self._bus:
            try:
                bus.sock.shutdown(2)
            except OSError:  # it is closed already
                return

    # The bus.

    def _greet(self) -> None:
        """Take our name, listen for panels that come, and show ourselves to the one that is there."""
        rule = MatchRule(
            type="signal",
            sender=message_bus.bus_name,
            interface=message_bus.interface,
            member="NameOwnerChanged",
        )
        rule.add_arg_condition(0, WATCHER)
        self._send(message_bus.AddMatch(rule))
        self._send(message_bus.RequestName(self._name))
        self._register()

    def _register(self) -> None:
        self._ask(WATCHER_ADDRESS, "RegisterStatusNotifierItem", "s", (self._name,))

    def _reopened(self) -> DBusConnection | None:
        for seconds in TRIES:
            if self._stopping.wait(seconds):
                return None
            try:
                return open_bus()
            except NoBusError:
                continue
        return None

    def _send(self, message: Message) -> None:
        with self._lock:
            if bus := self._bus:
                try:
                    bus.send(message)
                except OSError:  # ``run`` finds out too, and gets it back
                    return

    def _ask(self, address: DBusAddress, member: str, form: str, body: tuple[Any, ...]) -> None:
        """Call somebody whose answer makes no difference."""
        message = new_method_call(address, member, form, body)
        message.header.flags = MessageFlag.no_reply_expected
        self._send(message)

    def _signal(self, member: str, form: str | None = None, body: tuple[Any, ...] = ()) -> None:
        self._send(new_signal(DBusAddress(ITEM_PATH, interface=ITEM), member, form, body))

    def _tell_changes(self, change: Change) -> None:
        menu = DBusAddress(MENU_PATH, interface=MENU)
        if change.properties:
            new = [(number, properties) for number, properties, _ in change.properties]
            dropped = [(number, names) for number, _, names in change.properties if names]
            body = (new, dropped)
            self._send(new_signal(menu, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", body))
        for parent in change.parents:
            self._send(new_signal(menu, "LayoutUpdated", "ui", (self._tree.revision, parent)))

    # Requests.

    def _receive(self, message: Message) -> None:
        header = message.header
        if header.message_type is MessageType.signal:
            if header.fields.get(HeaderFields.member) == "NameOwnerChanged" and message.body[2]:
                if self._waiting:
                    self._waiting.cancel()
                self._open.clear()
                self._register()  # a panel has come, or come back
            return
        if header.message_type is not MessageType.method_call:
            return
        try:
            form, body = self._answer(message)
            answer = new_method_return(message, form, body)
        except (KeyError, IndexError, TypeError, ValueError) as nonsense:
            answer = new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "s", (str(nonsense),))
        if not header.flags & MessageFlag.no_reply_expected:
            self._send(answer)

    def _answer(self, message: Message) -> Answer:
        fields = message.header.fields
        interface, member = fields.get(HeaderFields.interface), fields[HeaderFields.member]
        path = fields.get(HeaderFields.path)
        with self._lock:
            if interface == PROPERTIES:
                return self._answer_properties(path, member, message.body)
            if interface == INTROSPECTABLE:
                return "s", (introspection.menu() if path == MENU_PATH else introspection.item(),)
            if path == MENU_PATH:
                return self._answer_menu(member, message.body)
        return self._answer_item(member)

    def _answer_properties(self, path: str | None, member: str, body: tuple[Any, ...]) -> Answer:
        found = self._menu_properties() if path == MENU_PATH else self._item_properties()
        match member:
            case "Get":
                return "v", (found[body[1]],)
            case "GetAll":
                return "a{sv}", (found,)
        raise KeyError(member)

    def _menu_properties(self) -> Mapping[str, tuple[str, Any]]:
        values = {"Version": 3, "Status": "normal", "TextDirection": "ltr", "IconThemePath": []}
        return {name: (form, values[name]) for name, form in introspection.MENU_PROPERTIES.items()}

    def _item_properties(self) -> Mapping[str, tuple[str, Any]]:
        values = dict.fromkeys(introspection.ITEM_PROPERTIES, "") | {
            "Category": "ApplicationStatus",
            "Id": "wakeline",
            "Title": words.NAME,
            "Status": self._status(),
            "WindowId": 0,
            "IconPixmap": self._pixmaps,
            "OverlayIconPixmap": [],
            "AttentionIconPixmap": self._pixmaps,
            "ToolTip": ("", [], self._look.tooltip, ""),
            "ItemIsMenu": default_action(self._look.menu) is None,
            "Menu": MENU_PATH,
        }
        return {name: (form, values[name]) for name, form in introspection.ITEM_PROPERTIES.items()}

    def _status(self) -> str:
        return "NeedsAttention" if self._look.attention else "Active"

    def _answer_item(self, member: str) -> Answer:
        if member in ("Activate", "SecondaryActivate"):
            if action := default_action(self._look.menu):
                self._act(action)
        elif member not in introspection.ITEM_METHODS:
            raise KeyError(member)
        return None, ()

    def _answer_menu(self, member: str, body: tuple[Any, ...]) -> Answer:
        match member:
            case "GetLayout":
                layout = self._tree.layout(body[0], body[1], body[2])
                return "u(ia{sv}av)", (self._tree.revision, layout)
            case "GetGroupProperties":
                known = [number for number in body[0] or self._tree.numbers() if number in self._tree]
                return "a(ia{sv})", ([(number, self._tree.properties(number, body[1])) for number in known],)
            case "GetProperty":
                return "v", (self._tree.properties(body[0])[body[1]],)
            case "Event":
                self._happened(body[0], body[1])
                return None, ()
            case "EventGroup":
                for event in body[0]:
                    self._happened(event[0], event[1])
                return "ai", ([event[0] for event in body[0] if event[0] not in self._tree],)
            case "AboutToShow":
                return "b", (self._about_to_show(body[0]),)
            case "AboutToShowGroup":
                changed = [number for number in body[0] if self._about_to_show(number)]
                return "aiai", (changed, [number for number in body[0] if number not in self._tree])
        raise KeyError(member)

    def _about_to_show(self, number: int) -> bool:
        """Whether the host should ask for the menu again before it shows it."""
        if number != ROOT:
            return False
        self._open.clear()
        self._opened()
        return self._rearrange()

    def _happened(self, number: int, event: str) -> None:
        match event:
            case "opened":
                self._open.add(number)
            case "closed":
                self._open.discard(number)
                self._rearrange()
            case "clicked":
                self._open.clear()
                if action := self._tree.action(number):
                    self._act(action)

    def _rearrange(self) -> bool:
        """Put the lines where they belong, unless somebody is looking; whether any moved."""
        if self._open:
            return False
        change = self._tree.change(self._look.menu)
        self._tell_changes(change)
        return bool(change.parents)
