"""Every option of OpenCode 1.18.33, and which of them a session is brought back with."""

import pytest

from supervisor.agents.opencode.options import kept, words

#: All options of ``opencode --help`` as one would give them, and what is left of each.
TERMINAL = [
    ("--help", ()),
    ("-h", ()),
    ("--version", ()),
    ("-v", ()),
    ("--print-logs", ("--print-logs",)),
    ("--log-level DEBUG", ("--log-level", "DEBUG")),
    ("--pure", ("--pure",)),
    ("--port 4096", ("--port", "4096")),
    ("--hostname 127.0.0.2", ("--hostname", "127.0.0.2")),
    ("--mdns", ("--mdns",)),
    ("--mdns-domain a.local", ("--mdns-domain", "a.local")),
    ("--cors http://a", ("--cors", "http://a")),
    ("-m fake/fake-model", ("-m", "fake/fake-model")),
    ("--model fake/fake-model", ("--model", "fake/fake-model")),
    ("-c", ()),
    ("--continue", ()),
    ("-s ses_e02dc9a07ffexCccv43pS8cPw8", ()),
    ("--session ses_e02dc9a07ffexCccv43pS8cPw8", ()),
    ("--fork", ()),
    ("--prompt hello", ()),
    ("--agent plan", ("--agent", "plan")),
    ("--auto", ("--auto",)),
    ("--mini", ("--mini",)),
    ("--no-replay", ("--no-replay",)),
    ("--replay-limit 5", ("--replay-limit", "5")),
    ("a/folder", ()),
]
#: The options of ``opencode run`` that are others, or mean something else there.
RUN = [
    ("--print-logs", ()),
    ("--log-level DEBUG", ("--log-level", "DEBUG")),
    ("--pure", ("--pure",)),
    ("--command test", ()),
    ("--share", ()),
    ("-m fake/fake-model", ("-m", "fake/fake-model")),
    ("--agent plan", ("--agent", "plan")),
    ("--format json", ()),
    ("-f a.txt", ()),
    ("--file a.txt", ()),
    ("--title words", ()),
    ("--attach http://localhost:4096", ()),
    ("-p secret", ()),
    ("--password secret", ()),
    ("-u me", ()),
    ("--username me", ()),
    ("--dir a/folder", ()),
    ("--port 4096", ()),
    ("--variant high", ()),
    ("--thinking", ()),
    ("-i", ()),
    ("--interactive", ()),
    ("--auto", ("--auto",)),
    ("--dangerously-skip-permissions", ("--dangerously-skip-permissions",)),
]


@pytest.mark.parametrize(("given", "left"), TERMINAL)
def test_what_says_how_it_works_stays(given: str, left: tuple[str, ...]) -> None:
    """Model, agent, permissions and looks stay; what began or chose the session does not."""
    for argv in (["opencode", *given.split()], ["opencode", *given.split(), "--auto"]):
        found = words(argv)
        assert found is not None
        assert found.command == ""
        assert kept(found)[: len(left)] == left


@pytest.mark.parametrize(("given", "left"), RUN)
def test_of_a_run_stays_what_a_terminal_knows(given: str, left: tuple[str, ...]) -> None:
    """A session of ``run`` comes back in a terminal: only what both know is kept, its prompt is not."""
    found = words(["/usr/bin/opencode", "run", "do", *given.split(), "this"])

    assert found is not None
    assert (found.command, kept(found), found.rest[0]) == ("run", left, "do")


@pytest.mark.parametrize(
    ("argv", "left"),
    [
        (["opencode", "--model=fake/x", "--agent", "plan"], ("--model", "fake/x", "--agent", "plan")),
        (["opencode", "--auto=false"], ("--auto=false",)),
        (["opencode", "--agent"], ("--agent", "")),
        (["opencode", "--", "--auto"], ()),
        (["C:\\tools\\opencode.exe", "-m", "a/b"], ("-m", "a/b")),
    ],
)
def test_options_are_read_however_they_are_spelled(argv: list[str], left: tuple[str, ...]) -> None:
    """With an equals sign, with a blank, torn off, or after two dashes, where there are none."""
    found = words(argv)

    assert found is not None
    assert kept(found) == left


@pytest.mark.parametrize("argv", [[], ["vim"], ["opencode-helper"], ["node", "opencode"]])
def test_other_programs_are_others(argv: list[str]) -> None:
    """Only OpenCode's own command lines are taken apart."""
    assert words(argv) is None
