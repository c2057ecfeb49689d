"""Command lines of Copilot CLI."""

import pytest

from supervisor.agents.copilot import flags


def test_a_command_line_names_its_session_and_what_was_chosen() -> None:
    """The id of the session, and the options that stay when it is brought back."""
    found = flags.command(("copilot", "--resume=x", "--model", "y"))

    assert found is not None
    assert flags.session(found) == "x"
    assert flags.kept(found)[-1] == "y"
    assert "x" not in flags.kept(found)


@pytest.mark.parametrize(
    "argv", [("copilot", "login"), ("copilot", "--acp"), ("copilot", "-h"), ("vim",), ()]
)
def test_what_holds_no_conversation_is_none(argv: tuple[str, ...]) -> None:
    """Errands, servers and other programs."""
    assert flags.command(argv) is None
