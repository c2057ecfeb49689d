"""A command line for Windows, where a program is given one text and not its arguments."""

import errno
import re
import subprocess
from collections.abc import Sequence
from typing import Final

#: Who runs them is ``cmd.exe``, which reads a line by rules of its own.
_SCRIPTS: Final = (".bat", ".cmd")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/\\@#+=-]+")
#: A slash at the end would make a quote of ours one of the text.
_SLASHES: Final = re.compile(r'(\\+)(?="|$)')
#: The first nothing of the current folder's name, so that what stands beside it is no variable's name.
_NO_VARIABLE: Final = "%%cd:~,%"


def command_line(program: str, arguments: Sequence[str], interpreter: str) -> tuple[str, str]:
    """How *program*, a whole path, is started: the program, quoted if need be, and all that follows.

    *interpreter*: the path of ``cmd.exe``. Raises ``OSError`` for what cannot be said to it.
    """
    if not program.lower().endswith(_SCRIPTS):
        return subprocess.list2cmdline([program]), subprocess.list2cmdline(arguments)
    said = " ".join([_quoted(program), *map(_quoted_in_script, arguments)])
    return subprocess.list2cmdline([interpreter]), f'/e:on /v:off /d /s /c "{said}"'


def _quoted(text: str) -> str:
    return f'"{text}"'


def _quoted_in_script(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise OSError(errno.EINVAL, "no script can be given more than one line")
    if _PLAIN.fullmatch(text):
        return text
    doubled = _SLASHES.sub(r"\1\1", text).replace('"', '""')
    return _quoted(doubled.replace("%", _NO_VARIABLE))
