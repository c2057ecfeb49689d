"""What our hook looks like in settings, and how it is known again."""

import shlex

import pytest

from supervisor.agents.claude import hooks

HOOK = ("/home/me/my programs/it's/python", "-I", "/opt/$x/hook.py", "/run/user/1000/api.sock")
NEWEST = "2.1.329"
WINDOWS = (r"C:\Program Files\Wakeline\wakeline.exe", "hook", r"C:\Users\me\run\api.sock")


def test_the_command_survives_every_name_of_a_folder() -> None:
    """A shell runs it: what is not its end, a comment, must come out as it went in."""
    entry = hooks.entry(HOOK, "claude", NEWEST)

    assert entry is not None
    assert shlex.split(entry["command"], comments=True) == [*HOOK, "claude"]
    assert (entry["type"], entry["timeout"]) == ("command", 86400)


def test_it_is_the_same_for_all_versions() -> None:
    """Claude Code runs hooks with the same command once, also when they stand in two places."""
    assert hooks.entry(HOOK, "claude", "2.0.45") == hooks.entry(HOOK, "claude", NEWEST)


@pytest.mark.parametrize("version", [None, "", "2.0.44", "1.99.99", "newest", "2.1"])
def test_who_may_not_know_it_gets_none(version: str | None) -> None:
    """Old versions refuse a whole file of settings for the name of one event."""
    assert hooks.entry(HOOK, "claude", version) is None


@pytest.mark.parametrize("version", ["2.0.45", "2.0.100", "2.1.0", "2.1.330-beta.1", "3.0.0"])
def test_who_knows_it_gets_it(version: str) -> None:
    """Since the version in which it came."""
    assert hooks.entry(HOOK, "claude", version) is not None


def test_without_a_program_there_is_no_hook() -> None:
    """Nothing would be run."""
    assert hooks.entry((), "claude", NEWEST) is None


def test_on_windows_no_shell_has_to_understand_it() -> None:
    """There it could be one of two that quote differently; old versions always take one."""
    entry = hooks.entry(WINDOWS, "claude", NEWEST)

    assert entry is not None
    assert (entry["command"], entry["args"][:-1]) == (WINDOWS[0], [*WINDOWS[1:], "claude"])
    assert hooks.is_ours(entry)
    assert hooks.entry(WINDOWS, "claude", "2.1.138") is None


@pytest.mark.parametrize(
    "hook",
    [
        None,
        [],
        {},
        {"command": 1},
        {"command": "wakeline"},
        {"args": ["x"]},
        {"type": "http", "url": "# wakeline"},
    ],
)
def test_other_hooks_are_not_taken_for_ours(hook: object) -> None:
    """Only what ends as ours does."""
    assert not hooks.is_ours(hook)


def test_it_comes_behind_the_users_own() -> None:
    """Those run too; settings that say something else stay as they are."""
    ours, theirs = (
        hooks.entry(HOOK, "claude", NEWEST) or {},
        {"hooks": [{"type": "command", "command": "beep"}]},
    )
    settings = {"model": "opus", "hooks": {"Stop": [theirs], "PermissionRequest": [theirs]}}

    merged = hooks.with_entry(settings, ours)

    assert merged == {
        "model": "opus",
        "hooks": {"Stop": [theirs], "PermissionRequest": [theirs, {"hooks": [ours]}]},
    }
    assert hooks.without_entries(merged or {}) == settings


def test_an_older_one_of_ours_is_replaced() -> None:
    """Wakeline has moved: two would ask twice."""
    old, new = hooks.entry(("/old",), "claude", NEWEST) or {}, hooks.entry(HOOK, "claude", NEWEST) or {}

    merged = hooks.with_entry(hooks.with_entry({}, old) or {}, new)

    assert merged == {"hooks": {"PermissionRequest": [{"hooks": [new]}]}}
    assert hooks.without_entries(merged or {}) == {}


@pytest.mark.parametrize("settings", [{"hooks": []}, {"hooks": {"PermissionRequest": {}}}, {"hooks": None}])
def test_settings_that_are_not_what_they_should_be_are_left_alone(settings: dict[str, object]) -> None:
    """Claude Code will say what is wrong with them."""
    ours = hooks.entry(HOOK, "claude", NEWEST) or {}

    assert hooks.with_entry(settings, ours) is None
    assert hooks.without_entries(settings) == settings


def test_our_hook_leaves_a_group_that_it_shares() -> None:
    """Somebody has put his own beside it."""
    ours, theirs = hooks.entry(HOOK, "claude", NEWEST), {"type": "command", "command": "beep"}
    settings = {"hooks": {"PermissionRequest": [{"matcher": "Bash", "hooks": [theirs, ours]}], "Stop": []}}

    left = hooks.without_entries(settings)

    assert left == {"hooks": {"PermissionRequest": [{"matcher": "Bash", "hooks": [theirs]}], "Stop": []}}
