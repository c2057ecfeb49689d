"""Texts given to Claude Code itself, as the supervisor types them."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"


from supervisor.agents import claude
from supervisor.core.model import Sign
from tests.lab.waiting import until
from tests.supervisor.agents.claude.steered import Desk, give

pytestmark = pytest.mark.usefixtures("needs_claude")


def test_words_are_words_whatever_they_begin_with(steered: Desk) -> None:
    """No order to the program, no command for the shell, no farewell."""
    (steered.project / "notes.txt").write_text("a note")
    terminal = steered.begin()
    texts = (
        "/clear",
        " /exit now",
        "!touch made.txt",
        "#1 is done",
        "@notes.txt says",
        "exit",
        ":q",
        "/etc/x is",
        "see @not",
    )

    for number, text in enumerate(texts, 1):
        give(terminal, text)
        until(lambda number=number: len(steered.prompts()) == number)  # type: ignore[misc]
        steered.seen(Sign.IDLE, terminal)

    said = [prompt.strip().removeprefix("\\") for prompt in steered.prompts()]
    assert said == [text.strip() for text in texts]
    assert not (steered.project / "made.txt").exists()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"line {number}" for number in range(40)),
        "a word " * 4000 + "end",
        "ü€😀 " * 700 + "end",
        "    indented\n\n\ttab and `code`\n" * 8 + "end",
    ],
)
def test_a_long_text_arrives_as_if_it_had_been_typed(steered: Desk, text: str) -> None:
    """The model is not told that somebody else wrote it."""
    terminal = steered.begin()

    give(terminal, text)
    [said] = until(steered.prompts)

    assert said == text.replace("\t", "    ")


def test_the_longest_text_arrives_whole(steered: Desk) -> None:
    """All 64 KiB of it, in many lines; this one is marked as pasted."""
    lines = [f"{number:06d} abcdefghijklmnopqrstuvwxyz" for number in range(1900)]
    terminal = steered.begin()

    give(terminal, "\n".join(lines))
    [said] = until(steered.prompts)

    assert said.strip().splitlines()[1:-1] == lines


def test_words_that_come_while_it_works_are_kept(steered: Desk) -> None:
    """They are its next turn, or worked into this one."""
    terminal = steered.begin()
    terminal.prompt("SCENARIO:slow:100:40")
    steered.seen(Sign.WORKING, terminal)

    give(terminal, "and then this")

    terminal.wait_for("You said: and then this")
    until(lambda: steered.prompts()[-1:] == ["and then this"], saying="it is in the conversation")


def test_escape_ends_a_turn(steered: Desk) -> None:
    """One press of the agent's own key."""
    terminal = steered.begin()
    terminal.prompt("SCENARIO:slow:100:400")
    steered.seen(Sign.WORKING, terminal)
    terminal.wait_for("charlie")

    terminal.press(claude.steering.typing.interrupt.decode())

    steered.seen(Sign.IDLE, terminal)
