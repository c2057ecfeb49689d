"""Claude Code's steering, as the rest of the supervisor asks it."""

import json
from pathlib import Path

import pytest

from supervisor.agents import claude
from supervisor.core.errors import Refused
from supervisor.core.model import Resume, Session
from tests.supervisor.agents.claude.recorded import SESSION, store

HOOK = ("/opt/wakeline/python", "hook.py", "/run/api.sock")
OTHER = "11111111-2222-4333-8444-555555555555"


def test_all_that_is_stored_of_a_session_is_found(tmp_path: Path) -> None:
    """Its conversation, its sub-agents, its copies of files, its tasks; nobody else's."""
    for session in (SESSION, OTHER):
        store(tmp_path, session)
        for folder in (
            f"projects/-home-user-project/{session}/subagents",
            *(f"{name}/{session}" for name in ("file-history", "tasks", "session-env", "shell-snapshots")),
        ):
            (tmp_path / folder).mkdir(parents=True)

    remains = claude.steering.remains(tmp_path, SESSION)

    assert remains is not None
    assert (remains.agent, remains.session_id, remains.root) == ("claude", SESSION, str(tmp_path))
    assert set(remains.paths) == {
        f"projects/-home-user-project/{SESSION}.jsonl",
        f"projects/-home-user-project/{SESSION}",
        f"file-history/{SESSION}",
        f"tasks/{SESSION}",
        f"session-env/{SESSION}",
    }
    assert remains.export is None


def test_copies_in_other_folders_go_too(tmp_path: Path) -> None:
    """A session is found by its id, wherever it lies."""
    store(tmp_path)
    store(tmp_path, project="-tmp-elsewhere")

    remains = claude.steering.remains(tmp_path, SESSION)

    assert remains is not None
    assert len(remains.paths) == 2


@pytest.mark.parametrize("session_id", [SESSION, "../x", "", "x/../../y"])
def test_of_a_session_that_is_not_stored_nothing_remains(tmp_path: Path, session_id: str) -> None:
    """Nor of anything that is no id, nor where a link leads elsewhere."""
    elsewhere = store(tmp_path / "elsewhere")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / SESSION).symlink_to(elsewhere.parent)

    assert claude.steering.remains(tmp_path, session_id) is None


def test_our_hook_is_put_into_the_users_settings_and_taken_out() -> None:
    """In the file that Claude Code reads for every session."""
    steering = claude.steering

    text = steering.with_hooks('{"model": "opus"}', HOOK, "2.1.329")

    assert steering.hook_file(Path("/home/me/.claude")) == Path("/home/me/.claude/settings.json")
    assert json.loads(text)["hooks"]["PermissionRequest"]
    assert steering.without_hooks(text) == '{"model": "opus"}'


@pytest.mark.parametrize(("version", "words"), [(None, "not known"), ("2.0.44", "2.0.44")])
def test_settings_for_a_version_that_may_not_know_it_are_refused(version: str | None, words: str) -> None:
    """It would not read them any more, none of them."""
    with pytest.raises(Refused, match=words):
        claude.steering.with_hooks("{}", HOOK, version)


def test_a_session_is_named_by_its_command() -> None:
    """So that nobody starts a second one that writes to it."""
    assert claude.steering.writes_to(("claude", "--resume", SESSION)) == SESSION
    assert claude.steering.writes_to(("vim", "--resume", SESSION)) is None


def test_a_session_comes_back_as_it_was() -> None:
    """If it can come back at all."""
    resume = Resume(argv=("claude", "--resume", SESSION), cwd="/a")
    session = Session(id=SESSION, agent="claude", resume=resume)

    back = claude.steering.relaunch(session, ("claude", "--model", "opus"))

    assert back == Resume(argv=("claude", "--model", "opus", "--resume", SESSION), cwd="/a")
    assert claude.steering.relaunch(Session(id=SESSION, agent="claude"), ("claude",)) is None


def test_what_a_session_starts_is_known_by_its_id() -> None:
    """It gives it to every command."""
    assert claude.steering.marks(SESSION) == {"CLAUDE_CODE_SESSION_ID": SESSION}


def test_where_its_models_are_is_known(tmp_path: Path) -> None:
    """By the environment of its process and the user's settings."""
    session = Session(id=SESSION, agent="claude")

    place = claude.steering.endpoint(tmp_path, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, session)

    assert place == "http://127.0.0.1:1/v1/models"


def test_it_takes_words_while_it_works() -> None:
    """It keeps them for its next step."""
    assert claude.steering.typing.takes_while_working
    assert claude.steering.as_text("/clear") == "\\/clear"
    assert claude.steering.pastes("a\nb") == ["a\nb"]
