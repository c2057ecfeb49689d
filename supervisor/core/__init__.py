"""Decides. No I/O, no clock, no threads, no logging: facts come in, wishes go out."""
