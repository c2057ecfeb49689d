"""What may go wrong, and whose fault it is.

::

    WakelineError            title: one sentence for people; hint: what to do
    ├── WrongUse             the caller asked for something that makes no sense       exit 2
    ├── NoSuchSession        no session has that id or name, or several have          exit 3
    ├── Refused              it is known, and it is not allowed now                   exit 4
    │   ├── NotYet           it will be possible soon, by itself
    │   └── NotNow           for a moment only: it may be tried again soon
    ├── Unreachable          the supervisor does not answer                           exit 5
    └── Failed               it was tried and did not work                            exit 1

What is expected of the outside world (a process that ends, a network that goes, a line that is
nonsense) is an event and no exception.
"""

from typing import ClassVar


class WakelineError(Exception):
    """The parent; never raised itself."""

    exit_code: ClassVar[int] = 1
    #: The status and short name of the problem document that a client gets (RFC 9457).
    status: ClassVar[int] = 500

    def __init__(self, title: str, hint: str = "") -> None:
        """Say it in one sentence, and what to do in another."""
        super().__init__(title)
        self.title = title
        self.hint = hint


class Failed(WakelineError):
    """It was tried and did not work."""


class WrongUse(WakelineError):
    """The caller asked for something that makes no sense."""

    exit_code = 2
    status = 400


class NoSuchSession(WakelineError):
    """No session has that id or name, or several have."""

    exit_code = 3
    status = 404


class Refused(WakelineError):
    """It is understood, and it is not allowed now."""

    exit_code = 4
    status = 409


class NotYet(Refused):
    """It will be possible soon, by itself."""


class NotNow(Refused):
    """Refused for a moment only: it may be tried again soon."""


class Unreachable(WakelineError):
    """The supervisor does not answer."""

    exit_code = 5
    status = 503
