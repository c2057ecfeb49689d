"""What a program printed does not deceive where it is shown."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.view import harmless


@given(st.text())
def test_nothing_is_passed_on_that_is_not_seen(text: str) -> None:
    """No controls, no marks of direction, no separators: but the joiner within an emoji."""
    for safe in (harmless.cell(text), harmless.title(text)):
        kinds = {unicodedata.category(char) for char in safe.replace("\u200d", "")}
        assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


def test_a_title_is_one_line_that_reads_as_it_is_written() -> None:
    """Marks that turn words around go, spaces become one, and it does not get long."""
    assert harmless.title(" safe\u202egnp.\u2066exe\x07\r\n two\t\twords ") == "safegnp.exe two words"
    assert len(harmless.title("x" * 10_000)) == 200


def test_a_cell_is_never_empty_and_never_a_tower() -> None:
    """What is invisible is a blank, and a hundred accents are a few."""
    assert harmless.cell("\u200b") == harmless.cell("") == " "
    assert harmless.cell("e\u0301") == "e\u0301"
    assert len(harmless.cell("e" + "\u0301" * 100)) == 10


def test_an_emoji_stays_whole() -> None:
    """A family is joined by characters that are not seen."""
    assert harmless.cell("👩\u200d👩\u200d👧") == "👩\u200d👩\u200d👧"
    assert harmless.cell("❤\ufe0f") == "❤\ufe0f"
