"""Kimi Code, found and steered though its processes hide what they are: real ones in real terminals."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

from collections.abc import Iterator

from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import agents, homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A supervisor."""
    with wakeline_in() as running:
        yield running


@pytest.fixture
def held(
    wakeline: Wakeline, fake_openai: Server, in_terminal: InTerminal, request: pytest.FixtureRequest
) -> Held:
    """Kimi Code at its prompt."""
    request.getfixturevalue("needs_kimi")
    launch = homes.kimi(home_of(wakeline), project_of(wakeline), fake_openai.url)
    if node := agents.node("kimi"):
        (wakeline.folder.parent / "bin" / "node").symlink_to(node / "node")
    begun = Held(wakeline, launch, in_terminal)
    begun.terminal.wait_for("context: 0%")
    begun.session(state="idle", kind="hosted")
    begun.terminal.settle(quiet=1.0)
    return begun


def test_a_session_is_found_asks_ends_and_is_brought_back(held: Held) -> None:
    """The whole day of a session: its first prompt tells which one it is, its own command brings it back."""
    wakeline = held.wakeline

    # Before its first prompt its process stands for it; what was sent to that is the session's.
    wakeline.run("send", held.session(state="idle")["id"], "hello from here")
    until(lambda: "hello from here" in held.said("user") and held.said("assistant"))
    told = held.session(state="idle")
    own_id = told["id"]
    assert own_id.startswith("session_")
    assert (told["model"], told["title"]) == ("fake/fake-model", "hello from here")
    assert told["cwd"] == str(held.cwd.resolve())

    wakeline.run("send", own_id, "please %%tool:touch made%%")
    asks = held.session(state="needs_you")
    held.terminal.wait_for("Run this command?")
    held.terminal.settle()
    held.terminal.press("\r")
    until((held.cwd / "made").exists)
    held.session(state="idle")
    assert not asks["approval"]["answerable"]

    assert f"kimi --session {own_id}" in wakeline.run("copy", own_id, "--print").stdout
    wakeline.run("stop", own_id)
    held.session(state="ended")
    wakeline.run("resume", own_id, "--detach")
    back = held.session(state="idle", kind="hosted")
    assert back["id"] == own_id
    wakeline.run("send", own_id, "hello again")
    until(lambda: "hello again" in held.said("user") and "Echo: hello again" in held.said("assistant"))
    held.session(state="idle")

    wakeline.run("send", own_id, "bad %%400%%")
    cut = held.session(state="cut_off")
    assert (cut["reconnect"]["reason"], cut["reconnect"]["phase"]) == ("request refused", "stopped")
    assert cut["id"] == own_id
