"""Reading a document with the places of its values."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.claude.document import Unclear, scanned

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, indent=st.sampled_from([None, 0, 2, "\t"]), is_ascii=st.booleans())
def test_every_document_is_read_as_everybody_reads_it(
    value: object, indent: int | str | None, is_ascii: bool
) -> None:
    """However it is laid out."""
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)

    node = scanned(text)

    assert (node.value, node.start, node.end) == (value, 0, len(text))


def test_each_value_is_found_where_it_stands() -> None:
    """That is what makes it possible to change one and no other."""
    text = ' {"a" : [1, {"b": "}"}], "c": null} '

    root = scanned(text)

    first, second = root.members
    assert text[first.start : first.end] == '"a" : [1, {"b": "}"}]'
    assert text[second.node.start : second.node.end] == "null"
    assert [text[item.start : item.end] for item in first.node.items] == ["1", '{"b": "}"}']


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeff{}", {}),
        ("// first\n{} // last", {}),
        ('{"a": 1, /* two\nlines */ "b": [2,],}', {"a": 1, "b": [2]}),
        ('{"a": "// no comment", "b": "/* nor this */"}', {"a": "// no comment", "b": "/* nor this */"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_more_is_read_than_the_standard_has(text: str, value: object) -> None:
    """People write comments, and leave a comma behind."""
    assert scanned(text).value == value


def test_of_two_members_with_one_name_the_last_counts() -> None:
    """As with everybody who reads such a document."""
    member = scanned('{"a": 1, "a": 2}').get("a")

    assert member is not None
    assert member.node.value == 2
    assert scanned("{}").get("a") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "}", "[", '{"a"}', '{"a": }', '{"a": 1 "b": 2}', "[1 2]", "[,]", "{,}", "[1,,]", "[1]]"),
        *("{a: 1}", "{'a': 1}", "nul", "truer", "01", "1.", "+1", "NaN", '"a', '"\n"', '"\\x"', "/* {}"),
        "[" * 100 + "]" * 100,
        "9" * 5000,
    ],
)
def test_what_is_unclear_is_said_to_be(text: str) -> None:
    """Nobody may write into what was not understood."""
    with pytest.raises(Unclear):
        scanned(text)


def test_the_line_is_named() -> None:
    """So that people find it."""
    with pytest.raises(Unclear, match="line 3"):
        scanned('{\n  "a": 1,\n  b: 2\n}')


@given(st.text(alphabet='{}[]",:/*\\ntrue01.-e \n\ufeff'))
def test_nothing_makes_it_fail_otherwise(text: str) -> None:
    """It is read, or it is unclear."""
    with contextlib.suppress(Unclear):
        scanned(text)
