"""Brackets around what is pasted."""

from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.adopted.base import PASTE_BEGINS, PASTE_ENDS, in_brackets


@given(text=st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_a_text_without_control_characters_never_ends_its_own_paste(text: str) -> None:
    """There is one beginning and one end, and the text between them."""
    typed = in_brackets(text)

    assert typed.split(PASTE_ENDS) == [PASTE_BEGINS + text.encode(), b""]
