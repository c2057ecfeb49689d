"""How Copilot CLI is brought back and typed at."""

from pathlib import Path

from supervisor.agents import copilot
from supervisor.core.model import Session
from tests.supervisor.agents.copilot.test_live import SESSION


def test_words_that_would_be_commands_are_not_typed() -> None:
    """Nor those that would be sent to somebody else."""
    as_text = copilot.steering.as_text

    assert (as_text("/help"), as_text("& do it"), as_text("plain")) == (None, None, "plain")


def test_a_session_is_brought_back_with_what_was_chosen_for_it() -> None:
    """From anywhere: it goes back to its own folder."""
    resume = copilot.resume(SESSION, "/home/me/project")
    session = Session(id=SESSION, agent="copilot", resume=resume)
    argv = (
        "/bin/copilot",
        "--model",
        "gpt-5",
        "-i",
        "a prompt",
        "--allow-tool",
        "shell",
        "write",
        "--banner",
    )

    again = copilot.steering.relaunch(session, argv)

    assert again is not None
    assert again.argv == (
        *("/bin/copilot", "--model", "gpt-5", "--allow-tool", "shell", "write"),
        f"--resume={SESSION}",
    )
    assert copilot.steering.writes_to(again.argv) == SESSION


def test_the_endpoint_is_that_of_its_provider(tmp_path: Path) -> None:
    """A provider of its own comes first."""
    session = Session(id=SESSION, agent="copilot")
    own = {"COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:1/v1"}

    assert copilot.steering.endpoint(tmp_path, own, session) == "http://127.0.0.1:1/v1/models"
    assert copilot.steering.endpoint(tmp_path, {}, session) == "https://api.githubcopilot.com/models"
