"""Terminal programs to type into; they are run on Linux."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py", "*/test_*.py"]
else:
    from tests.lab.fixtures import do_without
    from tests.lab.panes import Kitty, Place, Screen, StandIn, Tmux, missing
    from tests.supervisor.terminal.adopted.osascript import Osascript

    Start = Callable[[Place], None]

    @pytest.fixture
    def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
        """Lets a program be found by us; it ends with the test."""

        # A busy machine is slow, not wrong.
        monkeypatch.setattr("supervisor.terminal.adopted.asking.SECONDS", 20.0)

        def started(place: Place) -> None:
            opened.enter_context(place)
            for name, value in place.for_us().items():
                monkeypatch.setenv(name, value)

        with ExitStack() as opened:
            yield started

    def _needs(name: str) -> None:
        if lacking := missing(name):
            do_without(lacking)

    @pytest.fixture
    def tmux(start: Start) -> Tmux:
        """A tmux server of the test's own."""
        _needs("tmux")
        start(place := Tmux())
        return place

    @pytest.fixture
    def screen(start: Start) -> Screen:
        """GNU screen with a folder of the test's own."""
        _needs("screen")
        start(place := Screen())
        return place

    @pytest.fixture
    def kitty(start: Start) -> Kitty:
        """kitty on an X screen of the test's own."""
        _needs("kitty")
        start(place := Kitty())
        return place

    @pytest.fixture
    def zellij(start: Start) -> StandIn:
        """What stands in for Zellij."""
        start(place := StandIn("zellij"))
        return place

    @pytest.fixture
    def wezterm(start: Start) -> StandIn:
        """What stands in for WezTerm."""
        start(place := StandIn("wezterm"))
        return place

    @pytest.fixture
    def osascript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Osascript:
        """What stands in for macOS's."""
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return Osascript(tmp_path)
