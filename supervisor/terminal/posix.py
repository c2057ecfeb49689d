"""A pseudo-terminal and the command in it, on systems that have a ``/dev/tty``."""

import sys

assert sys.platform != "win32"

import contextlib
import fcntl
import os
import signal
import socket
import struct
import termios
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

#: What the name of a socket ends with until somebody answers there; it still says so itself.
UNREADY: Final = "~"

_SIZE: Final = struct.Struct("HHHH")
#: Erasing in a line takes whole characters; the same bit on Linux and macOS, without a name in Python.
_IUTF8: Final = 0x4000
#: What Python, or whoever started us, may have set to be ignored.
_USUAL: Final = ("SIGPIPE", "SIGXFSZ", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD", "SIGTSTP")
#: Signals that may be asked for.
_SIGNALS: Final = frozenset(
    {
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGKILL,
        signal.SIGTSTP,
        signal.SIGSTOP,
        signal.SIGCONT,
        signal.SIGWINCH,
    }
)
# <sys/un.h> of macOS; struct xucred of <sys/ucred.h> begins with version and user.
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1
_XUCRED: Final = struct.Struct("=II")
_XUCRED_SIZE: Final = 76
_CREDENTIALS: Final = struct.Struct("iII")
_DESCRIPTOR: Final = struct.Struct("i")
_ROOM: Final = socket.CMSG_SPACE(_DESCRIPTOR.size)


def open_terminal() -> tuple[int, int]:
    """A new terminal: our side, which never blocks, and the command's."""
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    attributes = termios.tcgetattr(theirs)
    attributes[0] |= _IUTF8
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, theirs


def resize(terminal: int, rows: int, columns: int) -> None:
    """Give the terminal another size; the command in its foreground is told."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, _SIZE.pack(rows & 0xFFFF, columns & 0xFFFF, 0, 0))


def size(terminal: int) -> tuple[int, int]:
    """Its rows and columns."""
    rows, columns, _, _ = _SIZE.unpack(fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * _SIZE.size))
    return rows, columns


def become(
    argv: Sequence[bytes], environment: Sequence[bytes], *, cwd: bytes, umask: int, terminal: int
) -> NoReturn:
    """Turn into a command, in a session of its own with this as its controlling terminal.

    Raises ``OSError`` with the file that keeps it from that.
    """
    os.login_tty(terminal)
    _usual_signals()
    os.umask(umask)
    os.chdir(cwd)
    pairs = (text.partition(b"=") for text in environment)
    try:
        os.execvpe(argv[0], list(argv), {name: value for name, _, value in pairs})
    except OSError as trouble:
        raise OSError(trouble.errno, trouble.strerror, argv[0]) from trouble


def _usual_signals() -> None:
    for name in _USUAL:
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Child:
    """The command, until it is buried."""

    def __init__(self, pid: int, signals: int) -> None:
        """*signals*: is readable when a child has changed."""
        self.number = signals
        self._pid = pid

    def change(self) -> tuple[bool, int] | None:
        """See ``command.Child``."""
        drain(self.number)
        pid, status = os.waitpid(self._pid, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        if os.WIFSTOPPED(status):
            return False, os.WSTOPSIG(status)
        return True, os.waitstatus_to_exitcode(status)

    def signal(self, number: int) -> None:
        """See ``command.Child``."""
        if number in _SIGNALS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)


def let_in(connection: socket.socket, _ready: object, admit: Callable[[socket.socket], None]) -> None:
    """Admit who called, if it is our user."""
    if is_me(connection):
        admit(connection)
    else:
        connection.close()


def received(connection: socket.socket, size: int) -> tuple[bytes, int]:
    """What has come, and the descriptor that came with it, which never blocks; -1: none.

    Raises ``OSError``.
    """
    heard, given, _, _ = connection.recvmsg(size, _ROOM)
    numbers = [
        number
        for level, kind, packed in given
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (number,) in _DESCRIPTOR.iter_unpack(packed[: len(packed) - len(packed) % _DESCRIPTOR.size])
    ]
    for number in numbers[1:]:
        os.close(number)
    if numbers:
        os.set_blocking(numbers[0], False)
    return heard, numbers[0] if numbers else -1


def send_descriptor(connection: socket.socket, text: bytes, number: int) -> int:
    """Send *text* with that descriptor; how much of it was sent. Raises ``OSError``."""
    return connection.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, _DESCRIPTOR.pack(number))])


def is_me(connection: socket.socket) -> bool:
    """Whether the program at the other end runs as our user; the kernel tells."""
    try:
        if option := getattr(socket, "SO_PEERCRED", None):
            told = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
            return bool(_CREDENTIALS.unpack(told)[1] == os.getuid())
        told = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_SIZE)
        return bool(_XUCRED.unpack_from(told)[1] == os.getuid())
    except (OSError, struct.error):
        return False


def listen(name: str) -> socket.socket:
    """A socket file for this user only, in a folder that is this user's only. Raises ``OSError``."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    unready = name + UNREADY
    try:
        listening.bind(unready)
        os.chmod(unready, 0o600)  # noqa: PTH101 -- pathlib would stay in the memory of every holder
        listening.listen(64)
        # Whoever sees the name may call at once; a refusal means that its owner is dead.
        os.rename(unready, name)  # noqa: PTH104 -- as above
    except OSError:
        listening.close()
        raise
    return listening


def wake_by_signals(*numbers: int) -> int:
    """What becomes readable when one of these signals comes, or one named before. Main thread only."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if before >= 0:
        os.close(before)
    for number in numbers:
        signal.signal(number, _noted)
    return reading


def drain(signals: int) -> None:
    """These signals are heard."""
    with contextlib.suppress(BlockingIOError):
        os.read(signals, 4096)


def _noted(_number: int, _frame: object) -> None:
    """The byte in the pipe says it all."""
