"""Paired devices: public keys and scopes. Every change is on disk when the call returns."""

from supervisor.core.model import Device, Scope
from supervisor.store.database import Database


def all_devices(database: Database) -> list[Device]:
    """Every paired device, the newest first; of which the scope cannot be read is none."""
    rows = database.rows(
        "SELECT id, label, scope, public_key, paired_at, last_seen_at, last_address FROM device"
        " ORDER BY paired_at DESC"
    )
    return [
        Device(
            id=row[0],
            label=row[1],
            scope=Scope(row[2]),
            public_key=row[3],
            paired_at=row[4],
            last_seen_at=row[5],
            last_address=row[6],
        )
        for row in rows
        if row[2] in set(Scope) and isinstance(row[3], bytes)
    ]


def add(database: Database, device: Device) -> None:
    """Remember a device."""
    database.change(
        "INSERT INTO device (id, label, scope, public_key, paired_at, last_seen_at, last_address)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        device.id,
        device.label,
        device.scope.value,
        device.public_key,
        device.paired_at,
        device.last_seen_at,
        device.last_address,
    )


def remove(database: Database, device_id: str) -> bool:
    """Forget a device; False if there was none."""
    return database.change("DELETE FROM device WHERE id = ?", device_id) > 0


def seen(database: Database, device_id: str, address: str, at: float) -> None:
    """Note when and from where a device was last here."""
    database.change_soon(
        "UPDATE device SET last_seen_at = ?, last_address = ? WHERE id = ?", at, address, device_id
    )
