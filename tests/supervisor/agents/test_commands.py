"""Command lines of scripts for Node.js."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.commands import Grammar, command

GRAMMAR = Grammar(
    program="agent",
    scripts=("/the-agent/cli.js",),
    one=frozenset({"--model", "--resume"}),
    many=frozenset({"--tools"}),
    same=(("-m", "--model"), ("-r", "--resume"), ("-y", "--yes")),
)


@pytest.mark.parametrize(
    "argv",
    [
        ("agent",),
        ("/usr/bin/agent",),
        ("C:\\npm\\agent.cmd",),
        ("node", "/usr/lib/.bin/agent"),
        ("/usr/bin/node", "--expose-gc", "/lib/node_modules/the-agent/cli.js"),
        ("node.exe", "C:\\node_modules\\the-agent\\cli.js"),
    ],
)
def test_a_program_is_known_however_it_was_started(argv: tuple[str, ...]) -> None:
    """By its own name, by its script, or by the script that its package starts; on any system."""
    found = command((*argv, "-y", "words"), GRAMMAR)

    assert found is not None
    assert found.program == argv
    assert (found.has("--yes"), found.words) == (True, ("words",))


@pytest.mark.parametrize(
    "argv",
    [(), ("",), ("vim", "agent"), ("node",), ("node", "--version"), ("node", "/x/other.js", "/bin/agent")],
)
def test_another_program_is_none(argv: tuple[str, ...]) -> None:
    """A program that only has the name among its words is another one."""
    assert command(argv, GRAMMAR) is None


def test_options_are_read_with_their_values() -> None:
    """Values follow as words or after ``=``; the last one counts; after ``--`` all is words."""
    found = command(
        ("agent", "-m", "a", "--model=b", "--tools", "x", "y", "-r", "--", "--yes", "-y"), GRAMMAR
    )

    assert found is not None
    assert (found.value("--model"), found.value("--tools"), found.value("--resume")) == ("b", "x", None)
    assert found.has("--resume")
    assert not found.has("--yes")
    assert found.words == ("--yes", "-y")
    assert found.kept(frozenset({"--tools", "--model"})) == ("-m", "a", "--model=b", "--tools", "x", "y")


@given(st.lists(st.text(max_size=8), max_size=8))
def test_whatever_is_typed_is_read(words: list[str]) -> None:
    """No word is lost, none is made up, and nothing raises."""
    found = command(("agent", *words), GRAMMAR)

    assert found is not None
    read = [word for option in found.options for word in option.words] + list(found.words)
    assert (
        sorted(read) == sorted([*words[: words.index("--")], *words[words.index("--") + 1 :]])
        if ("--" in words)
        else sorted(words) == sorted(read)
    )
