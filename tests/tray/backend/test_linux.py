"""Which icon a Linux desktop gets."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("this is about Linux", allow_module_level=True)
assert sys.platform == "linux"

from tray.backend import linux


@pytest.mark.parametrize(
    ("desktop", "panel"), [("ubuntu:GNOME", "dark"), ("GNOME", "dark"), ("KDE", "any"), ("", "any")]
)
def test_the_picture_fits_the_panel_where_its_colour_is_known(desktop: str, panel: str) -> None:
    """GNOME's bar is dark in every theme; a wrong guess elsewhere would make the icon invisible."""
    assert linux.panel({"XDG_CURRENT_DESKTOP": desktop}) == panel
    assert linux.panel({}) == "any"


def test_without_a_session_bus_there_is_no_icon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, and nothing raises."""
    absent: list[str] = []
    for address in ("unix:path=/nonexistent", "disabled:", "nonsense"):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

        assert linux.make(lambda _: None, lambda: None, lambda: absent.append("said")) is None

    assert absent == ["said"] * 3
