"""The errands are those of the real programs, as their own help tells them."""

import re
import subprocess
from pathlib import Path

import pytest

from supervisor.shims import PROGRAMS, SHELLS, install
from tests.lab import agents, homes
from tests.lab.fixtures import needs

#: Verbs that open a conversation at this terminal.
CONVERSATIONS = {"claude": set(), "codex": {"agents", "fork", "resume"}, "opencode": {"attach", "pr"}}
#: How each lists its verbs: names, with other names for the same.
LISTED = {
    "claude": r"^  ([a-z|-]+)(?: [\[<].*|  .*)?$",
    "codex": r"^  ([a-z][a-z-]+)  .*?(?:\[aliases: (\w+)\])?$",
    "opencode": r"^  opencode ([a-z]+) .*?(?:\[aliases: (\w+)\])?$",
}


@pytest.mark.parametrize("name", sorted(LISTED))
def test_every_verb_of_the_real_program_is_known(name: str, tmp_path: Path) -> None:
    """A verb is an errand, or it opens a conversation; none is new."""
    needs(name)
    (program,) = [one for one in PROGRAMS if one.name == name]
    environment = homes.environment(tmp_path)
    told = subprocess.run(
        [agents.program(name), "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    _, _, commands = (told.stdout + told.stderr).partition("Commands:")
    listing = re.split(r"\n\n(?:Arguments|Positionals|Options)", commands)[0]
    found = {
        verb
        for match in re.finditer(LISTED[name], listing, re.MULTILINE)
        for names in match.groups()
        for verb in (names or "").split("|")
        if verb
    }

    assert len(found) > 15
    assert found - set(program.verbs) == CONVERSATIONS[name]


def test_each_shell_can_be_told_of_all_of_them(tmp_path: Path) -> None:
    """No name or option of theirs has a meaning in a shell."""
    for shell in SHELLS:
        assert install(shell, tmp_path / shell).changed
