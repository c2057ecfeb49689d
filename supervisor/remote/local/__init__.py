"""The door for programs of this user: a socket file, or where there are none a port and a token."""

import sys

if sys.platform == "win32":
    from supervisor.remote.local.windows import close, listen, peer
elif sys.platform == "darwin":
    from supervisor.remote.local.macos import close, listen, peer
else:
    from supervisor.remote.local.linux import close, listen, peer

__all__ = ["close", "listen", "peer"]
