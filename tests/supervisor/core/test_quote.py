"""Commands to paste: real shells enter exactly the folder, run exactly the program, or get nothing.

PowerShell and cmd are not run here; their lines are compared with tables of their rules.
"""

import contextlib
import os
import shutil
import string
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from supervisor.core import quote
from supervisor.core.errors import WrongUse
from supervisor.core.model import Resume
from tests.lab.shells import KINDS, Kind, Shell, installed

#: Takes a typed line back, in every line editor.
KILL_LINE = b"\x15"

CLAUDE = ("claude", "--resume", "0b5c-11")

#: What a shell might do with a name, around a program that must never run: one name per line.
ATTACKS = r"""
$(canary)
`canary`
${canary}
$canary
$((canary))
$[canary]
<(canary)
>(canary)
=(canary)
=canary
;canary;
&canary&
&&canary&&
|canary|
||canary
(canary)
{canary}
{ canary; }
{a,b}
{1..9}
!canary
!can
!!
!-1
!?can?
!$
!*
!:0
^canary^canary
'canary'
'
''
'''
' canary '
"
""
"canary"
a'b
a'b'c
'a
a'
';canary;'
'!can'
it's !can
'\''
'\''!can'\''!can
\
\\
\'
\';canary;'
'\;canary
a\
a\\
\n
\x27
$'canary'
$'\x27;canary'
$"canary"
~
~root
~+
-
--
-P
-e
+1
-1
. .
...
*
?
[a-z]
[!a]
**
*(e:canary:)
*(+canary)
(#qe:canary:)
@(a|b)
!(a)
#canary
a #canary
%canary
%%
%1
%PATH%
^
a^b
a=b
a:b
a,b
a  b
$(canary) !can 'x' \
&;|<>()$`\"' *?[#~=%!{}
CON
nul.txt
@canary
:canary
[[ canary
]]
do canary
"""
AT_THE_EDGES = [" ", " a", "a ", "x" * 200]
BEYOND_ASCII = [
    "é",
    "e\u0301",
    "日本語",
    "\U0001f680",
    "\u201ccanary\u201d",
    "\u2019;canary;\u2019",
    "\u2014resume",
]
PUNCTUATION = [
    form.replace("X", char) for char in string.punctuation for form in ("X", "aXb", "XX", "Xcanary X")
]
NAMES = {*ATTACKS.strip().splitlines(), *AT_THE_EDGES, *BEYOND_ASCII, *PUNCTUATION}
HOSTILE = sorted(name for name in NAMES - {".", ".."} if "/" not in name)

CONTROLS = [chr(code) for code in (*range(32), *range(127, 160))]
BIDI = list("\u061c\u200e\u200f\u202a\u202e\u2066\u2069")
INVISIBLE = list("\u00ad\u034f\u200b\u200c\u200d\u2060\u2800\u3164\ufe0f\ufeff\U000e0041\U000e0100")
ODD_SPACES = list("\u00a0\u2003\u3000\u2028\u2029\u1680")
NOT_CHARACTERS = ["\ud800", "\udcff", "\ue000", "\U0010ffff", "\u0378"]


def line(folder: str | None, shell: str, argv: tuple[str, ...] = CLAUDE) -> str | None:
    """The line for a session in *folder*."""
    return quote.command(Resume(argv=argv, cwd=folder), shell)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    """A real interactive shell, kept for all names."""
    kind: Kind = request.param
    if not installed(kind):
        pytest.skip(f"{kind.argv[0]} is not installed")
    if shutil.which("setsid") is None:
        pytest.skip("setsid (util-linux) is not installed")
    with tempfile.TemporaryDirectory() as home, Shell(kind, Path(home)) as started:
        yield started


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A folder with a short name for folders with bad names."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def entered(shell: Shell, folder: Path, *words: str) -> list[str]:
    """What ran when the line for *folder* was pasted: the folder, then the words, for each run."""
    pasted = line(str(folder), shell.kind.quoting, ("tell_where", *words))
    assert pasted is not None
    assert "\n" not in pasted
    return shell.paste(pasted)


def report(folder: Path, *words: str) -> list[str]:
    """Exactly one run, in exactly this folder, with exactly these words."""
    return ["".join(f"{part}\n" for part in (str(folder.resolve()), *(words or ("",))))]


def test_hostile_folders_are_entered_exactly_and_run_nothing(shell: Shell, base: Path) -> None:
    """Whatever a folder is called, the pasted line leads into it, and nothing in its name runs."""
    folders = [base / name for name in HOSTILE]
    for folder in folders:
        folder.mkdir(exist_ok=True)

    wrong = {folder.name: ran for folder in folders if (ran := entered(shell, folder)) != report(folder)}

    assert wrong == {}


def test_all_hostile_names_at_once_arrive_as_words(shell: Shell, base: Path) -> None:
    """The words of the agent's command arrive as they are, too."""
    words = [[name for name in HOSTILE if len(name) < 50][start::40] for start in range(40)]

    ran = [entered(shell, base, *some) for some in words]

    assert ran == [report(base, *some) for some in words]


names = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["C", "Z"])
    | st.sampled_from(" '\\!$`\"("),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(names)
@example("'!can'\\''!can")
def test_any_visible_name_is_entered_exactly(shell: Shell, base: Path, name: str) -> None:
    """Not only the names that somebody thought of."""
    assume(name not in {".", ".."} and len(name.encode()) <= 255)
    folder = base / name
    pasted = line(str(folder), shell.kind.quoting)
    assume(pasted is not None)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()

    ran = entered(shell, folder)

    assert ran == report(folder)


def test_nothing_runs_before_enter(shell: Shell, base: Path) -> None:
    """A pasted line waits for the user, also in a terminal without bracketed paste."""
    pasted = line(str(base), shell.kind.quoting, ("tell_where",))
    assert pasted is not None

    ran = shell.paste(pasted, enter=KILL_LINE)

    assert ran == []


def test_a_folder_that_is_gone_runs_nothing(shell: Shell, base: Path) -> None:
    """The agent is not started in the wrong folder."""
    ran = entered(shell, base / "gone")

    assert ran == []


def test_a_history_expansion_would_run_outside_our_quotes(shell: Shell) -> None:
    """The shells of this test do expand history, so the tests above can fail."""
    if shell.kind.argv[0] not in {"bash", "zsh"}:
        pytest.skip("this shell expands no history")

    ran = shell.paste('true "a" && !canary')

    assert ran == ["canary"]


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
    assert line("/home/ann" if shell_name != "cmd" else "C:\\ann", shell_name, argv) is None


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
        line("/home/ann", "csh")


@pytest.mark.parametrize("program", ["if", "time", "do", "begin"])
def test_a_program_with_the_name_of_grammar_is_quoted(program: str) -> None:
    """A word of the shell's grammar does not change the line."""
    assert line(None, "posix", (program,)) == f"'{program}'"


@pytest.mark.parametrize(
    ("folder", "quoted"),
    [
        ("C:\\Users\\ann", "C:\\Users\\ann"),
        ("c:/Users/ann", "c:\\Users\\ann"),
        ("C:\\", "C:\\"),
        ("C:\\Program Files (x86)\\R&D, Inc.;a=b", "C:\\Program Files (x86)\\R&D, Inc.;a=b"),
        ("C:\\it's", "C:\\it''s"),
        ("C:\\$(canary)`x`$x;x|y".replace("|", ""), "C:\\$(canary)`x`$x;xy"),
        ("C:\\[a] {b} @c #d", "C:\\[a] {b} @c #d"),
        ("C:\\100% ^!", "C:\\100% ^!"),
        ("C:\\\u65e5\u672c\u8a9e", "C:\\\u65e5\u672c\u8a9e"),
        ("/home/ann/it's", "/home/ann/it''s"),
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
        ("C:\\Users\\ann", "C:\\Users\\ann"),
        ("c:/Users/ann/", "c:\\Users\\ann\\"),
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
