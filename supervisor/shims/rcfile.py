"""Edits a shell's file by the marks in it: bytes in, bytes out, and everything else as it was.

What has to be undone later stands behind the first mark: that a line had no end before, that the file
was made for the block.
"""

import codecs
import contextlib
import os
import re
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed, Refused

_BEGIN: Final = "# >>> wakeline >>>"
_END: Final = "# <<< wakeline <<<"
#: The line before had no end; taking the block out takes this end away again.
_JOINED: Final = " (its own line)"
#: The file was made for the block, and so many folders above it.
_MADE: Final = re.compile(r" \(its own file, ([0-9]) folders\)")
_BLOCK: Final = re.compile(
    rf"^{re.escape(_BEGIN)}(?P<remark>[^\n]*)\n(?P<inside>.*?)^{re.escape(_END)}[^\n]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_MARK: Final = re.compile(rf"^(?:{re.escape(_BEGIN)}|{re.escape(_END)})", re.MULTILINE)
_BACKUP: Final = ".before-wakeline"
_NEW: Final = ".wakeline-new"
#: Bytes. No person's file is larger.
_LARGEST: Final = 16 * 2**20
#: Windows' own PowerShell writes such files.
_WIDE: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Unchanged(Enum):
    """Nothing had to be done."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A shell's file as it was read. *text* stands for its bytes, one to one; ``None``: there is none."""

    rc: Path
    target: Path
    content: bytes | None
    seen: os.stat_result | None
    encoding: str

    @property
    def text(self) -> str:
        """Its bytes as characters, whatever they are."""
        return (self.content or b"").decode(self.encoding, "surrogatepass")


def read(rc: Path) -> File:
    """Read it, through any link. Raises ``Refused`` where it is no regular file, ``Failed``."""
    target = Path(os.path.realpath(rc))
    try:
        seen = target.stat()
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > _LARGEST:
            raise Refused(f"{target} is no shell's file.", "It is left alone.")
        content = target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return File(rc=rc, target=target, content=None, seen=None, encoding="latin-1")
    except OSError as trouble:
        raise _failed(target, trouble) from trouble
    encoding = next((name for mark, name in _WIDE if content.startswith(mark)), "latin-1")
    if encoding != "latin-1" and len(content) % 2:
        raise Refused(f"{target} is broken UTF-16.", "Save it anew in your editor.")
    return File(rc=rc, target=target, content=content, seen=seen, encoding=encoding)


def blocks(file: File) -> Sequence[re.Match[str]] | None:
    """The blocks in it; ``None`` when a mark has lost its partner."""
    found = tuple(_BLOCK.finditer(file.text))
    return found if len(_MARK.findall(file.text)) == 2 * len(found) else None


def is_same(file: File, wanted: str) -> bool:
    """Whether exactly one block is there, and it is the wanted one."""
    found = blocks(file)
    return found is not None and len(found) == 1 and _inside(found[0]) == wanted


def put(file: File, wanted: str) -> Path | Unchanged | None:
    """Put the block in, or in the place of another; the backup, or ``None`` for a new file."""
    found = _whole_blocks(file)
    if is_same(file, wanted):
        return UNCHANGED
    newline = "\r\n" if "\r\n" in file.text else "\n"
    if found:
        text = _replaced(file.text, found, wanted, newline)
    else:
        remark = _remark(file)
        joint = newline if remark == _JOINED else ""
        text = file.text + joint + _written(wanted, remark, newline)
    backup = _back_up(file) if file.content is not None and not found else None
    try:
        _write(file, text)
    except Failed:
        if backup:
            _forget_backup(file)
        raise
    return backup


def take_out(file: File) -> bool:
    """Take every block out, and the backup away; whether there was one."""
    found = _whole_blocks(file)
    text, made = file.text, None
    for match in reversed(found):
        before, after = text[: match.start()], text[match.end() :]
        if _JOINED in match["remark"] and not after:
            before = before.removesuffix("\n").removesuffix("\r")
        text, made = before + after, _MADE.search(match["remark"])
    if not found:
        return False
    if made and not text:
        _unmake(file, int(made[1]))
    else:
        _write(file, text)
    _forget_backup(file)
    return True


def _whole_blocks(file: File) -> Sequence[re.Match[str]]:
    found = blocks(file)
    if found is None:
        raise Refused(
            f"{file.target} has one of our marks without the other.",
            f"Remove the lines between {_BEGIN} and {_END} by hand.",
        )
    return found


def _inside(match: re.Match[str]) -> str:
    return match["inside"].replace("\r\n", "\n").removesuffix("\n")


def _remark(file: File) -> str:
    if file.content is None:
        missing = sum(1 for folder in file.target.parents if not folder.exists())
        return f" (its own file, {min(missing, 9)} folders)"
    return _JOINED if file.text and not file.text.endswith("\n") else ""


def _written(wanted: str, remark: str, newline: str) -> str:
    return "\n".join((_BEGIN + remark, wanted, _END, "")).replace("\n", newline)


def _replaced(text: str, found: Sequence[re.Match[str]], wanted: str, newline: str) -> str:
    for match in reversed(found[1:]):
        text = text[: match.start()] + text[match.end() :]
    first = found[0]
    return (
        text[: first.start()] + _written(wanted, first["remark"].rstrip("\r"), newline) + text[first.end() :]
    )


# -- on disk --------------------------------------------------------------------------------------


def _back_up(file: File) -> Path:
    assert file.content is not None
    backup = _beside(file.rc, _BACKUP)
    try:
        _replace(backup, file.content, file.seen)
    except OSError as trouble:
        raise _failed(backup, trouble) from trouble
    return backup


def _forget_backup(file: File) -> None:
    with contextlib.suppress(OSError):
        _beside(file.rc, _BACKUP).unlink(missing_ok=True)


def _write(file: File, text: str) -> None:
    try:
        if file.content is None:
            file.target.parent.mkdir(parents=True, exist_ok=True)
        if _changed_meanwhile(file):
            raise Failed(f"{file.target} was changed by somebody else just now.", "Try again.")
        _replace(file.target, text.encode(file.encoding, "surrogatepass"), file.seen)
    except OSError as trouble:
        raise _failed(file.target, trouble) from trouble


def _changed_meanwhile(file: File) -> bool:
    try:
        now = file.target.stat()
    except FileNotFoundError:
        return file.seen is not None
    return file.seen is None or (now.st_ino, now.st_size, now.st_mtime_ns) != (
        file.seen.st_ino,
        file.seen.st_size,
        file.seen.st_mtime_ns,
    )


def _replace(place: Path, content: bytes, like: os.stat_result | None) -> None:
    """Write beside it, then rename: whoever reads or is killed meanwhile has the old one or the new one."""
    new = _beside(place, _NEW)
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _make_like(new, place, like)
        new.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def _make_like(new: Path, place: Path, like: os.stat_result | None) -> None:
    """Modes, owner and what else a system keeps of a file; but it was changed now."""
    if like is None:
        new.chmod(0o644)
        return
    if place.exists():
        shutil.copystat(place, new)
        os.utime(new)
    new.chmod(stat.S_IMODE(like.st_mode))
    if change_owner := getattr(os, "chown", None):
        with contextlib.suppress(OSError):
            change_owner(new, like.st_uid, like.st_gid)


def _unmake(file: File, folders: int) -> None:
    try:
        if _changed_meanwhile(file):
            raise Failed(f"{file.target} was changed by somebody else just now.", "Try again.")
        file.target.unlink()
    except OSError as trouble:
        raise _failed(file.target, trouble) from trouble
    with contextlib.suppress(OSError):  # whatever is in them by now stays
        for folder in list(file.target.parents)[:folders]:
            folder.rmdir()


def _beside(place: Path, suffix: str) -> Path:
    return place.with_name(place.name + suffix)


def _failed(place: Path, trouble: OSError) -> Failed:
    return Failed(f"{place} cannot be changed: {trouble.strerror or trouble}.", "Nothing was changed.")
