"""Commands to paste: one harmless line per shell, or nothing. Real shells are in test_quote_pasted.

PowerShell and cmd are not run; their lines are compared with tables of their rules.
"""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core import quote
from supervisor.core.errors import WrongUse
from supervisor.core.model import Resume

CLAUDE = ("claude", "--resume", "0b5c-11")

CONTROLS = [chr(code) for code in (*range(32), *range(127, 160))]
BIDI = list("\u061c\u200e\u200f\u202a\u202e\u2066\u2069")
INVISIBLE = list("\u00ad\u034f\u200b\u200c\u200d\u2060\u2800\u3164\ufe0f\ufeff\U000e0041\U000e0100")
ODD_SPACES = list("\u00a0\u2003\u3000\u2028\u2029\u1680")
NOT_CHARACTERS = ["\ud800", "\udcff", "\ue000", "\U0010ffff", "\u0378"]


def line(folder: str | None, shell: str, argv: tuple[str, ...] = CLAUDE) -> str | None:
    """The line for a session in *folder*."""
    return quote.command(Resume(argv=argv, cwd=folder), shell)


@pytest.mark.parametrize("shell_name", quote.SHELLS)
@pytest.mark.parametrize("char", [*CONTROLS, *BIDI, *INVISIBLE, *ODD_SPACES, *NOT_CHARACTERS])
def test_what_cannot_be_seen_is_never_put_into_a_command(shell_name: str, char: str) -> None:
    """Control, bidi, zero-width and broken characters: no command, in any shell."""
    folders = [f"/home/a{char}b", f"C:\\a{char}b"]

    lines = [line(folder, shell_name) for folder in folders]
    words = line(None, shell_name, ("claude", "--resume", f"a{char}b"))

    assert (lines, words) == ([None, None], None)


NOT_FROM_THE_ROOT = ["", "proj", "./proj", "~/proj", "-", "-P", "C:\\proj", "\\\\server\\share"]
WANDERING = ["//server/share", "/a/../b", "/..", "/a/./b", "/" + "x" * quote.LONGEST]


@pytest.mark.parametrize("folder", [*NOT_FROM_THE_ROOT, *WANDERING])
@pytest.mark.parametrize("shell_name", ["posix", "fish"])
def test_a_folder_that_is_not_named_from_the_root_is_refused(shell_name: str, folder: str) -> None:
    """Where a relative name leads depends on the shell; a network name may ask a network."""
    assert line(folder, shell_name) is None


@pytest.mark.parametrize("shell_name", quote.SHELLS)
@pytest.mark.parametrize("argv", [(), ("",), ("-x",), ("--", "claude")])
def test_without_a_program_there_is_no_command(shell_name: str, argv: tuple[str, ...]) -> None:
    """What would be an option or a modifier is not run as a program."""
    assert line("/home/me" if shell_name != "cmd" else "C:\\me", shell_name, argv) is None


def test_an_unknown_folder_leaves_the_command_alone() -> None:
    """The agent's own command is worth copying without a folder too."""
    lines = [line(None, shell_name) for shell_name in quote.SHELLS]

    assert lines == [
        "claude --resume 0b5c-11",
        "claude --resume 0b5c-11",
        "& 'claude' '--resume' '0b5c-11'",
        "claude --resume 0b5c-11",
    ]


def test_an_unknown_shell_is_a_wrong_use() -> None:
    """A shell that nobody proved anything for gets a clear no."""
    with pytest.raises(WrongUse, match="csh"):
        line("/home/me", "csh")


@pytest.mark.parametrize("program", ["if", "time", "do", "begin"])
def test_a_program_with_the_name_of_grammar_is_quoted(program: str) -> None:
    """A word of the shell's grammar does not change the line."""
    assert line(None, "posix", (program,)) == f"'{program}'"


@pytest.mark.parametrize(
    ("folder", "quoted"),
    [
        ("C:\\Users\\me", "C:\\Users\\me"),
        ("c:/Users/me", "c:\\Users\\me"),
        ("C:\\", "C:\\"),
        ("C:\\Program Files (x86)\\R&D, Inc.;a=b", "C:\\Program Files (x86)\\R&D, Inc.;a=b"),
        ("C:\\it's", "C:\\it''s"),
        ("C:\\$(canary)`x`$x;x|y".replace("|", ""), "C:\\$(canary)`x`$x;xy"),
        ("C:\\[a] {b} @c #d", "C:\\[a] {b} @c #d"),
        ("C:\\100% ^!", "C:\\100% ^!"),
        ("C:\\\u65e5\u672c\u8a9e", "C:\\\u65e5\u672c\u8a9e"),
        ("/home/me/it's", "/home/me/it''s"),
    ],
)
def test_powershell_gets_single_quotes_and_a_guard(folder: str, quoted: str) -> None:
    """Inside single quotes PowerShell expands nothing; the agent starts only in its folder."""
    expected = f"Set-Location -LiteralPath '{quoted}'; if ($?) {{ & 'claude' '--resume' '0b5c-11' }}"

    assert line(folder, "powershell") == expected


@pytest.mark.parametrize("char", '\u2018\u2019\u201a\u201b\u201c\u201d\u201e"')
def test_powershell_takes_typographic_quotes_for_quotes_and_gets_none(char: str) -> None:
    """A curly quote ends a string in PowerShell: no command."""
    assert line(f"C:\\a{char};canary", "powershell") is None
    assert line(f"/home/a{char};canary", "powershell") is None


@pytest.mark.parametrize("folder", ["/a:b", "/a\\b", "/a|b", "//server/share", "/a/../b", "proj", "HKLM:\\x"])
def test_powershell_on_other_systems_gets_plain_folders_only(folder: str) -> None:
    """What PowerShell may take for a drive, a provider or a separator is refused."""
    assert line(folder, "powershell") is None


@pytest.mark.parametrize(
    ("folder", "quoted"),
    [
        ("C:\\Users\\me", "C:\\Users\\me"),
        ("c:/Users/me/", "c:\\Users\\me\\"),
        ("C:\\", "C:\\"),
        ("C:\\Program Files (x86)\\R&D, Inc.;a=b", "C:\\Program Files (x86)\\R&D, Inc.;a=b"),
        ("C:\\it's $x `y` [z] {a} @b #c ~d +e", "C:\\it's $x `y` [z] {a} @b #c ~d +e"),
        ("C:\\\u65e5\u672c\u8a9e\\\u00e9t\u00e9", "C:\\\u65e5\u672c\u8a9e\\\u00e9t\u00e9"),
    ],
)
def test_cmd_gets_double_quotes(folder: str, quoted: str) -> None:
    """Ordinary Windows folders, with spaces, brackets and ampersands, can be pasted into cmd."""
    assert line(folder, "cmd") == f'cd /d "{quoted}" && claude --resume 0b5c-11'


@pytest.mark.parametrize("name", [*'%!^"<>|*?:\u201c\u02ba\uff02\uff05\U0001f680', "%PATH%", "%0", "x!y"])
def test_cmd_gets_nothing_that_it_would_expand(name: str) -> None:
    """Percent, caret, exclamation mark and anything like a quote cannot be made safe in cmd."""
    assert line(f"C:\\a{name}b", "cmd") is None


SHARES = [
    "\\\\server\\share",
    "//server/share",
    "\\\\?\\C:\\x",
    "\\\\.\\pipe\\x",
    "\\x",
    "C:",
    "C:x",
    "xy:\\z",
]
DEVICES = ["C:\\con", "C:\\a\\NUL.txt", "C:\\com1", "C:\\LPT\u00b9.x", "C:\\conin$", "C:\\aux .c", "C:\\a:b"]
INEXACT = ["", "C:\\a.", "C:\\a ", "C:\\a\\..\\b", "C:\\.\\b", "C:\\a\\\\b", 'C:\\a"b', "C:\\a?", "C:\\a*"]


@pytest.mark.parametrize("shell_name", ["powershell", "cmd"])
@pytest.mark.parametrize("folder", [*SHARES, *DEVICES, *INEXACT])
def test_windows_network_device_and_inexact_names_are_refused(shell_name: str, folder: str) -> None:
    """No share is asked, no device is opened, and no dot or space is dropped silently."""
    assert line(folder, shell_name) is None


@pytest.mark.parametrize("shell_name", ["powershell", "cmd"])
@pytest.mark.parametrize(
    "word", ["", "a b", "a;b", "a%b", "a&b", "a'b", 'a"b', "$x", "a^b", "(", "\u2014x", "a,b"]
)
def test_windows_shells_get_plain_words_only(shell_name: str, word: str) -> None:
    """Programs there take their words apart themselves: nothing that could be taken apart."""
    assert line(None, shell_name, ("claude", "--resume", word)) is None


@pytest.mark.parametrize("program", ["rem", "IF", "for", "@claude", ":claude", ".\\claude"])
def test_cmd_gets_no_program_that_is_grammar(program: str) -> None:
    """A label, a comment or a condition is not a program."""
    assert line(None, "cmd", (program,)) is None


@given(st.text(st.characters(), max_size=40), st.sampled_from(quote.SHELLS))
def test_any_text_gives_one_visible_line_or_none(text: str, shell_name: str) -> None:
    """The line can be pasted: one line, no control character, encodable, not too long."""
    for folder in (text, f"/{text}", f"C:\\{text}"):
        pasted = line(folder, shell_name, ("claude", text))

        assert pasted is None or (pasted.isprintable() and len(os.fsencode(pasted)) <= quote.LONGEST)
