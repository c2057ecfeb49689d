"""Holding by wakepy alone. Run on Linux with a desktop's service; Windows and macOS are wakepy's own."""

import sys

import pytest

from supervisor.system.awake.elsewhere import PlainGrip
from supervisor.system.awake.grip import Held

if sys.platform != "linux":
    pytest.skip("its service is played on Linux", allow_module_level=True)
assert sys.platform == "linux"

from tests.lab.buses import Place, place


def test_it_holds_and_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What wakepy enters is left again, as often as it is taken."""
    with place(Place.start_session_bus, Place.start_power_manager) as desktop:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.environment["DBUS_SESSION_BUS_ADDRESS"])
        grip = PlainGrip()

        held = [grip.take("work"), grip.take("more work")]
        inhibited = desktop.power_inhibited()
        grip.release()
        grip.release()

        assert held == [Held(held=True, mechanism="org.freedesktop.PowerManagement")] * 2
        assert (inhibited, desktop.power_inhibited()) == (True, False)


def test_what_is_gone_can_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """wakepy calls it an error when the service died; there is nothing left to give back."""
    with place(Place.start_session_bus, Place.start_power_manager) as desktop:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.environment["DBUS_SESSION_BUS_ADDRESS"])
        grip = PlainGrip()
        grip.take("work")
        desktop.running["power-manager"].kill()

        grip.release()

        assert (grip.lost(), grip.outdated("work"), grip.watched(), grip.news()) == (None, False, (), False)


@pytest.mark.parametrize("variable", ["WAKEPY_FAKE_SUCCESS", "WAKEPY_FORCE_FAILURE"])
def test_what_is_pretended_is_not_held(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Neither a pretended success nor a forced failure is shown as held."""
    monkeypatch.setenv(variable, "1")
    grip = PlainGrip()

    held = grip.take("work")

    assert (held.held, held.mechanism) == (False, None)
    assert held.problem is not None
