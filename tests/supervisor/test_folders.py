"""Where our files are."""

from pathlib import Path

import pytest

from supervisor.folders import folders


def test_one_variable_puts_everything_below_one_folder(tmp_path: Path) -> None:
    """A trial, a test or a second Wakeline touches nothing else."""
    places = folders({"WAKELINE_HOME": str(tmp_path / "here")})

    everything = (places.config, places.state, places.cache, places.runtime, places.socket, places.log)
    assert all(place.is_relative_to(tmp_path / "here") for place in everything)
    assert len({places.config, places.state, places.cache, places.runtime}) == 4


def test_a_relative_folder_means_the_same_from_everywhere() -> None:
    """Supervisor and tray may be started in different folders."""
    assert folders({"WAKELINE_HOME": "here"}).socket == Path.cwd() / "here" / "run" / "api.sock"


def test_without_it_the_system_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them has our name in it; that there is no login session is no reason to complain."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)

    places = folders({})

    assert all("wakeline" in str(place) for place in (places.settings, places.socket, places.log))
