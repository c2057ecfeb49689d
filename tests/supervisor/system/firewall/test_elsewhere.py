"""What is said of firewalls where they cannot be asked."""

from supervisor.system.firewall.elsewhere import barriers


def test_systems_with_a_firewall_of_their_own_name_it() -> None:
    """macOS and Windows ask their user once, and no is remembered."""
    assert [one.name for one in barriers("darwin")] == ["that of macOS"]
    assert [one.name for one in barriers("win32")] == ["Windows Defender"]
    assert "allow" in barriers("win32")[0].remedy.lower()


def test_nothing_is_said_of_others() -> None:
    """A system that nobody has looked at."""
    assert barriers("freebsd14") == []
