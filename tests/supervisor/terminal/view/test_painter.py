"""A painter as a process: what it says, when, and what it costs."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from supervisor import programs
from supervisor.terminal import wire
from tests.lab.held import ROOT, Caller, Held
from tests.lab.waiting import until
from tests.supervisor.terminal.view import hostile

MEGABYTE = 2**20
Paint = Callable[..., "Easel"]


class Easel:
    """One painter, and what it has said: as the supervisor hears it. A thread reads."""

    def __init__(self, folder: Path, terminal: str, *more: str) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [*programs.painter_command(folder, terminal), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.rows: dict[int, str] = {}
        self.pictures: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.screens: list[str] = []
        self.words: list[str] = []
        self._reader = threading.Thread(target=self._read, name="easel", daemon=True)
        self._reader.start()

    @property
    def screen(self) -> str:
        """The text of the whole screen, in the newest picture."""
        return self.screens[-1] if self.screens else ""

    def wait_for(self, words: str, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until these are on the screen; the newest picture."""
        until(lambda: words in self.screen, seconds, words)
        return self.pictures[-1]

    def say(self, words: bytes) -> None:
        """Ask it for something."""
        assert self.process.stdin is not None
        self.process.stdin.write(words)

    def answered(self, question: bytes, kind: str, seconds: float = 60.0) -> list[str]:
        """Ask, and wait for a line of that kind; all other words up to it."""
        before = len(self.words)
        self.say(question)
        until(lambda: any(word.startswith(kind) for word in self.words[before:]), seconds, kind)
        return self.words[before:]

    def close(self) -> None:
        """Leave it."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while heard := os.read(self.process.stdout.fileno(), 65536):
                *lines, rest = (rest + heard).split(b"\n")
                for line in lines:
                    self._take(line.decode())

    def _take(self, line: str) -> None:
        kind, _, said = line.partition(" ")
        if kind == "row":
            number, _, runs = said.partition(" ")
            self.rows[int(number)] = "".join(run[0] for run in json.loads(f"[{runs}]")[0])
        elif kind == "picture":
            picture = json.loads(said)
            self.times.append(time.monotonic())
            self.pictures.append(picture)
            self.screens.append("\n".join(self.rows.get(row, "") for row in range(picture["size"][0])))
        else:
            self.words.append(line)


@pytest.fixture
def paint(held: Held) -> Iterator[Paint]:
    """Have what a client shows painted; each painter ends with the test."""
    easels: list[Easel] = []

    def begin(caller: Caller | str, *more: str) -> Easel:
        terminal = caller if isinstance(caller, str) else caller.hello.id.decode()
        easels.append(Easel(held.folder, terminal, *more))
        return easels[-1]

    yield begin
    for easel in easels:
        easel.close()


def test_it_paints_what_is_there_and_what_comes(held: Held, paint: Paint) -> None:
    """First all, in one picture; then what changes."""
    caller = held.run("sh", "-c", "seq 100; printf '\\033]0;title\\007\\033[1mhere\\033[0m'; cat")
    caller.wait_for(b"here")

    easel = paint(caller)
    picture = easel.wait_for("here")
    caller.type(b"typed")
    easel.wait_for("heretyped")

    assert "100\nhere" in easel.screens[0]
    assert (picture["size"], picture["title"], picture["ended"]) == ([24, 80], "title", None)
    assert picture["history"] == [0, 77]


def test_it_goes_when_nobody_reads_it(held: Held, paint: Paint) -> None:
    """A supervisor that was killed leaves no painters."""
    easel = paint(held.run("cat"))
    until(lambda: easel.pictures)

    assert easel.process.stdin is not None
    easel.process.stdin.close()

    assert easel.process.wait(10) == 0


def test_the_end_is_told_with_its_code(held: Held, paint: Paint) -> None:
    """The last picture stays, and the lines above it can still be asked for."""
    caller = held.run("sh", "-c", "seq 100; read x; echo the last; exit 3")
    easel = paint(caller)
    easel.wait_for("100")

    caller.type(b"\n")
    until(lambda: easel.pictures[-1]["ended"] == 3)

    assert "the last" in easel.screen
    assert easel.answered(b"lines 10 2\n", "page") == ['line [["9"]]', 'line [["10"]]', "page 8 0 79"]


def test_lines_above_are_given_by_number(held: Held, paint: Paint) -> None:
    """A page, a part of one, and none; never more than two hundred."""
    caller = held.run("sh", "-c", "seq 1000; printf ready; cat")
    easel = paint(caller)
    easel.wait_for("ready")

    assert easel.answered(b"lines 3 2\n", "page") == ['line [["2"]]', 'line [["3"]]', "page 1 0 977"]
    assert easel.answered(b"lines 1 50\n", "page") == ['line [["1"]]', "page 0 0 977"]
    assert easel.answered(b"lines -1 -1\n", "page") == ["page 0 0 977"]
    assert len(easel.answered(b"lines 977 100000\n", "page")) == 201


def test_what_it_does_not_understand_it_passes_over(held: Held, paint: Paint) -> None:
    """And goes on."""
    easel = paint(held.run("cat"))
    until(lambda: easel.pictures)

    easel.say(b"\n\xff nonsense\nlines\n")

    assert easel.answered(b"ping\n", "pong") == ["pong"]


def test_a_screen_of_another_size_is_painted_as_it_was_meant(held: Held, paint: Paint) -> None:
    """Also by who comes later: what was printed before and after is put where it belongs."""
    draw = "printf '\\033[H\\033[2J'; stty size; printf '%*s' $(($(stty size | cut -d' ' -f2) * 2)) end"
    caller = held.run("sh", "-c", f"{draw}; read x; {draw}; cat", size=(24, 80))
    early = paint(caller)
    early.wait_for("end")

    caller.say(wire.Resize(30, 132))
    caller.type(b"\n")
    early.wait_for("30 132")
    late = paint(caller)
    late.wait_for("30 132")

    assert early.pictures[-1]["size"] == late.pictures[-1]["size"] == [30, 132]
    assert early.screen.split("\n")[:3] == late.screen.split("\n")[:3] == ["30 132", "", " " * 129 + "end"]


def test_nothing_is_shown_half_painted(held: Held, paint: Paint) -> None:
    """A program says when it is painting; it is believed for a second."""
    begin, end = "\\033[?2026h", "\\033[?2026l"
    caller = held.run(
        "sh",
        "-c",
        f"printf ready; read x; printf '{begin}half'; sleep 0.2; printf 'whole{end}';"
        f" read x; printf '{begin}never'; cat",
    )
    easel = paint(caller)
    easel.wait_for("ready")

    caller.type(b"\n")
    easel.wait_for("halfwhole")
    caller.type(b"\n")
    easel.wait_for("never")

    assert not [screen for screen in easel.screens if "half" in screen and "whole" not in screen]


def test_a_flood_costs_few_pictures_and_ends_with_the_newest(held: Held, paint: Paint) -> None:
    """At most thirty a second, whatever is printed."""
    caller = held.run("sh", "-c", "read x; seq 2000000; printf 'the end'; cat")
    easel = paint(caller)
    until(lambda: easel.pictures)
    began = time.monotonic()

    caller.type(b"\n")
    easel.wait_for("the end", 60)

    assert len(easel.pictures) <= 3 + 31 * (time.monotonic() - began)
    pauses = [b - a for a, b in zip(easel.times, easel.times[1:], strict=False)]
    assert not pauses or sorted(pauses)[len(pauses) // 2] > 0.025


def test_who_was_left_behind_gets_the_newest_screen(held: Held, paint: Paint) -> None:
    """What was missed is asked for anew: the program paints its screen again."""
    again = "printf '\\033[H\\033[2Jpainted anew\\nmodes stay'"
    flood = "printf '\\033[?1049h\\033[?1h'; head -c 8000000 /dev/zero | tr '\\0' x"
    script = f'trap "{again}" WINCH; printf ready; read x; {flood}; touch done; while :; do sleep 0.05; done'
    caller = held.run("bash", "-c", script)
    easel = paint(caller)
    easel.wait_for("ready")
    easel.process.send_signal(signal.SIGSTOP)

    caller.type(b"\n")
    until((held.folder / "done").exists)
    easel.process.send_signal(signal.SIGCONT)
    picture = easel.wait_for("painted anew")

    assert picture["modes"]["alternate"]
    assert picture["modes"]["application_cursor"]


def test_a_fresh_one_does_not_look_at_the_past(held: Held, paint: Paint) -> None:
    """What killed its predecessor may stand there; the program's modes are known all the same."""
    script = "trap 'printf anew' WINCH; printf '\\033[?1049h\\033[?2004hpoison'; while :; do sleep 0.05; done"
    caller = held.run("bash", "-c", script)
    caller.wait_for(b"poison")

    easel = paint(caller, "fresh")
    picture = easel.wait_for("anew")

    assert not [screen for screen in easel.screens if "poison" in screen]
    assert picture["modes"]["alternate"]
    assert picture["modes"]["bracketed_paste"]


def test_output_that_is_slow_to_parse_holds_up_nobody(held: Held, paint: Paint) -> None:
    """It answers all the while, and gets to what stands there at last."""
    (held.folder / "slow").write_bytes(b"a\x1b[1000000000b" * 60_000)
    caller = held.run("sh", "-c", "printf ready; read x; cat slow; clear; printf 'the end'; cat")
    easel = paint(caller)
    easel.wait_for("ready")

    caller.type(b"\n")
    caller.wait_for(b"the end")
    for _ in range(3):
        easel.answered(b"ping\n", "pong", 5)

    caller.type(b" more")
    easel.wait_for("more", 40)


def test_hostile_output_neither_kills_it_nor_makes_it_grow(held: Held, paint: Paint) -> None:
    """Everything that a program could think of, one after another."""
    for number, text in enumerate(hostile.streams().values()):
        (held.folder / f"{number:02}.bad").write_bytes(text)
    between = "printf '\\030\\033\\\\\\033[?2026l\\033c'"
    cat = f"for bad in *.bad; do cat $bad; {between}; done; printf 'still here'; cat"
    caller = held.run("sh", "-c", f"stty raw -echo; printf ready; head -c 1 > /dev/null; {cat}")
    easel = paint(caller)
    easel.wait_for("ready")
    before = psutil.Process(easel.process.pid).memory_info().rss

    caller.type(b"x")
    easel.wait_for("still here", 90)

    assert psutil.Process(easel.process.pid).memory_info().rss - before < 100 * MEGABYTE
    assert all(len(picture["title"]) <= 200 for picture in easel.pictures)
    assert all(max(picture["size"]) <= 132 for picture in easel.pictures)


def test_it_costs_nothing_while_nothing_happens(held: Held, paint: Paint) -> None:
    """No ticking."""
    easel = paint(held.run("cat"))
    until(lambda: easel.pictures)
    process = psutil.Process(easel.process.pid)
    until(lambda: process.status() == psutil.STATUS_SLEEPING)
    threading.Event().wait(0.3)
    before = process.num_ctx_switches().voluntary

    threading.Event().wait(0.7)

    assert process.num_ctx_switches().voluntary - before <= 1


def test_a_terminal_that_nobody_holds_is_gone(held: Held, paint: Paint) -> None:
    """It says so, also when the holder is killed while it looks."""
    nobody = paint("abc")
    caller = held.run("cat")
    easel = paint(caller)
    until(lambda: easel.pictures)

    psutil.Process(caller.hello.holder).kill()

    until(lambda: easel.words == ["gone"])
    until(lambda: nobody.words == ["gone"])


def test_where_there_is_no_libghostty_it_says_so(
    held: Held, paint: Paint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Terminals are held there all the same."""
    (tmp_path / "pyghostty.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")

    easel = paint(held.run("cat"))

    until(lambda: easel.words == ["unable"])


def test_an_old_holder_is_known_as_such(held: Held, paint: Paint) -> None:
    """It would take a viewer for nobody, and never tell of sizes."""
    hello = wire.Hello(1, b"abc", 1, 1, 0.0, b"", b"/", 0, (b"x",))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(held.folder / "abc.sock"))
        listening.listen()
        easel = paint("abc")
        connection, _ = listening.accept()
        with connection:
            connection.sendall(wire.encode(hello))

            until(lambda: easel.words == ["old"])
