"""The key that leaves a terminal, pressed twice in a row, in whichever way the terminal spells it."""

import re
from typing import Final

from supervisor.core.errors import WrongUse

_NAME: Final = re.compile(r"ctrl-([a-z@\[\\\]^_])", re.IGNORECASE)


class Leaving:
    """Keys in, keys to pass on out. Owns a first press that waits for the second."""

    def __init__(self, key: str) -> None:
        """*key*: ``ctrl-`` and a letter or one of ``@[\\]^_``; empty: none. Raises ``WrongUse``."""
        self._held = b""
        self.left = False
        self._patterns = _patterns(key) if key else None

    @property
    def waits(self) -> bool:
        """Whether a press is kept back."""
        return bool(self._held)

    def feed(self, keys: bytes) -> bytes:
        """These were pressed; what to pass on. After the second press ``left`` is true."""
        if self._patterns is None:
            return keys
        twice_pressed, once_pressed = self._patterns
        keys, self._held = self._held + keys, b""
        if twice := twice_pressed.search(keys):
            self.left = True
            return keys[: twice.start()]
        if once := once_pressed.search(keys):
            self._held = once.group()
            return keys[: once.start()]
        return keys

    def give_up(self) -> bytes:
        """No second press came: what was kept back."""
        held, self._held = self._held, b""
        return held


def _patterns(key: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    named = _NAME.fullmatch(key)
    if named is None:
        raise WrongUse(f"{key!r} is no key to leave by.", "Say ctrl- and a letter, or one of @ [ \\ ] ^ _")
    letter = named[1].lower()
    control = re.escape(bytes([ord(letter.upper()) & 0x1F]))
    # The plain byte; kitty's keyboard protocol, with releases where they are told; xterm's modifyOtherKeys.
    code = b"%d" % ord(letter)
    press = rb"(?:%b|\x1b\[%b;5(?::[12])?u|\x1b\[27;5;%b~)" % (control, code, code)
    release = rb"(?:\x1b\[%b;5:3u)?" % code
    return re.compile(press + release + press), re.compile(press + release + rb"\Z")
