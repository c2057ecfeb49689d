"""How the tray starts."""

from pathlib import Path
from typing import Any

import pytest

from supervisor import programs
from supervisor.core.errors import Failed, Unreachable
from tray import __main__ as tray
from tray import backend, words


class Client:
    """A supervisor that answers, fails or is not there."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    def get(self, _path: str) -> Any:
        """Ask it."""
        if self._failure:
            raise self._failure
        return {}


@pytest.mark.parametrize(
    ("failure", "starts"), [(None, 0), (Unreachable("Nobody."), 1), (Failed("It has a problem."), 0)]
)
def test_a_supervisor_is_started_only_if_there_is_none(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None, starts: int
) -> None:
    """One that answers with an error is there: a second one would not help."""
    started: list[str] = []
    monkeypatch.setattr(programs, "start_supervisor", lambda: started.append("supervisor"))

    tray.start_if_missing(Client(failure))  # type: ignore[arg-type]  # it needs no more than this

    assert len(started) == starts


def test_each_screen_has_its_own_lock(tmp_path: Path) -> None:
    """Two desktops of one person have an icon each."""
    first = tray.lock_file(tmp_path, {"DISPLAY": ":0"})

    assert first == tray.lock_file(tmp_path, {"DISPLAY": ":0", "HOME": "/x"})
    assert first != tray.lock_file(tmp_path, {"DISPLAY": ":1"})
    assert first != tray.lock_file(tmp_path, {"WAYLAND_DISPLAY": ":1/../x"})
    assert first.parent == tmp_path


def test_a_lock_is_held_by_one_and_free_again_after_it(tmp_path: Path) -> None:
    """A crashed tray does not keep the next one out."""
    path = tmp_path / "lock"

    held = backend.hold(path)

    assert held is not None
    assert backend.hold(path) is None
    held.close()
    again = backend.hold(path)
    assert again is not None
    again.close()


def test_a_frozen_program_opens_the_window_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first word says which."""
    monkeypatch.setenv("DISPLAY", ":99999")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    code = tray.main(["pairing"])

    assert code == 1
    assert words.PHONE_HINT in capsys.readouterr().err
