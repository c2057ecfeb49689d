"""Keys by their names."""

import pytest

from supervisor.core.errors import WrongUse
from supervisor.terminal.view import keys
from supervisor.terminal.view.picture import Modes

USUAL, APPLICATION = Modes(), Modes(application_cursor=True)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Enter", b"\r"),
        ("Escape", b"\x1b"),
        ("Tab", b"\t"),
        ("S-Tab", b"\x1b[Z"),
        ("Backspace", b"\x7f"),
        ("Up", b"\x1b[A"),
        ("Down", b"\x1b[B"),
        ("Right", b"\x1b[C"),
        ("Left", b"\x1b[D"),
        ("C-Left", b"\x1b[1;5D"),
        ("Home", b"\x1b[H"),
        ("End", b"\x1b[F"),
        ("PageUp", b"\x1b[5~"),
        ("PageDown", b"\x1b[6~"),
        ("Delete", b"\x1b[3~"),
        ("S-Delete", b"\x1b[3;2~"),
        ("F1", b"\x1bOP"),
        ("F12", b"\x1b[24~"),
        ("C-a", b"\x01"),
        ("C-Z", b"\x1a"),
        ("C-Space", b"\0"),
        ("C-[", b"\x1b"),
        ("M-x", b"\x1bx"),
        ("M-é", b"\x1b\xc3\xa9"),
        ("M-Enter", b"\x1b\r"),
        ("C-M-a", b"\x1b\x01"),
    ],
)
def test_a_key_is_spelt_as_terminals_do(name: str, sent: bytes) -> None:
    """Programs know them by xterm's spelling."""
    assert keys.encode(name, USUAL) == sent


@pytest.mark.parametrize(("name", "sent"), [("Up", b"\x1bOA"), ("End", b"\x1bOF"), ("C-Up", b"\x1b[1;5A")])
def test_arrows_follow_the_mode_that_the_program_asked_for(name: str, sent: bytes) -> None:
    """Full-screen programs ask for another spelling."""
    assert keys.encode(name, APPLICATION) == sent


@pytest.mark.parametrize(
    "name", ["", "enter", "x", "C-", "C-é", "S-x", "M-", "M-\x1b", "C-C-", "F13", "Up\r", "C-1", "-"]
)
def test_a_key_that_there_is_not_is_refused(name: str) -> None:
    """Nothing is typed that nobody meant."""
    with pytest.raises(WrongUse):
        keys.encode(name, USUAL)


def test_text_is_typed_as_it_is() -> None:
    """In UTF-8."""
    assert keys.text("ls -la é 日") == "ls -la é 日".encode()


@pytest.mark.parametrize("typed", ["a\rb", "\x1b[201~", "a\nb", "\x9b", "\x7f", "\ud800", "x" * 5000])
def test_text_with_controls_is_refused(typed: str) -> None:
    """A paste cannot press Enter, nor end somebody's paste; and what is long is a prompt."""
    with pytest.raises(WrongUse):
        keys.text(typed)
