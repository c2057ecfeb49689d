"""One line that brings a session back, safe to paste into a given shell; or nothing at all.

Folder names are written by others. What cannot be proved safe in a shell is refused: then id and
folder are shown apart. Each shell has its own rules; none is a common denominator.

``posix``: bash, zsh, dash, ksh. Single quotes stop everything there, history expansion too.
``fish``: single quotes, with two escapes of its own.
``powershell``: 5 and 7. Not run here but checked against its grammar: single quotes, doubled; four
more characters count as single quotes and are refused. Every word is quoted, because bare words
are split at dots and colons.
``cmd``: not run here but checked against its parsing rules: ``%`` and ``!`` are expanded inside
quotes too, so they are refused, with ``^`` and what no Windows name may contain.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

from supervisor.core.errors import WrongUse
from supervisor.core.model import Resume

SHELLS = ("posix", "fish", "powershell", "cmd")

#: Bytes. A line editor takes more, but a plain terminal on macOS cuts a line after 1024.
LONGEST = 1000

_Quoter = Callable[[str], str]

#: No shell gives these characters a meaning, whatever its options are.
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
_PLAIN_ON_WINDOWS = re.compile(r"[A-Za-z0-9_.:/\\@+-]+")

#: Words that are grammar where a program is expected, unless they are quoted.
_GRAMMAR = re.compile(
    r"and|begin|builtin|case|command|coproc|do|done|elif|else|end|esac|exec|fi|for|foreach|function|if|in"
    r"|nocorrect|noglob|not|or|repeat|select|switch|then|time|until|while"
)
_GRAMMAR_OF_CMD = frozenset({"for", "if", "rem"})

_DRIVE = re.compile(r"[A-Za-z]:\\")
_NEVER_IN_A_WINDOWS_NAME = frozenset('<>:"|?*')
_QUOTES_OF_POWERSHELL = frozenset("\u2018\u2019\u201a\u201b\u201c\u201d\u201e")
_EXPANDED_BY_CMD = frozenset("%!^")

#: Names of devices in every Windows folder, also with an extension.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\..*)?")

_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lo", "Mn", "Mc", "Nd"})

#: Letters, marks and symbols by class, but nothing to be seen (Default_Ignorable_Code_Point).
_INVISIBLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)


# A session is told anew with every line that its agent writes; its command hardly ever changes.
@lru_cache(maxsize=1024)
def command(resume: Resume, shell: str) -> str | None:
    """One line for *shell*, without a newline; ``None``: nothing there is proved to be safe.

    Raises ``WrongUse`` for a shell that is not in ``SHELLS``.
    """
    if shell not in SHELLS:
        raise WrongUse(f"There is no shell called {shell!r} here", f"Use one of {', '.join(SHELLS)}")
    words = (*resume.argv, *(() if resume.cwd is None else (resume.cwd,)))
    if not _is_program(resume.argv) or not all(map(_visible, words)):
        return None
    line = _LINES[shell](resume.argv, resume.cwd)
    return line if line is not None and len(line.encode()) <= LONGEST else None


def _is_program(argv: tuple[str, ...]) -> bool:
    """A leading dash is an option or, in zsh, a modifier, even where a program is expected."""
    return bool(argv) and argv[0] != "" and not argv[0].startswith("-")


def _visible(word: str) -> bool:
    return all(map(_shown_as_itself, word))


def _shown_as_itself(char: str) -> bool:
    """By class: no control, format, surrogate, private or unassigned character, no odd space."""
    if char == " ":
        return True
    if unicodedata.category(char)[0] in "CZ":
        return False
    return not any(first <= ord(char) <= last for first, last in _INVISIBLE)


def _posix_word(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _fish_word(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _line_with_cd(argv: tuple[str, ...], cwd: str | None, quoted: _Quoter) -> str | None:
    """For shells that know ``cd --`` and ``&&``. Bare words stay bare: aliases work, and it reads well."""
    words = [word if _PLAIN.fullmatch(word) else quoted(word) for word in argv]
    if _GRAMMAR.fullmatch(argv[0]):
        words[0] = quoted(argv[0])
    line = " ".join(words)
    if cwd is None:
        return line
    return f"cd -- {quoted(cwd)} && {line}" if _exact(cwd) else None


def _exact(folder: str) -> bool:
    """From the root, so that neither CDPATH nor the folder we are in matters; ``//`` is special."""
    return folder.startswith("/") and not folder.startswith("//") and not _wanders(folder.split("/"))


def _wanders(names: Sequence[str]) -> bool:
    return not {".", ".."}.isdisjoint(names)


def _powershell_line(argv: tuple[str, ...], cwd: str | None) -> str | None:
    if not all(map(_PLAIN_ON_WINDOWS.fullmatch, argv)):
        return None
    start = "& " + " ".join(f"'{word}'" for word in argv)
    if cwd is None:
        return start
    folder = _windows_folder(cwd) if _is_windows(cwd) else _portable_folder(cwd)
    if folder is None or not _QUOTES_OF_POWERSHELL.isdisjoint(folder):
        return None
    folder = folder.replace("'", "''")
    return f"Set-Location -LiteralPath '{folder}'; if ($?) {{ {start} }}"


def _cmd_line(argv: tuple[str, ...], cwd: str | None) -> str | None:
    if not all(map(_PLAIN_ON_WINDOWS.fullmatch, argv)) or not argv[0][0].isalnum():
        return None
    if argv[0].lower() in _GRAMMAR_OF_CMD:
        return None
    start = " ".join(argv)
    if cwd is None:
        return start
    folder = _windows_folder(cwd)
    return f'cd /d "{folder}" && {start}' if folder is not None and all(map(_safe_in_cmd, folder)) else None


def _safe_in_cmd(char: str) -> bool:
    """Beyond ASCII only letters and digits: others may turn into a quote in an old code page."""
    if char.isascii():
        return char not in _EXPANDED_BY_CMD
    return unicodedata.category(char) in _LETTERS_AND_DIGITS and not "\uff00" <= char <= "\uffef"


def _is_windows(folder: str) -> bool:
    return _DRIVE.match(folder.replace("/", "\\")) is not None


def _windows_folder(folder: str) -> str | None:
    """A folder on a drive letter, exactly as Windows takes it; no share, no device, no stream."""
    folder = folder.replace("/", "\\")
    if not _is_windows(folder):
        return None
    names = folder[3:].removesuffix("\\").split("\\") if len(folder) > 3 else []
    return folder if all(map(_kept_by_windows, names)) else None


def _kept_by_windows(name: str) -> bool:
    """Windows drops dots and spaces at the end of a name, and opens devices in any folder."""
    if not name or name.endswith((".", " ")) or _DEVICE.fullmatch(name):
        return False
    return _NEVER_IN_A_WINDOWS_NAME.isdisjoint(name)


def _portable_folder(folder: str) -> str | None:
    """For PowerShell on other systems, where it takes a backslash for a separator all the same."""
    odd = _NEVER_IN_A_WINDOWS_NAME | {"\\"}
    return folder if _exact(folder) and odd.isdisjoint(folder) else None


_LINES: Mapping[str, Callable[[tuple[str, ...], str | None], str | None]] = {
    "posix": partial(_line_with_cd, quoted=_posix_word),
    "fish": partial(_line_with_cd, quoted=_fish_word),
    "powershell": _powershell_line,
    "cmd": _cmd_line,
}
