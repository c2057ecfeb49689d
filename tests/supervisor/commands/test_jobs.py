"""What runs behind sessions, and prompts that wait, in a terminal."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from supervisor.commands import parser
from supervisor.core.errors import NoSuchSession, WrongUse
from supervisor.core.model import Job
from supervisor.core.steering import DESK, Prompt
from tests.fakes.backend import session
from tests.fakes.house import House

JOB = Job(
    pid=4711,
    command="python scrape.py \x1b[2J " + "x" * 200,
    started_at=0.0,
    cpu_seconds=2.25,
    memory_bytes=52_428_800,
)


@pytest.fixture
def furnished(house: House) -> House:
    """Two sessions, one with a job that has run for three days and one that has ended."""
    running = replace(JOB, started_at=time.time() - 3 * 86_400.0 - 1800.0)
    house.backend.sessions["7c1f4c0e-1"] = session("7c1f4c0e-1", jobs=(running,))
    house.backend.sessions["b2"] = session("b2")
    over = replace(JOB, pid=4712, command="make", over=True, ended_at=9.5, exit_status=2)
    killed = replace(over, pid=4713, exit_status=-9)
    house.backend.steer.known_jobs["7c1f4c0e-1"] = (running, over, killed)
    return house


def waiting(own_id: str, **more: Any) -> Prompt:
    fields = {"text": "go\non", "when": "online", "by": DESK, "at": 1.0, **more}
    return Prompt(id=own_id, session_id="7c1f4c0e-1", agent="claude", **fields)


@pytest.mark.usefixtures("furnished")
def test_each_job_is_a_line_that_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PID, session, how long, CPU, memory, and as much of the command as there is room for."""
    monkeypatch.setenv("COLUMNS", "90")

    assert parser.run(["jobs"]) == 0

    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["PID", "SESSION", "STATE", "RUNS", "CPU", "MEMORY", "COMMAND"]
    assert line.split()[:9] == ["4711", "7c1f4c0e", "running", "3", "d", "0", "h", "2.2", "s"]
    assert "scrape.py \N{REPLACEMENT CHARACTER}[2J" in line
    assert (len(line) <= 90, line.endswith("…")) == (True, True)


@pytest.mark.usefixtures("furnished")
def test_all_shows_how_the_others_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """By an exit code or a signal."""
    parser.run(["jobs", "7c1f", "--all"])

    _, _, by_code, by_signal = capsys.readouterr().out.splitlines()
    assert by_code.split()[:6] == ["4712", "7c1f4c0e", "exit", "2", "9.5", "s"]
    assert by_signal.split()[2:4] == ["signal", "9"]


@pytest.mark.usefixtures("furnished")
def test_jobs_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With the session of each; those that have ended, too."""
    parser.run(["jobs", "--json"])

    told = json.loads(capsys.readouterr().out)["jobs"]
    assert [(job["pid"], job["session_id"], job["state"]) for job in told] == [
        (4711, "7c1f4c0e-1", "running"),
        (4712, "7c1f4c0e-1", "ended"),
        (4713, "7c1f4c0e-1", "ended"),
    ]


@pytest.mark.usefixtures("furnished")
def test_without_jobs_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence."""
    parser.run(["jobs", "b2"])

    assert capsys.readouterr().out == "No background jobs run.\n"


@pytest.mark.usefixtures("furnished")
def test_the_output_of_a_job_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The end of it; it needs to be known of which session."""
    parser.run(["jobs", "7c1f", "--output", "4711"])
    assert capsys.readouterr().out == "x" * 16 * 1024 + "\n"

    with pytest.raises(WrongUse, match="Which session"):
        parser.run(["jobs", "--output", "4711"])


def test_prompts_that_wait_are_listed(furnished: House, capsys: pytest.CaptureFixture[str]) -> None:
    """What, to whom, and what it waits for."""
    furnished.backend.steer.prompts["abcdef012345"] = waiting("abcdef012345")

    parser.run(["followups"])

    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["abcdef01", "7c1f4c0e", "online", "go", "on"]
    assert second.strip() == "It waits until the agent's model can be reached."
    parser.run(["followups", "b2"])
    assert capsys.readouterr().out == "No prompt waits.\n"


def test_a_prompt_is_changed_and_taken_back(furnished: House, capsys: pytest.CaptureFixture[str]) -> None:
    """By the beginning of its id; what means none or several is refused."""
    for own_id in ("abc1", "abd2"):
        furnished.backend.steer.prompts[own_id] = waiting(own_id)

    parser.run(["followups", "--change", "abc", "--text", "other", "--when", "idle"])
    parser.run(["followups", "--cancel", "abd"])

    assert furnished.backend.steer.orders == [
        ("change", "7c1f4c0e-1", "abc1", "other", "idle", DESK),
        ("cancel", "7c1f4c0e-1", "abd2"),
    ]
    assert "Taken back." in capsys.readouterr().out
    with pytest.raises(NoSuchSession, match="2 prompts"):
        parser.run(["followups", "--cancel", "ab"])
    with pytest.raises(WrongUse, match="Nothing"):
        parser.run(["followups", "--change", "abc"])


def test_sending_says_what_is_waited_for(furnished: House, capsys: pytest.CaptureFixture[str]) -> None:
    """And how to change one's mind."""
    parser.run(["send", "7c1f", "go on", "--when", "job:4711"])

    assert furnished.backend.steer.orders == [("prompt", "7c1f4c0e-1", "go on", "job:4711", DESK)]
    assert "wakeline followups --change" in capsys.readouterr().out
