"""One transcript, followed forwards and read backwards, whatever happens to its file.

The file is opened for each look and closed again: so a file that was deleted, replaced or made
unreadable is noticed at once, no number of transcripts exhausts the descriptors, and on Windows
nobody is kept from renaming or deleting it. It costs some microseconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor.core.model import Page, Record
from supervisor.transcripts.lines import Lines, Skipped, Why, foreign_encoding
from supervisor.transcripts.opening import Opened, Unfit, opened
from supervisor.transcripts.reading import (
    BLOCK,
    FAR,
    NEAR,
    Reader,
    folded,
    line_start,
    meaning,
    notice,
    page,
    primed,
    titled,
)

#: How many bytes are turned into records in one call of ``more``, about.
_SLICE = 8 * 1024 * 1024
#: And about so many of them: small ones take longer to read than their bytes say.
_MOST_RECORDS = 20_000
#: More than that at once is not followed: pages still show it.
_BACKLOG = 256 * 1024 * 1024
#: How much of the beginning, and of what stands before a place, tells a file from a rewritten one.
_HEAD = 1024
_TRACE = 64

_GONE = (FileNotFoundError, NotADirectoryError)


@dataclass(slots=True)
class _Followed:
    """How far a file has been read, and how to see that it is still the same. Owner: a LineFile."""

    identity: tuple[int, int]
    reader: Reader
    lines: Lines
    #: The first bytes of the file, out of whole lines only: a torn line may be written anew.
    head: bytes
    #: The last bytes before the line in hand, and before what is to be read next.
    before_line: bytes
    before_next: bytes
    #: The first bytes of the line in hand.
    line_head: bytes = b""

    def advance(self, file: Opened) -> Sequence[Record] | None:
        """Read the next block and say what it means; ``None`` at the end of the file."""
        offset, line_at = self.lines.position, self.lines.line_at
        block = file.read(offset, min(BLOCK, max(0, file.size - offset)))
        if not block:
            return None
        found = self.lines.feed(block)
        self._remember(block, line_at)
        if len(self.head) < min(_HEAD, self.lines.line_at):
            self.head = file.read(0, min(_HEAD, self.lines.line_at))
        return [meaning(item, self.reader) for item in found]

    def _remember(self, block: bytes, line_at: int) -> None:
        joined = self.before_next + block
        self.before_next = joined[-_TRACE:]
        if self.lines.line_at == line_at:
            self.line_head = (self.line_head + block[:_TRACE])[:_TRACE]
            return
        end = self.lines.line_at - (self.lines.position - len(joined))
        self.before_line = joined[max(0, end - _TRACE) : end]
        self.line_head = joined[end : end + _TRACE]

    def what_happened(self, file: Opened) -> str | None:
        """Say how *file* is no longer what it was, or ``None`` if it has only grown."""
        if file.identity != self.identity:
            return "was replaced by another file"
        if file.size < self.lines.line_at:
            return "was cut short"
        if not _stands(file, 0, self.head) or not _ends(file, self.lines.line_at, self.before_line):
            return "was written anew"
        if self.lines.position != self.lines.line_at and not self._torn_line_stands(file):
            self._read_line_again()
        return None

    def _torn_line_stands(self, file: Opened) -> bool:
        return _ends(file, self.lines.position, self.before_next) and _stands(
            file, self.lines.line_at, self.line_head
        )

    def _read_line_again(self) -> None:
        """A line that was not whole may be taken back, or written over."""
        self.lines = Lines(self.lines.line_at)
        self.before_next = self.before_line
        self.line_head = b""


def _stands(file: Opened, at: int, trace: bytes) -> bool:
    return file.read(at, len(trace)) == trace


def _ends(file: Opened, at: int, trace: bytes) -> bool:
    return file.size >= at and _stands(file, at - len(trace), trace)


class LineFile:
    """A transcript of JSON lines. All calls may block on disk, and none of them raises."""

    def __init__(self, path: Path, reader: Callable[[], Reader], *, root: Path | None = None) -> None:
        """Open nothing yet; with *root*, no folder between it and *path* may be a link."""
        self._path = path
        self._root = root
        self._new_reader = reader
        self._followed: _Followed | None = None
        self._replaced = False
        self._trouble: str | None = None
        self._told = 0
        self._behind = False

    def recent(self) -> Record:
        """Fold what the beginning and the last part of the file say of the session."""
        self._trouble = None
        try:
            with opened(self._path, self._root) as file:
                self._look(file)
                return titled(self._begin_near_the_end(file), file, self._new_reader)
        except OSError as problem:
            return folded(self._lost(problem))

    def more(self) -> Sequence[Record]:
        """Give what has been written since the last look: some MiB at a time, nothing at the end."""
        told: list[Record] = []
        self._behind = False
        try:
            with opened(self._path, self._root) as file:
                told += self._look(file)
                self._read_on(file, told)
        except OSError as problem:
            told += self._lost(problem)
        return told

    def is_behind(self) -> bool:
        """Whether the last call of ``more`` gave a part of what was there: looking twice is dear."""
        return self._behind

    def replaced(self) -> bool:
        """Whether, since last asked, numbers given before have lost their meaning."""
        replaced, self._replaced = self._replaced, False
        return replaced

    def page(self, before: int | None, limit: int) -> Page:
        """Read up to *limit* entries with a seq below *before*; what is followed stays as it is."""
        try:
            with opened(self._path, self._root) as file:
                _refuse_foreign(file)
                return page(file, self._new_reader, before, limit)
        except _GONE:
            return Page(entries=(), before=None)
        except OSError as problem:
            return Page(entries=self._say(-1, _unreadable(problem)).entries, before=None)

    def close(self) -> None:
        """Let go of what was read; no file is open between two calls."""
        self._followed = None

    def _look(self, file: Opened) -> Sequence[Record]:
        """See whether the file is still the one that was followed."""
        happened = self._followed and self._followed.what_happened(file)
        told = [self._start_over(happened)] if happened else []
        if self._followed is None:
            _refuse_foreign(file)
        self._trouble = None
        return told

    def _start_over(self, happened: str) -> Record:
        self._followed = None
        self._replaced = True
        return self._say(-1, f"The transcript {happened}. What stood in it before cannot be read any more.")

    def _begin_near_the_end(self, file: Opened) -> Record:
        reach = 4 * NEAR
        while True:
            start = line_start(file, max(0, file.size - reach), file.size)
            last = start == 0 or reach >= FAR
            if start is not None or last:
                first, rest = self._begin(file, file.size if start is None else start)
                if rest.entries or last:
                    return folded((first, rest))
            reach *= 4

    def _begin(self, file: Opened, start: int) -> tuple[Record, Record]:
        """Follow the file from *start* on; say what its first record means, and all from there."""
        followed, first = self._follow(file, start)
        rest = Record()
        while (records := followed.advance(file)) is not None:
            rest = folded((rest, *records))
        return first, rest

    def _follow(self, file: Opened, start: int) -> tuple[_Followed, Record]:
        reader, first = primed(file, start, self._new_reader)
        trace = file.read(max(0, start - _TRACE), min(start, _TRACE))
        self._followed = _Followed(
            identity=file.identity,
            reader=reader,
            lines=Lines(start),
            head=file.read(0, min(_HEAD, start)),
            before_line=trace,
            before_next=trace,
        )
        return self._followed, first

    def _read_on(self, file: Opened, told: list[Record]) -> None:
        followed = self._followed or self._follow(file, 0)[0]
        if file.size - followed.lines.position > _BACKLOG:
            told.append(self._leave_out(file, followed))
            followed = self._followed or followed
        began = followed.lines.position
        while (records := followed.advance(file)) is not None:
            told += records
            if told and (followed.lines.position - began >= _SLICE or len(told) >= _MOST_RECORDS):
                self._behind = followed.lines.position < file.size
                return

    def _leave_out(self, file: Opened, followed: _Followed) -> Record:
        """Go on near the end of a file that has grown by more than anybody wants to be told."""
        left_out = Skipped(followed.lines.line_at, file.size - _SLICE - followed.lines.line_at, Why.TOO_MUCH)
        self._follow(file, file.size - _SLICE)
        return meaning(left_out, followed.reader)

    def _lost(self, problem: OSError) -> list[Record]:
        """Say once that the file cannot be read now; it is followed on when it can be again."""
        if isinstance(problem, _GONE):
            self._trouble = None
            return [self._start_over("was deleted")] if self._followed else []
        trouble = _unreadable(problem)
        if trouble == self._trouble:
            return []
        self._trouble = trouble
        return [self._say(self._followed.lines.line_at - 1 if self._followed else -1, trouble)]

    def _say(self, seq: int, text: str) -> Record:
        """Speak of the whole file. No record has the number of the line feed before a line."""
        self._told += 1
        return Record(entries=(notice(seq, f"file-{self._told}", text),))


def _unreadable(problem: OSError) -> str:
    if isinstance(problem, Unfit):
        return f"The transcript is not shown: {problem}."
    return f"The transcript cannot be read now: {problem.strerror or problem}."


def _refuse_foreign(file: Opened) -> None:
    if encoding := foreign_encoding(file.read(0, 4)):
        raise Unfit(f"it is written in {encoding}, not in UTF-8")
