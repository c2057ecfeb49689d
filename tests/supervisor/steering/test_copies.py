"""When what agents store is copied, and when it is put back."""

from pathlib import Path

import pytest

from supervisor.core.model import Session, State
from supervisor.core.steering import Remains
from supervisor.steering.copies import Copies

pytestmark = pytest.mark.anyio


class Desk:
    """One session in an agent's folder."""

    def __init__(self, folder: Path, most: int = 1 << 20) -> None:
        self.home = folder / "agent"
        self.home.mkdir()
        self.file = self.home / "s1.jsonl"
        self.file.write_text("one\n")
        self.copies = Copies(
            folder / "copies",
            most=most,
            remains=self._remains,
            home=lambda agent: self.home if agent == "claude" else None,
        )

    async def _remains(self, session: Session) -> Remains:
        return Remains(agent="claude", session_id=session.id, root=str(self.home), paths=("s1.jsonl",))

    def session(self, state: State) -> Session:
        return Session(id="s1", agent="claude", state=state, transcript=str(self.file))

    async def offer(self, state: State) -> None:
        """Offer it and wait for what comes of that."""
        self.copies.offer(self.session(state))
        await self.copies._chores.settled()


async def test_a_session_is_copied_when_it_rests_and_when_it_ends(tmp_path: Path) -> None:
    """Not at every turn; its end is never missed."""
    desk = Desk(tmp_path)
    await desk.offer(State.WORKING)
    assert not desk.copies.has(desk.session(State.IDLE))
    await desk.offer(State.IDLE)
    desk.file.write_text("one\ntwo\n")
    await desk.offer(State.IDLE)
    await desk.offer(State.ENDED)
    desk.file.unlink()

    was_there = await desk.copies.put_back(desk.session(State.ENDED))

    assert was_there
    assert desk.file.read_text() == "one\ntwo\n"


async def test_nothing_is_copied_unasked(tmp_path: Path) -> None:
    """It is the user's to decide; and what was never copied cannot come back."""
    desk = Desk(tmp_path, most=0)

    await desk.offer(State.ENDED)

    assert not desk.copies.has(desk.session(State.ENDED))
    assert not await desk.copies.put_back(desk.session(State.ENDED))


async def test_what_cannot_be_copied_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody put a file where copies go."""
    desk = Desk(tmp_path)
    (tmp_path / "copies").write_text("in the way")

    await desk.offer(State.ENDED)

    assert "no copy of s1 could be kept" in caplog.text
    assert not await desk.copies.put_back(desk.session(State.ENDED))


async def test_what_was_thrown_away_is_forgotten(tmp_path: Path) -> None:
    """The trash has it."""
    desk = Desk(tmp_path)
    await desk.offer(State.ENDED)

    await desk.copies.forget(desk.session(State.ENDED))

    assert not desk.copies.has(desk.session(State.ENDED))
