"""What must survive of steering: prompts and the trash, kept by the store."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from supervisor.core.model import Session
from supervisor.core.steering import DONE, Prompt, Remains, Trashed
from supervisor.store import answers, prompts, trash

#: Seconds for which what was put into the trash can be brought back.
_KEPT_FOR: Final = 30 * 86_400.0
#: Seconds for which is remembered what became of a prompt.
_PROMPTS_FOR: Final = 86_400.0
#: Under which name hooks' answers are remembered.
_HOOK: Final = "hook"

#: Does something with the store, in its thread; done when it returns.
Store = Callable[..., Awaitable[Any]]


class Shelf:
    """Owns nothing; *folder* is the trash's."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    async def restored(self) -> tuple[Prompt, ...]:
        """The prompts that were not done; what was done long ago is forgotten."""
        await self._store(prompts.forget, time.time() - _PROMPTS_FOR)
        return tuple(p for p in await self._store(prompts.load) if p.state not in DONE)

    async def keep_prompt(self, prompt: Prompt) -> None:
        """A prompt and its state."""
        await self._store(prompts.keep, prompt)

    async def prompt(self, prompt_id: str) -> Prompt | None:
        """A prompt of the last day."""
        found: Prompt | None = await self._store(prompts.find, prompt_id)
        return found

    async def keep_words(self, approval_id: str, digest: str, words: bytes) -> None:
        """What a hook is to print: it may ask again before it has got it."""
        await self._store(answers.keep, _HOOK, approval_id, digest, 200, words)

    async def words(self, approval_id: str) -> bytes | None:
        """What was decided about that question before."""
        kept = await self._store(answers.given, _HOOK, approval_id)
        return bytes(kept[2]) if kept else None

    async def discard(self, session: Session, remains: Remains) -> Trashed:
        """Put it into the trash."""
        root = Path(remains.root)
        remains = replace(remains, paths=tuple(str(root / path) for path in remains.paths))
        put = await asyncio.to_thread(
            trash.put, self._folder, remains, title=session.title, cwd=session.cwd, at=time.time()
        )
        return _shown(put)

    async def trash(self) -> Sequence[Trashed]:
        """What is in the trash, newest first."""
        found = await asyncio.to_thread(trash.listed, self._folder)
        return sorted(map(_shown, found), key=lambda one: one.deleted_at, reverse=True)

    async def export(self, trash_id: str) -> tuple[str, bytes | None]:
        """The agent, and what could not be moved as files."""
        found = await asyncio.to_thread(trash.listed, self._folder)
        agent = next((one.agent for one in found if one.id == trash_id), "")
        return agent, await asyncio.to_thread(trash.export, self._folder, trash_id)

    async def restore(self, trash_id: str) -> None:
        """Bring it back."""
        await asyncio.to_thread(trash.restore, self._folder, trash_id)

    async def purge(self) -> None:
        """What has been there for long enough goes for good."""
        await asyncio.to_thread(trash.purge, self._folder, time.time() - _KEPT_FOR)


def _shown(put: trash.Trashed) -> Trashed:
    return Trashed(
        id=put.id,
        agent=put.agent,
        session_id=put.session_id,
        title=put.title,
        cwd=put.cwd,
        deleted_at=put.deleted_at,
        until=put.deleted_at + _KEPT_FOR,
    )
