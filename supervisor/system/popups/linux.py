"""org.freedesktop.Notifications on the session bus; asking starts it where the desktop would."""

import sys

assert sys.platform == "linux"

from typing import Final

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

_NAME: Final = "org.freedesktop.Notifications"
_ADDRESS: Final = DBusAddress("/org/freedesktop/Notifications", _NAME, _NAME)
_PATIENCE: Final = 3.0


def shown_by() -> str | None:
    """See ``popups.shown_by``."""
    try:
        with open_dbus_connection("SESSION") as bus:
            ask = new_method_call(_ADDRESS, "GetServerInformation")
            reply = bus.send_and_get_reply(ask, timeout=_PATIENCE)
    except (OSError, KeyError, ValueError, RuntimeError, TimeoutError):
        return None
    if reply.header.message_type is not MessageType.method_return:
        return None
    return str(reply.body[0])
