"""A program for a terminal that writes down every byte that it reads: ``recorder.py FILE HOW``.

HOW: ``pastes`` asks for bracketed pastes, ``keys`` does not, ``lines`` leaves the terminal as it
is, ``slowly`` asks for pastes and reads nothing until somebody opens the pipe ``FILE.go``.
"""

import os
import sys
import termios
import tty
from pathlib import Path


def main(file: str, how: str) -> None:
    """Read until nobody can type any more."""
    if how != "lines":
        tty.setraw(0, termios.TCSANOW)
    if how in ("pastes", "slowly"):
        os.write(1, b"\x1b[?2004h")
    os.write(1, "ready ü🎉\r\n".encode())
    if how == "slowly":
        os.mkfifo(f"{file}.go")
    Path(f"{file}.pid").write_text(str(os.getpid()))
    if how == "slowly":
        Path(f"{file}.go").read_bytes()
    with Path(file).open("ab", buffering=0) as record:
        while read := os.read(0, 65536):
            record.write(read)


if __name__ == "__main__":
    main(*sys.argv[1:])
