"""What a session is called until its agent gives it a title."""

from supervisor.core.titles import LENGTH, of_prompt


def test_the_first_line_that_says_something_is_the_title() -> None:
    """Blank lines and blanks around it do not count."""
    assert of_prompt("\n\n  mend the tests \nplease") == "mend the tests"
    assert of_prompt(" \n ") is None


def test_a_long_line_is_cut() -> None:
    """A title fits on a line of a list."""
    title = of_prompt("x" * 500)

    assert title is not None
    assert len(title) == LENGTH
    assert title.endswith("…")
