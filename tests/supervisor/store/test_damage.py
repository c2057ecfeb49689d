"""Bits that flipped on disk: whatever they hit, it starts, keeps the file, and opens no door."""

import random
from pathlib import Path

from supervisor.core.model import Device, Scope, Session, State
from supervisor.store import devices, notes, sessions
from supervisor.store.database import open_database

FLIPS = 150
PHONE = Device(id="d1", label="My phone", scope=Scope.VIEW, public_key=b"\x04" * 91, paired_at=1.0)


def test_flipped_bits_never_open_a_door(tmp_path: Path) -> None:
    """A device is what it was, or it is none: never a wider scope, never somebody else's key."""
    good = _good(tmp_path / "good.db")
    chosen = random.Random(7)

    for number in range(FLIPS):
        path = tmp_path / f"{number}.db"
        path.write_bytes(_flipped(good, chosen))
        database = open_database(path)
        known = devices.all_devices(database)
        sessions.load(database, 0.0)
        database.close()

        assert all(one.scope is Scope.VIEW for one in known)
        if database.damaged:
            assert database.damaged.stat().st_size == len(good)
            assert known == []
            path.with_name(database.damaged.name).unlink()
        path.unlink()


def _good(path: Path) -> bytes:
    database = open_database(path)
    devices.add(database, PHONE)
    for number in range(50):
        sessions.save(database, Session(id=f"s{number}", agent="claude", state=State.IDLE, since=1.0))
        notes.write(database, f"n{number}", "x" * 200)
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


def _flipped(good: bytes, chosen: random.Random) -> bytes:
    """A page's worth of it, or a few bits."""
    bad = bytearray(good)
    if chosen.random() < 0.3:
        at = chosen.randrange(len(bad) // 4096) * 4096
        bad[at : at + 4096] = chosen.randbytes(4096)
    for _ in range(chosen.randint(1, 20)):
        bad[chosen.randrange(len(bad))] ^= 1 << chosen.randrange(8)
    return bytes(bad)
