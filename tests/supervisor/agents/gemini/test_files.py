"""What is stored of Gemini CLI, and what is kept from being lost."""

import json
import os
import time
from pathlib import Path

from supervisor.agents import gemini
from tests.fakes.processes import STARTED, process, world
from tests.supervisor.agents.gemini.test_live import ONE, TWO, store


def test_its_home_is_told_by_its_environment(tmp_path: Path) -> None:
    """Else it is in the user's."""
    assert gemini.home({"GEMINI_CLI_HOME": "/elsewhere"}, tmp_path) == Path("/elsewhere/.gemini")
    assert gemini.home({}, tmp_path) == tmp_path / ".gemini"


def test_a_stub_that_would_cost_a_conversation_is_taken_away(tmp_path: Path) -> None:
    """Gemini would take it for an empty session at its next start, and delete all that has its name."""
    whole = store(tmp_path)
    stub = store(tmp_path, began_at=STARTED + 3600, stub=True)

    gemini.look(tmp_path, world())

    assert (whole.exists(), stub.exists()) == (True, False)


def test_a_stub_stays_while_its_conversation_is_being_resumed(tmp_path: Path) -> None:
    """It goes when something was written to the conversation again."""
    whole = store(tmp_path)
    stub = store(tmp_path, began_at=STARTED + 3600, stub=True)
    os.utime(whole, (0, time.time() - 3600))
    running = world(process("gemini", "--resume", ONE, started_at=time.time() - 5))

    gemini.look(tmp_path, running)
    during = stub.exists()
    os.utime(whole, (0, time.time() + 1))
    gemini.look(tmp_path, running)

    assert (during, stub.exists(), whole.exists()) == (True, False, True)


def test_nothing_but_a_stub_is_ever_taken_away(tmp_path: Path) -> None:
    """Not the only file of a session, not one with words, not one that is being written."""
    alone = store(tmp_path, TWO, stub=True)
    one, other = store(tmp_path), store(tmp_path, began_at=STARTED + 3600)
    torn = store(tmp_path, began_at=STARTED + 7200, stub=True)
    torn.write_text(torn.read_text() + '{"id":"')

    gemini.look(tmp_path, world())

    assert all(path.exists() for path in (alone, one, other, torn))


def test_a_listing_shows_each_conversation_once(tmp_path: Path) -> None:
    """Of several files the one with the most in it."""
    whole = store(tmp_path)
    store(tmp_path, began_at=STARTED + 3600, stub=True)

    (listed,) = gemini.transcripts(tmp_path)
    found = gemini.find(tmp_path, ONE)

    assert listed.where == str(whole)
    assert found == listed
    assert gemini.find(tmp_path, TWO) is None


def test_a_sub_agents_conversation_is_none_of_its_own(tmp_path: Path) -> None:
    """It is no session that could be resumed."""
    path = store(tmp_path)
    head, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(head), "kind": "subagent"}), *rest]) + "\n")

    assert list(gemini.transcripts(tmp_path)) == []
