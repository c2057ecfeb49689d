"""WezTerm by its documented command line; what stands in for it takes nothing else."""

import json

import pytest

from supervisor.core.errors import Refused
from supervisor.terminal import adopted
from tests.lab.panes import StandIn


def test_these_are_its_commands(wezterm: StandIn) -> None:
    """Each names the pane; texts come by standard input."""
    inside = wezterm.recorder()
    pane = inside.pane

    adopted.paste(pane, "one\ntwo", expects=inside.run, takes_pastes=True)
    adopted.keys(pane, b"\x1b\r", expects=inside.run)
    adopted.screen_text(pane)
    seen = adopted.attended(pane)

    inside.wait_for(b"\x1b[200~one\ntwo\x1b[201~\x1b\r")
    cli, listed = ["wezterm", "cli", "--no-auto-start"], ["--format", "json"]
    said = [json.loads(line) for line in wezterm.log.read_text().splitlines()]
    assert [words for words in said if words != [*cli, "list", *listed]] == [
        [*cli, "send-text", "--pane-id", "1"],
        [*cli, "send-text", "--no-paste", "--pane-id", "1"],
        [*cli, "get-text", "--pane-id", "1"],
        [*cli, "list-clients", *listed],
    ]
    assert seen is True


def test_bytes_that_are_no_text_are_refused(wezterm: StandIn) -> None:
    """It would type something else."""
    inside = wezterm.recorder()

    with pytest.raises(Refused, match="UTF-8"):
        adopted.keys(inside.pane, b"\xff", expects=inside.run)

    assert inside.got == b""
