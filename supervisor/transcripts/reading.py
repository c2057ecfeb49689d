"""Reads parts of a file of JSON lines, in bounded memory: its first record, its end, a page."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from supervisor.core.model import Entry, EntryKind, Facts, Page, Record, Role
from supervisor.core.titles import of_prompt
from supervisor.transcripts.lines import LONGEST_LINE, Lines, Skipped, Whole
from supervisor.transcripts.opening import Opened

#: Fields of one record in, its meaning out; remembers what came before.
Reader = Callable[[Mapping[str, Any]], Record]

#: How many bytes are read at once.
BLOCK = 1024 * 1024
#: How far back to look at first; four times as far as long as that is too little.
NEAR = 64 * 1024
#: How far back to look at most when some of what is asked for has been found.
FAR = 2 * LONGEST_LINE
#: How far back to look at most for anything at all.
_FARTHEST = 32 * LONGEST_LINE
_HEAD_BLOCK = 16 * 1024
#: Where the first prompt is looked for: agents write down their own instructions before it.
_OPENING = 256 * 1024


def meaning(item: Whole | Skipped, reader: Reader) -> Record:
    """Say what a piece of a file means, with the final numbers of its entries."""
    if isinstance(item, Skipped):
        text = f"{item.size:,} bytes at byte {item.at:,} of the transcript are not shown: {item.why}."
        return Record(entries=(notice(item.at, f"skipped-{item.at}", text),))
    record = reader(item.fields)
    if not record.entries:
        return record
    return replace(record, entries=tuple(replace(e, seq=item.at + e.seq) for e in record.entries))


def notice(seq: int, name: str, text: str) -> Entry:
    """Make an entry that speaks of the file, not of the conversation in it."""
    return Entry(seq=seq, id=name, at=None, role=Role.SYSTEM, kind=EntryKind.NOTICE, text=text)


def folded(records: Iterable[Record]) -> Record:
    """Fold records into one: the last entry, the last sign, of each fact the last that is known."""
    whole = Record()
    for record in records:
        whole = Record(
            entries=record.entries[-1:] or whole.entries,
            facts=_merged(whole.facts, record.facts),
            sign=record.sign or whole.sign,
            at=whole.at if record.at is None else record.at,
        )
    return whole


def _merged(old: Facts | None, new: Facts | None) -> Facts | None:
    if old is None or new is None:
        return new or old
    known = {f.name: value for f in fields(new) if (value := getattr(new, f.name)) is not None}
    return replace(old, **known)


def items(file: Opened, start: int, stop: int, block_size: int = BLOCK) -> Iterator[Whole | Skipped]:
    """Give what begins at or after *start* (the start of a line) and before *stop*.

    A torn line at the end of the file waits for its end and is not given.
    """
    lines = Lines(start)
    end = min(file.size, stop + LONGEST_LINE)
    while lines.position < end:
        block = file.read(lines.position, min(block_size, end - lines.position))
        if not block:
            return
        for item in lines.feed(block):
            if item.at >= stop:
                return
            yield item
    if end < file.size:
        yield from (item for item in lines.give_up() if item.at < stop)


def first_record(file: Opened) -> Whole | None:
    """Find the first record of a file, near its beginning."""
    beginning = items(file, 0, LONGEST_LINE, _HEAD_BLOCK)
    return next((item for item in beginning if isinstance(item, Whole)), None)


def primed(file: Opened, start: int, new_reader: Callable[[], Reader]) -> tuple[Reader, Record]:
    """Make a reader that is ready for the records from *start* on; tell what made it ready."""
    reader = new_reader()
    first = first_record(file) if start > 0 else None
    if first is None or first.at >= start:
        return reader, Record()
    return reader, meaning(first, reader)


def titled(record: Record, file: Opened, new_reader: Callable[[], Reader]) -> Record:
    """Call what has no title by its first prompt, if that stands near the beginning."""
    if record.facts and record.facts.title:
        return record
    reader = new_reader()
    said = (
        entry for item in items(file, 0, _OPENING, _HEAD_BLOCK) for entry in meaning(item, reader).entries
    )
    prompts = (of_prompt(e.text) for e in said if e.role is Role.USER and e.kind is EntryKind.TEXT)
    title = next((title for title in prompts if title), None)
    return replace(record, facts=_merged(record.facts, Facts(title=title))) if title else record


def page(file: Opened, new_reader: Callable[[], Reader], before: int | None, limit: int) -> Page:
    """Read up to *limit* entries with a seq below *before*, the newest of them.

    There may be fewer than *limit* of them although older ones are left: what counts is
    ``Page.before``.
    """
    stop = file.size if before is None else min(before, file.size)
    if stop <= 0 or limit <= 0:
        return Page(entries=(), before=None if stop <= 0 else before)
    reach, scanned = NEAR, stop
    while True:
        at = max(0, stop - reach)
        start = line_start(file, at, scanned)
        if start is not None or reach >= _FARTHEST:
            begin = at if start is None else start
            found, more = _entries(file, begin, stop, new_reader, limit)
            enough = len(found) == limit or (found and reach >= FAR)
            if enough or begin == 0 or reach >= _FARTHEST:
                return Page(
                    entries=found or _blank(begin, stop), before=found[0].seq if more else begin or None
                )
        else:
            scanned = at + 1
        reach *= 4


def _blank(start: int, stop: int) -> Sequence[Entry]:
    """Say what was left out where nothing was found; at the beginning there is nothing to say."""
    if start == 0:
        return ()
    text = f"{stop - start:,} bytes at byte {start:,} of the transcript are not shown: no entry is in them."
    return (notice(start, f"skipped-{start}", text),)


def _entries(
    file: Opened, start: int, stop: int, new_reader: Callable[[], Reader], limit: int
) -> tuple[list[Entry], bool]:
    """Read the last *limit* entries in front of *stop*, and tell whether there were more."""
    reader, _ = primed(file, start, new_reader)
    newest: deque[Entry] = deque(maxlen=limit)
    count = 0
    for item in items(file, start, stop):
        for entry in meaning(item, reader).entries:
            if entry.seq < stop:
                newest.append(entry)
                count += 1
    return list(newest), count > limit


def line_start(file: Opened, at: int, stop: int) -> int | None:
    """Find the first start of a line at or after *at*, but before *stop*."""
    if at <= 0:
        return 0
    position = at - 1
    while position < stop:
        block = file.read(position, min(BLOCK, stop - position))
        if not block:
            return None
        feed = block.find(b"\n")
        if feed >= 0:
            return position + feed + 1 if position + feed + 1 < stop else None
        position += len(block)
    return None
