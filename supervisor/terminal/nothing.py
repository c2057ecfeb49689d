"""A system on which no terminal can be held yet."""

from collections.abc import Sequence

from supervisor.core.model import Hosted


class Nobody:
    """The roll of nobody."""

    def hosted(self) -> Sequence[Hosted]:
        """None."""
        return ()

    async def look(self) -> None:
        """There is nothing to find."""

    def close(self) -> None:
        """There is nothing to let go of."""
