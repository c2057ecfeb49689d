"""Homes of the real Codex."""

import sys
from collections.abc import Iterator

import pytest

if sys.platform == "linux":
    from tests.supervisor.agents.codex.real import Feed, Home, a_home

    @pytest.fixture
    def home() -> Iterator[Home]:
        """A home of one test."""
        with a_home() as home:
            yield home

    @pytest.fixture(scope="module")
    def daemon_home() -> Iterator[Home]:
        """A home with a daemon: Codex puts 400 MB of itself into it at the first start."""
        with a_home() as home:
            yield home

    @pytest.fixture
    def feed(daemon_home: Home) -> Iterator[Feed]:
        """What its daemon tells, which runs before anybody starts a terminal."""
        daemon_home.start_daemon()
        feed = Feed(daemon_home)
        yield feed
        feed.close()
