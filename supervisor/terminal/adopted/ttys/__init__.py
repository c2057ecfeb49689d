"""What the system tells of terminal devices: who leads one, who is in front, what waits to be read."""

import sys

if sys.platform == "linux":
    from supervisor.terminal.adopted.ttys.linux import (
        bytes_read,
        environment,
        in_front,
        leader,
        leaders,
        terminal_of,
    )
elif sys.platform != "win32":
    from supervisor.terminal.adopted.ttys.anywhere import (
        bytes_read,
        environment,
        in_front,
        leader,
        leaders,
        terminal_of,
    )

if sys.platform != "win32":
    from supervisor.terminal.adopted.ttys.base import Leader
    from supervisor.terminal.adopted.ttys.device import by_lines, unread

    __all__ = [
        "Leader",
        "by_lines",
        "bytes_read",
        "environment",
        "in_front",
        "leader",
        "leaders",
        "terminal_of",
        "unread",
    ]
