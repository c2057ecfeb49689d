"""A console of Windows, made to speak and understand what terminals elsewhere do."""

import sys

assert sys.platform == "win32"

import codecs
import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supervisor.terminal import wire
    from supervisor.terminal.console.base import News

_CHUNK: Final = 64 * 1024
_INPUT, _OUTPUT = -10, -11
# <consoleapi.h>: what a console does with keys, and with what is printed.
_WINDOW_INPUT, _EXTENDED, _KEYS_AS_SEQUENCES = 0x8, 0x80, 0x200
_PROCESSED, _SEQUENCES, _NO_RETURN = 0x1, 0x4, 0x8
_KEY_EVENT, _SIZE_EVENT = 0x1, 0x4
#: A character by its number comes when this key is let go.
_ALT: Final = 0x12
_RECORDS: Final = 256
#: A console is given no more at once.
_MOST: Final = 16 * 1024


class _Key(ctypes.Structure):
    _fields_ = (
        ("is_down", wintypes.BOOL),
        ("count", wintypes.WORD),
        ("key", wintypes.WORD),
        ("scan", wintypes.WORD),
        ("character", wintypes.WCHAR),
        ("state", wintypes.DWORD),
    )


class _Record(ctypes.Structure):
    _fields_ = (("kind", wintypes.WORD), ("key", _Key))


_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.GetStdHandle.restype = wintypes.HANDLE
_kernel.GetStdHandle.argtypes = (wintypes.DWORD,)
_kernel.GetConsoleMode.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_kernel.SetConsoleMode.argtypes = (wintypes.HANDLE, wintypes.DWORD)
_kernel.ReadConsoleInputW.argtypes = (
    wintypes.HANDLE,
    ctypes.POINTER(_Record),
    wintypes.DWORD,
    ctypes.POINTER(wintypes.DWORD),
)
_kernel.WriteConsoleW.argtypes = (
    wintypes.HANDLE,
    wintypes.LPCWSTR,
    wintypes.DWORD,
    ctypes.POINTER(wintypes.DWORD),
    wintypes.LPVOID,
)


class Console:
    """Owns this console's modes, and the thread that waits for its keys."""

    #: What tells a program that nothing more comes.
    end_of_input: Final = b"\x1a\r"

    def __init__(self) -> None:
        """Nothing is changed yet."""
        self._input = _kernel.GetStdHandle(_INPUT & 0xFFFFFFFF)
        self._output = _kernel.GetStdHandle(_OUTPUT & 0xFFFFFFFF)
        self._usual_input = _mode(self._input)
        self._usual_output = _mode(self._output)
        #: A person is before it; what is printed is seen.
        self.is_terminal = self._usual_input is not None
        self.is_shown = self._usual_output is not None
        # Characters may come in pieces, both ways.
        self._printed = codecs.getincrementaldecoder("utf-8")("replace")
        self._pressed = codecs.getincrementaldecoder("utf-16-le")("replace")
        # What ``select`` knows keys and news by: it knows nothing but sockets here.
        self._keys, self._press = socket.socketpair()
        self._news, self._tell = socket.socketpair()
        self._news.setblocking(False)
        self.keys, self.news = self._keys.fileno(), self._news.fileno()

    def open(self) -> None:
        """Listen for keys and news."""
        act = self._follow_console if self.is_terminal else self._follow_file
        threading.Thread(target=act, name="keys", daemon=True).start()

    def _follow_file(self) -> None:
        with contextlib.suppress(OSError):
            while text := os.read(0, _CHUNK):
                self._press.sendall(text)
        self._press.close()

    def _follow_console(self) -> None:
        records, count = (_Record * _RECORDS)(), wintypes.DWORD()
        with contextlib.suppress(OSError):
            while _kernel.ReadConsoleInputW(self._input, records, _RECORDS, count):
                found = records[: count.value]
                if any(record.kind == _SIZE_EVENT for record in found):
                    self._tell.send(b"r")
                typed = "".join(_typed(record.key) for record in found if record.kind == _KEY_EVENT)
                keys = self._pressed.decode(typed.encode("utf-16-le", "surrogatepass"))
                if keys:
                    self._press.sendall(keys.encode("utf-8", "replace"))
        self._press.close()

    def is_inside(self, hello: "wire.Hello") -> bool:
        """Whether this is the very terminal that is held there."""
        return os.environ.get("WAKELINE_TERMINAL") == hello.id.decode()

    def enter(self) -> None:
        """Every key as it is, and sequences understood."""
        if self._usual_input is not None:
            _kernel.SetConsoleMode(self._input, _WINDOW_INPUT | _EXTENDED | _KEYS_AS_SEQUENCES)
        if self._usual_output is not None:
            modes = self._usual_output | _PROCESSED | _SEQUENCES | _NO_RETURN
            _kernel.SetConsoleMode(self._output, modes)

    def leave(self) -> None:
        """As it was before."""
        if self._usual_input is not None:
            _kernel.SetConsoleMode(self._input, self._usual_input)
        if self._usual_output is not None:
            _kernel.SetConsoleMode(self._output, self._usual_output)

    def another(self) -> int:
        """No other process may have this console."""
        return -1

    def lend(self, _connection: socket.socket, _frame: bytes, _number: int) -> int:
        """Never asked for."""
        raise OSError("a console cannot be sent")

    def read(self) -> bytes:
        """What was pressed; nothing at the end."""
        return self._keys.recv(_CHUNK)

    def write(self, text: bytes) -> None:
        """Show this. Raises ``OSError`` when nobody can see it any more."""
        if not self.is_shown:
            _write_all(text)
            return
        words = self._printed.decode(text)
        for place in range(0, len(words), _MOST):
            piece = words[place : place + _MOST]
            # Counted in units of UTF-16.
            units = len(piece.encode("utf-16-le", "surrogatepass")) // 2
            if not _kernel.WriteConsoleW(self._output, piece, units, wintypes.DWORD(), None):
                raise ctypes.WinError(ctypes.get_last_error())

    def hear(self) -> "Iterator[tuple[News, int]]":
        """What has happened to it; see ``base.News``."""
        if self._news.recv(_CHUNK):
            yield "resized", 0

    def suspend(self) -> int:
        """Nothing is ever suspended here."""
        return 0


def size() -> tuple[int, int]:
    """Rows and columns of this console; zeros where there is none."""
    for number in (1, 0, 2):
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(number)
            return rows, columns
    return 0, 0


def _mode(handle: int | None) -> int | None:
    """What that console does now; ``None`` when it is none."""
    mode = wintypes.DWORD()
    return mode.value if handle and _kernel.GetConsoleMode(handle, mode) else None


def _typed(key: _Key) -> str:
    if not (key.is_down or key.key == _ALT) or key.character == "\0":
        return ""
    return str(key.character) * max(1, key.count if key.is_down else 1)


def _write_all(text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(1, rest) :]
