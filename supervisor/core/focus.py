"""Who may type into a session: one screen at a time, and the desk always wins."""

from dataclasses import dataclass
from typing import Final

from supervisor.core.steering import Focus

#: Seconds without a key after which focus lapses.
LAPSES_AFTER: Final = 300.0


@dataclass(slots=True)
class _Held:
    focus: Focus
    used_at: float


class Foci:
    """Owns who has the focus of which session."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def of(self, session_id: str) -> Focus | None:
        """Who has it."""
        held = self._held.get(session_id)
        return held.focus if held else None

    def take(self, session_id: str, holder: str, label: str, at: float) -> Focus:
        """It is theirs now, whoever had it."""
        held = self._held.get(session_id)
        if held and held.focus.holder == holder:
            held.used_at = at
            return held.focus
        focus = Focus(holder=holder, label=label, since=at)
        self._held[session_id] = _Held(focus, at)
        return focus

    def give_back(self, session_id: str, holder: str | None = None) -> bool:
        """They (``None``: whoever) have it no more. Whether that changed anything."""
        held = self._held.get(session_id)
        if held is None or holder not in {None, held.focus.holder}:
            return False
        del self._held[session_id]
        return True

    def used(self, session_id: str, at: float) -> None:
        """Something was typed."""
        if held := self._held.get(session_id):
            held.used_at = at

    def of_holder(self, holder: str) -> tuple[str, ...]:
        """The sessions whose focus they have."""
        return tuple(i for i, held in self._held.items() if held.focus.holder == holder)

    def lapsed(self, at: float) -> tuple[str, ...]:
        """The sessions whose focus nobody has used for long: it is given back now."""
        late = tuple(i for i, held in self._held.items() if held.used_at <= at - LAPSES_AFTER)
        for session_id in late:
            del self._held[session_id]
        return late

    def any(self) -> bool:
        """Whether anybody has one."""
        return bool(self._held)
