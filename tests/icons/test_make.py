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


STATES = ("nothing", "idle", "paused", "working", "cut_off", "offline", "needs_you")
#: Panels and the pictures they get.
PANELS = [("any", "#ffffff"), ("any", "#202020"), ("light", "#f0f0f0"), ("dark", "#202020")]
#: Light as it is left for who has no green cones (Machado et al. 2009, severity 1).
NO_GREEN = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


def on_panel(name: str, panel: str, colour: str, size: int) -> Image.Image:
    """The picture as it is seen there."""
    seen = Image.new("RGBA", (size, size), colour)
    seen.alpha_composite(make.pixels(make.PICTURES[name], panel, size))
    return seen.convert("RGB")


def to_light(value: float) -> float:
    """How bright a byte of sRGB is, from 0 to 1."""
    return value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4


def to_byte(light: float) -> int:
    """The byte of sRGB that is so bright."""
    some = min(1.0, max(0.0, light))
    return round(255 * (some * 12.92 if some <= 0.0031308 else 1.055 * some ** (1 / 2.4) - 0.055))


def without_green(image: Image.Image) -> Image.Image:
    """As somebody sees it who does not tell red from green."""
    known: dict[int, tuple[int, int, int]] = {}
    seen = Image.new("RGB", image.size)
    for at in itertools.product(range(image.width), range(image.height)):
        pixel = image.getpixel(at)
        assert isinstance(pixel, tuple)
        if hash(pixel) not in known:
            light = [to_light(value) for value in pixel]
            row = [to_byte(sum(a * b for a, b in zip(part, light, strict=True))) for part in NO_GREEN]
            known[hash(pixel)] = (row[0], row[1], row[2])
        seen.putpixel(at, known[hash(pixel)])
    return seen


def apart(one: Image.Image, other: Image.Image) -> float:
    """By how many pixels of a picture of 16 they differ, each counted as much as it differs."""
    sums = ImageStat.Stat(ImageChops.difference(one, other)).sum
    return sum(sums) / len(sums) / 255 / (one.width * one.height) * 256


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize(("panel", "colour"), PANELS)
def test_nobody_needs_to_see_colours_to_tell_the_states(panel: str, colour: str, size: int) -> None:
    """In grey, and without a sense for green, any two are as far apart as a disc from none."""
    seen = {name: on_panel(name, panel, colour, size) for name in STATES}
    grey = {name: image.convert("L") for name, image in seen.items()}
    no_green = {name: without_green(image) for name, image in seen.items()}

    for kind in (grey, no_green):
        for one, other in itertools.combinations(STATES, 2):
            assert apart(kind[one], kind[other]) >= 6, (one, other)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
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
