"""Paired devices survive and go when told."""

from pathlib import Path

from supervisor.core.model import Device, Scope
from supervisor.store import devices
from supervisor.store.database import open_database


def test_a_device_is_kept_seen_and_removed_for_good(tmp_path: Path) -> None:
    """Revocation is on disk when it is reported."""
    database = open_database(tmp_path / "state.db")
    phone = Device(id="d1", label="phone", scope=Scope.VIEW, public_key=b"k", paired_at=1.0)

    devices.add(database, phone)
    devices.seen(database, "d1", "192.0.2.7", 9.0)
    (kept,) = devices.all_devices(database)
    assert (kept.label, kept.scope, kept.last_address) == ("phone", Scope.VIEW, "192.0.2.7")

    assert devices.remove(database, "d1")
    assert not devices.remove(database, "d1")
    database.close()
    assert devices.all_devices(open_database(tmp_path / "state.db")) == []
