"""The bare reference: a program in a terminal behind a socket, and its screen, in the fewest lines of Python.

``python -I -S bare_terminal.py COMMAND…``. It keeps nothing, and nobody can come back to it.
"""

import os
import pty
import select
import socket
import sys
import tty

CHUNK = 65536


def hold(line: int, argv: list[str]) -> None:
    """Pass on what the program prints, and type what comes."""
    os.setsid()
    child, master = pty.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    pass_on({master: line, line: master})


def pass_on(ways: dict[int, int]) -> None:
    """Whatever comes at one end goes to the other, until an end has gone."""
    while True:
        for number in select.select(ways, (), ())[0]:
            text = os.read(number, CHUNK)
            if not text:
                return
            while text:
                text = text[os.write(ways[number], text) :]


def main() -> None:
    """Be the screen of what is held in a process of its own."""
    near, far = socket.socketpair()
    if os.fork() == 0:
        near.close()
        try:
            hold(far.fileno(), sys.argv[1:])
        finally:
            os._exit(0)
    far.close()
    tty.setraw(0)
    line = near.fileno()
    while True:
        for number in select.select((0, line), (), ())[0]:
            text = os.read(number, CHUNK)
            if not text:
                return
            os.write(line if number == 0 else 1, text)


if __name__ == "__main__":
    main()
