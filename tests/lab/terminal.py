"""A program in a real terminal, driven like a person would: type, read, wait, hang up.

A thread reads all the time, so that the program never waits for us.
"""

import fcntl
import os
import pty
import re
import selectors
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from types import TracebackType
from typing import Self

import psutil

from tests.lab.homes import Launch

assert sys.platform != "win32"

#: Makes standard input the terminal of the new session, then becomes the program under the same PID.
TAKE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; "
    # Whoever runs the tests may have ignored them.
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]",
    re.DOTALL,
)
#: What programs ask a terminal at their start, and what a plain dark one answers.
ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[0c": b"\x1b[?62;22c",
    b"\x1b]10;?": b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
}
QUESTIONS = re.compile(b"|".join(re.escape(question) for question in ANSWERS))


class Terminal:
    """One program in one terminal; a context manager that leaves nothing running. It owns both."""

    def __init__(self, launch: Launch, rows: int = 40, columns: int = 120) -> None:
        """Start the program in a session of its own with this terminal as its controlling one."""
        self._master, slave = pty.openpty()
        self._news = threading.Condition()
        self._output = bytearray()
        self._answered = 0
        self._last_output = time.monotonic()
        self._wake_read, self._wake_write = os.pipe()
        self.resize(rows, columns)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", TAKE_TERMINAL, *launch.argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=launch.cwd,
            env=dict(launch.env),
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The PID of the program."""
        return self._process.pid

    @property
    def text(self) -> str:
        """All that was printed so far, without escape sequences; moves of the cursor leave no space."""
        with self._news:
            return ESCAPES.sub(b"", bytes(self._output)).decode(errors="replace")

    def mark(self) -> int:
        """A place in the output, for ``wait_for``: from here on."""
        with self._news:
            return len(self._output)

    def wait_for(self, words: str, seconds: float = 60.0, since: int = 0) -> None:
        """Wait until *words* were printed (blanks do not count); AssertionError after *seconds*."""
        wanted = "".join(words.split()).encode()

        def printed() -> bool:
            return wanted in b"".join(ESCAPES.sub(b"", bytes(self._output[since:])).split())

        with self._news:
            if not self._news.wait_for(printed, seconds):
                raise AssertionError(f"no {words!r} within {seconds:g} s; last: {self.text[-2000:]!r}")

    def settle(self, quiet: float = 0.3, seconds: float = 5.0) -> None:
        """Wait until nothing was printed for *quiet* seconds, at most *seconds* (spinners never rest)."""
        deadline = time.monotonic() + seconds
        with self._news:
            while (now := time.monotonic()) < deadline and (rest := self._last_output + quiet - now) > 0:
                self._news.wait(min(rest, deadline - now))

    def prompt(self, text: str) -> None:
        """Give a prompt: a bracketed paste, time to take it in, Enter in a write of its own."""
        self.press(f"\x1b[200~{text}\x1b[201~")
        self.settle()
        self.press("\r")

    def press(self, keys: str) -> None:
        """Send these keys as they are, in one write."""
        with self._news:
            self._last_output = time.monotonic()
        os.write(self._master, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the terminal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as a person does with its window."""
        os.write(self._wake_write, b"x")
        self._reader.join()

    def wait(self, seconds: float = 60.0) -> int:
        """Wait for the end of the program and return its exit code (negative: the signal)."""
        return self._process.wait(seconds)

    def close(self) -> None:
        """End the program and all that it started, and give everything back."""
        descendants = self._descendants()
        if self._process.poll() is None:
            self._process.kill()
        for process in descendants:
            if process.is_running():
                process.kill()
        self._process.wait()
        if self._reader.is_alive():
            self.hang_up()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _descendants(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            return []

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while self._wake_read not in {key.fd for key, _ in selector.select()} and self._take():
                pass
        os.close(self._master)
        with self._news:
            self._news.notify_all()

    def _take(self) -> bool:
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # EIO: the last one who had this terminal open has gone
            return False
        with self._news:
            self._output += chunk
            self._last_output = time.monotonic()
            self._answer()
            self._news.notify_all()
        return bool(chunk)

    def _answer(self) -> None:
        for question in QUESTIONS.finditer(self._output, self._answered):
            self._answered = question.end()
            os.write(self._master, ANSWERS[question.group()])

    def __enter__(self) -> Self:
        """The terminal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Leave nothing running."""
        self.close()
