"""Plays the power manager of a desktop that cannot be had here (KDE); run it as a program.

Its one argument: seconds until it lists a hold. KDE takes five; ``inf`` never does.
"""

import sys
import time

from jeepney import MessageType, message_bus, new_error, new_method_return
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.PowerManagement"


def main(delay: float) -> None:
    """Answer for ever."""
    holds: dict[int, float] = {}
    with open_dbus_connection() as connection:
        connection.send_and_get_reply(message_bus.RequestName(NAME))
        while True:
            call = connection.receive()
            if call.header.message_type is not MessageType.method_call:
                continue
            match call.header.fields[3]:  # MEMBER
                case "Inhibit":
                    holds[len(holds) + 1] = time.monotonic()
                    answer = new_method_return(call, "u", (len(holds),))
                case "UnInhibit":
                    holds.pop(call.body[0])
                    answer = new_method_return(call)
                case "HasInhibit":
                    counted = any(time.monotonic() - since >= delay for since in holds.values())
                    answer = new_method_return(call, "b", (counted,))
                case _:
                    answer = new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")
            connection.send(answer)


if __name__ == "__main__":
    main(float(sys.argv[1]))
