"""Colours that everybody can read, by day and by night."""

import re
from itertools import product

import pytest

from tests.supervisor.remote.page.conftest import FILES

STYLE = (FILES / "style.css").read_text()
STEERING = (FILES / "steering.css").read_text()
SCREEN = (FILES / "screen.css").read_text()
WORDS = [
    "ink",
    "soft",
    "accent",
    "needs_you",
    "working",
    "cut_off",
    "starting",
    "idle",
    "paused",
    "ended",
    "lost",
]
#: Come when somebody opens them: a menu, the trash, a terminal; when it rings; when there is something.
LATER = {
    "actions",
    "aside",
    "away",
    "find",
    "jobs",
    "keyboard",
    "later",
    "lost",
    "notices",
    "offline",
    "ring",
    "rows",
    "screen",
    "scrollback",
    "trash",
    "undo",
}
#: WCAG 2.2, success criterion 1.4.3: text against what is behind it.
ENOUGH = 4.5


def _colours(dark: bool) -> dict[str, str]:
    """The named colours, those of the night over those of the day."""
    found: dict[str, str] = {}
    for style in (STYLE, STEERING):
        day, night = (block for block in re.findall(r":root \{(.*?)\n *\}", style, re.DOTALL)[:2])
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", day + (night if dark else "")))
    return found


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_the_paper(dark: bool) -> None:
    """Every colour of a word has enough contrast on every colour that lies below words."""
    colours = _colours(dark)

    def contrast(word: str, paper: str) -> float:
        return _contrast(colours[word], colours[paper])

    pairs = product(WORDS, ["paper", "sheet", "raised"])
    faint = {(word, paper): contrast(word, paper) for word, paper in pairs if contrast(word, paper) < ENOUGH}

    assert faint == {}
    assert contrast("needs_you", "warn-paper") >= ENOUGH
    assert contrast("cut_off", "bad-paper") >= ENOUGH
    others = [("on-accent", "accent"), *product(["ink"], ["added", "removed", "mine", "code"])]
    others += product(["soft", "cut_off", "accent"], ["mine"])
    assert [pair for pair in others if contrast(*pair) < ENOUGH] == []


def test_a_terminal_can_be_read_in_every_colour() -> None:
    """The sixteen that programs name, but for black, which they mean to be dark."""
    colours = dict(re.findall(r"--(screen|c\d+): (#[0-9a-f]{3,6})\b", SCREEN))
    ground = colours.pop("screen")

    faint = [name for name, told in colours.items() if name != "c0" and _contrast(told, ground) < ENOUGH]

    assert len(colours) == 16
    assert faint == []


def test_nothing_moves_for_who_wants_it_still() -> None:
    """Reduced motion ends every animation."""
    still = STYLE.partition("prefers-reduced-motion: reduce")[2]

    assert "animation: none !important" in still


def test_the_page_asks_for_its_own_files_only() -> None:
    """No address of anybody else stands in a file of the page."""
    foreign = re.compile(r"""(?:src=|href=|url\(|from |import\()\s*['"]?(?:https?:)?//""")
    kinds = {".html", ".js", ".css", ".webmanifest"}

    found = [
        path.name for path in FILES.iterdir() if path.suffix in kinds and foreign.search(path.read_text())
    ]

    assert found == []


def test_every_module_is_announced_at_the_start() -> None:
    """No import waits for the one before it: first.js names all that a first screen may need."""
    first = (FILES / "first.js").read_text()

    named = {
        name
        for told in ("always", "pairing", "reading")
        for name in re.findall(r"'(\w+)'", first.partition(f"{told} = [")[2].partition("]")[0])
    }

    # The table of the phone's language is asked for by words.js, which comes before all others.
    assert "import('./words.js')" in first
    assert named | LATER == {path.stem for path in FILES.glob("*.js") if path.stem[:5] != "words"} - {"first"}
    assert not named & LATER


def test_no_module_comes_with_the_list_that_only_a_session_needs() -> None:
    """What the first screen imports, and what that imports, is what first.js asks for at once."""
    first = (FILES / "first.js").read_text()
    always = set(re.findall(r"'(\w+)'", first.partition("always = [")[2].partition("]")[0]))

    def imported(name: str) -> set[str]:
        found = re.findall(r"^import .*?'\./(\w+)\.js';$", (FILES / f"{name}.js").read_text(), re.MULTILINE)
        return set(found)

    assert set.union(*(imported(name) for name in always)) <= always | {"words"}
