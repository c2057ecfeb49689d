"""Where a process waits for connections, as psutil tells it on any system."""

from collections.abc import Sequence


def listening(pid: int) -> Sequence[tuple[str, int]]:
    """Addresses and ports of TCP on which this process listens; empty where that may not be known."""
    # Imported late: nobody asks for it until an agent has a server.
    import psutil

    try:
        found = psutil.Process(pid).net_connections("tcp")
    except (psutil.Error, OSError, ValueError):
        return ()
    return tuple(
        (socket.laddr.ip, socket.laddr.port)
        for socket in found
        if socket.status == psutil.CONN_LISTEN and socket.laddr
    )
