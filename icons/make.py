"""Makes every picture of Wakeline from the one description below: a line that stays awake.

``python icons/make.py`` writes ``svg/`` (the sources for people), ``tray/`` (PNGs for panels) and
``app/`` (512 px PNG, .ico, .icns), and ``states.png``, which shows them all. The unit is one pixel
of the 16 px picture.
"""

import math
import shutil
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

HERE = Path(__file__).parent
GRID = 16
SIZES = (16, 22, 24, 32, 44, 48, 64)
#: Each picture is drawn this much larger, then averaged down.
FINER = 16

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of *width* with round ends through *points*."""

    points: tuple[Point, ...]
    width: float
    ink: str = "line"


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle."""

    middle: Point
    radius: float
    ink: str = "line"


@dataclass(frozen=True, slots=True)
class Bar:
    """An upright rectangle; its edges are put on whole pixels, so it is crisp at any size."""

    left: float
    top: float
    width: float
    height: float
    ink: str = "line"


@dataclass(frozen=True, slots=True)
class Mark:
    """A digit or an exclamation mark, readable at 16 px."""

    sign: str
    middle: Point
    ink: str = "paper"


Shape = Stroke | Disc | Bar | Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """*under*, less what *cut* covers, and *over* upon it. *line*: which colour the line has."""

    line: str
    under: tuple[Shape, ...]
    cut: tuple[Shape, ...] = ()
    over: tuple[Shape, ...] = ()


#: Colours by the panel they are for. "any" keeps 3:1 on white and on near-black.
COLOURS: Mapping[str, Mapping[str, str]] = {
    "any": {"calm": "#868b94", "busy": "#0c9a8d", "call": "#e8590c", "broken": "#e03131", "paper": "#ffffff"},
    "light": {
        "calm": "#4b525b",
        "busy": "#087f74",
        "call": "#d9480f",
        "broken": "#c92a2a",
        "paper": "#ffffff",
    },
    "dark": {
        "calm": "#c9ced6",
        "busy": "#3ddbc7",
        "call": "#ff9636",
        "broken": "#ff7b7b",
        "paper": "#1c1c1e",
    },
}

THICK = 2.0


def wave(first: float, last: float, middle: float = 8.0, height: float = 4.25) -> tuple[Point, ...]:
    """The wave between two x; it rises first, and has one and a half periods from 1.5 to 14.5."""
    steps = max(2, round((last - first) * 8))
    xs = [first + (last - first) * step / steps for step in range(steps + 1)]
    return tuple((x, middle - height * math.sin((x - 1.5) / 13 * 3 * math.pi)) for x in xs)


def flat(first: float, last: float) -> Bar:
    """The line at rest."""
    return Bar(first, 9.0, last - first, THICK)


#: 3 by 5 cells, as few as a digit can have.
CELLS: Mapping[str, str] = {
    "!": ".x. .x. .x. ... .x.",
    "1": ".x. xx. .x. .x. .x.",
    "2": "xxx ..x xxx x.. xxx",
    "3": "xxx ..x xxx ..x xxx",
    "4": "x.x x.x xxx ..x ..x",
    "5": "xxx x.. xxx ..x xxx",
    "6": "xxx x.. xxx x.x xxx",
    "7": "xxx ..x ..x .x. .x.",
    "8": "xxx x.x xxx x.x xxx",
    "9": "xxx x.x xxx ..x xxx",
}


def bars(mark: Mark, scale: float) -> Iterator[tuple[int, int, int, int]]:
    """The cells of a digit as left, top, width, height, all of them whole pixels."""
    thick, gap = max(1, math.floor(scale + 0.5)), max(1, math.ceil(scale - 0.01))
    wide, high = (thick, gap, thick), (thick, gap, thick, gap, thick)
    left = round(mark.middle[0] * scale - sum(wide) / 2)
    top = round(mark.middle[1] * scale - sum(high) / 2)
    for row, cells in enumerate(CELLS[mark.sign].split()):
        for column, cell in enumerate(cells):
            if cell == "x":
                yield left + sum(wide[:column]), top + sum(high[:row]), wide[column], high[row]


BADGE = (11.5, 4.5)


def calling(sign: str) -> Picture:
    """The wave with a badge: somebody has to come."""
    return Picture(
        line="calm",
        under=(Stroke(wave(1.5, 10.5, middle=9.75, height=4.0), THICK),),
        cut=(Disc(BADGE, 5.5),),
        over=(Disc(BADGE, 4.5, "call"), Mark(sign, BADGE)),
    )


PICTURES: Mapping[str, Picture] = {
    "nothing": Picture(line="calm", under=(flat(1, 15),)),
    "idle": Picture(line="calm", under=(flat(1, 15), Disc((8, 5.25), 2.25))),
    "paused": Picture(
        line="calm",
        under=(flat(0, 4), flat(12, 16), Bar(5.0, 4.0, 2.0, 9.0), Bar(9.0, 4.0, 2.0, 9.0)),
    ),
    "working": Picture(line="busy", under=(Stroke(wave(1.5, 14.5), THICK + 0.25),)),
    "cut_off": Picture(
        line="broken",
        under=(
            Stroke(wave(1.5, 6.6), THICK + 0.25),
            Stroke(((9.75, 6.25), (14.25, 10.75)), THICK),
            Stroke(((14.25, 6.25), (9.75, 10.75)), THICK),
        ),
    ),
    "offline": Picture(
        line="calm",
        under=(flat(0, 4), flat(12, 16), Stroke(((4.5, 10.0), (10.5, 4.0)), THICK)),
    ),
    "needs_you": calling("!"),
    **{f"needs_you-{n}": calling(str(n)) for n in range(1, 10)},
}

APP_TOP, APP_BOTTOM, APP_LINE, APP_EYE = "#123a63", "#0c9a8d", "#ffffff", "#ffc14d"


def rgb(colour: str) -> tuple[int, int, int]:
    """``#0c9a8d`` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# Pixels.


def _whole(bar: Bar, scale: float) -> tuple[int, int, int, int]:
    """A bar on whole pixels; thin bars stay one pixel thin, and never vanish."""
    width, height = max(1, round(bar.width * scale)), max(1, round(bar.height * scale))
    left, top = round(bar.left * scale), round(bar.top * scale)
    return left, top, left + width, top + height


def _draw(shape: Shape, size: int) -> Image.Image:
    """Where the shape is, as a mask of *size* pixels."""
    scale = size / GRID
    fine = scale * FINER
    mask = Image.new("L", (size * FINER, size * FINER))
    pen = ImageDraw.Draw(mask)
    match shape:
        case Bar():
            left, top, right, bottom = (edge * FINER for edge in _whole(shape, scale))
            pen.rectangle((left, top, right - 1, bottom - 1), fill=255)
        case Mark():
            for x, y, width, height in bars(shape, scale):
                left, top = x * FINER, y * FINER
                pen.rectangle((left, top, left + width * FINER - 1, top + height * FINER - 1), fill=255)
        case Disc(middle=(x, y), radius=radius):
            pen.ellipse(_box(x * fine, y * fine, radius * fine), fill=255)
        case Stroke():
            _draw_stroke(pen, shape, fine)
    return mask.resize((size, size), Image.Resampling.BOX)


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius - 1, y + radius - 1


def _draw_stroke(pen: ImageDraw.ImageDraw, stroke: Stroke, fine: float) -> None:
    points = [(x * fine, y * fine) for x, y in stroke.points]
    pen.line(points, fill=255, width=round(stroke.width * fine), joint="curve")
    for x, y in points:
        pen.ellipse(_box(x, y, stroke.width * fine / 2), fill=255)


def _paint(image: Image.Image, shapes: tuple[Shape, ...], colours: Mapping[str, str], size: int) -> None:
    for shape in shapes:
        colour = Image.new("RGBA", (size, size), (*rgb(colours[shape.ink]), 0))
        colour.putalpha(_draw(shape, size))
        image.alpha_composite(colour)


def pixels(picture: Picture, panel: str, size: int) -> Image.Image:
    """The picture for a panel, *size* pixels wide and high, RGBA."""
    colours = {**COLOURS[panel], "line": COLOURS[panel][picture.line]}
    image = Image.new("RGBA", (size, size), (*rgb(colours["line"]), 0))
    _paint(image, picture.under, colours, size)
    for shape in picture.cut:
        kept = ImageChops.invert(_draw(shape, size))
        image.putalpha(ImageChops.multiply(image.getchannel("A"), kept))
    _paint(image, picture.over, colours, size)
    return image


APP_SHAPES = (
    Stroke(wave(2.6, 13.4, middle=9.4, height=2.5), 1.5, "line"),
    Disc((12.2, 4.3), 1.25, "eye"),
)


def app_pixels(size: int) -> Image.Image:
    """The picture of the whole program: the line and its open eye on a tile."""
    tile = Image.linear_gradient("L").resize((size, size))
    top, bottom = (Image.new("RGB", (size, size), rgb(colour)) for colour in (APP_TOP, APP_BOTTOM))
    image = Image.composite(bottom, top, tile).convert("RGBA")
    big = Image.new("L", (size * 4, size * 4))
    edge = size * 4 / GRID
    ImageDraw.Draw(big).rounded_rectangle(
        (0.5 * edge, 0.5 * edge, 15.5 * edge - 1, 15.5 * edge - 1), 3.5 * edge, fill=255
    )
    image.putalpha(big.resize((size, size), Image.Resampling.BOX))
    _paint(image, APP_SHAPES, {"line": APP_LINE, "eye": APP_EYE}, size)
    return image


#: What the sheet shows from left to right, and the panels it shows them on.
ON_THE_SHEET = (
    "nothing",
    "idle",
    "working",
    "needs_you-1",
    "needs_you-3",
    "needs_you",
    "cut_off",
    "paused",
    "offline",
)
PANELS: Mapping[str, str] = {"light": "#f2f2f2", "dark": "#202225"}
CELL = 88


def sheet() -> Image.Image:
    """Every state on a light and on a dark panel, in four sizes."""
    sizes = (64, 32, 22, 16)
    high = sum(size + 16 for size in sizes) + 8
    image = Image.new("RGBA", (CELL * len(ON_THE_SHEET), high * len(PANELS)))
    for row, (panel, colour) in enumerate(PANELS.items()):
        top = row * high
        image.paste(rgb(colour), (0, top, image.width, top + high))
        for size in sizes:
            top += 12
            for column, name in enumerate(ON_THE_SHEET):
                left = column * CELL + (CELL - size) // 2
                image.alpha_composite(pixels(PICTURES[name], panel, size), (left, top))
            top += size + 4
    return image


def png(image: Image.Image) -> bytes:
    """The image as a PNG that anybody can read with zlib alone: RGBA, 8 bits, no filters."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    raw, stride = image.tobytes(), image.width * 4
    lines = b"".join(b"\0" + raw[y * stride : (y + 1) * stride] for y in range(image.height))
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 6, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    return start + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


# Text.


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _element(shape: Shape, paint: str) -> str:
    match shape:
        case Bar():
            x, y, w, h = map(_number, (shape.left, shape.top, shape.width, shape.height))
            return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{paint}"/>'
        case Mark():
            cells = (f"M{x} {y}h{w}v{h}h-{w}z" for x, y, w, h in bars(shape, 1))
            return f'<path d="{"".join(cells)}" fill="{paint}"/>'
        case Disc(middle=(x, y), radius=radius):
            return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" fill="{paint}"/>'
        case Stroke():
            path = "L".join(f"{_number(x)} {_number(y)}" for x, y in shape.points)
            return (
                f'<path d="M{path}" fill="none" stroke="{paint}" stroke-width="{_number(shape.width)}" '
                'stroke-linecap="round" stroke-linejoin="round"/>'
            )


SVG_START = f'<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 {GRID} {GRID}">'


def svg(picture: Picture, panel: str = "any") -> str:
    """The picture as a drawing that scales."""
    colours = {**COLOURS[panel], "line": COLOURS[panel][picture.line]}
    under = [_element(shape, colours[shape.ink]) for shape in picture.under]
    over = [_element(shape, colours[shape.ink]) for shape in picture.over]
    if picture.cut:
        holes = "".join(_element(shape, "black") for shape in picture.cut)
        mask = f'<mask id="cut"><rect width="{GRID}" height="{GRID}" fill="white"/>{holes}</mask>'
        under = [mask, '<g mask="url(#cut)">', *under, "</g>"]
    return "\n".join([SVG_START, *under, *over, "</svg>", ""])


def app_svg() -> str:
    """The picture of the whole program as a drawing that scales."""
    stops = f'<stop stop-color="{APP_TOP}"/><stop offset="1" stop-color="{APP_BOTTOM}"/>'
    tile = f'<linearGradient id="sky" x2="0" y2="1">{stops}</linearGradient>'
    colours = {"line": APP_LINE, "eye": APP_EYE}
    shapes = [_element(shape, colours[shape.ink]) for shape in APP_SHAPES]
    rect = '<rect x="0.5" y="0.5" width="15" height="15" rx="3.5" fill="url(#sky)"/>'
    return "\n".join([SVG_START, tile, rect, *shapes, "</svg>", ""])


# Files.


def texts() -> dict[str, str]:
    """Every SVG by its path below this folder."""
    drawn = {f"svg/{name}.svg": svg(picture) for name, picture in PICTURES.items()}
    return {**drawn, "svg/wakeline.svg": app_svg()}


def images() -> Iterator[tuple[str, Image.Image]]:
    """Every PNG by its path below this folder."""
    for panel in COLOURS:
        for name, picture in PICTURES.items():
            for size in SIZES:
                yield f"tray/{panel}/{name}-{size}.png", pixels(picture, panel, size)
    yield "app/wakeline-512.png", app_pixels(512)
    yield "states.png", sheet()


def write(folder: Path = HERE) -> None:
    """Make everything anew below *folder*."""
    for made in ("svg", "tray", "app"):
        shutil.rmtree(folder / made, ignore_errors=True)
    for path, text in texts().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    for path, image in images():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(png(image))
    sizes = [(size, size) for size in (16, 24, 32, 48, 64, 128, 256)]
    drawn = [app_pixels(size) for size, _ in sizes]
    drawn[-1].save(folder / "app/wakeline.ico", sizes=sizes, append_images=drawn[:-1])
    app_pixels(1024).save(folder / "app/wakeline.icns")


if __name__ == "__main__":
    write()
