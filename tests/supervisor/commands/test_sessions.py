"""The list and the details of sessions in a terminal."""

import json
from dataclasses import replace

import pytest

from supervisor.commands import parser
from supervisor.core.model import Attempt, Reconnect, Resume, Run, Session, State
from supervisor.core.steering import Approval
from tests.fakes.house import House

ASKS = Session(
    id="7c1f4c0e-0000",
    agent="claude",
    state=State.NEEDS_YOU,
    since=1.0,
    title="Move the login\x1b[2J to passkeys",
    cwd="/srv/shop",
    run=Run(4711, 1.0),
    approvals=(
        Approval(
            id="a",
            session_id="7c1f4c0e-0000",
            at=1.0,
            summary="permission prompt",
            tool="Bash",
            text="rm -r build",
        ),
    ),
    resume=Resume(argv=("claude", "--resume", "7c1f4c0e-0000"), cwd="/srv/shop"),
)


@pytest.mark.usefixtures("house")
def test_an_empty_list_says_what_would_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer knows what to do next."""
    assert parser.run(["ls"]) == 0

    assert "Start one (claude, codex, opencode)" in capsys.readouterr().out


def test_each_session_is_a_line_that_fits(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """State, time, agent, the id's beginning, and as much of title and folder as there is room for."""
    monkeypatch.setenv("COLUMNS", "80")
    house.backend.sessions[ASKS.id] = ASKS
    house.backend.sessions["b2"] = replace(ASKS, id="b2", title="x" * 200, approvals=())

    parser.run(["ls"])
    head, first, second = capsys.readouterr().out.splitlines()

    assert head.startswith("STATE")
    assert first.startswith("◆ needs you")
    assert "7c1f4c0e  " in first
    assert "Move the login\N{REPLACEMENT CHARACTER}[2J" in first
    assert second.endswith("…")
    assert max(map(len, (first, second))) <= 80


def test_the_list_for_programs_is_what_the_supervisor_said(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document, nothing left out."""
    house.backend.sessions[ASKS.id] = ASKS

    parser.run(["ls", "--json"])

    (session,) = json.loads(capsys.readouterr().out)["sessions"]
    assert (session["id"], session["state"], session["title"]) == (ASKS.id, "needs_you", ASKS.title)


def test_details_say_what_is_known_and_what_is_not(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """What it waits for comes near the top; nothing is made up."""
    house.backend.sessions[ASKS.id] = ASKS

    parser.run(["show", "7c1"])
    said = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    told = {name.strip(): value.strip() for name, value in said.items()}

    assert told["waits for"] == "Bash: rm -r build"
    assert told["process"] == "4711"
    assert (told["model"], told["cost"]) == ("unknown", "unknown")
    assert told["resume by"] == "cd -- '/srv/shop' && claude --resume 7c1f4c0e-0000"
    assert "failed by" not in told


def test_details_say_how_it_is_brought_back(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Where that stands, why, what was tried; and what holds for this session."""
    tried = Attempt(at=5.0, cause="overloaded", what="asked again", outcome="failed again")
    house.backend.sessions[ASKS.id] = replace(
        ASKS,
        state=State.CUT_OFF,
        policy="auto",
        policy_chosen=True,
        reconnect=Reconnect(
            attempt=1,
            next_try_at=90.0,
            reason="overloaded",
            policy="auto",
            note="waits longer",
            history=(tried,),
        ),
        attempts=(tried,),
    )

    parser.run(["show", "7c1"])
    said = capsys.readouterr().out

    (row,) = [line for line in said.splitlines() if line.startswith("cut off")]
    assert "waiting, next try at 1970-01-01" in row
    assert "waits longer (overloaded)" in row
    (row,) = [line for line in said.splitlines() if line.startswith("tried")]
    assert row.endswith("overloaded, asked again: failed again")
    assert "brought back by itself, chosen for this session" in said
