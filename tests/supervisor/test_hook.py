"""The program that agents run as their hook, as they run it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("the fake supervisor needs a socket of Unix", allow_module_level=True)

from supervisor import hook, programs
from tests.lab.route import Route
from tests.lab.waiting import until

WORDS: Mapping[str, Any] = {"hook_event_name": "PermissionRequest", "tool_input": {"command": "make"}}
OF_A_SUB_AGENT: Mapping[str, Any] = {**WORDS, "agent_id": "a1"}

Started = subprocess.Popen[bytes]


class Hooks:
    """Starts hooks, as an agent does; all of them end with the test."""

    def __init__(self, place: Path, opened: ExitStack) -> None:
        """*place*: of the supervisor's socket."""
        self._place = place
        self._opened = opened

    def start(self, words: Mapping[str, Any] | bytes = WORDS, **environment: str) -> Started:
        """Say this to a new one."""
        started = subprocess.Popen(
            [*programs.hook_command(self._place), "claude"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self._opened.callback(end, started)
        assert started.stdin is not None
        with started.stdin as said:
            said.write(words if isinstance(words, bytes) else json.dumps(words).encode() + b"\n")
        return started


def end(started: Started) -> None:
    """Leave nothing running."""
    started.kill()
    started.wait()
    for stream in (started.stdout, started.stderr):
        if stream:
            stream.close()


def printed(started: Started) -> bytes:
    """All that it prints until its end, which must be a silent one."""
    assert started.stdout is not None
    assert started.stderr is not None
    told = started.stdout.read()
    assert started.stderr.read() == b""
    assert started.wait(20) == 0
    return told


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the supervisor listens, if it does. A short path: names of sockets have a limit."""
    with tempfile.TemporaryDirectory(prefix="hook-") as folder:
        yield Path(folder) / "api.sock"


@pytest.fixture
def hooks(place: Path) -> Iterator[Hooks]:
    """Starts hooks."""
    with ExitStack() as opened:
        yield Hooks(place, opened)


@pytest.fixture
def route(place: Path) -> Iterator[Route]:
    """A supervisor's door."""
    with Route(place) as listening:
        yield listening


def test_the_agents_words_reach_the_supervisor_as_they_are(hooks: Hooks, route: Route) -> None:
    """Together with who says them."""
    started = hooks.start({**WORDS, "text": "ü\n\ud800"}, CLAUDE_PID="4711")

    [asked] = route.wait()

    assert asked.head.splitlines()[0] == "POST /api/hooks/claude HTTP/1.1"
    assert {"Host: localhost", "Content-Type: application/json"} <= set(asked.head.splitlines())
    assert asked.document["payload"] == {**WORDS, "text": "ü\n\ud800"}
    assert (asked.document["pid"], asked.document["agent_pid"]) == (started.pid, 4711)
    assert asked.document.keys() == {"request", "pid", "agent_pid", "payload"}


def test_the_answer_is_printed_when_it_comes(hooks: Hooks, route: Route) -> None:
    """Byte for byte, however it is cut on its way."""
    started = hooks.start()
    [asked] = route.wait()
    assert started.poll() is None

    asked.answer(b'{"be', b'haviour": "', "ü".encode(), b'"}')

    assert printed(started) == '{"behaviour": "ü"}'.encode()


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-6\r\nabcdef\r\n",
        b"what is this\r\n\r\n",
    ],
)
def test_without_an_answer_nothing_is_printed(hooks: Hooks, route: Route, reply: bytes) -> None:
    """Nothing to say, or not understood: it is all the same to the agent."""
    started = hooks.start()
    [asked] = route.wait()

    asked.reply(reply)

    assert printed(started) == b""
    assert len(route.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhal",
    ],
)
def test_an_answer_that_breaks_off_is_asked_for_again(hooks: Hooks, route: Route, reply: bytes) -> None:
    """The same question by the same name, so that the supervisor knows it again."""
    started = hooks.start()
    [first] = route.wait()

    first.reply(reply)
    _, second = route.wait(2)
    second.answer(b"done")

    assert printed(started) == b"done"
    assert first.document == second.document


def test_a_supervisor_that_is_killed_and_comes_back_is_asked_again(hooks: Hooks, route: Route) -> None:
    """Nobody has to ask the question anew."""
    started = hooks.start()
    [first] = route.wait()

    route.die()
    route.start()
    _, second = route.wait(2)
    second.answer(b"done")

    assert printed(started) == b"done"
    assert first.document == second.document


def test_a_supervisor_that_died_before_is_waited_for(hooks: Hooks, route: Route) -> None:
    """Its socket is still there: whoever starts it again has not missed the question."""
    route.die()
    started = hooks.start()
    assert route.place.exists()

    route.start()
    [asked] = route.wait()
    asked.answer(b"done")

    assert printed(started) == b"done"


def test_without_a_supervisor_it_ends_at_once(hooks: Hooks) -> None:
    """Somebody who has stopped it wants to be asked in the terminal, and only there."""
    assert printed(hooks.start()) == b""


def test_a_sub_agents_question_is_given_back_to_the_terminal(hooks: Hooks, route: Route) -> None:
    """Claude Code shows its dialog only when the hook has ended: it does not wait long for nobody."""
    assert hook._PATIENCE_WHILE_HIDING < 10
    started = hooks.start(OF_A_SUB_AGENT)
    route.wait()

    route.die()

    assert printed(started) == b""


def test_when_the_agent_goes_the_hook_goes(hooks: Hooks, route: Route) -> None:
    """It notices while it waits for an answer, and the supervisor notices too."""
    started = hooks.start()
    [asked] = route.wait()
    assert started.stdout is not None

    started.stdout.close()

    assert started.wait(20) == 0
    until(lambda: asked.gone)


def test_when_the_agent_goes_nobody_is_asked_again(hooks: Hooks, route: Route) -> None:
    """Nor does it wait for a supervisor that is gone."""
    route.die()
    started = hooks.start()
    assert started.stdout is not None

    started.stdout.close()

    assert started.wait(20) == 0


def test_an_agent_that_takes_its_hook_back_leaves_nothing(hooks: Hooks, route: Route) -> None:
    """Claude Code ends its hooks by a signal when the question was answered with no."""
    started = hooks.start()
    [asked] = route.wait()

    started.send_signal(signal.SIGTERM)

    assert started.wait(20) == -signal.SIGTERM
    until(lambda: asked.gone)


@pytest.mark.parametrize("words", [b"", b" \n"])
def test_who_says_nothing_asks_nothing(hooks: Hooks, route: Route, words: bytes) -> None:
    """There is no question that anybody could answer."""
    started = hooks.start(words)

    assert printed(started) == b""
    assert route.asked == []


def test_whole_files_pass(hooks: Hooks, route: Route) -> None:
    """An agent tells its hook all of what it wants to write."""
    words = {**WORDS, "tool_input": {"content": "x" * (hook._LONGEST_WORDS - 1000)}}
    started = hooks.start(words)

    [asked] = route.wait()
    asked.answer(b"yes")

    assert asked.words == words
    assert printed(started) == b"yes"


def test_more_than_can_be_asked_is_not_asked(hooks: Hooks, route: Route) -> None:
    """The agent's own dialog has it."""
    started = hooks.start(b"[%s]" % (b"x" * hook._LONGEST_WORDS))

    assert printed(started) == b""
    assert route.asked == []


def test_a_strangers_socket_is_not_spoken_to(hooks: Hooks, place: Path) -> None:
    """What is no socket of ours gets nothing of what the agent says."""
    place.write_text("nonsense")

    started = hooks.start(OF_A_SUB_AGENT)

    assert printed(started) == b""


def test_it_needs_nothing_of_ours_and_of_nobodys_else() -> None:
    """An agent waits for its start: it may load what every Python has, and little of that."""
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", hook.__file__],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    modules = {line.rpartition("|")[2].strip() for line in loaded.splitlines()}

    assert {"socket", "select"} <= modules
    assert not modules & {"json", "pathlib", "http.client", "subprocess", "threading", "asyncio", "typing"}


def test_a_person_can_run_it_without_harm() -> None:
    """Whatever it is called with, it ends with 0 and says nothing."""
    assert hook.main([]) == 0
    assert hook.main(["/nowhere"]) == 0
