"""Networks that go, flap, lose and lie: a real agent and the supervisor are in one of their own."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces of Linux", allow_module_level=True)

from tests.end_to_end import storms
from tests.end_to_end.cut_off import CONTINUES
from tests.end_to_end.steered import InTerminal
from tests.end_to_end.storms import TENTH, under
from tests.lab.waiting import until
from tests.lab.weather import Weather

pytestmark = pytest.mark.usefixtures("needs_codex")


def test_the_cable_that_is_plugged_in_again_is_noticed_at_once(in_terminal: InTerminal) -> None:
    """The kernel's word ends a pause of many minutes; the turn goes on, by one continuation."""
    weather = Weather()
    pauses = {
        "WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "3600",
        "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "7200",
    }
    with under(weather, in_terminal, **pauses) as story:
        weather.pull()
        story.go_on()
        cut = story.session(state="cut_off")
        assert cut["keeps_awake"] or story.session(keeps_awake=True)

        weather.plug()

        story.finished()
        assert story.told() == [CONTINUES]


def test_ten_seconds_without_a_network_cost_one_word(in_terminal: InTerminal) -> None:
    """As long as it is gone nothing is typed; then the turn is continued, once."""
    assert storms.cable(in_terminal, 10.0) == 1


def test_a_network_that_flaps_multiplies_nothing(in_terminal: InTerminal) -> None:
    """Up and down each second for twenty: every step is done once, and it is asked less and less often."""
    assert storms.flapping(in_terminal, 20.0) <= 4


def test_a_network_that_loses_a_third_is_good_enough(in_terminal: InTerminal) -> None:
    """Thirty of a hundred packets are lost: the turn is continued, and each step done once."""
    assert storms.lossy_way_back(in_terminal) <= 4


def test_without_names_nothing_is_reached_and_with_them_all_is_well(in_terminal: InTerminal) -> None:
    """The network is there, its name server is not: that is waited for like a network."""
    weather = Weather()
    with under(weather, in_terminal, **TENTH) as story:
        weather.knows()
        story.go_on()
        assert story.session(state="cut_off")["reconnect"]["reason"] == "network unreachable"
        assert story.told() == []

        weather.knows(storms.NAME)

        story.finished()
        assert story.told() == [CONTINUES]


def test_a_hotels_login_page_is_no_model(in_terminal: InTerminal) -> None:
    """Whatever is asked, a page to log in answers: nothing is said until somebody has logged in."""
    with under(Weather(), in_terminal, **TENTH) as story:
        story.gate.fail("portal")
        story.go_on()
        story.session(state="cut_off")
        until(lambda: story.gate.looked >= 3, saying="it is looked again and again")
        assert story.told() == []

        back = story.gate.open()

        story.finished()
        assert story.continued(back) == 1
