"""The icon in the tray, its menu and its two windows: a client of the supervisor like any other."""
