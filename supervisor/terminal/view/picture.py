"""What a phone is shown of a terminal, and how that is written: a document of one line, in ASCII.

Rows come from the painter as JSON and are passed on as they are: nobody here reads them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """What a program has asked of its terminal, as far as it concerns keys and pictures."""

    #: It paints a screen of its own, with no lines above.
    alternate: bool = False
    application_cursor: bool = False
    bracketed_paste: bool = False
    #: It wants to be told of the mouse.
    mouse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of a terminal but its rows."""

    #: Rows and columns.
    size: tuple[int, int]
    #: Row and column from 0, and whether it is seen.
    cursor: tuple[int, int, bool]
    title: str = ""
    modes: Modes = field(default_factory=Modes)
    #: Lines above the screen have numbers: from the first up to the one before the second.
    history: tuple[int, int] = (0, 0)
    #: The command's exit code, when it has ended.
    ended: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What has changed for one viewer since the last frame that it took."""

    picture: Picture
    #: What it had is void.
    whole: bool
    #: Rows that have moved out at the top, before *rows* are put in their places.
    scrolled: int
    #: Row → its JSON.
    rows: Mapping[int, bytes]

    def encoded(self) -> bytes:
        """The document that a phone is sent."""
        rows = b",".join(b"[%d,%b]" % (row, runs) for row, runs in self.rows.items())
        about = {"whole": self.whole, **asdict(self.picture), "scrolled": self.scrolled}
        return _opened(about) + b',"rows":[%b]}' % rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Lines from above the screen, oldest first. *first*: the number of the oldest."""

    first: int
    history: tuple[int, int]
    rows: Sequence[bytes]

    def encoded(self) -> bytes:
        """The document that a phone is sent."""
        rows = b",".join(b"[%b]" % runs for runs in self.rows)
        return _opened({"first": self.first, "history": self.history}) + b',"rows":[%b]}' % rows


def _opened(about: Mapping[str, Any]) -> bytes:
    return json.dumps(about, separators=(",", ":")).encode()[:-1]


def noted(picture: Picture) -> bytes:
    """A picture as the painter writes it."""
    return json.dumps(asdict(picture), separators=(",", ":")).encode()


def understood(text: bytes) -> Picture:
    """A picture that the painter has written. Raises ``ValueError`` for anything else."""
    try:
        said = json.loads(text)
        modes = Modes(**{str(name): bool(value) for name, value in said.pop("modes").items()})
        size, cursor, history = said.pop("size"), said.pop("cursor"), said.pop("history")
        ended = said.pop("ended")
        return Picture(
            size=(int(size[0]), int(size[1])),
            cursor=(int(cursor[0]), int(cursor[1]), bool(cursor[2])),
            title=str(said.pop("title")),
            modes=modes,
            history=(int(history[0]), int(history[1])),
            ended=None if ended is None else int(ended),
        )
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as trouble:
        raise ValueError("no picture") from trouble


def frame(picture: Picture, rows: Sequence[bytes], before: Picture | None, shown: Sequence[bytes]) -> Frame:
    """What brings a viewer from what it was shown to what is there now. *before*: ``None`` if nothing was."""
    if before is None or before.size != picture.size:
        every = {row: runs for row, runs in enumerate(rows) if runs != EMPTY}
        return Frame(picture=picture, whole=True, scrolled=0, rows=every)
    moved = picture.history[1] - before.history[1]
    plain = _changed(rows, shown)
    if 0 < moved < len(rows):
        lifted = _changed(rows, [*shown[moved:], *[EMPTY] * moved])
        if len(lifted) < len(plain):
            return Frame(picture=picture, whole=False, scrolled=moved, rows=lifted)
    return Frame(picture=picture, whole=False, scrolled=0, rows=plain)


#: A row with nothing in it.
EMPTY = b"[]"


def _changed(rows: Sequence[bytes], shown: Sequence[bytes]) -> Mapping[int, bytes]:
    pairs = enumerate(zip(rows, shown, strict=True))
    return {row: now for row, (now, before) in pairs if now != before}
