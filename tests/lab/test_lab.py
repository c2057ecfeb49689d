"""The bench that real agents are tried on."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import signal
from collections.abc import Callable
from pathlib import Path

from tests.lab import homes, servers
from tests.lab.processes import Below
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

Start = Callable[[homes.Launch], Terminal]


def shell(home: Path, script: str) -> homes.Launch:
    """A small program for a terminal."""
    return homes.Launch(argv=("/bin/sh", "-c", script), env=homes.environment(home), cwd=home)


def test_a_program_has_a_terminal_of_its_own(tmp_path: Path, in_terminal: Start) -> None:
    """What is typed reaches the program, and it sees the size of its terminal."""
    terminal = in_terminal(shell(tmp_path, "stty size </dev/tty; read line; echo got $line"))

    terminal.wait_for("40 120")
    terminal.press("a word\r")

    terminal.wait_for("got a word")
    assert terminal.wait() == 0


def test_a_closed_terminal_hangs_up_its_program(tmp_path: Path, in_terminal: Start) -> None:
    """Closing the window ends what runs in it."""
    terminal = in_terminal(shell(tmp_path, "echo ready; exec sleep 60"))
    terminal.wait_for("ready")

    terminal.hang_up()

    assert terminal.wait() == -signal.SIGHUP


def test_a_flood_of_output_never_stops_the_program(tmp_path: Path, in_terminal: Start) -> None:
    """The terminal is read even when nobody looks at it."""
    terminal = in_terminal(shell(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo all said"))

    code = terminal.wait()

    assert code == 0
    terminal.wait_for("all said")


def test_a_program_that_asks_where_the_cursor_is_gets_an_answer(tmp_path: Path, in_terminal: Start) -> None:
    """Programs that ask their terminal at the start go on."""
    script = "stty -icanon -echo min 6 time 50; printf '\\033[6n'; head -c 6 | od -An -c"

    terminal = in_terminal(shell(tmp_path, script))

    terminal.wait_for("033 [ 1 ; 1 R")


def test_only_what_a_test_started_is_in_view(tmp_path: Path, in_terminal: Start) -> None:
    """Processes of the user are never looked at, and the dead are not called alive."""
    terminal = in_terminal(shell(tmp_path, "exec sleep 60"))
    processes = Below()
    found = until(lambda: [each for each in processes.running() if each.argv == ("sleep", "60")])

    terminal.signal(signal.SIGKILL)
    until(lambda: not processes.alive(found[0].run))

    assert processes.find(1) is None
    assert found[0].run.pid == terminal.pid


@pytest.mark.parametrize("name", ["anthropic", "openai"])
def test_a_fake_server_answers_on_loopback_and_ends_with_its_test(name: str) -> None:
    """Two servers at once take two ports."""
    with servers.serve(name) as one, servers.serve(name) as two:
        assert one.url != two.url
        assert one.url.startswith("http://127.0.0.1:")
        one.ask("/__state")

    with pytest.raises(OSError, match=r"[Rr]efused"):
        one.ask("/__state")


@pytest.mark.parametrize(
    ("name", "server", "ready"),
    [("claude", "anthropic", "auto mode"), ("codex", "openai", "fake-model"), ("opencode", "openai", "fake")],
)
def test_a_real_agent_answers_a_prompt(
    name: str, server: str, ready: str, tmp_path: Path, in_terminal: Start, request: pytest.FixtureRequest
) -> None:
    """The pinned agents start in a clean home without a question, and talk to the fake model."""
    request.getfixturevalue(f"needs_{name}")
    with servers.serve(server) as fake:
        launch = getattr(homes, name)(tmp_path / "home", tmp_path / "project", fake.url)
        terminal = in_terminal(launch)
        terminal.wait_for(ready)
        terminal.settle()
        place = terminal.mark()

        terminal.prompt("Tell me about the weather")

        answer = "You said: Tell" if server == "anthropic" else "Echo: Tell"
        terminal.wait_for(answer, since=place)
