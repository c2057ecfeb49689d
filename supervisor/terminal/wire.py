"""What a holder and its clients say to each other: frames of a length, a kind and fields.

Pure, and quick to import: every holder carries it, so there are tuples here and no dataclasses.
Texts are bytes as the system has them: arguments and folders need not be UTF-8.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from supervisor.terminal.fields import Broken as Broken
from supervisor.terminal.fields import packed, unpacked

#: Raised with every change that an older side cannot read; the previous one is still understood.
VERSION: Final = 3
#: From this version on, screens tell keys from reports, and somebody far away may have the turn.
TURNS: Final = 2
#: From this version on, holders type and print at screens' own terminals.
LOANS: Final = 3
#: No frame is longer.
LONGEST: Final = 4 * 2**20

_HEAD: Final = struct.Struct(">IB")
_OUTPUT: Final = struct.Struct(">IBq")
_PRESSED: Final = struct.Struct(">IBI")
_INPUT_KIND, _OUTPUT_KIND = 4, 18
#: The bytes of a frame's length, which it does not count itself.
_LENGTH: Final = 4


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


class View(NamedTuple):
    """Show me the output from *offset* on, as for ``Attach``; I am no screen: I hold nothing up."""

    version: int
    offset: int


class Input(NamedTuple):
    """A person pressed this: type it. An *id* that came before is not typed again; an empty one is new."""

    id: bytes
    keys: bytes


class Report(NamedTuple):
    """The terminal of a screen says this by itself (an answer, its focus, the mouse's place): type it."""

    keys: bytes


class Take(NamedTuple):
    """It is my turn to type from afar: until I give it back, go, or a person presses a key here."""


class Give(NamedTuple):
    """I have typed enough."""


class Remote(NamedTuple):
    """Type this from afar, in that turn only. For *id* see ``Input``."""

    id: bytes
    turn: int
    keys: bytes


class Ask(NamedTuple):
    """How are things? The answer is a ``State``."""


class Pause(NamedTuple):
    """The command is about to be stopped from outside: its screens are not to be suspended with it."""


class Continue(NamedTuple):
    """It is not stopped from outside any more."""


class Nudge(NamedTuple):
    """Make the program paint its screen anew."""


class Fit(NamedTuple):
    """Give the terminal this size, if no screen is there that has one of its own."""

    rows: int
    columns: int


class Lend(NamedTuple):
    """With a descriptor of my own terminal: print there from *offset* on, and type what is pressed there.

    *key*: what leaves it; see ``keys.Leaving``.
    """

    offset: int
    key: bytes


class Reclaim(NamedTuple):
    """I want my terminal back."""


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


class Refused(NamedTuple):
    """The input with this id is not typed: its turn is over."""

    id: bytes


class Turn(NamedTuple):
    """Who may type from now on. *turn* counts the changes; *remote*: somebody from afar has it.

    *draft*: a person at a screen has begun a line and not sent it.
    """

    turn: int
    remote: bool
    draft: bool


class State(NamedTuple):
    """How things are. *modes*: see ``Gap``, at the end of the output; *idle*: seconds since the last key.

    *idle* is negative when nobody has ever pressed one.
    """

    rows: int
    columns: int
    modes: bytes
    screens: int
    turn: int
    remote: bool
    draft: bool
    paused: bool
    idle: float


class Returned(NamedTuple):
    """Your terminal is yours again: all up to *offset* is printed there, and no more will be.

    *modes*: what brings a fresh terminal into the modes at *offset*; *recent*: the last title set while it
    was lent, and what was printed last; *left*: the user pressed the key that leaves.
    """

    offset: int
    modes: bytes
    recent: bytes
    left: bool


class InModes(NamedTuple):
    """What brings a fresh terminal into the modes that your lent one is in."""

    modes: bytes


class Stopped(NamedTuple):
    """The command was suspended by this signal."""

    number: int


class Paused(NamedTuple):
    """The command is stopped from outside, or not any more."""

    paused: bool


class Sized(NamedTuple):
    """To viewers: what is printed from here on is meant for a screen of this size."""

    rows: int
    columns: int


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
    | View
    | Input
    | Report
    | Take
    | Give
    | Remote
    | Ask
    | Pause
    | Continue
    | Nudge
    | Fit
    | Lend
    | Reclaim
    | Resize
    | Signal
    | Taken
    | Hello
    | Output
    | Gap
    | Written
    | Refused
    | Turn
    | State
    | Returned
    | InModes
    | Stopped
    | Paused
    | Sized
    | Exit
    | Failure
)

#: kind of frame → message, and its fields: see ``fields``
_LAYOUTS: Final[Mapping[int, tuple[type[Message], str]]] = {
    1: (Start, "nttnnnll"),
    2: (Attach, "nnnn"),
    3: (Watch, "n"),
    _INPUT_KIND: (Input, "tr"),
    5: (Resize, "nn"),
    6: (Signal, "n"),
    7: (Taken, ""),
    8: (View, "nn"),
    9: (Report, "r"),
    10: (Take, ""),
    11: (Give, ""),
    12: (Remote, "tnr"),
    13: (Ask, ""),
    14: (Pause, ""),
    15: (Continue, ""),
    16: (Nudge, ""),
    17: (Hello, "ntnnfttnl"),
    _OUTPUT_KIND: (Output, "nr"),
    19: (Gap, "nnt"),
    20: (Written, "t"),
    21: (Stopped, "n"),
    22: (Exit, "nn"),
    23: (Failure, "nt"),
    24: (Refused, "t"),
    25: (Turn, "nbb"),
    26: (State, "nntnnbbbf"),
    27: (Paused, "b"),
    28: (Sized, "nn"),
    29: (Returned, "nttb"),
    30: (InModes, "t"),
    32: (Fit, "nn"),
    33: (Lend, "nt"),
    34: (Reclaim, ""),
}
_KINDS: Final = {message: (kind, layout) for kind, (message, layout) in _LAYOUTS.items()}


def encode(message: Message) -> bytes:
    """One message as a frame."""
    kind, layout = _KINDS[type(message)]
    body = packed(layout, message)
    return _HEAD.pack(len(body) + 1, kind) + body


# Nearly all that is ever said is one key or a little output, each whole in a frame: what follows is a
# short way for these.


def pressed(keys: bytes) -> bytes:
    """An ``Input`` without an id, as a frame."""
    return _PRESSED.pack(len(keys) + _PRESSED.size - _LENGTH, _INPUT_KIND, 0) + keys


def keys_in(chunk: bytes) -> bytes:
    """The keys of an ``Input`` without an id, if the chunk is just one; else nothing."""
    if len(chunk) <= _PRESSED.size:
        return b""
    length, kind, id_length = _PRESSED.unpack_from(chunk)
    is_one = kind == _INPUT_KIND and id_length == 0 and length + _LENGTH == len(chunk)
    return chunk[_PRESSED.size :] if is_one else b""


def output(offset: int, text: bytes) -> bytes:
    """An ``Output`` as a frame."""
    return _OUTPUT.pack(len(text) + _OUTPUT.size - _LENGTH, _OUTPUT_KIND, offset) + text


def text_in(chunk: bytes) -> bytes:
    """The text of an ``Output``, if the chunk is just one; else nothing."""
    if len(chunk) <= _OUTPUT.size:
        return b""
    length, kind, _ = _OUTPUT.unpack_from(chunk)
    return chunk[_OUTPUT.size :] if kind == _OUTPUT_KIND and length + _LENGTH == len(chunk) else b""


class Frames:
    """Bytes in, whole messages out. Owns what has come of the next one."""

    def __init__(self) -> None:
        #: What has come of a message that is not whole.
        self.rest = b""
        #: Whoever announces more is cut off.
        self.longest = LONGEST

    @property
    def missing(self) -> int:
        """How many bytes there are to come of the next message, as far as is known."""
        if len(self.rest) < _HEAD.size:
            return _HEAD.size - len(self.rest)
        length, _ = _HEAD.unpack_from(self.rest)
        return max(1, _LENGTH + int(length) - len(self.rest))

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The messages that are whole now; kinds that we do not know are passed over.

        Raises ``Broken``.
        """
        text = self.rest + chunk if self.rest else chunk
        place, last = 0, len(text) - _HEAD.size
        try:
            while place <= last:
                length, kind = _HEAD.unpack_from(text, place)
                if not 1 <= length <= self.longest:
                    raise Broken(f"a frame of {length} bytes")
                begin, end = place + _HEAD.size, place + _LENGTH + length
                if end > len(text):
                    break
                place = end
                if kind in _LAYOUTS:
                    message, layout = _LAYOUTS[kind]
                    yield tuple.__new__(message, unpacked(layout, text, begin, end))
        finally:
            # Also when nobody asks for the next one.
            self.rest = text[place:]
