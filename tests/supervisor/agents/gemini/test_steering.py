"""How Gemini CLI is started, brought back and typed at."""

import json
import shutil
from pathlib import Path

import pytest

from supervisor.agents import gemini
from supervisor.agents.gemini import files
from supervisor.core.model import Session
from supervisor.core.steering import Launch
from tests.supervisor.agents.gemini.test_live import ONE, PROJECT


def test_words_that_would_be_commands_are_not_typed() -> None:
    """A name at the end gets a blank behind it, which closes the list of files."""
    as_text = gemini.steering.as_text

    assert (as_text("/help"), as_text("plain"), as_text("see @file")) == (None, "plain", "see @file ")


def _installed(folder: Path, *arguments: str) -> Launch:
    (folder / "gemini").write_text("")
    (folder / "gemini").chmod(0o755)
    (folder / "package.json").write_text(json.dumps({"name": files.PACKAGE, "version": "0.61.0"}))
    environment = {"PATH": str(folder), "HOME": str(folder)}
    return Launch(argv=(str(folder / "gemini"), *arguments), environment=environment, cwd=str(folder))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), True),
        (("a", "prompt"), True),
        (("-r", ONE), False),
        (("-p", "x"), False),
        (("mcp", "list"), False),
    ],
)
def test_a_new_session_gets_its_id_from_here(tmp_path: Path, arguments: tuple[str, ...], named: bool) -> None:
    """Only where none is said, and only a version that knows the option."""
    launch = _installed(tmp_path, *arguments)

    prepared = gemini.steering.prepare(launch, ())
    (tmp_path / "package.json").write_text(json.dumps({"name": files.PACKAGE, "version": "0.20.0"}))
    shutil.copytree(tmp_path, older := tmp_path / "older")
    old = Launch(argv=(str(older / "gemini"),), environment=launch.environment, cwd=launch.cwd)

    assert (prepared.argv[1:2] == ("--session-id",)) is named
    assert gemini.steering.prepare(old, ()) is old
    if named:
        assert gemini.steering.writes_to(prepared.argv) == prepared.argv[2]


def test_what_it_takes_back_is_asked_again() -> None:
    """After a failed turn Gemini has forgotten the prompt: to go on would mean nothing to it."""
    assert gemini.steering.continuation("fix the bug") == "fix the bug"
    assert gemini.steering.continuation(None)


def test_it_is_brought_back_with_what_was_chosen_for_it() -> None:
    """By the same program, in its own folder."""
    resume = gemini.resume(ONE, PROJECT)

    assert resume is not None
    assert (resume.argv, resume.cwd) == (("gemini", "--resume", ONE), PROJECT)
    assert gemini.resume(ONE, None) is None


def test_the_endpoint_is_that_of_its_account(tmp_path: Path) -> None:
    """A URL of its own comes first."""
    session = Session(id=ONE, agent="gemini")
    ask = gemini.steering.endpoint

    assert (
        ask(tmp_path, {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1/"}, session)
        == "http://127.0.0.1:1/v1beta/models"
    )
    assert "generativelanguage" in str(ask(tmp_path, {"GEMINI_API_KEY": "x"}, session))
    assert "cloudcode" in str(ask(tmp_path, {}, session))
