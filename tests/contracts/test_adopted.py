"""What every terminal program promises into whose panes we type, whatever is typed."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("the terminal programs are run on Linux", allow_module_level=True)
assert sys.platform == "linux"

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from supervisor.core.errors import Failed, Refused, WrongUse
from supervisor.core.model import Run
from supervisor.terminal import adopted
from tests.lab.fixtures import do_without
from tests.lab.panes import PLACES, Place, Recorder, alive, end, missing
from tests.lab.waiting import until

#: What a shell, a format, or a rule of quoting would see something in.
HARD = (
    "a \"quoted\" 'text' $(touch canary) `touch canary` $HOME ${x} \\ \\n \\007 \\\\ ^C ^\\ ^[ %% %n "
    "#{pane_id} #S ; & | > canary ~ !! * ? [a] {b} \t end; \\; -x"
)
LINES = "one\n\n  two $(touch canary)\n; touch canary\nü ß 日本語 🎉 👩‍👩‍👧‍👦 e\u0301\u200f\ntouch canary\n"
BEGIN, END = b"\x1b[200~", b"\x1b[201~"


@pytest.fixture(params=list(PLACES), ids=list(PLACES))
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Each program, with servers of its own."""
    if lacking := missing(request.param):
        do_without(lacking)
    # A busy machine is slow, not wrong.
    monkeypatch.setattr("supervisor.terminal.adopted.asking.SECONDS", 20.0)
    with PLACES[request.param]() as running:
        for name, value in running.for_us().items():
            monkeypatch.setenv(name, value)
        yield running


def pasted(text: str, place: Place) -> bytes:
    """What arrives of a paste."""
    newline = "\r" if place.name == "screen" else "\n"
    return BEGIN + text.replace("\n", newline).encode() + END


def test_a_pane_is_found_by_its_device(place: Place) -> None:
    """It is found from any process in it, and it is among all panes; another device has none."""
    inside, other = place.recorder(), place.recorder()

    found = inside.pane

    assert found.program == place.name
    assert found.tty == inside.tty
    assert found != other.pane
    assert adopted.find(inside.tty, {}) == found
    assert {found, other.pane} <= set(adopted.panes())
    assert adopted.find("/dev/pts/99999", inside.environment) is None


def test_a_text_arrives_as_it_is_in_one_paste(place: Place) -> None:
    """Nothing in it means anything to anybody on the way."""
    inside = place.recorder()

    adopted.paste(inside.pane, HARD, expects=inside.run, takes_pastes=True)
    inside.wait_for(pasted(HARD, place))
    adopted.paste(inside.pane, LINES, expects=inside.run, takes_pastes=True)
    inside.wait_for(pasted(LINES, place))

    assert not list(place.folder.rglob("canary"))


def test_a_text_that_begins_like_an_option_is_a_text(place: Place) -> None:
    """A dash is a dash, and a semicolon at the end is one too."""
    inside = place.recorder()

    for text in ("--help", "-t", "-", "x;", ";"):
        adopted.paste(inside.pane, text, expects=inside.run, takes_pastes=True)
        inside.wait_for(pasted(text, place))


def test_the_longest_text_arrives_whole(place: Place) -> None:
    """64 KiB, and Enter after it, by a program that takes its time."""
    inside = place.recorder()
    text = (
        "".join(f"{number:06} ü🎉 " for number in range(5000))
        .encode()[: 64 * 1024 - 1]
        .decode(errors="ignore")
    )
    text += "x" * (64 * 1024 - len(text.encode()))

    adopted.paste(inside.pane, text, expects=inside.run, takes_pastes=True)
    adopted.keys(inside.pane, b"\r", expects=inside.run)

    assert len(text.encode()) == 64 * 1024
    inside.wait_for(pasted(text, place) + b"\r")


def test_keys_arrive_byte_by_byte(place: Place) -> None:
    """Enter, Escape, arrows, and every byte that the program can type at all."""
    inside = place.recorder()
    everything = bytes(range(128 if place.name == "wezterm" else 256))

    for pressed in (b"\r", b"\x1b", b"\x1b[A", b"\x00", b"\n", "ü".encode(), everything * 5):
        adopted.keys(inside.pane, pressed, expects=inside.run)
        inside.wait_for(pressed)


def test_lines_for_a_program_that_takes_no_pastes_are_refused(place: Place) -> None:
    """Each line would be sent by itself; one line is typed, without brackets."""
    inside = place.recorder("lines")

    with pytest.raises(Refused):
        adopted.paste(inside.pane, "one\ntouch canary\n", expects=inside.run)
    with pytest.raises(Refused):
        adopted.paste(inside.pane, "one\ntouch canary\n", expects=inside.run, takes_pastes=True)
    adopted.paste(inside.pane, "one", expects=inside.run)
    adopted.keys(inside.pane, b"\r", expects=inside.run)

    inside.wait_for(b"one\n")


def test_nothing_is_typed_into_the_shell_behind_the_agent(place: Place) -> None:
    """A suspended agent, or one that has ended, leaves a shell in front."""
    inside = place.recorder(in_shell=True)
    pane, run = inside.pane, inside.run

    inside.signal(signal.SIGSTOP)
    until(lambda: psutil.Process(inside.pid).status() == psutil.STATUS_STOPPED)
    until(lambda: not _in_front(inside))
    _refuses(pane, run)
    end(inside.pid)
    until(lambda: not psutil.pid_exists(inside.pid))
    _refuses(pane, run)

    assert inside.got == b""
    assert not list(place.folder.rglob("canary"))
    assert "canary" not in (adopted.screen_text(pane) or "")


def _in_front(inside: Recorder) -> bool:
    fields = Path(f"/proc/{inside.pid}/stat").read_text().rpartition(")")[2].split()
    return fields[2] == fields[5]


def _refuses(pane: adopted.Pane, run: Run) -> None:
    with pytest.raises(Refused, match="not in front"):
        adopted.paste(pane, "touch canary", expects=run, takes_pastes=True)
    with pytest.raises(Refused, match="not in front"):
        adopted.keys(pane, b"touch canary\r", expects=run)


def test_another_process_under_the_same_number_is_not_the_agent(place: Place) -> None:
    """A PID is used again; its start tells."""
    inside = place.recorder()

    with pytest.raises(Refused, match="not in front"):
        adopted.paste(inside.pane, "x", expects=Run(inside.pid, inside.run.started_at - 100))
    with pytest.raises(Refused, match="not in front"):
        adopted.paste(inside.pane, "x", expects=Run(os.getpid(), psutil.Process().create_time()))

    assert inside.got == b""


def test_a_pane_that_is_gone_says_so(place: Place) -> None:
    """Typing fails in words; showing shows nothing."""
    inside = place.recorder()
    pane, run = inside.pane, inside.run

    process = psutil.Process(inside.pid)
    place.close()
    until(lambda: not alive(process))

    with pytest.raises((Refused, Failed)):
        adopted.paste(pane, "x", expects=run, takes_pastes=True)
    assert adopted.screen_text(pane) is None
    assert adopted.find(pane.tty, {}) is None


def test_what_it_shows_can_be_read(place: Place) -> None:
    """Letters beyond ASCII too; GNU screen knows only those of Latin-1."""
    inside = place.recorder()
    shown = "ready ü" if place.name == "screen" else "ready ü🎉"

    until(lambda: shown in (adopted.screen_text(inside.pane) or ""))


@pytest.mark.parametrize(
    "text", ["\x1b[201~\rtouch canary\r", "a\x00b", "a\rb", "\x9b201~", "\x7f", "x" * 65537, "\ud800"]
)
def test_what_is_no_plain_text_is_refused(text: str) -> None:
    """The end of a paste within a paste, before anybody is asked."""
    pane = adopted.Pane(program="tmux", id="%0", tty="/dev/pts/0", server="/nowhere")

    with pytest.raises(WrongUse):
        adopted.paste(pane, text, expects=Run(1, 0.0), takes_pastes=True)


def test_programs_that_are_missing_have_nothing_to_tell(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No error where there is nothing to type into; a clear one where there was."""
    inside = place.recorder()
    pane = inside.pane
    monkeypatch.setattr("supervisor.terminal.adopted.asking._ELSEWHERE", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    adopted.panes()
    adopted.find("/dev/pts/99999", {"TMUX": "/tmp/x,1,2", "STY": "1.x", "KITTY_LISTEN_ON": "unix:/x"})

    assert adopted.screen_text(pane) is None
    with pytest.raises(Failed):
        adopted.paste(pane, "x", expects=inside.run)


def test_a_program_that_hangs_is_cut_off(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is an answer, whatever it is; the two seconds are shorter here."""
    inside = place.recorder()
    pane = inside.pane
    for name in ("SECONDS", "DEED_SECONDS"):
        monkeypatch.setattr(f"supervisor.terminal.adopted.asking.{name}", 0.3)
    for name in ("tmux", "screen", "kitty", "kitten", "zellij", "wezterm"):
        (tmp_path / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    shown = adopted.screen_text(pane)
    with pytest.raises(Failed):
        adopted.keys(pane, b"\r", expects=inside.run)

    assert shown is None
    assert inside.got == b""
