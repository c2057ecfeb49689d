"""Background jobs: processes that came from a session, what they use, what they write, and their end."""

import sys
from collections.abc import Mapping, Sequence

from supervisor.core.model import Job, Offspring, Origin, Run
from supervisor.system.jobs.files import last_of
from supervisor.system.jobs.looking import Look, Signs

if sys.platform == "linux":
    from supervisor.system.jobs.linux import Details, watch_end
    from supervisor.system.tree.linux import System
elif sys.platform == "win32":
    from supervisor.system.jobs.anywhere import Details, watch_end
    from supervisor.system.tree.windows import System
else:
    from supervisor.system.jobs.anywhere import Details, watch_end
    from supervisor.system.tree.posix import System

__all__ = ["Signs", "look", "tail", "watch_end"]


def look(
    origins: Sequence[Origin], known: Sequence[tuple[str, Run]], signs: Mapping[str, Signs]
) -> tuple[Offspring, ...]:
    """All that came from these sessions and still runs. Blocks for some milliseconds.

    *known*: jobs with the id of their session, found wherever they have gone; *signs* of each origin.
    """
    return Look(System(), Details(), origins, signs).offspring(known)


def tail(job: Job, size: int) -> tuple[bytes, int, int] | None:
    """The last *size* bytes of what a job has written, from which byte on, and how many there are.

    ``None`` if that is no file of this user, or not the same any more. Blocks on disk.
    """
    if not job.over and (found := Details().tail(job.run, size)):
        return found
    if job.output is None or job.output_file is None:
        return None
    return last_of(job.output, size, only=job.output_file)
