"""How Qwen Code is started, brought back and typed at."""

import json
from pathlib import Path

import pytest

from supervisor.agents import qwen
from supervisor.core.model import Session
from supervisor.core.steering import Launch
from tests.supervisor.agents.qwen.test_registry import SESSION, store


def test_it_is_brought_back_with_what_was_chosen_for_it() -> None:
    """By the same program; neither its prompt nor its channel is."""
    session = Session(id=SESSION, agent="qwen", resume=qwen.resume(SESSION, "/home/me/project"))
    chosen = ("--approval-mode", "yolo", "-m", "x")
    argv = ("node", "/bin/qwen", "--input-file", "in", "--json-file", "out", *chosen, "-i", "a prompt")

    again = qwen.steering.relaunch(session, argv)

    assert again is not None
    assert again.argv == ("/bin/qwen", *chosen, "--resume", SESSION)
    assert qwen.steering.writes_to(again.argv) == SESSION
    assert qwen.steering.relaunch(session, ("vim",)) == session.resume


def test_a_session_is_brought_back_in_its_own_folder_only() -> None:
    """Elsewhere Qwen Code does not find it."""
    resume = qwen.resume(SESSION, "/home/me/project")

    assert resume is not None
    assert (resume.argv, resume.cwd) == (("qwen", "--resume", SESSION), "/home/me/project")
    assert qwen.resume(SESSION, None) is None


def test_what_is_stored_of_a_session_goes_into_the_trash(tmp_path: Path) -> None:
    """Its conversation and the note of its process, and nothing of any other."""
    stored = store(tmp_path)
    store(tmp_path, "11111111-2222-4333-8444-555555555555")
    stored.with_suffix(".runtime.json").write_text("{}")

    remains = qwen.steering.remains(tmp_path, SESSION)

    assert remains is not None
    assert set(remains.paths) == {
        f"projects/-home-me-project/chats/{SESSION}.jsonl",
        f"projects/-home-me-project/chats/{SESSION}.runtime.json",
    }
    assert qwen.steering.remains(tmp_path, "no id") is None


def test_another_program_or_version_is_started_as_it_is(tmp_path: Path) -> None:
    """An option that it does not know would end it."""
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    (tmp_path / "qwen").write_text("")
    launch = Launch(argv=("qwen", "-m", "x"), environment=environment, cwd=str(tmp_path))

    assert qwen.steering.prepare(launch, ()) is launch
    assert not (tmp_path / ".qwen").exists()


def _installed(folder: Path, version: str) -> Launch:
    (folder / "qwen").write_text("")
    (folder / "qwen").chmod(0o755)
    package = {"name": "@qwen-code/qwen-code", "version": version}
    (folder / "package.json").write_text(json.dumps(package))
    environment = {"PATH": str(folder), "HOME": str(folder)}
    return Launch(argv=(str(folder / "qwen"),), environment=environment, cwd=str(folder))


@pytest.mark.parametrize(
    ("arguments", "channel"),
    [
        ((), True),
        (("-r", SESSION), True),
        (("-i", "a prompt"), True),
        (("-p", "a prompt"), False),
        (("a", "prompt"), False),
        (("mcp", "list"), False),
        (("--input-file", "mine"), False),
        (("--help",), False),
    ],
)
def test_only_conversations_get_a_channel(tmp_path: Path, arguments: tuple[str, ...], channel: bool) -> None:
    """And only where their user gave them none."""
    launch = _installed(tmp_path, "0.24.4")
    launch = Launch(argv=(*launch.argv, *arguments), environment=launch.environment, cwd=launch.cwd)

    prepared = qwen.steering.prepare(launch, ())

    assert ("--json-file" in prepared.argv) is channel
    assert prepared.argv[-len(arguments) :] == arguments if arguments else True


def test_words_that_would_be_commands_are_not_typed() -> None:
    """Blanks before them do not help: they are cut off. A name at the end gets one behind it."""
    as_text = qwen.steering.as_text

    assert (as_text("/help"), as_text("  !ls"), as_text("plain")) == (None, None, "plain")
    assert (as_text("look at @file"), as_text("@file please")) == ("look at @file ", "@file please")
