"""A pseudo-console and the command in it, by pywinpty.

Whatever still runs in it when it is closed, or when its holder dies, is ended by Windows as it is
with a window that is closed; what has left it lives on. So no job object is needed.
"""

import sys

assert sys.platform == "win32"

import codecs
import contextlib
import ctypes
import errno
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ctypes import wintypes
from typing import Final, Protocol

import winpty

from supervisor.terminal.sizes import Sizes
from supervisor.terminal.windows_line import command_line

_CONPTY: Final = 0
_CHUNK: Final = 64 * 1024
_SYNCHRONIZE, _QUERY = 0x00100000, 0x1000
_FOREVER: Final = 0xFFFFFFFF
#: A newer console asks at its start which terminal this is, waits seconds for the answer, and asks for
#: keys in a form of its own, which neither our screens nor a phone speak.
_WHICH: Final = "\x1b[c"
_OWN_KEYS: Final = "\x1b[?9001h"
_PLAIN_TERMINAL: Final = "\x1b[?61c"
#: Within so many characters it has asked, or does not.
_BEGINNING: Final = 512
#: Seconds without a word after the command's end, when others in its console keep that open.
_SILENCE: Final = 1.0
_LOOK: Final = 0.05
#: By Ctrl-C, and all that Windows ends a program for from there on.
_ENDED_BY_KEY: Final = 0xC000013A
_CRASHED: Final = 0xC0000000
#: The signals that these are elsewhere, by the numbers that everybody shows and asks for.
_INTERRUPTED, _ABORTED, _TERMINATED = 2, 6, 15
#: Threads that only wait need no more.
_STACK_BYTES: Final = 256 * 1024

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
_kernel.GetExitCodeProcess.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)


class _Pty(Protocol):
    """What we use of ``winpty.PTY``. All of it raises ``WinptyError``."""

    @property
    def pid(self) -> int | None: ...
    def spawn(self, appname: str, cmdline: str, cwd: str, env: str) -> bool: ...
    def set_size(self, cols: int, rows: int) -> None: ...
    def read(self, blocking: bool) -> str: ...
    def write(self, to_write: str) -> int: ...
    def cancel_io(self) -> bool: ...


class Pane(Sizes):
    """Owns a pseudo-console. Two threads carry what is typed and printed to and from a socket: ``select``
    knows nothing else here."""

    def __init__(self, rows: int, columns: int) -> None:
        """A new one of that size. Raises ``OSError``."""
        super().__init__()
        self._size = rows, columns
        try:
            self._pty: _Pty = winpty.PTY(columns, rows, backend=_CONPTY)
        except winpty.WinptyError as trouble:
            raise OSError(errno.ENODEV, f"no pseudo-console: {trouble}") from trouble
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self.number = self._near.fileno()
        #: Types; raises ``BlockingIOError`` when it is full.
        self.write: Callable[[bytes], int] = self._near.send
        self._reader: threading.Thread | None = None
        self._heard_at = 0.0

    def spawn(self, argv: Sequence[str], *, cwd: str, environment: Sequence[str]) -> "Child":
        """Start that command in it. Raises ``OSError`` with the file that keeps it from that."""
        variables = dict(text.split("=", 1) for text in environment if "=" in text[1:])
        program = _found(argv[0], cwd, {name.upper(): value for name, value in variables.items()})
        interpreter = os.environ.get("COMSPEC", "cmd.exe")
        application, rest = command_line(program, argv[1:], interpreter)
        try:
            # The block ends with two zeros; pywinpty adds the last one.
            self._pty.spawn(application, rest, cwd, "\0".join(environment) + "\0")
        except winpty.WinptyError as trouble:
            raise OSError(errno.ENOEXEC, str(trouble), os.fsencode(argv[0])) from trouble
        self._reader = _start("printed", self._read_on)
        _start("typed", self._type_on)
        return Child(self._pty.pid or 0, self._type, self._hear_out)

    def _read_on(self) -> None:
        beginning = ""
        with contextlib.suppress(winpty.WinptyError, OSError):
            while text := self._pty.read(blocking=True):
                self._heard_at = time.monotonic()
                if len(beginning) < _BEGINNING:
                    beginning += text
                    text = self._without_questions(text)
                self._far.sendall(text.encode("utf-8", "replace"))

    def _without_questions(self, text: str) -> str:
        """What was printed first, without what is between this console and us; that is answered."""
        if _WHICH in text:
            self._pty.write(_PLAIN_TERMINAL)
        return text.replace(_WHICH, "").replace(_OWN_KEYS, "")

    def _type_on(self) -> None:
        # A character may come in pieces.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with contextlib.suppress(winpty.WinptyError, OSError):
            while keys := self._far.recv(_CHUNK):
                if text := decoder.decode(keys):
                    self._pty.write(text)

    def _type(self, keys: bytes) -> None:
        with contextlib.suppress(OSError):
            self.write(keys)

    def _hear_out(self) -> None:
        """Return when all is in the socket that the command printed, or nothing more comes."""
        self._heard_at = time.monotonic()
        while self._reader and self._reader.is_alive() and time.monotonic() - self._heard_at < _SILENCE:
            self._reader.join(_LOOK)

    def read(self) -> bytes:
        """What was printed, up to some size; nothing when there is nothing now."""
        try:
            return self._near.recv(_CHUNK)
        except OSError:
            return b""

    def _current(self) -> tuple[int, int]:
        return self._size

    def _set(self, rows: int, columns: int) -> None:
        self._size = rows, columns
        with contextlib.suppress(winpty.WinptyError):  # it has ended meanwhile
            self._pty.set_size(columns, rows)

    def close(self) -> None:
        """Whatever is in it is ended, as when a window is closed."""
        self._near.close()
        self._far.close()
        pty = self._pty
        del self._pty
        # Windows may wait for those who must end, and nobody is to wait for Windows.
        _start("closed", lambda: _cancel(pty))


class Child:
    """The command, until its end is told."""

    def __init__(self, pid: int, type_keys: Callable[[bytes], None], hear_out: Callable[[], None]) -> None:
        """*hear_out* returns after its last words. Raises ``OSError``."""
        self.pid = pid
        self._type = type_keys
        self._hear_out = hear_out
        self._process = _kernel.OpenProcess(_SYNCHRONIZE | _QUERY, False, pid)
        if not self._process:
            raise ctypes.WinError(ctypes.get_last_error())
        self._ended, self._tell = socket.socketpair()
        self._ended.setblocking(False)
        self.number = self._ended.fileno()
        _start("ended", self._wait)

    def _wait(self) -> None:
        _kernel.WaitForSingleObject(self._process, _FOREVER)
        self._hear_out()
        self._tell.send(b"!")

    def change(self) -> tuple[bool, int] | None:
        """See ``command.Child``. Nothing is ever suspended here."""
        try:
            self._ended.recv(1)
        except BlockingIOError:
            return None
        status = wintypes.DWORD()
        _kernel.GetExitCodeProcess(self._process, status)
        return True, exit_code(status.value)

    def signal(self, number: int) -> None:
        """An interruption is a key here; whoever is to end is ended."""
        if number == _INTERRUPTED:
            self._type(b"\x03")
        elif number == _TERMINATED:
            with contextlib.suppress(OSError):
                os.kill(self.pid, _TERMINATED)


def exit_code(status: int) -> int:
    """Windows' word for how a program ended; negative as if by a signal where no program says that itself."""
    if status == _ENDED_BY_KEY:
        return -_INTERRUPTED
    return -_ABORTED if status >= _CRASHED else status


def _found(name: str, cwd: str, variables: dict[str, str]) -> str:
    """The whole path of that program. Raises ``OSError``."""
    if not os.path.isdir(cwd):  # noqa: PTH112 -- pathlib would stay in the memory of every holder
        raise FileNotFoundError(errno.ENOENT, "no such folder", os.fsencode(cwd))
    wanted = os.path.join(cwd, name) if os.path.dirname(name) else name  # noqa: PTH118, PTH120 -- as above
    found = shutil.which(wanted, path=variables.get("PATH", ""))
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "no such program", os.fsencode(name))
    return os.path.abspath(found)  # noqa: PTH100 -- as above


def _cancel(pty: _Pty) -> None:
    with contextlib.suppress(winpty.WinptyError):
        pty.cancel_io()


def _start(name: str, act: Callable[[], None]) -> threading.Thread:
    before = threading.stack_size(_STACK_BYTES)
    try:
        thread = threading.Thread(target=act, name=name, daemon=True)
        thread.start()
        return thread
    finally:
        threading.stack_size(before)
