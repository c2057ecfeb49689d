"""Zellij by its documented command line; what stands in for it takes nothing else."""

import json
import sys

import pytest

from supervisor.core.errors import Refused
from supervisor.terminal import adopted
from tests.lab.panes import HERE, StandIn
from tests.lab.waiting import until


def test_these_are_its_commands(zellij: StandIn) -> None:
    """Each names the session and the pane; a text stands behind two dashes."""
    inside = zellij.recorder()
    pane = inside.pane

    adopted.paste(pane, "--one\ntwo", expects=inside.run, takes_pastes=True)
    adopted.keys(pane, b"\x1b\r", expects=inside.run)
    adopted.screen_text(pane)
    seen = adopted.attended(pane)

    inside.wait_for(b"\x1b[200~--one\ntwo\x1b[201~\x1b\r")
    said = [json.loads(line) for line in zellij.log.read_text().splitlines()]
    here = ["zellij", "--session", "zellij-1", "action"]
    assert [words for words in said if words != ["zellij", "--version"]] == [
        [*here, "paste", "--pane-id", "terminal_1", "--", "--one\ntwo"],
        [*here, "write", "--pane-id", "terminal_1", "--", "27", "13"],
        [*here, "dump-screen", "--pane-id", "terminal_1"],
        [*here, "list-clients"],
    ]
    assert seen is True


def test_an_old_one_types_only_into_the_focus_so_it_is_refused(
    zellij: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The focus may be on a shell."""
    inside = zellij.recorder()
    monkeypatch.setenv("STAND_IN_VERSION", "0.43.1")

    with pytest.raises(Refused, match="focus"):
        adopted.keys(inside.pane, b"\r", expects=inside.run)

    assert inside.got == b""


def test_a_terminal_within_the_pane_is_another_terminal(zellij: StandIn) -> None:
    """What runs there was told of the pane, and is not in it."""
    file = zellij.folder / "inner"
    recorder = [sys.executable, str(HERE / "recorder.py"), str(file), "pastes"]
    zellij.open([sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", *recorder])
    told = zellij.folder / "inner.pid"
    pid = int(until(lambda: told.exists() and told.read_text()))

    tty = adopted.terminal_of(pid)

    assert tty is not None
    assert adopted.find(tty, {"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": "zellij-1"}) is None
