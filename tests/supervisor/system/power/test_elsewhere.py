"""Power by psutil: whatever it says or raises becomes a plain answer."""

from collections.abc import Callable
from types import SimpleNamespace

import psutil
import pytest

from supervisor.core.model import Power
from supervisor.system.power import elsewhere


def raises(error: Exception) -> Callable[[], None]:
    """A psutil that fails."""

    def sensors_battery() -> None:
        raise error

    return sensors_battery


@pytest.mark.parametrize(
    ("percent", "plugged", "power"),
    [
        (57, False, Power(percent=57.0, on_battery=True)),
        (100, True, Power(percent=100.0, on_battery=False)),
        (8, None, Power(percent=8.0, on_battery=None)),
    ],
)
def test_the_battery_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, percent: int, plugged: bool | None, power: Power
) -> None:
    """Charge and plug as psutil tells them."""
    found = SimpleNamespace(percent=percent, power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: found, raising=False)

    assert elsewhere.read() == power


@pytest.mark.parametrize("error", [OSError(), RuntimeError(), AttributeError(), psutil.Error()])
def test_a_system_that_cannot_tell_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """No battery, no answer, no crash."""
    monkeypatch.setattr(psutil, "sensors_battery", raises(error), raising=False)

    assert elsewhere.read() == Power()


def test_no_battery_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desktop computer has no rule."""
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)

    assert elsewhere.read() == Power()
