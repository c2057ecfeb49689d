"""The pictures: what is committed is what is made, and each state is told by its shape."""

import itertools
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from icons import make

#: Another Pillow may round an edge differently; a changed drawing moves far more.
ROUNDING = 6


def committed(path: str) -> Image.Image:
    """One committed picture."""
    with Image.open(make.HERE / path) as image:
        return image.convert("RGBA")


def test_the_committed_drawings_are_what_make_makes() -> None:
    """Nobody edits a drawing by hand: the next run would lose it."""
    made = make.texts()

    found = {
        str(path.relative_to(make.HERE).as_posix()): path.read_text()
        for path in (make.HERE / "svg").iterdir()
    }

    assert found == made


def test_the_committed_pictures_are_what_make_makes() -> None:
    """Every PNG a panel shows is made from the description, and none is left over."""
    made = dict(make.images())

    found = {str(path.relative_to(make.HERE).as_posix()) for path in make.HERE.rglob("*.png")}

    assert found == set(made)
    for path, image in made.items():
        difference = ImageChops.difference(committed(path), image)
        assert max(difference.tobytes()) <= ROUNDING, path


def test_the_icons_of_windows_and_macos_hold_their_sizes() -> None:
    """Explorer and Finder find a sharp picture at every size they ask for."""
    with (
        Image.open(make.HERE / "app/wakeline.ico") as ico,
        Image.open(make.HERE / "app/wakeline.icns") as icns,
    ):
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= ico.info["sizes"]
        assert (512, 512, 2) in icns.info["sizes"]


def test_writing_makes_the_same_files_again(tmp_path: Path) -> None:
    """Running the script twice changes nothing."""
    make.write(tmp_path)

    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}

    kept = {path.relative_to(make.HERE) for path in make.HERE.rglob("*") if path.is_file()}
    assert made == {path for path in kept if path.suffix not in {".py", ".pyc"}}


@pytest.mark.parametrize(
    ("one", "other"),
    list(
        itertools.combinations(["nothing", "idle", "paused", "working", "cut_off", "offline", "needs_you"], 2)
    ),
)
def test_states_differ_in_shape_not_only_in_colour(one: str, other: str) -> None:
    """Who sees no colours sees the state all the same, at 16 pixels."""
    shapes = [make.pixels(make.PICTURES[name], "any", 16).getchannel("A") for name in (one, other)]

    differing = ImageStat.Stat(ImageChops.difference(*shapes)).sum[0] / 255

    assert differing >= 8


def test_the_line_at_rest_has_no_soft_edge_at_any_size() -> None:
    """A straight line is drawn on whole pixels."""
    for size in make.SIZES:
        alpha = make.pixels(make.PICTURES["nothing"], "any", size).getchannel("A")

        assert {value for _, value in alpha.getcolors() or []} == {0, 255}
