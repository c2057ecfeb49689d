"""What opening the local door gives, on every system."""

import socket
from dataclasses import dataclass

from supervisor.remote.exchange import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A bound socket, and what it may be called. Whoever has it closes it."""

    listening: socket.socket
    listener: Listener
