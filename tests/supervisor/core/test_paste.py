"""Commands for pasting: the real shells must read exactly the words that we meant, or get none."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.core.model import Resume
from supervisor.core.paste import Shell, command

SHELLS = {"sh": Shell.POSIX, "bash": Shell.POSIX, "zsh": Shell.POSIX, "dash": Shell.POSIX, "fish": Shell.FISH}
#: Words that would do something, be cut, or vanish if a shell saw them unquoted.
NASTY = [
    "it's", 'say "hi"', "$(touch canary)", "`touch canary`", "a;touch canary", "a&&b", "a|b", "a>canary",
    "*", "?", "~", "#x", "!x", "^x", "%PATH%", "back\\slash", "new\nline", "tab\t", "nul\0", "\x1b[2J",
    "bidi\u202e", "zero\u200bwidth", "\u2019quote", "",
]  # fmt: skip
#: Words that look as if they did something, and can be quoted.
ODD = st.text(alphabet=" ()[]{}#~%&@+,=:é名-./_aZ9", min_size=1, max_size=12)


def _words(shell: str, line: str, folder: Path) -> list[str]:
    """What this shell hands to a program that is called by this line."""
    script = folder / "claude"
    script.write_text("#!/bin/sh\npwd -P\nfor word; do printf '%s\\0' \"$word\"; done\n")
    script.chmod(0o755)
    run = subprocess.run(
        [shell, "-c", line],
        capture_output=True,
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    where, _, rest = run.stdout.decode().partition("\n")
    return [where, *rest.split("\0")[:-1]]


@pytest.mark.parametrize("shell", sorted(SHELLS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(ODD, min_size=1, max_size=6) | st.lists(st.sampled_from(NASTY) | st.text(), min_size=1))
def test_a_shell_reads_the_words_that_were_meant(shell: str, words: list[str], tmp_path: Path) -> None:
    """Whatever a session is called: the agent gets exactly its argv in exactly its folder, or no command."""
    if not shutil.which(shell):
        pytest.skip(f"install {shell} to run this")
    folder = tmp_path / "with space & (more)"
    folder.mkdir(exist_ok=True)

    line = command(Resume(argv=("claude", *words), cwd=str(folder)), SHELLS[shell])

    if line is not None:
        assert _words(shell, line, folder) == [str(folder), *words]
    assert sorted(path.name for path in folder.iterdir()) in ([], ["claude"])


@pytest.mark.parametrize("shell", list(Shell))
@pytest.mark.parametrize(
    "word", ["it's", 'a"b', "$(id)", "`id`", "a;b", "new\nline", "\x1b", "\u202e", "!", "^"]
)
def test_a_word_that_no_quote_makes_safe_gets_no_command(word: str, shell: Shell) -> None:
    """No cleverness: id and folder are shown instead."""
    as_word = command(Resume(argv=("claude", word), cwd="/home/me"), shell)
    as_folder = command(Resume(argv=("claude",), cwd=f"/home/{word}"), shell)

    assert (as_word, as_folder) == (None, None)


@pytest.mark.parametrize("word", ["%PATH%", "a&b", "(x)"])
def test_what_cmd_expands_within_quotes_gets_no_command(word: str) -> None:
    """In cmd a quote protects from less than elsewhere."""
    line = command(Resume(argv=("claude", word), cwd="C:\\Users\\me"), Shell.CMD)

    assert line is None


@pytest.mark.parametrize("folder", ["\\\\host\\share", "//host/share", "\\\\?\\C:\\x", "relative", "C:", ""])
def test_only_a_local_absolute_folder_is_entered(folder: str) -> None:
    """A network path would be asked over the network by whoever pastes it."""
    lines = {command(Resume(argv=("claude",), cwd=folder), shell) for shell in Shell}

    assert lines == {None}


def test_each_shell_gets_its_own_way_to_enter_a_folder() -> None:
    """One line, no line end, and nothing runs when the folder is gone."""
    posix = Resume(argv=("claude", "--resume", "a-1"), cwd="/home/me/my project")
    windows = Resume(argv=("claude", "--resume", "a-1"), cwd="C:\\Users\\me\\")

    lines = [command(posix, Shell.POSIX), command(posix, Shell.FISH)]
    lines += [command(windows, Shell.POWERSHELL), command(windows, Shell.CMD)]

    assert lines == [
        "cd '/home/me/my project' && claude --resume a-1",
        "cd '/home/me/my project'; and claude --resume a-1",
        "Set-Location -LiteralPath 'C:\\Users\\me\\'; if ($?) { claude --resume a-1 }",
        'cd /d "C:\\Users\\me\\\\" && claude --resume a-1',
    ]


def test_without_a_folder_the_command_stands_alone() -> None:
    """A quoted program needs a word to be called in PowerShell."""
    resume = Resume(argv=("my agent", "resume"), cwd=None)

    lines = [command(resume, Shell.POSIX), command(resume, Shell.POWERSHELL)]

    assert lines == ["'my agent' resume", "& 'my agent' resume"]
