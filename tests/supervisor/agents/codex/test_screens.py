"""Which terminals show what the daemon serves, told only where it is certain."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.agents.codex.screens import is_daemon, lives_in, screens_of
from supervisor.core.model import Process, Run
from tests.fakes.processes import FewProcesses

HOME = Path("/home/me/.codex")
BEGINNING = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


def born(after: float, number: int = 1) -> str:
    """The id of a session that was begun *after* seconds after the beginning."""
    digits = f"{int((BEGINNING + after) * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{number:012x}"


def terminal(pid: int, after: float, *words: str, cwd: str = "/work") -> Process:
    """A terminal that started *after* seconds after the beginning."""
    return Process(run=Run(pid, BEGINNING + after), parent_pid=1, argv=("codex", *words), cwd=cwd)


def shown(threads: dict[str, str | None], *terminals: Process) -> dict[str, Sequence[int]]:
    """Which terminals show these sessions."""
    environments = {each.run.pid: {"HOME": "/home/me"} for each in terminals}
    found = screens_of(HOME, FewProcesses(terminals, {}, environments), threads)
    return {thread: [run.pid for run in runs] for thread, runs in found.items()}


def test_a_session_is_shown_by_the_terminal_that_it_was_born_in() -> None:
    """Within seconds of its start, in its folder."""
    one, two = born(1.5), born(101.5, 2)

    found = shown({one: "/work", two: None}, terminal(1, 1.0), terminal(2, 101.0, "-m", "o9", "hello"))

    assert found == {one: [1], two: [2]}


def test_a_terminal_that_was_told_which_session_shows_that() -> None:
    """Beside the one that it was born in; the youngest is the last."""
    one = born(1.5)

    found = shown({one: "/work"}, terminal(3, 300.0, "resume", one), terminal(1, 1.0))

    assert found == {one: [1, 3]}


def test_a_terminal_that_went_on_to_another_session_is_found_by_its_folder() -> None:
    """Where it is the only one, and so is the session."""
    later = born(500.0)

    found = shown({later: "/work"}, terminal(1, 1.0), terminal(2, 2.0, cwd="/elsewhere"))

    assert found == {later: [1]}


@pytest.mark.parametrize(
    "terminals",
    [
        [],
        [terminal(1, 1.0), terminal(2, 2.0)],
        [terminal(1, 1.0, cwd="/elsewhere")],
        [terminal(1, 1.0, "--no-daemon")],
        [terminal(1, 1.0, "--remote", "unix:///run/other")],
        [terminal(1, 1.0, "exec", "hello")],
        [terminal(1, 1.0, "app-server", "--listen", "unix://")],
        [Process(run=Run(1, BEGINNING), parent_pid=1, argv=("vim",), cwd="/work")],
    ],
    ids=["none", "two", "elsewhere", "alone", "remote", "exec", "daemon", "no Codex"],
)
def test_where_it_is_not_certain_nothing_is_told(terminals: Sequence[Process]) -> None:
    """Somebody may be about to type into it."""
    later = born(500.0)

    assert shown({later: "/work"}, *terminals) == {later: []}


def test_two_that_began_at_once_are_not_told_apart() -> None:
    """Each terminal could show either session."""
    one, two = born(1.5), born(1.6, 2)

    found = shown({one: "/work", two: "/work"}, terminal(1, 1.0), terminal(2, 1.1))

    assert found == {one: [], two: []}


def test_a_terminal_that_was_led_elsewhere_is_found_by_birth() -> None:
    """Its own folder says nothing of its session's."""
    one = born(1.5)

    assert shown({one: "/srv"}, terminal(1, 1.0, "-C", "/srv")) == {one: [1]}


def test_terminals_of_other_homes_show_nothing_of_ours(tmp_path: Path) -> None:
    """Two homes may be in use at once."""
    one = born(1.5)
    processes = FewProcesses([terminal(1, 1.0)], {}, {1: {"CODEX_HOME": str(tmp_path)}})

    assert screens_of(HOME, processes, {one: "/work"}) == {one: ()}
    assert lives_in(tmp_path, {"CODEX_HOME": str(tmp_path)})
    assert not lives_in(tmp_path, {})


def test_the_daemon_is_known_by_its_command() -> None:
    """A prompt of that name makes none."""
    daemon = terminal(1, 1.0, "app-server", "--listen", "unix://", "--managed-daemon")
    asks_about_it = terminal(2, 1.0, "resume", born(1.0), "app-server")

    assert is_daemon(daemon)
    assert not is_daemon(asks_about_it)
    assert not is_daemon(None)
