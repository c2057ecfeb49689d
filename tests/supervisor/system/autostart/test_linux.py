"""A file that the desktop starts at login: the desktop's own tools read it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("desktops of Linux", allow_module_level=True)

from supervisor.core.errors import Failed
from supervisor.system.autostart import linux
from tests.lab.waiting import until

ODD = ["a b", "it's", 'say "so"', "$HOME", "`id`", "100%", "%f", "back\\slash", ";", "ü", ""]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings of our own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def test_it_is_on_and_off_again(config: Path) -> None:
    """What is started is told; off leaves nothing behind, however often it is said."""
    assert linux.command() is None

    place = linux.turn_on(["wakeline", "up"])

    assert place == str(config / "autostart" / "wakeline.desktop")
    assert linux.command() == ["wakeline", "up"]
    linux.turn_off()
    linux.turn_off()
    assert linux.command() is None
    assert list((config / "autostart").iterdir()) == []


def test_every_word_arrives_as_it_was() -> None:
    """Blanks, quotes, dollars, percents and backslashes are words, not syntax."""
    linux.turn_on(["wakeline", *ODD])

    assert linux.command() == ["wakeline", *ODD]


def test_the_file_keeps_to_the_specification() -> None:
    """The validator of freedesktop.org has nothing to say."""
    validator = shutil.which("desktop-file-validate")
    if validator is None:
        pytest.skip("needs desktop-file-validate: apt install desktop-file-utils")
    place = linux.turn_on(["/opt/wake line/wakeline", *ODD])

    checked = subprocess.run([validator, "--warn-kde", place], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_desktop_starts_it_with_the_very_same_words(tmp_path: Path) -> None:
    """GLib, which most desktops start programs by, hands over each word as it was given."""
    gio = shutil.which("gio")
    if gio is None:
        pytest.skip("needs gio: apt install libglib2.0-bin")
    seen = tmp_path / "seen words"
    script = "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"
    place = linux.turn_on([sys.executable, "-c", script, str(seen), *ODD])

    subprocess.run([gio, "launch", place], check=True, capture_output=True, timeout=60)

    assert until(lambda: seen.exists() and seen.read_text()) == repr(ODD)


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_who_turned_it_off_in_the_desktops_settings_has_turned_it_off(line: str) -> None:
    """Desktops keep the file and write one line into it."""
    place = Path(linux.turn_on(["wakeline", "up"]))

    place.write_text(place.read_text().replace("X-GNOME-Autostart-enabled=true", line))

    assert linux.command() is None


def test_a_folder_that_cannot_be_written_is_told(config: Path) -> None:
    """A file stands where the folder should be: a sentence, and no half of anything."""
    config.write_text("in the way")

    with pytest.raises(Failed, match="cannot be written"):
        linux.turn_on(["wakeline", "up"])
