"""Whose turn it is to type: the screens', or that of somebody from afar. Whoever sits there wins."""

import re
from typing import Final

#: One key, or one thing that a terminal says, as far as it can be told apart.
_KEY: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[^\x1b]|[ -~\x80-\xff]+|[^\x1b]", re.DOTALL)
_PASTE: Final = b"\x1b[200~"
_PASTE_ENDS: Final = b"\x1b[201~"
#: Enter, Ctrl-C, Ctrl-U and Esc, plain, by kitty's protocol and as xterm's other keys.
_EMPTIES: Final = re.compile(
    rb"[\r\x03\x15\x1b]|\x1b\[(?:(?:13|27)(?:;1(?::[12])?)?|(?:99|117);5(?::[12])?)u|\x1b\[27;5;(?:99|117)~"
)
#: Letters; Up and the keys that bring back older lines, or paste; letters by kitty's protocol.
_FILLS: Final = re.compile(
    rb"[\t\n -~\x80-\xff\x0e\x10\x12\x16\x19]+|\x1b\[(?:1;\d+)?A|\x1bOA|\x1b[\r\n]|\x1b\[13;\d.*"
    rb"|\x1b\[(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|[1-9]\d{3}|[1-4]\d{4})(?:;[12](?::[12])?)?u"
)


_FIRST_LETTER: Final = 32


class Draft:
    """Tells by the keys of a person whether a line has been begun; rather once too often."""

    def __init__(self) -> None:
        """Nothing is begun."""
        self.begun = False
        self._pasting = False

    def feed(self, keys: bytes) -> None:
        """These were pressed."""
        if self._pasting:
            _, ended, keys = keys.partition(_PASTE_ENDS)
            self._pasting = not ended
        for key in _KEY.finditer(keys):
            self._take(key.group())
        if keys.endswith(b"\x1b"):
            self._take(b"\x1b")

    def _take(self, key: bytes) -> None:
        if key in (_PASTE, _PASTE_ENDS):
            self._pasting = key == _PASTE
            self.begun = True
        elif not self._pasting and _EMPTIES.fullmatch(key):
            self.begun = False
        elif self._pasting or _FILLS.fullmatch(key):
            self.begun = True


class Turns:
    """Owns who may type. The client from afar is known by whatever stands for it."""

    def __init__(self) -> None:
        """The screens' turn."""
        self.number = 0
        self.pressed_at: float | None = None
        self._owner: object = None
        self._draft = Draft()

    @property
    def remote(self) -> bool:
        """Somebody from afar has it."""
        return self._owner is not None

    @property
    def draft(self) -> bool:
        """A person at a screen has begun a line."""
        return self._draft.begun

    def take(self, client: object) -> None:
        """It is that client's."""
        self.number += 1
        self._owner = client

    def give(self, client: object) -> bool:
        """That client has enough, or has gone; whether that changes anything."""
        if self._owner is not client:
            return False
        self._owner = None
        return True

    def goes_on(self, keys: bytes, now: float) -> bool:
        """Whether *keys* are letters in a line that has begun, at a screen whose turn it is: no change."""
        if self._owner is not None or not self._draft.begun or min(keys) < _FIRST_LETTER:
            return False
        self.pressed_at = now
        return True

    def pressed(self, keys: bytes, now: float) -> bool:
        """A person at a screen pressed these; whether that changes anything that is told."""
        self.pressed_at = now
        before = self.remote, self.draft
        if self.remote:
            self.number += 1
            self._owner = None
        self._draft.feed(keys)
        return before != (self.remote, self.draft)

    def is_now(self, number: int) -> bool:
        """Whether somebody from afar may type in that turn."""
        return self.remote and number == self.number
