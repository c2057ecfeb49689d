"""What a holder and its clients say to each other: frames of a length, a kind and fields.

Pure, and quick to import: every holder carries it, so there are tuples here and no dataclasses.
Texts are bytes as the system has them: arguments and folders need not be UTF-8. Numbers are
signed and 8 bytes long.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

#: Raised with every change that an older side cannot read; the previous one is still understood.
VERSION: Final = 1
#: No frame is longer; whoever announces more is cut off.
LONGEST: Final = 4 * 2**20

_HEAD: Final = struct.Struct(">IB")
_NUMBER: Final = struct.Struct(">q")
_FLOAT: Final = struct.Struct(">d")
_LENGTH: Final = struct.Struct(">I")


class Broken(ValueError):
    """What came is no frame of ours."""


class Start(NamedTuple):
    """To the nursery: hold this command. *environment*: ``NAME=value`` each."""

    version: int
    name: bytes
    cwd: bytes
    umask: int
    rows: int
    columns: int
    argv: tuple[bytes, ...]
    environment: tuple[bytes, ...]


class Attach(NamedTuple):
    """Show me the output from *offset* on (-1: all that is kept); my screen has this size (0: none)."""

    version: int
    offset: int
    rows: int
    columns: int


class Watch(NamedTuple):
    """Tell me of the end only."""

    version: int


class Input(NamedTuple):
    """Type this. An *id* that came before is not typed again; an empty one is always new."""

    id: bytes
    keys: bytes


class Resize(NamedTuple):
    """My screen has this size now."""

    rows: int
    columns: int


class Signal(NamedTuple):
    """Send this signal to the command and its process group."""

    number: int


class Taken(NamedTuple):
    """The exit status is known to the supervisor: the holder may go."""


class Hello(NamedTuple):
    """A holder introduces itself: first of all, to everybody.

    *end*: how much was printed before; what is sent again of that is a replay.
    """

    version: int
    id: bytes
    holder: int
    child: int
    started_at: float
    name: bytes
    cwd: bytes
    end: int
    argv: tuple[bytes, ...]


class Output(NamedTuple):
    """What the command printed, as the bytes from *offset* on."""

    offset: int
    text: bytes


class Gap(NamedTuple):
    """What was printed from *begin* up to *end* is not kept any more.

    *modes*: what brings a fresh terminal into the modes that were set at *end*.
    """

    begin: int
    end: int
    modes: bytes


class Written(NamedTuple):
    """The input with this id is in the terminal."""

    id: bytes


class Stopped(NamedTuple):
    """The command was suspended by this signal."""

    number: int


class Exit(NamedTuple):
    """The command has ended, after *offset* bytes of output. Negative code: by that signal."""

    code: int
    offset: int


class Failure(NamedTuple):
    """The command could not be started: an ``errno``, and what it is about (a program, a folder)."""

    error: int
    what: bytes


Message: TypeAlias = (
    Start
    | Attach
    | Watch
    | Input
    | Resize
    | Signal
    | Taken
    | Hello
    | Output
    | Gap
    | Written
    | Stopped
    | Exit
    | Failure
)

#: kind of frame → message, and its fields: n number, f float, t text, l list of texts, r the rest
_LAYOUTS: Final[Mapping[int, tuple[type[Message], str]]] = {
    1: (Start, "nttnnnll"),
    2: (Attach, "nnnn"),
    3: (Watch, "n"),
    4: (Input, "tr"),
    5: (Resize, "nn"),
    6: (Signal, "n"),
    7: (Taken, ""),
    17: (Hello, "ntnnfttnl"),
    18: (Output, "nr"),
    19: (Gap, "nnt"),
    20: (Written, "t"),
    21: (Stopped, "n"),
    22: (Exit, "nn"),
    23: (Failure, "nt"),
}
_KINDS: Final = {message: (kind, layout) for kind, (message, layout) in _LAYOUTS.items()}


def encode(message: Message) -> bytes:
    """One message as a frame."""
    kind, layout = _KINDS[type(message)]
    body = b"".join(_field(form, value) for form, value in zip(layout, message, strict=True))
    return _HEAD.pack(len(body) + 1, kind) + body


def _field(form: str, value: object) -> bytes:
    match form, value:
        case "n", int():
            return _NUMBER.pack(value)
        case "f", float() | int():
            return _FLOAT.pack(value)
        case "t", bytes():
            return _LENGTH.pack(len(value)) + value
        case "r", bytes():
            return value
        case "l", tuple():
            return _LENGTH.pack(len(value)) + b"".join(_LENGTH.pack(len(text)) + text for text in value)
        case _:
            raise TypeError(f"{value!r} does not go into a field of form {form}")


class Frames:
    """Bytes in, whole messages out. Owns what has come of the next one."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The messages that are whole now; kinds that we do not know are passed over.

        Raises ``Broken``.
        """
        self._rest += chunk
        while len(self._rest) >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._rest)
            if not 1 <= length <= LONGEST:
                raise Broken(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(memoryview(self._rest)[_HEAD.size : end])
            del self._rest[:end]
            if kind in _LAYOUTS:
                yield _decoded(kind, body)


def _decoded(kind: int, body: bytes) -> Message:
    message, layout = _LAYOUTS[kind]
    reader = _Fields(body)
    try:
        values = [reader.take(form) for form in layout]
    except struct.error as trouble:
        raise Broken(f"a {message.__name__} that ends too early") from trouble
    return message(*values)  # type: ignore[arg-type]  # the layout says what each field is


class _Fields:
    """Takes fields off the front of a body. Owns its place in it."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def take(self, form: str) -> int | float | bytes | tuple[bytes, ...]:
        """The next field. Raises ``struct.error`` at the end, ``Broken`` for a wrong length."""
        if form == "n":
            return self._number(_NUMBER)
        if form == "f":
            (real,) = _FLOAT.unpack_from(self._body, self._place)
            self._place += _FLOAT.size
            return float(real)
        if form == "r":
            return self._cut(len(self._body) - self._place)
        count = self._number(_LENGTH)
        if form == "t":
            return self._cut(count)
        return tuple(self._cut(self._number(_LENGTH)) for _ in range(count))

    def _number(self, form: struct.Struct) -> int:
        (number,) = form.unpack_from(self._body, self._place)
        self._place += form.size
        return int(number)

    def _cut(self, length: int) -> bytes:
        begin, self._place = self._place, self._place + length
        if self._place > len(self._body):
            raise Broken("a text longer than its frame")
        return self._body[begin : self._place]
