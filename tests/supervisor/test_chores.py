"""Work that nobody waits for."""

import asyncio
import gc

import pytest

from supervisor.chores import Chores

pytestmark = pytest.mark.anyio


async def test_what_is_begun_is_done_though_nobody_holds_it() -> None:
    """Not even the collector of garbage ends it."""
    chores, go, done = Chores(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    chores.begin(work(), "work")
    gc.collect()
    go.set()
    await chores.settled()

    assert done.is_set()


async def test_what_fails_is_said_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """And its traceback, in the log."""
    chores = Chores()

    async def work() -> None:
        raise OSError("the disk is full")

    chores.begin(work(), "keep a prompt")
    await chores.settled()

    assert "could not keep a prompt" in caplog.text
    assert "the disk is full" in caplog.text


async def test_closed_chores_go_on_with_nothing() -> None:
    """And say nothing about it."""
    chores, ended = Chores(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    chores.begin(work(), "wait")
    await asyncio.sleep(0)
    chores.close()

    await ended.wait()
