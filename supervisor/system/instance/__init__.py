"""One supervisor for each user: a lock that the system lets go of when its owner dies."""

import sys

if sys.platform == "win32":
    from supervisor.system.instance.windows import Instance, private
else:
    from supervisor.system.instance.posix import Instance, private

__all__ = ["Instance", "private"]
