"""The way to a holder: a socket file, or where there are none a port and words that prove who is who."""

import sys

if sys.platform == "win32":
    from supervisor.terminal.door.loopback import begetter, connect, open_line
else:
    from supervisor.terminal.door.posix import begetter, connect, open_line

__all__ = ["begetter", "connect", "open_line"]
