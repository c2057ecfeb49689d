"""The paths by which the background jobs of a session are seen."""

from typing import Final

from supervisor.core.errors import WrongUse
from supervisor.core.model import Scope
from supervisor.remote import wire
from supervisor.remote.exchange import Answer, Ask, json
from supervisor.remote.route import Rooms, Route

#: Bytes of output, usually and at most.
_USUAL: Final = 16 * 1024
_MOST: Final = 256 * 1024


async def jobs(rooms: Rooms, ask: Ask) -> Answer:
    """The background jobs of a session as they are now, and those that ended within a day; oldest first."""
    found = await rooms.backend.steer.jobs(ask.found["id"])
    return json({"jobs": [wire.job(one, rooms.clock()) for one in found]})


async def output(rooms: Rooms, ask: Ask) -> Answer:
    """The end of what a job has written to its output file; bytes says how much, 256 KiB at most."""
    size = ask.query.get("bytes", str(_USUAL))
    if not (size.isascii() and size.isdigit() and len(size) <= 18 and int(size)):
        raise WrongUse("bytes must be a whole number from 1.")
    pid = ask.found["pid"]
    if not (pid.isascii() and pid.isdigit() and len(pid) <= 10):
        raise WrongUse("That is no PID.", "See: wakeline jobs")
    text, begin, whole = await rooms.backend.steer.job_output(
        ask.found["id"], int(pid), min(int(size), _MOST)
    )
    return json({"text": text, "from": begin, "bytes": whole})


JOBS: Final[tuple[Route, ...]] = (
    Route(method="GET", path="/api/sessions/{id}/jobs", scope=Scope.VIEW, serve=jobs),
    Route(
        method="GET",
        path="/api/sessions/{id}/jobs/{pid}/output",
        scope=Scope.VIEW,
        serve=output,
        query=frozenset({"bytes"}),
    ),
)
