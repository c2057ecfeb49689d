"""Questions of a held Claude Code, from its own hook to the command line and back."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import json
from collections.abc import Iterator
from typing import Any

from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until


@pytest.fixture
def claude(fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None) -> Iterator[Held]:
    """Claude Code, which asks before it runs anything, at its prompt."""
    del needs_claude
    with wakeline_in() as wakeline:
        launch = homes.claude(home_of(wakeline), project_of(wakeline), fake_anthropic.url)
        held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
        held.session(state="idle", kind="hosted")
        yield held


def asked(claude: Held) -> Any:
    """Wait until something is asked that can be answered from here."""
    return until(lambda: next((one for one in claude.session()["approvals"] if one["answerable"]), None))


def sub_agent(command: str) -> str:
    """A prompt after which a sub-agent wants to run this."""
    task = {"description": "sub", "prompt": f"SCENARIO:bash {command}", "subagent_type": "general-purpose"}
    return f"SCENARIO:tool {json.dumps({'name': 'Agent', 'input': task})}"


def test_a_question_outlives_the_supervisor(claude: Held) -> None:
    """kill -9 while it is open: the next supervisor asks the same question, and its answer counts."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "SCENARIO:bash echo ran >> made.txt")
    before = asked(claude)

    claude.wakeline.kill()
    claude.wakeline.start()
    after = asked(claude)
    claude.wakeline.run("approve", own_id)

    claude.session(state="idle")
    assert (after["id"], after["digest"], after["text"]) == (before["id"], before["digest"], before["text"])
    assert (claude.cwd / "made.txt").read_text() == "ran\n"


def test_a_sub_agent_asks_whoever_is_not_at_the_desk(claude: Held) -> None:
    """Nobody looks at its terminal: it is answered from afar, and no dialog was ever shown."""
    own_id = claude.session()["id"]
    claude.terminal.hang_up()
    claude.wakeline.run("send", own_id, sub_agent("touch made.txt"))
    question = asked(claude)

    claude.wakeline.run("approve", own_id)

    until((claude.cwd / "made.txt").exists)
    assert "general-purpose" in question["summary"]
    assert (question["tool"], question["text"]) == ("Bash", "touch made.txt")


def test_a_sub_agent_asks_whoever_is_at_the_desk(claude: Held) -> None:
    """Its dialog is shown at once: it does not wait for somebody far away."""
    own_id = claude.session()["id"]

    claude.wakeline.run("send", own_id, sub_agent("touch made.txt"))

    claude.terminal.wait_for("Do you want to proceed?")
    claude.terminal.settle()
    claude.terminal.press("1")
    until((claude.cwd / "made.txt").exists)
