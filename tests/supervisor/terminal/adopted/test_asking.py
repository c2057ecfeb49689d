"""Other programs are started without a shell, and never waited for long."""

import os
import time
from pathlib import Path

import pytest

from supervisor.core.errors import Failed
from supervisor.terminal.adopted.asking import ask, done, told


def _program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "program").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "program").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_words_reach_a_program_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell reads them on the way."""
    _program(tmp_path, 'printf "%s|" "$@"; cat', monkeypatch)

    answer = ask(("program", "$(id)", "a b", "*", "", "ü"), b"typed $HOME")

    assert answer == (0, "$(id)|a b|*||ü|typed $HOME", "")


def test_it_is_not_taken_for_somebody_in_a_pane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started us may sit in one; only what we name counts."""
    _program(tmp_path, 'echo "$TMUX-$STY-$KITTY_LISTEN_ON-$SCREENDIR"', monkeypatch)
    for name in ("TMUX", "STY", "KITTY_LISTEN_ON"):
        monkeypatch.setenv(name, "outer")

    assert told(("program",), environment={"SCREENDIR": "/mine"}) == "---/mine\n"


def test_a_program_that_is_silent_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two seconds; whoever only wanted to know something knows nothing."""
    _program(tmp_path, "exec sleep 60", monkeypatch)
    began = time.monotonic()

    with pytest.raises(Failed, match="does not answer"):
        ask(("program",))
    assert told(("program",)) is None

    assert time.monotonic() - began < 15


def test_a_program_that_cannot_is_heard_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line."""
    _program(tmp_path, "echo 'no such\n  pane' >&2; exit 3", monkeypatch)

    with pytest.raises(Failed, match="program could not do it: no such pane"):
        done(("program",))
    assert told(("program",)) is None


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_words_that_cannot_be_are_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """A NUL, or half a letter."""
    _program(tmp_path, "exit 0", monkeypatch)

    with pytest.raises(Failed):
        ask(("program", word))


def test_a_program_that_is_not_there_is_named() -> None:
    """With what to do."""
    with pytest.raises(Failed, match="no-such-program is not installed"):
        ask(("no-such-program",))
