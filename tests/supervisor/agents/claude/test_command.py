"""Reading command lines of Claude Code."""

import re
import subprocess

import pytest

from supervisor.agents.claude.command import OPTIONS, Takes, command, writes_to
from tests.lab import agents
from tests.supervisor.agents.claude.recorded import SESSION

OTHER = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("line", "options", "words"),
    [
        ("claude", [], []),
        ("claude hello", [], ["hello"]),
        ("claude --model opus hello", [("--model", ["opus"])], ["hello"]),
        ("claude --model=opus hello", [("--model", ["opus"])], ["hello"]),
        ("claude -c -- -p", [("--continue", [])], ["-p"]),
        ("claude --resume", [("--resume", [])], []),
        ("claude --resume --verbose", [("--resume", []), ("--verbose", [])], []),
        ("claude -r abc hello", [("--resume", ["abc"])], ["hello"]),
        ("claude -rabc", [("--resume", ["abc"])], []),
        ("claude -pc hello", [("--print", []), ("--continue", [])], ["hello"]),
        ("claude -cnName", [("--continue", []), ("--name", ["Name"])], []),
        ("claude --add-dir a b --verbose c", [("--add-dir", ["a", "b"]), ("--verbose", [])], ["c"]),
        ("claude --allowedTools Bash Read", [("--allowed-tools", ["Bash", "Read"])], []),
        ("claude --append-system-prompt --verbose", [("--append-system-prompt", ["--verbose"])], []),
        ("claude --settings", [("--settings", [])], []),
        ("claude --of-tomorrow x y", [("--of-tomorrow", ["x"])], ["y"]),
        ("claude -x -", [("-x", [])], ["-"]),
        ("claude --tmux=classic", [("--tmux", ["classic"])], []),
    ],
)
def test_options_are_read_as_the_program_reads_them(
    line: str, options: list[tuple[str, list[str]]], words: list[str]
) -> None:
    """With the values that belong to each, and what is left."""
    told = command(line.split())

    assert told is not None
    assert [(option.name, list(option.values)) for option in told.options] == options
    assert list(told.words) == words


@pytest.mark.parametrize(
    "line", ["claude --model opus -c a --settings {} b", "node /x/claude-code/cli.js -n x --settings {}"]
)
def test_each_option_is_found_where_it_stands(line: str) -> None:
    """So that it can be replaced."""
    argv = line.split()

    told = command(argv)

    assert told is not None
    assert all(tuple(argv[one.at : one.at + len(one.words)]) == one.words for one in told.options)


@pytest.mark.parametrize(
    "line", ["", "vim claude", "rg --files", "node", "node /srv/claude-code/server.js", "claudette"]
)
def test_other_programs_are_not_read(line: str) -> None:
    """Whatever their arguments look like."""
    assert command(line.split()) is None


@pytest.mark.parametrize(
    ("line", "session"),
    [
        (f"claude --resume {SESSION}", SESSION),
        (f"claude -r {SESSION} go on", SESSION),
        (f"claude --resume={SESSION}", SESSION),
        (f"claude --resume /home/me/.claude/projects/-a/{SESSION}.jsonl", SESSION),
        (rf"C:\bin\claude.exe --resume C:\Users\me\{SESSION}.jsonl", SESSION),
        (f"claude --session-id {SESSION}", SESSION),
        (f"claude -p --resume {SESSION} hello", SESSION),
        (f"claude --bg --resume {SESSION}", SESSION),
        (f"claude --resume {OTHER} --fork-session", None),
        (f"claude --resume {OTHER} --fork-session --session-id {SESSION}", SESSION),
        (f"claude --resume {OTHER} --resume {SESSION}", SESSION),
        ("claude --resume my-session", None),
        ("claude --resume", None),
        ("claude --continue", None),
        (f"claude hello {SESSION}", None),
        (f"claude --append-system-prompt --resume {SESSION}", None),
    ],
)
def test_the_session_that_it_would_write_to(line: str, session: str | None) -> None:
    """Two processes that write to one session are never wanted."""
    told = command(line.split())

    assert told is not None
    assert writes_to(told) == session


@pytest.mark.parametrize(
    ("line", "interactive"),
    [
        ("claude", True),
        ("claude fix the mcp server", True),
        ("claude -c", True),
        (f"claude --resume {SESSION} --permission-mode plan", True),
        ("claude --worktree x", True),
        ("claude -p hello", False),
        ("claude hello --print", False),
        ("claude -cp hello", False),
        ("claude mcp list", False),
        ("claude --verbose doctor", False),
        ("claude --model opus update", False),
        ("claude agents", False),
        ("claude --bg hello", False),
        ("claude --version", False),
        ("claude --cloud", False),
        ("claude --worktree x --tmux", False),
    ],
)
def test_who_talks_with_a_person_here(line: str, interactive: bool) -> None:
    """All else is left alone."""
    told = command(line.split())

    assert told is not None
    assert told.interactive is interactive


@pytest.mark.usefixtures("needs_claude")
def test_the_table_has_every_option_of_the_program() -> None:
    """With the number of values that its help shows."""
    told = subprocess.run([agents.program("claude"), "--help"], capture_output=True, text=True, check=True)

    shown = dict(map(in_help, re.findall(r"^  (-.*?)(?:  .*)?$", told.stdout, re.MULTILINE)))

    assert len(shown) > 60
    assert {name: OPTIONS[name].takes for name in shown if name in OPTIONS} == shown


def in_help(line: str) -> tuple[str, Takes]:
    """An option as its help shows it: its main name, and what stands behind that."""
    names, _, value = line.partition("<" if "<" in line else "[")
    told = command(["claude", names.split(",")[-1].strip()])
    assert told is not None
    if "<" not in line:
        return told.options[0].name, Takes.MAYBE if value else Takes.NOTHING
    return told.options[0].name, Takes.MANY if "..." in value else Takes.ONE
