"""Completion scripts, in the shells that they are for."""

import shutil
import subprocess

import pytest

from supervisor.commands import parser
from tests.lab.fixtures import do_without

ASK = {
    "bash": "COMP_WORDS=(wakeline st); COMP_CWORD=1; _wakeline; echo ${COMPREPLY[@]}",
    "fish": "complete -C 'wakeline st' | string split -f1 \\t",
    "zsh": "compadd() { print -l -- $@ }; words=(wakeline st); CURRENT=2; _wakeline",
}


@pytest.mark.parametrize("shell", ASK)
def test_a_shell_learns_the_verbs(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script is understood, and offers ``status`` for ``st``."""
    program = shutil.which(shell) or do_without(f"needs {shell}: apt install {shell}")
    parser.run(["completion", shell])
    script = capsys.readouterr().out
    if shell == "zsh":
        script = f"autoload -U compinit; compinit -D -u\n{script}"
    quiet = {"bash": ["--norc"], "fish": ["--no-config"], "zsh": ["-f"]}[shell]

    done = subprocess.run(
        [program, *quiet, "-c", f"{script}\n{ASK[shell]}"], capture_output=True, text=True, check=False
    )

    assert "status" in done.stdout.split(), done.stderr
