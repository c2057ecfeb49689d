"""The table of verbs."""

import importlib
import subprocess
import sys

import pytest

from supervisor.commands import parser
from supervisor.core.errors import WrongUse


@pytest.mark.parametrize("verb", parser.VERBS)
def test_every_verb_of_the_table_exists_and_explains_itself(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``wakeline VERB --help`` works without a supervisor."""
    with pytest.raises(SystemExit) as ended:
        parser.run([verb, "--help"])

    assert ended.value.code == 0
    assert f"usage: wakeline {verb}" in capsys.readouterr().out
    assert parser.VERBS[verb][1] in parser.overview()


@pytest.mark.parametrize(("wrong", "hint"), [("awak", "wakeline awake"), ("qqq", "wakeline --help")])
def test_a_misspelt_verb_is_answered_with_the_nearest_one(wrong: str, hint: str) -> None:
    """Or with where to look."""
    with pytest.raises(WrongUse) as refused:
        parser.run([wrong])

    assert hint in refused.value.hint


def test_an_unknown_option_is_one_sentence_and_one_hint() -> None:
    """Like every other error, no usage dump."""
    with pytest.raises(WrongUse) as refused:
        parser.run(["ls", "--al"])

    assert refused.value.title.endswith(".")
    assert refused.value.hint == "See: wakeline ls --help"


def test_a_verb_loads_only_what_it_needs() -> None:
    """The list is quick because it imports neither the server nor asyncio."""
    code = (
        "import sys; import supervisor.commands.parser, supervisor.commands.sessions;"
        "print([name for name in ('aiohttp', 'asyncio', 'cryptography', 'psutil') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_module_of_the_table_can_be_imported() -> None:
    """No verb leads nowhere."""
    for verb, (module, _) in parser.VERBS.items():
        assert hasattr(importlib.import_module(f"supervisor.commands.{module}"), f"add_{verb}")
