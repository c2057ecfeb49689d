"""Settings that are written as TOML."""

from pathlib import Path

import pytest

from supervisor.agents.tables import tables


def test_tables_are_read(tmp_path: Path) -> None:
    """As they stand there."""
    path = tmp_path / "config.toml"
    path.write_text('[providers.fake]\nbase_url = "http://127.0.0.1:1/v1"\n')

    assert tables(path) == {"providers": {"fake": {"base_url": "http://127.0.0.1:1/v1"}}}


@pytest.mark.parametrize("content", [b"", b"\xff\0", b"[" * 5000, b"a = ", b"a = 1\na = 2"])
def test_what_is_broken_is_nothing(tmp_path: Path, content: bytes) -> None:
    """So is what is not there."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    assert tables(path) == {}
    assert tables(tmp_path / "other.toml") == {}
