"""A command in a terminal of ours, by the command line, from its start to its end: on every system."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from supervisor.core.errors import WakelineError
from tests.contracts.test_held import ECHO
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline(tmp_path: Path) -> Iterator[Wakeline]:
    """A supervisor with a home of its own; all that it started ends with it."""
    with Wakeline(tmp_path / "w", tmp_path / "home") as running:
        yield running
        with suppress(WakelineError):
            for session in running.sessions():
                if session["pid"]:
                    end(session["pid"])


def end(pid: int) -> None:
    """A command; its holder goes by itself."""
    with suppress(psutil.Error):
        psutil.Process(pid).kill()


def test_a_command_is_run_seen_typed_into_and_stopped(wakeline: Wakeline) -> None:
    """By its name, and by the prefix of its id."""
    terminal = wakeline.run("run", "--detach", "--name", "mine", "--", sys.executable, "-u", "-c", ECHO)

    session = wakeline.wait_for(name="mine", state="working")
    assert session["terminal"] == terminal.stdout.strip()
    assert (session["kind"], session["agent"]) == ("hosted", "plain")
    assert psutil.pid_exists(session["pid"])
    wakeline.run("send", "mine", "a prompt")
    wakeline.run("stop", session["id"][:6])

    wakeline.wait_for(id=session["id"], state="ended")
    until(lambda: not psutil.pid_exists(session["pid"]))


def test_a_killed_supervisor_takes_nothing_along(wakeline: Wakeline) -> None:
    """The next one finds the command where it was, and hears its end."""
    wakeline.run("run", "--detach", "--name", "mine", "--", sys.executable, "-u", "-c", ECHO)
    before = wakeline.wait_for(name="mine", state="working")

    wakeline.kill()
    wakeline.start()

    after = wakeline.wait_for(name="mine", state="working")
    assert (after["pid"], after["kind"]) == (before["pid"], "hosted")
    wakeline.run("stop", "mine")
    wakeline.wait_for(id=before["id"], state="ended")


def test_what_is_not_there_is_not_run(wakeline: Wakeline) -> None:
    """In one sentence, and with one hint."""
    done = wakeline.run("run", "--", "no-such-program", check=False)

    assert done.returncode == 1
    assert "no-such-program cannot be used" in done.stderr
    assert wakeline.sessions() == []
