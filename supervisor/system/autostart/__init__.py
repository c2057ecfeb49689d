"""Starting at login: the system's own list of what it starts for this user."""

import sys

if sys.platform == "win32":
    from supervisor.system.autostart.windows import command, turn_off, turn_on
elif sys.platform == "darwin":
    from supervisor.system.autostart.macos import command, turn_off, turn_on
else:
    from supervisor.system.autostart.linux import command, turn_off, turn_on

__all__ = ["command", "turn_off", "turn_on"]
