"""Our PNGs, read without an imaging library."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tray import icon
from tray.backend import pixmaps


@pytest.mark.parametrize("size", icon.SIZES)
def test_the_pixels_are_those_that_an_imaging_library_reads(size: int) -> None:
    """Colours and transparency arrive at the panel as they were drawn."""
    file = icon.files("needs_you-3", "any")[size]

    width, height, argb = pixmaps.decode(file.read_bytes())

    with Image.open(file) as image:
        red, green, blue, alpha = image.split()
        expected = Image.merge("RGBA", (alpha, red, green, blue)).tobytes()
    assert (width, height, argb) == (size, size, expected)


def test_pictures_that_are_missing_or_not_ours_are_left_out(tmp_path: Path) -> None:
    """A broken installation has fewer sizes, not a crash."""
    stream = io.BytesIO()
    Image.effect_noise((16, 16), 90).convert("RGBA").save(stream, "PNG")
    (tmp_path / "filtered.png").write_bytes(stream.getvalue())
    (tmp_path / "nonsense.png").write_bytes(b"\x89PNG")
    good = icon.files("idle", "any")[16]

    found = pixmaps.pixmaps([tmp_path / "filtered.png", tmp_path / "nonsense.png", tmp_path / "none", good])

    assert [pixmap[:2] for pixmap in found] == [(16, 16)]


@given(st.integers(0, 400), st.binary(max_size=40))
def test_a_damaged_picture_never_raises(at: int, damage: bytes) -> None:
    """Whatever is on disk, the tray starts."""
    whole = icon.files("idle", "any")[16].read_bytes()
    broken = whole[:at] + damage + whole[at + len(damage) :]

    class Damaged(type(Path())):  # type: ignore[misc]  # the class of paths of this system
        def read_bytes(self) -> bytes:
            return broken

    assert len(pixmaps.pixmaps([Damaged()])) <= 1
