"""Who may type into a session."""

from supervisor.core.focus import LAPSES_AFTER, Foci
from supervisor.core.steering import DESK


def test_one_screen_has_the_focus() -> None:
    """Who takes the focus has it, and whoever had it before has it no more."""
    foci = Foci()
    foci.take("s", "phone", "My phone", 10.0)

    focus = foci.take("s", "tablet", "My tablet", 20.0)

    assert (focus.holder, focus.since) == ("tablet", 20.0)
    assert foci.of("s") == focus


def test_taking_what_one_has_changes_nothing() -> None:
    """Since when somebody types does not begin anew with every tap."""
    foci = Foci()
    foci.take("s", "phone", "My phone", 10.0)

    assert foci.take("s", "phone", "My phone", 50.0).since == 10.0


def test_nobody_gives_back_what_another_has() -> None:
    """A phone that lost the focus cannot take it from whoever has it now by leaving."""
    foci = Foci()
    foci.take("s", DESK, "the desk", 10.0)

    assert not foci.give_back("s", "phone")
    assert foci.give_back("s", DESK)
    assert foci.of("s") is None


def test_focus_lapses_after_silence() -> None:
    """A phone in a pocket does not hold the focus for ever; one that types keeps it."""
    foci = Foci()
    foci.take("silent", "phone", "My phone", 10.0)
    foci.take("busy", "phone", "My phone", 10.0)
    foci.used("busy", 200.0)

    assert foci.lapsed(10.0 + LAPSES_AFTER) == ("silent",)
    assert foci.of_holder("phone") == ("busy",)
