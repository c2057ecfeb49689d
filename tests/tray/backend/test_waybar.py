"""The icon on a desktop without X, by a panel that draws it itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("this is about Linux", allow_module_level=True)
assert sys.platform == "linux"

from PIL import Image, ImageChops

from tests.fakes.supervisor import Supervisor, serving, session
from tests.lab import sway
from tests.lab.fixtures import do_without
from tests.lab.sway import Sway

CALL, BUSY = "#e8590c", "#0c9a8d"
BAR = "#202830"


@pytest.fixture(scope="module", params=[1, 2])
def desktop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sway]:
    """A desktop without X, ordinary and with fine pixels, and nothing of ours running."""
    if lacking := sway.missing():
        do_without(lacking)
    with Sway(tmp_path_factory.mktemp("desktop"), scale=request.param) as started:
        started.env["PYTHONPATH"] = str(Path(__file__).parents[3])
        yield started


@pytest.fixture
def supervisor(desktop: Sway) -> Iterator[Supervisor]:
    """A fake supervisor where the tray looks for the real one."""
    with serving(desktop.folder / "wakeline" / "run" / "api.sock", Supervisor()) as serving_now:
        yield serving_now


def test_a_panel_without_x_shows_the_icon_and_follows_it(desktop: Sway, supervisor: Supervisor) -> None:
    """It comes with the panel, also with one that was started again, and is as large as it should be."""
    bar = (512, 0, 1024, 64)
    supervisor.sessions = [session("a", state="needs_you")]
    desktop.start("tray", [sys.executable, "-m", "tray"])

    desktop.start_panel("waybar")
    desktop.settled(CALL, bar)
    supervisor.put(session("a", state="working"))
    desktop.settled(BUSY, bar)
    desktop.end("panel")
    desktop.start_panel("waybar")

    desktop.settled(BUSY, bar)
    left, top, right, bottom = outline(desktop.screen().crop((512, 0, 1024, 32 * desktop.scale)))
    assert right - left > 18 * desktop.scale
    assert bottom - top > 12 * desktop.scale


def outline(bar: Image.Image) -> tuple[int, int, int, int]:
    """Where something is on the bar."""
    empty = Image.new("RGB", bar.size, BAR)
    return ImageChops.difference(bar, empty).getbbox() or (0, 0, 0, 0)
