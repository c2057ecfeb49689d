"""Commands pasted into real shells: they enter exactly the folder and run exactly the program."""

import contextlib
import shutil
import string
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

if sys.platform == "win32":
    pytest.skip("needs POSIX terminals", allow_module_level=True)
assert sys.platform != "win32"

from supervisor.core import quote
from supervisor.core.model import Resume
from tests.lab.shells import KINDS, Kind, Shell, installed

#: Takes a typed line back, in every line editor.
KILL_LINE = b"\x15"

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


def line(shell: Shell, folder: Path, *words: str) -> str | None:
    """The line for this shell that tells where it is, with *words*."""
    return quote.command(Resume(argv=("tell_where", *words), cwd=str(folder)), shell.kind.quoting)


def entered(shell: Shell, folder: Path, *words: str) -> list[str]:
    """What ran when the line for *folder* was pasted: the folder, then the words, for each run."""
    pasted = line(shell, folder, *words)
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
def test_any_visible_name_is_entered_exactly(shell: Shell, base: Path, name: str) -> None:
    """Not only the names that somebody thought of."""
    assume(name not in {".", ".."} and len(name.encode()) <= 255)
    folder = base / name
    pasted = line(shell, folder)
    assume(pasted is not None)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()

    ran = entered(shell, folder)

    assert ran == report(folder)


def test_nothing_runs_before_enter(shell: Shell, base: Path) -> None:
    """A pasted line waits for the user, also in a terminal without bracketed paste."""
    pasted = line(shell, base)
    assert pasted is not None

    ran = shell.paste(pasted, enter=KILL_LINE)

    assert ran == []


def test_a_folder_that_is_gone_runs_nothing(shell: Shell, base: Path) -> None:
    """The agent is not started in the wrong folder."""
    ran = entered(shell, base / "gone")

    assert ran == []


EXPANDING = [kind for kind in KINDS if kind.argv[0] in {"bash", "zsh"}]


@pytest.mark.parametrize("shell", EXPANDING, ids=lambda kind: kind.name, indirect=True)
def test_a_history_expansion_would_run_outside_our_quotes(shell: Shell) -> None:
    """The shells that expand history do so here, so the tests above can fail."""
    ran = shell.paste('true "a" && !canary')

    assert ran == ["canary"]
