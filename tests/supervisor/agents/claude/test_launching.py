"""What is started when a person starts Claude Code here, and when a session comes back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.claude import hooks
from supervisor.agents.claude.launching import prepared, relaunched, version
from supervisor.core.model import Resume
from supervisor.core.steering import Launch
from tests.supervisor.agents.claude.recorded import SESSION

HOOK = ("/opt/wakeline/python", "hook.py", "/run/api.sock")
BEEP = {"hooks": [{"type": "command", "command": "beep"}]}
RESUME = Resume(argv=("claude", "--resume", SESSION), cwd="/home/me/project")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An installed Claude Code, as npm installs it."""
    return install(tmp_path / "node_modules" / "@anthropic-ai" / "claude-code", "bin/claude")


def install(package: Path, place: str, number: str = "2.1.329") -> Path:
    """A package with a program in it."""
    path = package / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    told = {"name": "@anthropic-ai/claude-code", "version": number}
    (package / "package.json").write_text(json.dumps(told))
    return path


def launch(program: Path | str, *arguments: str, **environment: str) -> Launch:
    """Started in a folder of its own."""
    return Launch(argv=(str(program), *arguments), environment=environment, cwd=str(Path(program).parent))


def settings(prepared_launch: Launch) -> Mapping[str, Any]:
    """The settings on its command line."""
    place = prepared_launch.argv.index("--settings")
    told: dict[str, Any] = json.loads(prepared_launch.argv[place + 1])
    return told


def asks(told: Mapping[str, Any]) -> bool:
    """Whether our hook is in these settings."""
    groups = told.get("hooks", {}).get("PermissionRequest", [])
    return sum(hooks.all_ours(group) for group in groups) == 1


# -- starting --------------------------------------------------------------------------------------


def test_a_conversation_gets_our_hook_and_is_patient(program: Path) -> None:
    """Whatever it was started with stays, in its order."""
    done = prepared(launch(program, "--model", "opus", "hello", HOME="/home/me"), HOOK)

    assert done.argv[:2] == (str(program), "--settings")
    assert done.argv[3:] == ("--model", "opus", "hello")
    assert list(settings(done)["hooks"]) == ["PermissionRequest"]
    assert asks(settings(done))
    assert done.environment == {"HOME": "/home/me", "CLAUDE_CODE_RETRY_WATCHDOG": "1"}


def test_who_wants_no_patience_gets_none(program: Path) -> None:
    """What the user says comes first."""
    done = prepared(launch(program, CLAUDE_CODE_RETRY_WATCHDOG="0"), HOOK)

    assert done.environment["CLAUDE_CODE_RETRY_WATCHDOG"] == "0"


@pytest.mark.parametrize(
    "arguments", [["mcp", "list"], ["-p", "hello"], ["--bg", "hello"], ["--version"], ["update"], ["--cloud"]]
)
def test_what_is_no_conversation_here_is_left_alone(program: Path, arguments: list[str]) -> None:
    """Errands, pipes, and what runs elsewhere."""
    started = launch(program, *arguments)

    assert prepared(started, HOOK) == started
    assert prepared(launch("/bin/ls", *arguments), HOOK) == launch("/bin/ls", *arguments)


@pytest.mark.parametrize("option", ["--bare", "--safe-mode"])
def test_where_no_hooks_run_none_is_given(program: Path, option: str) -> None:
    """The network is another matter."""
    done = prepared(launch(program, option), HOOK)

    assert done.argv == (str(program), option)
    assert "CLAUDE_CODE_RETRY_WATCHDOG" in done.environment


@pytest.mark.parametrize("number", ["2.0.44", "1.0.0", "next"])
def test_a_version_that_may_not_know_the_hook_gets_none(tmp_path: Path, number: str) -> None:
    """It would ask its user about settings that it does not understand."""
    started = launch(install(tmp_path, "claude", number), "hello")

    assert prepared(started, HOOK).argv == started.argv


@pytest.mark.parametrize("form", ["two words", "one word"])
def test_the_users_own_settings_are_kept(program: Path, form: str) -> None:
    """Ours are added to them, in their place; where there are two, Claude Code takes the last."""
    theirs = json.dumps({"model": "opus", "hooks": {"PermissionRequest": [BEEP], "Stop": [BEEP]}})
    words = ["--settings", theirs] if form == "two words" else [f"--settings={theirs}"]

    done = prepared(launch(program, "--settings", "{}", "-c", *words, "--verbose"), HOOK)

    assert done.argv[1:4] == ("--settings", "{}", "-c")
    assert done.argv[4] == "--settings"
    assert done.argv[6:] == ("--verbose",)
    told = json.loads(done.argv[5])
    assert (told["model"], told["hooks"]["Stop"]) == ("opus", [BEEP])
    assert told["hooks"]["PermissionRequest"][0] == BEEP
    assert asks(told)


def test_settings_in_a_file_are_taken_along(program: Path) -> None:
    """By a path that starts where the session starts."""
    (program.parent / "mine.json").write_text('\ufeff{"model": "opus"}')

    done = prepared(launch(program, "--settings", "mine.json"), HOOK)

    assert settings(done)["model"] == "opus"
    assert asks(settings(done))


@pytest.mark.parametrize(
    "content",
    [
        '{"permissions": {"allow": ["Read(/docs/**)"]}}',
        '{"of tomorrow": 1}',
        "// comment\n{}",
        "[]",
        '{"hooks": []}',
        " " * 2_000_000,
    ],
)
def test_settings_that_may_mean_something_else_elsewhere_are_left_alone(program: Path, content: str) -> None:
    """Paths in them start from their file; and what is broken is for Claude Code to say."""
    (program.parent / "mine.json").write_text(content)
    started = launch(program, "--settings", "mine.json")

    assert prepared(started, HOOK).argv == started.argv


@pytest.mark.parametrize("told", ["{", "nowhere.json", ".", "{}x", "a\0b"])
def test_settings_that_cannot_be_read_are_left_alone(program: Path, told: str) -> None:
    """Claude Code says what is wrong with them."""
    started = launch(program, "--settings", told)

    assert prepared(started, HOOK).argv == started.argv


def test_preparing_twice_is_preparing_once(program: Path) -> None:
    """A session that comes back is started like a new one."""
    once = prepared(launch(program, "hello"), HOOK)

    assert prepared(once, HOOK) == once


# -- the version -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes of Unix")
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("home/.local/share/claude/versions/2.1.330", "2.1.330"),
        ("opt/homebrew/Caskroom/claude-code/2.1.7/claude", "2.1.7"),
        ("nix/store/0abc-claude-code-2.0.76/bin/claude", "2.0.76"),
        ("home/.nvm/versions/node/v22.1.0/lib/claude.js", None),
        ("usr/bin/claude", None),
    ],
)
def test_the_version_stands_in_the_path(tmp_path: Path, place: str, expected: str | None) -> None:
    """A link from the folder of programs leads there."""
    real, link = tmp_path / place, tmp_path / "bin" / "claude"
    real.parent.mkdir(parents=True)
    real.write_text("")
    real.chmod(0o755)
    link.parent.mkdir()
    link.symlink_to(real)

    assert version("claude", {"PATH": str(link.parent)}, "/") == expected


@pytest.mark.parametrize("place", ["claude", "cli.js", "bin/claude.exe"])
def test_the_version_stands_in_the_package(tmp_path: Path, place: str) -> None:
    """Beside the program, or above."""
    assert version(str(install(tmp_path, place)), {}, "/") == "2.1.329"


def test_the_version_stands_in_the_package_that_a_script_starts(tmp_path: Path) -> None:
    """As it was installed for one user once."""
    install(tmp_path / "node_modules" / "@anthropic-ai" / "claude-code", "cli.js")
    script = tmp_path / "claude"
    script.write_text("#!/bin/sh\n")

    assert version(str(script), {}, "/") == "2.1.329"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name": "@anthropic-ai/claude-code"}', b'{"name": "x"}'])
def test_where_nobody_tells_the_version_is_not_known(tmp_path: Path, content: bytes) -> None:
    """It is never guessed, and the program is never started for it."""
    path = install(tmp_path, "claude")
    (tmp_path / "package.json").write_bytes(content)

    assert version(str(path), {}, "/") is None
    assert version("claude", {}, "/") is None
    assert version(str(tmp_path / "nothing"), {}, "/") is None


# -- coming back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("claude", ""),
        ("claude fix it --model opus", "--model opus"),
        ("claude --permission-mode plan -c", "--permission-mode plan"),
        ("claude -p --output-format json --allowedTools Bash Read -- fix it", "--allowedTools Bash Read"),
        ("claude --add-dir ../a ../b --resume x --fork-session", "--add-dir ../a ../b"),
        ("claude --dangerously-skip-permissions --session-id x", "--dangerously-skip-permissions"),
        ("claude --worktree feature --tmux --name X --verbose", "--verbose"),
        ("claude --mcp-config=a.json --agents {} -d", "--mcp-config=a.json --agents {} -d"),
        ("claude --of-tomorrow x --model=haiku", "--model=haiku"),
        ("claude --bg --effort high hello", "--effort high"),
    ],
)
def test_a_session_comes_back_with_what_was_chosen_for_it(line: str, kept: str) -> None:
    """Without what was meant for that one time."""
    back = relaunched(RESUME, line.split())

    assert list(back.argv) == ["claude", *kept.split(), "--resume", SESSION]
    assert back.cwd == RESUME.cwd


def test_it_comes_back_by_the_program_that_it_had() -> None:
    """Which need not be the first of its name."""
    back = relaunched(RESUME, ["node", "/opt/claude-code/cli.js", "--model", "opus"])

    assert back.argv == ("node", "/opt/claude-code/cli.js", "--model", "opus", "--resume", SESSION)


@pytest.mark.parametrize("argv", [[], ["/bin/sh"]])
def test_where_its_command_is_not_known_it_comes_back_plainly(argv: list[str]) -> None:
    """By the agent's own command."""
    assert relaunched(RESUME, argv) == RESUME


def test_what_we_put_there_does_not_come_along(program: Path) -> None:
    """It is put there anew, for what is installed by then."""
    started = prepared(launch(program, "--model", "opus"), HOOK)

    assert relaunched(RESUME, started.argv).argv == (str(program), "--model", "opus", "--resume", SESSION)


def test_the_users_own_settings_come_along(program: Path) -> None:
    """Without ours, as they were."""
    theirs = {"env": {"A": "ü"}, "hooks": {"Stop": [BEEP]}}
    started = prepared(launch(program, "--settings", json.dumps(theirs)), HOOK)

    back = relaunched(RESUME, started.argv)

    assert json.loads(back.argv[2]) == theirs
    assert relaunched(RESUME, ["claude", "--settings", "a.json"]).argv[1:3] == ("--settings", "a.json")
