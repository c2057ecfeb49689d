"""How things are said on a terminal."""

import json
import os
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.commands import say
from supervisor.core.model import State


def test_every_state_has_a_shape_of_its_own() -> None:
    """Whoever sees no colours tells them apart as well."""
    shapes = {shape for shape, _, _ in say.STATES.values()}

    assert set(say.STATES) == {str(state) for state in State}
    assert len(shapes) == len(State)


@given(st.text())
def test_what_others_wrote_cannot_steer_a_terminal(text: str) -> None:
    """No escape sequence, line break or turned direction comes through; lengths stay."""
    plain = say.plain(text)

    assert plain.isprintable()
    assert len(plain) == len(text)


@given(st.text(), st.integers(1, 40))
def test_what_is_cut_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    """Columns hold, and nobody takes a part for the whole."""
    cut = say.cut(text, width)

    assert len(cut) <= width
    assert cut == text or cut.endswith("…")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3660, "1 h 01 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_are_told_in_two_units_at_most(seconds: float, told: str) -> None:
    """Short enough for a column."""
    assert say.span(seconds) == told


def test_times_are_told_from_now_and_unknown_ones_as_such() -> None:
    """A clock that was set back makes no negative durations."""
    now = time.time()

    def text(at: float) -> str:
        return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")

    assert say.ago(text(now - 120)) == "2 min"
    assert say.until(text(now + 150)) == "2 min"
    assert say.ago(text(now + 500)) == "0 s"
    assert (say.ago(None), say.until(None), say.clock(None)) == ("?", "?", "?")


def test_the_home_folder_is_shortened_and_only_that() -> None:
    """A neighbour whose name begins alike keeps his."""
    home = os.path.expanduser("~")  # noqa: PTH111 -- as the module does it

    assert say.folder(home) == "~"
    assert say.folder(f"{home}{os.sep}shop") == f"~{os.sep}shop"
    assert say.folder(f"{home}land") == f"{home}land"
    assert say.folder("/a\x1b[2J") == "/a\N{REPLACEMENT CHARACTER}[2J"
    assert say.folder(None) == "?"


@pytest.mark.parametrize(
    ("terminal", "environment", "colours"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], colours: bool
) -> None:
    """A pipe gets words."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)

    assert ("\x1b" in say.state("lost")) is colours
    assert "✕ lost" in say.state("lost")


def test_a_document_is_readable_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Letters of all languages stay what they are."""
    say.document({"title": "Grüße", "none": None})

    printed = capsys.readouterr().out
    assert "Grüße" in printed
    assert json.loads(printed) == {"title": "Grüße", "none": None}


def test_unknown_facts_are_said_to_be_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made up, and columns are even."""
    say.facts([("model", None), ("git branch", "main")])

    assert capsys.readouterr().out == "model       unknown\ngit branch  main\n"


def test_a_sentence_tells_times_as_the_clock_here_shows_them() -> None:
    """Whoever reads it need not think of UTC."""
    told = "2026-01-31T12:00:00Z"

    assert say.local(f"It waits until {told}.") == f"It waits until {say.clock(told)}."
    assert say.local("It waits.") == "It waits."
