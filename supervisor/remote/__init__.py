"""The phone's side: one HTTP API on the local socket and, when asked for, on the LAN."""
