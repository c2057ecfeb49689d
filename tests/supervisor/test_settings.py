"""Settings: one file, every key known."""

import tomllib
from pathlib import Path

import pytest

from supervisor.core.errors import WrongUse
from supervisor.settings import Settings, described, load


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    """Nothing need be configured."""
    assert load(tmp_path / "settings.toml", {}) == Settings()


def test_a_key_is_read_from_the_file_and_the_environment_comes_first(tmp_path: Path) -> None:
    """The environment is for one start, the file for all."""
    path = written(tmp_path, "[awake]\nbattery_limit_percent = 30\nwind_down_seconds = 5\n")

    settings = load(
        path, {"WAKELINE_AWAKE_WIND_DOWN_SECONDS": "7", "WAKELINE_DISCOVER_AGENTS": "claude,codex"}
    )

    assert (settings.awake.battery_limit_percent, settings.awake.wind_down_seconds) == (30, 7)
    assert settings.discover.agents == ("claude", "codex")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[awake]\nbatery_limit = 3", "awake.battery_limit_percent"),
        ("[awaken]\n", "awake"),
        ("[phone]\nprot = 1", "phone.port"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(tmp_path: Path, text: str, hint: str) -> None:
    """A misspelt setting is never silently ignored."""
    with pytest.raises(WrongUse) as refusal:
        load(written(tmp_path, text), {})

    assert hint in refusal.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "[phone]\nport = 'x'",
        "[phone]\nport = true",
        "[phone]\nport = -1",
        "phone = 3",
        "[",
        "\x00",
        "[discover]\nagents = [1]",
        "[discover]\nagents = " + "[" * 9999,
        "[awake]\nwind_down_seconds = " + "9" * 400,
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_the_place(tmp_path: Path, text: str) -> None:
    """The sentence says where to mend it."""
    path = written(tmp_path, text)

    with pytest.raises(WrongUse) as refusal:
        load(path, {})

    assert str(path) in refusal.value.title


def test_no_message_has_a_secret(tmp_path: Path) -> None:
    """Whoever forgets the brackets does not find the address in a log."""
    with pytest.raises(WrongUse) as refused:
        load(written(tmp_path, '[notices]\nurls = "ntfy://s3cr3t@host/topic"\n'), {})

    assert "notices.urls" in refused.value.title
    assert "s3cr3t" not in refused.value.title + refused.value.hint


def test_a_number_without_measure_is_refused_from_the_environment_too(tmp_path: Path) -> None:
    """However many digits it has."""
    with pytest.raises(WrongUse, match="WAKELINE_PHONE_PORT"):
        load(tmp_path / "none.toml", {"WAKELINE_PHONE_PORT": "9" * 5000})


@pytest.mark.parametrize(("told", "expected"), [("false", False), ("0", False), ("true", True), ("1", True)])
def test_yes_and_no_come_from_the_environment_too(tmp_path: Path, told: str, expected: bool) -> None:
    """In the words that the file has for them."""
    found = load(tmp_path / "none.toml", {"WAKELINE_NOTICES_DESKTOP": told})

    assert found.notices.desktop is expected
    with pytest.raises(WrongUse, match="true or false"):
        load(tmp_path / "none.toml", {"WAKELINE_NOTICES_DESKTOP": "maybe"})


def test_the_description_is_a_settings_file_with_the_defaults(tmp_path: Path) -> None:
    """What the documentation shows can be used as it stands."""
    assert load(written(tmp_path, described()), {}) == Settings()
    assert set(tomllib.loads(described())) == {
        "awake",
        "discover",
        "list",
        "notices",
        "phone",
        "reconnect",
        "recovery",
        "terminal",
    }
