"""The processes of this user: who runs, since when, where, and below whom."""

import sys

if sys.platform == "linux":
    from supervisor.system.processes.linux import Processes, booted_at
else:
    from supervisor.system.processes.anywhere import Processes, booted_at

__all__ = ["Processes", "booted_at"]
