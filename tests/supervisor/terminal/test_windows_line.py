"""A command line for Windows, as its programs take it apart."""

import pytest

from supervisor.terminal.windows_line import command_line

CMD = r"C:\Windows\System32\cmd.exe"


def test_a_program_is_given_a_line_that_it_takes_apart_again() -> None:
    """By the rules of Microsoft's C library; a path with a space is quoted."""
    assert command_line(r"C:\a b\x.exe", ["", 'say "hi"', "c:\\dir\\", "two words\\"], CMD) == (
        r'"C:\a b\x.exe"',
        r'"" "say \"hi\"" c:\dir\ "two words\\"',
    )


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--resume", "--resume"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a&calc", '"a&calc"'),
        ('"&calc', '"""&calc"'),
        ("%PATH%", '"%%cd:~,%PATH%%cd:~,%"'),
        ("c:\\ends\\", "c:\\ends\\"),
        ("it ends\\", '"it ends\\\\"'),
        ('with\\"quote', '"with\\\\""quote"'),
        ("^|<>!", '"^|<>!"'),
    ],
)
def test_a_script_is_given_nothing_that_its_interpreter_would_obey(argument: str, said: str) -> None:
    """What is not plain is quoted, quotes are doubled, and no variable is put in."""
    assert command_line(r"C:\npm\claude.CMD", [argument], CMD) == (
        CMD,
        rf'/e:on /v:off /d /s /c ""C:\npm\claude.CMD" {said}"',
    )


@pytest.mark.parametrize("argument", ["a\nb", "a\rb", "a\0b"])
def test_a_script_is_not_given_what_cannot_be_said_to_it(argument: str) -> None:
    """A line ends where it ends: the rest would be another command."""
    with pytest.raises(OSError, match="more than one line"):
        command_line("x.bat", [argument], CMD)
