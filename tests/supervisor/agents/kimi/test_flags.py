"""Command lines of Kimi Code 2.1.0."""

import pytest

from supervisor.agents.kimi import flags

SESSION = "session_5e2eb1ab-44d2-4ba5-bb0f-cde7da7c84da"


@pytest.mark.parametrize(
    "words", [("--session", SESSION), (f"--session={SESSION}",), ("-S", SESSION), ("-r", SESSION, "-y")]
)
def test_a_session_that_is_named_is_known(words: tuple[str, ...]) -> None:
    """As its help and its own advice spell it."""
    found = flags.command(("node", "/lib/node_modules/.bin/kimi", *words))

    assert found is not None
    assert flags.session(found) == SESSION


def test_a_running_one_hides_its_options() -> None:
    """Only its name is left."""
    found = flags.command(("kimi-code",))

    assert found is not None
    assert flags.session(found) is None


@pytest.mark.parametrize(
    "argv", [("kimi", "web"), ("kimi", "--help"), ("kimi", "acp"), ("node", "/x/other.mjs")]
)
def test_other_verbs_are_no_conversations(argv: tuple[str, ...]) -> None:
    """As long as they can be told."""
    assert flags.command(argv) is None
