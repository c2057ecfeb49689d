"""Values out of files that anybody may have written."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.fields import (
    clean,
    count,
    mapping,
    moment,
    number,
    parsed,
    seconds,
    sequence,
    short,
    string,
    strings,
)

#: What a file may hold, also what JSON itself does not know.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
READERS = (strings, string, short, number, count, seconds, moment)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(value=ANYTHING)
def test_what_is_read_can_be_sent_on(read: Callable[[object], object], value: Any) -> None:
    """No value is refused, and none is passed on that JSON in UTF-8 cannot hold."""
    found = read(value)

    assert json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


@given(value=ANYTHING)
def test_objects_and_arrays_are_taken_for_nothing_else(value: Any) -> None:
    """Each reads as itself, and anything else as an empty one."""
    assert mapping(value) == (value if isinstance(value, dict) else {})
    assert sequence(value) == (value if isinstance(value, list) else [])


@given(text=st.text(st.characters(categories=None)))
def test_a_text_can_be_written_and_is_else_left_alone(text: str) -> None:
    """Halves of characters become question marks, one for one; whole ones stay as they are."""
    cleaned = clean(text)

    assert cleaned.encode().decode() == cleaned
    assert len(cleaned) == len(text)
    assert all(now == before for now, before in zip(cleaned, text, strict=True) if before < "\ud800")


def test_an_empty_text_tells_nothing() -> None:
    """A name that is empty is none."""
    assert (string(""), short("")) == (None, None)
    assert (string("a\ud800"), short("a\ud800")) == ("a?", "a?")


def test_a_name_is_not_as_long_as_a_book() -> None:
    """A text may be long, a name is cut."""
    long = "é" * 100_000

    assert string(long) == long
    assert short(long) == long[:4096]


def test_only_texts_are_taken_out_of_a_list() -> None:
    """In their order, whatever stands between them."""
    assert strings(["a", 7, None, ["b"], "", "c\udfff"]) == ["a", "", "c?"]
    assert strings("abc") == []


@pytest.mark.parametrize(
    ("value", "as_number", "as_count"),
    [
        (0, 0.0, 0),
        (7, 7.0, 7),
        (0.5, 0.5, None),
        (7.0, 7.0, None),
        (-1, None, None),
        (True, None, None),
        ("7", None, None),
        (2**53 - 1, 2.0**53 - 1, 2**53 - 1),
        (2**53, None, None),
        (10**400, None, None),
        (float("nan"), None, None),
        (float("inf"), None, None),
    ],
)
def test_a_number_is_one_of_this_world(value: object, as_number: float | None, as_count: int | None) -> None:
    """Truth values, words, debts and what nobody can count up to are no numbers."""
    assert number(value) == as_number
    assert count(value) == as_count


def test_milliseconds_become_seconds() -> None:
    """And no time stays none."""
    assert seconds(1_795_239_593_500) == 1_795_239_593.5
    assert (seconds(0), seconds(None), seconds("1795239593500")) == (None, None, None)


@given(
    moments=st.datetimes(
        min_value=datetime(1, 1, 3),  # noqa: DTZ001  its offset comes from the next line
        max_value=datetime(9999, 12, 29),  # noqa: DTZ001  as above
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_a_time_with_an_offset_is_one_moment(moments: datetime) -> None:
    """Whichever offset it was written with."""
    assert moment(moments.isoformat()) == moments.timestamp()
    assert moment(moments.astimezone(UTC).isoformat().replace("+00:00", "Z")) == moments.timestamp()


@pytest.mark.parametrize(
    "stamp", ["", "yesterday", "2026-11-21T08:00:00", "2026-11-21", "2026-13-01T00:00:00Z", 1795239593, None]
)
def test_what_is_no_moment_is_none(stamp: object) -> None:
    """A time without an offset could be anywhere on earth."""
    assert moment(stamp) is None


@given(value=ANYTHING)
def test_what_is_json_is_read(value: Any) -> None:
    """As text and as bytes."""
    document = json.dumps(value)

    assert repr(parsed(document)) == repr(parsed(document.encode())) == repr(json.loads(document))


@pytest.mark.parametrize("document", ["", "{", "{]", "[" * 100_000, b"\xff\xfe", b"\0", b'{"a": "\xff"}'])
def test_what_is_not_json_is_nothing(document: str | bytes) -> None:
    """Torn, binary or nested deeper than anybody can follow."""
    assert parsed(document) is None
