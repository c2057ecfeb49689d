"""What was lost, what is left of it, and bringing it back one after the other."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.core.errors import Refused
from supervisor.core.model import Session, State
from supervisor.core.steering import Remains
from supervisor.steering import recovery
from supervisor.steering.copies import Copies
from supervisor.steering.recovery import Recovery

pytestmark = pytest.mark.anyio


def lost(own_id: str, cwd: Path | None, since: float, state: State = State.LOST) -> Session:
    return Session(id=own_id, agent="claude", state=state, since=since, cwd=str(cwd) if cwd else None)


def copies_in(folder: Path) -> Copies:
    """Copies of an agent's files, of which there are none yet."""
    (folder / "agent").mkdir(exist_ok=True)

    async def remains(session: Session) -> Remains:
        return Remains(agent="claude", session_id=session.id, root=str(folder / "agent"), paths=(session.id,))

    return Copies(folder / "copies", most=1 << 20, remains=remains, home=lambda _: folder / "agent")


async def test_what_was_lost_is_listed_with_what_is_left(tmp_path: Path) -> None:
    """Newest first; folders and transcripts that are gone are said to be."""
    sessions = [
        lost("old", tmp_path, 1.0),
        lost("folder gone", tmp_path / "gone", 2.0),
        lost("deleted", tmp_path, 3.0),
        lost("alive", tmp_path, 4.0, State.IDLE),
    ]
    listed = await Recovery(
        sessions=lambda: sessions,
        is_stored=lambda one: one.id != "deleted",
        copies=copies_in(tmp_path),
        resume=_never,
    ).lost()

    assert [(one.session.id, one.folder_exists, one.transcript_exists) for one in listed] == [
        ("deleted", True, False),
        ("folder gone", False, True),
        ("old", True, True),
    ]


async def _never(session_id: str) -> str:
    raise AssertionError(session_id)


async def test_all_that_can_be_is_brought_back_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is refused does not keep the others; what cannot be resumed is not begun."""
    monkeypatch.setattr(recovery, "_BETWEEN", 0.0)
    back: list[str] = []
    running = 0

    async def resume(session_id: str) -> str:
        nonlocal running
        running += 1
        assert running == 1, "two at once"
        await asyncio.sleep(0)
        running -= 1
        if session_id == "refused":
            raise Refused("It runs already.")
        back.append(session_id)
        return "t1"

    sessions = [lost(own_id, tmp_path, at) for at, own_id in enumerate(("a", "refused", "b", "deleted"))]
    own = Recovery(
        sessions=lambda: sessions,
        is_stored=lambda one: one.id != "deleted",
        copies=copies_in(tmp_path),
        resume=resume,
    )

    chosen = await own.resume(None)
    async with asyncio.timeout(60):
        while len(back) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)

    assert list(chosen) == ["b", "refused", "a"]
    assert back == ["b", "a"]


async def test_only_what_is_named_is_brought_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others stay lost."""
    monkeypatch.setattr(recovery, "_BETWEEN", 0.0)
    back: list[str] = []

    async def resume(session_id: str) -> str:
        back.append(session_id)
        return "t1"

    sessions = [lost("a", tmp_path, 1.0), lost("b", tmp_path, 2.0)]
    own = Recovery(
        sessions=lambda: sessions, is_stored=lambda _: True, copies=copies_in(tmp_path), resume=resume
    )

    assert list(await own.resume(["a", "stranger"])) == ["a"]
    await asyncio.sleep(0.05)
    assert back == ["a"]


async def test_a_conversation_that_its_agent_deleted_is_said_to_be_gone(tmp_path: Path) -> None:
    """No agent is started for nothing: it is said why this one cannot come back."""
    able = Recovery(
        sessions=list,
        is_stored=lambda one: one.id != "deleted",
        copies=copies_in(tmp_path),
        resume=_never,
    )
    kept, deleted = (replace(lost(own_id, tmp_path, 1.0), transcript="/t") for own_id in ("kept", "deleted"))

    await able.check(kept)
    with pytest.raises(Refused, match="deleted"):
        await able.check(deleted)


async def test_a_conversation_that_its_agent_deleted_comes_back_from_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed as what can be resumed, and there again before its agent starts."""
    monkeypatch.setattr(recovery, "_BETWEEN", 0.0)
    copies, file = copies_in(tmp_path), tmp_path / "agent" / "s1"
    file.write_text("one\n")
    session = replace(lost("s1", tmp_path, 1.0), transcript=str(file))
    copies.offer(session)
    await copies._chores.settled()
    file.unlink()
    found = asyncio.Event()

    async def resume(_: str) -> str:
        assert file.read_text() == "one\n"
        found.set()
        return "t1"

    own = Recovery(
        sessions=lambda: [session], is_stored=lambda _: file.exists(), copies=copies, resume=resume
    )
    assert list(await own.resume(None)) == ["s1"]
    await asyncio.wait_for(found.wait(), 60)
