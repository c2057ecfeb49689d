"""A plan's usage limit, as Codex really tells it: when it is over is known, and waited for."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A supervisor."""
    with wakeline_in() as running:
        yield running


def test_a_limit_is_waited_for_until_it_is_over(
    wakeline: Wakeline, fake_openai: Server, in_terminal: InTerminal, request: pytest.FixtureRequest
) -> None:
    """The next try is at the time that Codex was told, and not before."""
    request.getfixturevalue("needs_codex")
    launch = homes.codex(home_of(wakeline), project_of(wakeline), fake_openai.url)
    held = Held(wakeline, launch, in_terminal)
    held.terminal.wait_for("fake-model")
    held.terminal.settle(quiet=1.0)

    held.terminal.prompt("please %%usage:7200%%")
    # Its daemon says that the turn failed, its rollout why.
    until(lambda: _reconnect(held).get("reason") == "usage limit", saying="its limit is known")

    cut, told = _reconnect(held), _resets_at(wakeline)
    assert cut["phase"] == "waiting"
    assert 0 <= datetime.fromisoformat(cut["next_try_at"]).timestamp() - told <= 120


def _reconnect(held: Held) -> dict[str, Any]:
    """What is done about it."""
    return held.session()["reconnect"] or {}


def _resets_at(wakeline: Wakeline) -> int:
    """What Codex wrote down of the window that is used up."""
    (rollout,) = until(lambda: list((home_of(wakeline) / ".codex" / "sessions").rglob("rollout-*.jsonl")))
    payloads = [json.loads(line)["payload"] for line in rollout.read_text().splitlines()]
    (limits,) = [told for each in payloads if (told := each.get("rate_limits"))]
    return int(limits["primary"]["resets_at"])
