"""Begins, joins and ends turns of a thread that the daemon serves. Subscribes to nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from supervisor.agents.codex.daemon import Talk
from supervisor.agents.fields import mapping, sequence, string, strings
from supervisor.core.errors import Failed, NotNow, Refused
from supervisor.core.steering import Prompt

#: A turn that has just begun, or just ended, is listed a moment later; so often, and with such pauses.
_TRIES: Final = 10
_PAUSE: Final = 0.2


async def read(talk: Talk, thread: str) -> Mapping[str, Any] | None:
    """All about a thread that the daemon serves; ``None``: it does not. Raises ``Failed``."""
    for _ in range(_TRIES):
        try:
            told = mapping((await talk.ask("thread/read", {"threadId": thread})).get("thread"))
        except Refused:
            if thread not in strings((await talk.ask("thread/loaded/list", {})).get("data")):
                return None
            # Its rollout is just being begun.
            await asyncio.sleep(_PAUSE)
        else:
            return told if mapping(told.get("status")).get("type") != "notLoaded" else None
    raise Failed("Codex does not say how this session stands.", "Look at its terminal.")


async def is_at_work(talk: Talk, thread: str) -> bool | None:
    """Whether a turn runs; ``None``: the daemon does not serve this thread. Raises ``Failed``."""
    told = await read(talk, thread)
    return None if told is None else mapping(told.get("status")).get("type") == "active"


async def give(talk: Talk, thread: str, prompt: Prompt) -> None:
    """Begin a turn with it; a prompt for now joins the turn that runs. Raises ``Refused``, ``Failed``."""
    for _ in range(_TRIES):
        if not await is_at_work(talk, thread):
            await _begin(talk, thread, prompt)
            return
        if prompt.when != "now":
            raise NotNow("Codex is at work.")
        if await _joined(talk, thread, prompt):
            return
        await asyncio.sleep(_PAUSE)
    raise Failed("Codex's turn takes no words.", "Send it for when it is idle.")


async def say(talk: Talk, thread: str, turn: object, text: str, name: str) -> None:
    """Say something into the turn that runs. Raises ``Refused``, ``Failed``."""
    said = {"threadId": thread, "expectedTurnId": turn, "clientUserMessageId": name, "input": _words(text)}
    await talk.ask("turn/steer", said)


async def end(talk: Talk, thread: str) -> None:
    """End the turn that runs, if one does. Raises ``Refused``, ``Failed``."""
    trouble: Exception = Failed("Codex does not end its turn.", "Press Escape in its terminal.")
    for _ in range(_TRIES):
        if not await is_at_work(talk, thread):
            return
        try:
            if turn := await _newest(talk, thread):
                await talk.ask("turn/interrupt", {"threadId": thread, "turnId": turn})
                return
        except Refused as problem:
            # It has ended meanwhile, and perhaps another one has begun.
            trouble = problem
        await asyncio.sleep(_PAUSE)
    raise trouble


async def changes(talk: Talk, thread: str, item: object) -> object:
    """The changes to files that an item of the turn that runs wants; ``None`` if they are not told.

    Only who comes anew is told what runs, so this subscribes once more.
    """
    page = {"limit": 1, "itemsView": "full"}
    try:
        read = await talk.ask(
            "thread/resume", {"threadId": thread, "excludeTurns": True, "initialTurnsPage": page}
        )
    except (Refused, Failed):
        return None
    turns = sequence(mapping(read.get("initialTurnsPage")).get("data"))
    items = (mapping(each) for turn in turns for each in sequence(mapping(turn).get("items")))
    return next((each.get("changes") for each in items if each.get("id") == item), None)


async def _begin(talk: Talk, thread: str, prompt: Prompt) -> None:
    said = {"threadId": thread, "clientUserMessageId": prompt.id, "input": _words(prompt.text)}
    await talk.ask("turn/start", said)


async def _joined(talk: Talk, thread: str, prompt: Prompt) -> bool:
    try:
        if turn := await _newest(talk, thread):
            await say(talk, thread, turn, prompt.text, prompt.id)
            return True
    except Refused:
        # Another turn than the newest that is listed, or none any more.
        return False
    return False


async def _newest(talk: Talk, thread: str) -> str | None:
    params = {"threadId": thread, "limit": 1, "itemsView": "notLoaded"}
    try:
        turns = sequence((await talk.ask("thread/turns/list", params)).get("data"))
    except Refused:
        # Nothing is written of its first turn yet.
        return None
    return string(mapping(turns[0]).get("id")) if turns else None


def _words(text: str) -> Sequence[Mapping[str, Any]]:
    return [{"type": "text", "text": text, "text_elements": []}]
