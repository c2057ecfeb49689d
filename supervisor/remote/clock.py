"""The two clocks of this package: one that is shown, and one that nobody can set."""

import time

from supervisor.core.pairing import Moment


def elapsed() -> float:
    """Seconds since some moment; runs on while the machine sleeps where the system offers that."""
    # Linux has a clock that also counts while the machine sleeps; elsewhere the wall clock covers that.
    read, sleepless = getattr(time, "clock_gettime", None), getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if read is None or sleepless is None else float(read(sleepless))


def now() -> Moment:
    """This moment on both clocks."""
    return Moment(elapsed(), time.time())
