"""Codex's command line: what it writes to, and what a session is brought back with."""

import shlex
from collections.abc import Sequence

import pytest

from supervisor.agents.codex import flags
from supervisor.core.model import Resume, Session

ID = "01a1ff00-0000-7000-8000-00000000000a"


@pytest.mark.parametrize(
    "argv",
    [
        ["codex", "resume", ID],
        ["/opt/bin/codex", "resume", ID.upper(), "go on"],
        ["codex", "-m", "o9", "--search", "resume", "--no-daemon", ID],
        ["codex", "resume", "-c", "model=o9", "--add-dir=/tmp", ID],
        ["codex", "exec", "resume", ID, "go on"],
        ["codex", "e", "--json", "resume", "--", ID],
        ["codex", "-mo9", "resume", "-a=never", ID],
    ],
)
def test_a_command_that_goes_on_with_a_session_names_it(argv: Sequence[str]) -> None:
    """Whatever options stand in between."""
    assert flags.writes_to(argv) == ID


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["codex"],
        ["codex", "resume"],
        ["codex", "resume", "--last"],
        ["codex", "resume", "my session"],
        ["codex", "fork", ID],
        ["codex", "exec", ID],
        ["codex", "queue", "--thread", ID, "--message", "resume"],
        ["codex", "-m", "resume", ID],
        ["codex", "--", "say", "resume", ID],
    ],
)
def test_other_commands_name_none(argv: Sequence[str]) -> None:
    """New sessions, copies, questions of whoever is asked, and words that only look like it."""
    assert flags.writes_to(argv) is None


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("codex", ""),
        ("codex 'fix it'", ""),
        ("codex -m o9 'fix it'", "-m o9"),
        (f"codex --model=o9 resume {ID} 'fix it'", "--model=o9"),
        ("codex -mo9 -s=read-only", "-m o9 -s read-only"),
        ("codex -c a=1 --config b=2 -c a=3", "-c a=1 --config b=2 -c a=3"),
        ("codex -a never --sandbox workspace-write", "-a never --sandbox workspace-write"),
        ("codex --ask-for-approval on-request", "--ask-for-approval on-request"),
        ("codex -p work --profile home", "-p work --profile home"),
        ("codex --full-auto --search --oss", "--full-auto --search --oss"),
        ("codex --yolo", "--yolo"),
        ("codex --dangerously-bypass-approvals-and-sandbox x", "--dangerously-bypass-approvals-and-sandbox"),
        ("codex --dangerously-bypass-hook-trust", "--dangerously-bypass-hook-trust"),
        (
            "codex --no-daemon --no-alt-screen --approve-for-me",
            "--no-daemon --no-alt-screen --approve-for-me",
        ),
        ("codex --enable x --disable=y --strict-config", "--enable x --disable=y --strict-config"),
        ("codex --local-provider ollama", "--local-provider ollama"),
        ("codex --remote unix:// --remote-auth-token-env T", "--remote unix:// --remote-auth-token-env T"),
        ("codex --add-dir ../lib --add-dir /opt", "--add-dir ../lib --add-dir /opt"),
        ("codex -C sub --add-dir ../lib --add-dir /opt", "--add-dir /opt"),
        ("codex --worktree --cd=/x -i a.png look", ""),
        ("codex resume --last --all --include-non-interactive", ""),
        ("codex exec -m o9 --full-auto --json --color never -o out x", "-m o9"),
        (f"codex exec --ephemeral --skip-git-repo-check --output-schema s resume {ID}", ""),
        (f"codex fork -m o9 {ID}", "-m o9"),
        ("codex --option-of-tomorrow value --search", "--search"),
        ("codex -m", ""),
        ("codex -- -m o9", ""),
        ("codex app-server -c a=1 --listen unix://", ""),
        ("", ""),
    ],
)
def test_a_session_comes_back_as_it_was(command: str, kept: str) -> None:
    """With model, permissions, profile and settings; without prompt, ids and what was for one start."""
    resume = Resume(argv=("codex", "resume", ID), cwd="/work")
    session = Session(id=ID, agent="codex", resume=resume)

    relaunched = flags.relaunch(session, shlex.split(command))

    assert relaunched == Resume(argv=("codex", "resume", *kept.split(), ID), cwd="/work")


def test_what_cannot_come_back_does_not() -> None:
    """A session without a resume command gets none by its options."""
    assert flags.relaunch(Session(id="x", agent="codex"), ["codex", "-m", "o9"]) is None


@pytest.mark.parametrize(
    ("argv", "is_one"),
    [
        (["codex"], True),
        (["codex", "resume", ID], True),
        (["codex", "-c", "a=1", "please help"], True),
        (["codex", "--model", "exec"], True),
        (["codex", "exec", "x"], False),
        (["codex", "-m", "o9", "app-server"], False),
        (["codex", "--version"], False),
        (["codex", "resume", "--help"], False),
    ],
)
def test_conversations_are_told_from_other_commands(argv: Sequence[str], is_one: bool) -> None:
    """By the first word that is no option."""
    assert flags.is_conversation(argv) is is_one
