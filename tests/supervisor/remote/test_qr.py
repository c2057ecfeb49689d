"""The code: made by us, read back by a reader."""

import io
import re

import zxingcpp
from PIL import Image, ImageOps

from supervisor.remote import qr

LINK = "https://192.168.1.23:47820/#1.llafAo6dXuer3i-OdzSb9A.-LOUKa6oHBQGibTSss_FOg"


def _read(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image)]


def test_a_picture_is_read_back() -> None:
    """A phone's reader finds the link in the PNG, and in its negative."""
    image = Image.open(io.BytesIO(qr.png(LINK))).convert("L")

    read = [_read(image), _read(ImageOps.invert(image))]

    assert read == [[LINK], [LINK]]


def test_a_terminal_is_read_back() -> None:
    """The half blocks, drawn as a terminal draws them, are the same code."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", qr.terminal(LINK)).splitlines()
    image = Image.new("L", (len(lines[0]), 2 * len(lines)), 255)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            image.putpixel((x, 2 * y), 0 if block in "▀█" else 255)
            image.putpixel((x, 2 * y + 1), 0 if block in "▄█" else 255)

    read = _read(image.resize((image.width * 4, image.height * 4)))

    assert read == [LINK]


def test_a_terminal_gets_black_on_white_whatever_its_theme() -> None:
    """Each line sets its colours and gives them back."""
    lines = qr.terminal(LINK).splitlines()

    assert all(line.startswith("\x1b[30;107m") and line.endswith("\x1b[0m") for line in lines)
    assert len(lines) <= 24


def test_the_drawing_scales() -> None:
    """An SVG without a size of its own, and with a white ground."""
    drawing = qr.svg(LINK)

    assert "<svg" in drawing
    assert "viewBox" in drawing
    assert "width=" not in drawing.partition(">")[0].partition("<svg")[2]
    assert "#fff" in drawing


def test_a_short_text_is_no_micro_code() -> None:
    """Phones do not read those."""
    image = Image.open(io.BytesIO(qr.png("a"))).convert("L")

    assert _read(image) == ["a"]
    assert image.width >= 8 * (21 + 8)
