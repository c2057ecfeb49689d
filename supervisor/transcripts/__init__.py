"""Follows files of JSON lines that somebody else writes; never writes, never trusts them."""
