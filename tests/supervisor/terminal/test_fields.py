"""Values as bytes: what goes in comes out, and nothing false is believed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.fields import Broken, packed, unpacked

VALUES = {
    "n": st.integers(-(2**63), 2**63 - 1),
    "b": st.booleans(),
    "f": st.floats(allow_nan=False),
    "t": st.binary(max_size=50),
    "l": st.lists(st.binary(max_size=20), max_size=4).map(tuple),
    "r": st.binary(max_size=50),
}


@given(st.text("nbftl", max_size=6), st.sampled_from(["", "r"]), st.data())
def test_what_goes_in_comes_out(layout: str, rest: str, data: st.DataObject) -> None:
    """Wherever in a longer text it stands."""
    layout += rest
    values = [data.draw(VALUES[form]) for form in layout]

    text = packed(layout, values)

    assert unpacked(layout, b"before" + text + b"after", 6, 6 + len(text)) == values


@given(st.text("nbftlr", max_size=6), st.binary(max_size=60), st.integers(0, 60))
def test_noise_is_broken_or_values(layout: str, noise: bytes, end: int) -> None:
    """No other error, whatever lengths it says of itself."""
    with contextlib.suppress(Broken):
        assert len(unpacked(layout, noise, 0, min(end, len(noise)))) == len(layout)


def test_a_value_of_another_kind_is_a_mistake_of_ours() -> None:
    """It is found where it is made."""
    with pytest.raises(TypeError):
        packed("n", [b"text"])
    with pytest.raises(ValueError, match="shorter"):
        packed("nn", [1])
