"""A session's files, and places to put them."""

import sys

if sys.platform != "win32":
    import tempfile
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.lab import remains
    from tests.lab.fixtures import do_without

    @pytest.fixture
    def home(tmp_path: Path) -> Path:
        """An agent's home with one session of several files, and another session that nobody touches."""
        home = tmp_path / "agent"
        remains.furnish(home)
        return home

    @pytest.fixture
    def folder(tmp_path: Path) -> Path:
        """The trash."""
        return tmp_path / "state" / "trash"

    @pytest.fixture
    def elsewhere() -> Iterator[Path]:
        """A folder on another filesystem."""
        place = remains.elsewhere()
        if place is None:
            do_without("there is no second filesystem to write to")
        with tempfile.TemporaryDirectory(dir=place) as name:
            yield Path(name)
