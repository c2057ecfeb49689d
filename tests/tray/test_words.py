"""The sentences of the tray, and how texts of others are made harmless in them."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from supervisor.core.model import Awake, AwakeMode, Reason, Reconnect, State
from tray import words
from tray.snapshot import Session, Snapshot

NOON = 1_772_366_400.0  # 2026-03-01 12:00 UTC, a Sunday


@given(st.text(max_size=300), st.integers(1, 60))
@example("\u202egpj.exe\u2066", 20)
@example("a\x00b\x1b[31mc\r\n\td\x7f", 60)
@example("\ud800", 5)
@example("z" + "\u0336" * 50, 60)
def test_a_hostile_text_becomes_one_plain_line(text: str, limit: int) -> None:
    """No control or direction-changing character, no break, no tower of accents, never too long."""
    line = words.plain(text, limit)

    assert len(line) <= limit
    assert not any(unicodedata.category(character) in words.HIDDEN for character in line)
    assert line == " ".join(line.split())
    line.encode()


def test_a_long_text_ends_in_an_ellipsis_and_a_short_one_stays() -> None:
    """Nobody takes a cut text for the whole."""
    assert words.plain("a" * 50, 10) == "a" * 9 + "…"
    assert words.plain("Grüße, 世界 👋", 20) == "Grüße, 世界 👋"


def test_moments_are_said_by_the_clock_on_the_wall() -> None:
    """The further away, the more of the date; they stay true without being written anew."""
    local = words._local(NOON)

    said = [words.when(at, NOON) for at in (NOON - 60, NOON - 86_400, NOON - 30 * 86_400, None)]

    before = words._local(NOON - 60)
    assert said[0] == f"{before:%H:%M}"
    assert said[1].endswith(f"{local:%H:%M}")
    assert said[1][:3].isalpha()
    assert said[2].startswith("2026-01-30")
    assert said[3] == "?"


def test_the_state_of_everything_fits_in_a_few_words() -> None:
    """What wants somebody comes first."""
    states = [State.WORKING, State.STARTING, State.NEEDS_YOU, State.CUT_OFF, State.IDLE]
    sessions = [Session(id=str(n), agent="claude", state=state) for n, state in enumerate(states)]

    assert words.counts(sessions) == "1 needs you, 1 cut off, 2 working, 1 idle"
    assert words.counts(sessions[2:3] * 2) == "2 need you"
    assert words.counts([]) == words.NO_SESSIONS


def test_a_title_falls_back_to_the_folder_and_then_to_the_id() -> None:
    """Every session can be told from the others."""
    bare = Session(id="0b5e", agent="claude", state=State.WORKING)

    assert words.title(bare) == "● 0b5e"
    assert words.title(Session(id="x", agent="a", state=State.IDLE, cwd="/srv/api/")) == "○ api"
    assert (
        words.title(Session(id="x", agent="a", state=State.IDLE, cwd="C:\\w\\api", title="T")) == "○ T · api"
    )


def test_keep_awake_explains_itself() -> None:
    """Held or not, the line says why."""
    held = Awake(held=True, held_since=NOON, mechanism="logind")

    assert "by logind" in words.awake_held(held, NOON)
    assert words.awake_held(Awake(wanted=True, problem="no way here"), NOON) == "No way here"
    assert "off" in words.awake_held(Awake(mode=AwakeMode.OFF), NOON)
    assert "nothing is working" in words.awake_held(Awake(), NOON)
    assert words.awake_mode(Awake(mode=AwakeMode.ON, mode_until=NOON), NOON).startswith(
        "Keep awake: on until"
    )
    assert words.reason(Reason(text="tests run", since=NOON), NOON).startswith("tests run (since")


def test_a_reconnect_says_which_attempt_when_and_why() -> None:
    """Nobody has to guess why nothing moves."""
    attempt = Reconnect(attempt=3, next_try_at=NOON, reason="network down", policy="network")

    said = words.reconnect(attempt, NOON - 41)

    assert said == f"Attempt 3 at {words.when(NOON, NOON)} (in 40 s): network down"


def test_the_tooltip_tells_the_truth_when_nobody_answers() -> None:
    """Old counts are not shown as if they were new."""
    assert words.tooltip(Snapshot(), []) == words.NOT_RUNNING
    assert "kept awake" in words.tooltip(Snapshot(reachable=True, awake=Awake(held=True)), [])


def test_what_let_the_machine_go_is_seen_without_a_click() -> None:
    """The mouse on the icon is enough to learn that the battery was low."""
    awake = Awake(wanted=True, problem="released because the battery is at 19 %")

    assert words.tooltip(Snapshot(reachable=True, awake=awake), []).endswith(
        "\nReleased because the battery is at 19 %"
    )
