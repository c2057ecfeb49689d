"""Tells of the end of a process that is not our child, without asking again and again."""

import sys

if sys.platform == "linux":
    from supervisor.system.exits.linux import watch_exit
elif sys.platform == "darwin":
    from supervisor.system.exits.macos import watch_exit
else:
    from supervisor.system.exits.windows import watch_exit

__all__ = ["watch_exit"]
