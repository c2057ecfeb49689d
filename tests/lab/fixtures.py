"""Fixtures for tests with real agents; they skip in one line where an agent cannot be had."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NoReturn

import pytest

from tests.lab import agents, servers
from tests.lab.homes import Launch


def needs(name: str) -> None:
    """Skip the test, or let it fail on CI, where this agent cannot be had."""
    try:
        agents.program(name)
        agents.node(name)
    except agents.Missing as missing:
        do_without(str(missing))


def do_without(reason: str) -> NoReturn:
    """Skip; on CI, where everything must be there, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def needs_claude() -> None:
    """Claude Code is there."""
    needs("claude")


@pytest.fixture(scope="session")
def needs_codex() -> None:
    """Codex is there."""
    needs("codex")


@pytest.fixture(scope="session")
def needs_opencode() -> None:
    """OpenCode is there."""
    needs("opencode")


@pytest.fixture(scope="session")
def needs_qwen() -> None:
    """Qwen Code is there."""
    needs("qwen")


@pytest.fixture(scope="session")
def needs_gemini() -> None:
    """Gemini CLI is there."""
    needs("gemini")


@pytest.fixture(scope="session")
def needs_copilot() -> None:
    """Copilot CLI is there."""
    needs("copilot")


@pytest.fixture(scope="session")
def needs_kimi() -> None:
    """Kimi Code is there."""
    needs("kimi")


@pytest.fixture
def fake_anthropic() -> Iterator[servers.Server]:
    """A fake model server that speaks the Messages API."""
    with servers.serve("anthropic") as server:
        yield server


@pytest.fixture
def fake_openai() -> Iterator[servers.Server]:
    """A fake model server that speaks the Responses API, chat completions and more."""
    with servers.serve("openai") as server:
        yield server


if sys.platform != "win32":
    from tests.lab.terminal import Terminal

    @pytest.fixture
    def in_terminal() -> Iterator[Callable[[Launch], Terminal]]:
        """Starts programs in terminals; all of them end with the test."""
        with ExitStack() as opened:
            yield lambda launch: opened.enter_context(Terminal(launch))
