"""The history of what keeps no transcript that is read: one notice."""

from collections.abc import Sequence

from supervisor.core.model import Entry, EntryKind, Page, Record, Role


class Silent:
    """Says in one notice that there is nothing."""

    def __init__(self, said: str) -> None:
        """*said*: why, and where to look."""
        self._notice = Entry(seq=0, id="notice", at=None, role=Role.SYSTEM, kind=EntryKind.NOTICE, text=said)

    def recent(self) -> Record:
        """One notice."""
        return Record(entries=(self._notice,))

    def more(self) -> Sequence[Record]:
        """Nothing comes."""
        return ()

    def is_behind(self) -> bool:
        """Nothing is left."""
        return False

    def replaced(self) -> bool:
        """Nothing changes."""
        return False

    def page(self, before: int | None, limit: int) -> Page:
        """One notice."""
        del limit
        return Page(entries=(self._notice,) if before is None else (), before=None)

    def close(self) -> None:
        """Nothing is held."""
