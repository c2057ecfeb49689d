"""Sends notices to where the user wants them sent: chat rooms, mail, a server of their own. By apprise.

Off until an address is set. What is sent passes through whatever service that address names, so it
has a level of its own, and tells by default only that something happened.
"""

from supervisor.notify.sender import Sender

__all__ = ["Sender"]
