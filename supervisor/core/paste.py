"""A command line that a person pastes into a shell, from an argv and a folder.

Only words that are provably the same in that shell are quoted; for all others there is no
command, and the screen shows the id and the folder instead. Escaping cleverly is how folder names
have come to run code.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from supervisor.core.model import Resume


class Shell(StrEnum):
    """A shell that we can write for."""

    POSIX = "posix"
    FISH = "fish"
    POWERSHELL = "powershell"
    CMD = "cmd"


#: What needs no quotes in any of them.
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")
_PLAIN = frozenset("_-./:@+,=")
_QUOTED: Mapping[Shell, frozenset[str]] = {
    Shell.POSIX: _PLAIN | frozenset(" ()[]{}#~%&"),
    Shell.FISH: _PLAIN | frozenset(" ()[]{}#~%&"),
    Shell.POWERSHELL: _PLAIN | frozenset(" ()[]{}#~%&\\"),
    # Inside double quotes cmd still expands percent and carets; round brackets end blocks.
    Shell.CMD: _PLAIN | frozenset(" []{}#~\\"),
}
_LONGEST = 4096


def command(resume: Resume, shell: Shell) -> str | None:
    """One line without a line end, or ``None`` where a word cannot be proved safe."""
    if not resume.argv or not all(_is_safe(word, shell) for word in resume.argv):
        return None
    words = " ".join(_quote(word, shell) for word in resume.argv)
    if shell is Shell.POWERSHELL and words.startswith("'"):
        words = f"& {words}"
    if resume.cwd is None:
        return words
    if not _is_safe(resume.cwd, shell) or not _is_local_folder(resume.cwd):
        return None
    return _ENTER[shell](_quote(resume.cwd, shell), words)


_ENTER: Mapping[Shell, Callable[[str, str], str]] = {
    Shell.POSIX: lambda folder, words: f"cd {folder} && {words}",
    Shell.FISH: lambda folder, words: f"cd {folder}; and {words}",
    # Windows PowerShell 5 does not know &&.
    Shell.POWERSHELL: lambda folder, words: f"Set-Location -LiteralPath {folder}; if ($?) {{ {words} }}",
    Shell.CMD: lambda folder, words: f"cd /d {folder} && {words}",
}


def _is_safe(word: str, shell: Shell) -> bool:
    allowed = _QUOTED[shell]
    return 0 < len(word) <= _LONGEST and all(_is_letter(c) or c in allowed for c in word)


def _is_letter(character: str) -> bool:
    # Typographic quotes, which PowerShell takes for quotes, are neither letters nor digits.
    return character.isalnum()


def _is_local_folder(folder: str) -> bool:
    """An absolute path that is no network or device path: those may be answered by strangers."""
    if folder.startswith(("//", "\\\\", "/\\", "\\/")):
        return False
    return folder.startswith("/") or (len(folder) > 2 and folder[1] == ":" and folder[0].isalpha())


def _quote(word: str, shell: Shell) -> str:
    if all(c in _BARE for c in word):
        return word
    if shell is not Shell.CMD:
        return f"'{word}'"
    # A single backslash before the closing quote would quote the quote.
    return f'"{word}\\"' if word.endswith("\\") else f'"{word}"'
