"""What a prompt from afar can do to a terminal that we hold, through the API's own door."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from supervisor.core.errors import Refused, WakelineError, WrongUse
from tests.end_to_end.steered import wakeline_in
from tests.lab import homes
from tests.lab.fixtures import do_without
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

InTerminal = Callable[[homes.Launch], Terminal]

#: Writes down what it gets, byte for byte; it takes pastes if it is told so.
RECORDER = (
    "import os, sys, tty; tty.setraw(0); record = open(sys.argv[1], 'ab', 0)\n"
    "os.write(1, (sys.argv[2] + 'ready').encode())\n"
    "while (got := os.read(0, 4096)): record.write(got)"
)
PASTES = "\x1b[?2004h"
CANARY = "canary"
LONGEST = 64 * 1024


class Target:
    """A program in a terminal of ours, and the way to it. Owner: the test."""

    def __init__(self, wakeline: Wakeline, in_terminal: InTerminal, *argv: str, ready: str) -> None:
        """Started, and waited for."""
        self.wakeline = wakeline
        self.folder = wakeline.folder.parent
        command = wakeline.command("run", "--", *argv)
        self.terminal = in_terminal(homes.Launch(argv=command.argv, env=command.env, cwd=self.folder))
        self.terminal.wait_for(ready)
        session = wakeline.wait_for(agent="plain", state="working")
        self.path = f"/api/sessions/{session['id']}"

    @property
    def record(self) -> bytes:
        """What the recorder got so far."""
        return (self.folder / "record").read_bytes()

    def send(self, text: str) -> Any:
        """As a phone or ``wakeline send`` does."""
        return self.wakeline.client.post(f"{self.path}/prompt", {"text": text})

    def order(self, key: str, text: str) -> Any:
        """The same under a key of one's own."""
        return self.wakeline.client._ask("POST", f"{self.path}/prompt", {"text": text}, key)


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A running supervisor."""
    with wakeline_in() as running:
        yield running


@pytest.fixture
def recorder(wakeline: Wakeline, in_terminal: InTerminal) -> Target:
    """A program that takes pastes and writes all down."""
    record = wakeline.folder.parent / "record"
    return Target(wakeline, in_terminal, sys.executable, "-c", RECORDER, str(record), PASTES, ready="ready")


@pytest.mark.parametrize(
    "text",
    ["\x1b[201~echo", "\x9b201~echo", "a\x03", "a\x04", "a\x1a", "a\x00b", "a\x7f", "a\x85b", "\x1b", "a\rb"],
    ids=[
        "paste-end",
        "paste-end-c1",
        "interrupt",
        "eof",
        "suspend",
        "nul",
        "delete",
        "next-line",
        "esc",
        "cr",
    ],
)
def test_a_control_character_is_refused_and_nothing_is_typed(recorder: Target, text: str) -> None:
    """The whole prompt, not just the character."""
    with pytest.raises(WrongUse, match="control character"):
        recorder.send(f"before {text} after")

    recorder.send("then this")
    until(lambda: b"then this" in recorder.record)
    assert b"before" not in recorder.record


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_nothing_in_a_prompt_gets_out_of_its_paste(
    wakeline: Wakeline, in_terminal: InTerminal, shell: str
) -> None:
    """What looks like the end of a paste is refused; what is a paste runs only what is written, at once."""
    if shutil.which(shell) is None:
        do_without(f"needs {shell}: apt install {shell}")
    bare = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    target = Target(wakeline, in_terminal, shell, *bare, ready="")
    canary = target.folder / CANARY

    for end in ("\x1b[201~", "\x9b201~", "\u001b[201~"):
        with pytest.raises(WrongUse):
            target.send(f"true {end}\ntouch {CANARY}\n")
    target.send("echo '[201~'; touch written")

    until((target.folder / "written").exists)
    assert not canary.exists()


def test_lines_for_a_program_that_takes_no_paste_are_refused(
    wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """Each would be a prompt of its own; one line is one prompt."""
    record = wakeline.folder.parent / "record"
    target = Target(wakeline, in_terminal, sys.executable, "-c", RECORDER, str(record), "", ready="ready")

    told = _outcome(target, "one\ntwo")

    assert "lines" in told
    target.send("three")
    until(lambda: b"three" in target.record)
    assert b"one" not in target.record


def test_the_longest_prompt_arrives_whole_and_a_longer_one_not_at_all(recorder: Target) -> None:
    """64 KiB through a terminal that takes 4 KiB at once; one byte more is too long."""
    text = ("0123456789abcdef" * (LONGEST // 16))[:LONGEST]

    with pytest.raises(WrongUse):
        recorder.send(text + "x")
    recorder.send(text)

    until(lambda: text.encode() in recorder.record)
    assert recorder.record.count(b"0123456789abcdef") == LONGEST // 16


def test_fifty_repeats_at_once_type_it_once(recorder: Target) -> None:
    """They get the same answer, and another prompt under the same key is refused."""
    with ThreadPoolExecutor(8) as phones:
        answers = list(phones.map(lambda _: recorder.order("the-same-key", "only once"), range(50)))
    with pytest.raises(Refused):
        recorder.order("the-same-key", "something else")

    assert len({answer["command_id"] for answer in answers}) == 1
    recorder.send("the end")
    until(lambda: b"the end" in recorder.record)
    assert recorder.record.count(b"only once") == 1
    assert b"something else" not in recorder.record


def test_two_that_type_at_once_do_not_mix(recorder: Target) -> None:
    """Whole prompts in one order, each once."""
    words = [[f"{name * 40} {number:02d}" for number in range(8)] for name in "ab"]
    writers = [threading.Thread(target=_insist, args=(recorder, mine)) for mine in words]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    expected = {text.encode() for mine in words for text in mine}
    until(lambda: recorder.record.count(b"\r") == len(expected))
    typed = [
        line.replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"") for line in recorder.record.split(b"\r")
    ]
    assert sorted(typed[:-1]) == sorted(expected)


@pytest.mark.parametrize("text", ["--dangerously-skip-permissions", "-p=x", "--", "-", "=1", "@file"])
def test_what_looks_like_an_option_is_text(recorder: Target, text: str) -> None:
    """To us and to the program."""
    recorder.send(text)

    until(
        lambda: (
            recorder.record.endswith(text.encode() + b"\r")
            or f"{text}\x1b[201~\r".encode() in recorder.record
        )
    )


def test_a_thousand_interruptions_are_a_few(recorder: Target) -> None:
    """Who holds the button down is told to wait; the program gets no more than was granted."""
    granted = 0

    def press(_: int) -> bool:
        try:
            recorder.wakeline.client.post(f"{recorder.path}/interrupt")
        except WakelineError:
            return False
        return True

    with ThreadPoolExecutor(8) as fingers:
        granted = sum(fingers.map(press, range(1000)))

    recorder.send("the end")
    until(lambda: b"the end" in recorder.record)
    assert 0 < granted < 1000
    assert recorder.record.count(b"\x03") + recorder.record.count(b"\x1b\x1b") <= granted


def plain(record: bytes) -> bytes:
    """Without the marks of a paste."""
    return record.replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"")


def _insist(target: Target, texts: list[str]) -> None:
    for text in texts:
        while _outcome(target, text) not in {"sent", "taken"}:
            pass


def _outcome(target: Target, text: str) -> str:
    """What became of it: its state, or why not."""
    try:
        given = target.send(text)["prompt"]
    except WakelineError as trouble:
        return trouble.title
    where = f"{target.path}/prompts/{given['id']}"
    until(lambda: target.wakeline.client.get(where)["state"] not in {"waiting", "sending"})
    now = target.wakeline.client.get(where)
    return str(now["note"] if now["state"] == "refused" else now["state"])
