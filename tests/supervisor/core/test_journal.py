"""The journal: numbers without holes, and an honest "too long ago"."""

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.journal import Journal, Published, weight
from supervisor.core.model import Entry, EntryKind, Role, Session


def _entry(text: str) -> Entry:
    return Entry(seq=1, id="e", at=None, role=Role.USER, kind=EntryKind.TEXT, text=text)


@given(
    count=st.integers(1, 20),
    size=st.integers(1_000, 100_000),
    texts=st.lists(st.text(max_size=3000), max_size=60),
    asked=st.integers(-5, 70),
)
def test_what_is_asked_for_comes_exactly_or_not_at_all(
    count: int, size: int, texts: list[str], asked: int
) -> None:
    """A late-comer gets every event it missed, once and in order, or is told that it cannot."""
    journal = Journal("e", count=count, size=size)
    told = [journal.publish("entry", "s", _entry(text)) for text in texts]

    missed = journal.after(asked)

    if missed is not None:
        assert list(missed) == told[asked:]
    else:
        assert not 0 <= asked <= len(told) or len(told) - asked > 0


@given(count=st.integers(1, 20), size=st.integers(1_000, 60_000), lengths=st.lists(st.integers(0, 9_000)))
def test_the_journal_stays_within_its_bounds(count: int, size: int, lengths: list[int]) -> None:
    """However much is published, only so many events of so much weight are kept."""
    journal = Journal("e", count=count, size=size)
    for length in lengths:
        journal.publish("entry", "s", _entry("x" * length))

    kept = [missed for seq in range(journal.seq + 1) if (missed := journal.after(seq)) is not None]

    most = max(kept, key=len)
    assert len(most) <= count
    assert sum(weight(one.data) for one in most) <= size


def test_the_newest_number_leaves_nothing_to_tell() -> None:
    """Who has everything gets nothing, and not a gap."""
    journal = Journal("e")
    journal.publish("session", "s", "changed")

    missed = journal.after(journal.seq)

    assert missed == []


def test_a_number_that_was_never_given_is_unknown() -> None:
    """A number of the future is no position in this journal."""
    journal = Journal("e")
    journal.publish("session", "s", "changed")

    missed = journal.after(2)

    assert missed is None


def test_everybody_hears_every_event_in_order_even_when_one_answers() -> None:
    """An event published in answer to another is heard after it, by everybody."""
    journal = Journal("e")
    heard: list[int] = []

    def answer(one: Published) -> None:
        if one.topic == "question":
            journal.publish("answer", None, "")

    journal.listen(answer)
    journal.listen(lambda one: heard.append(one.seq))
    journal.publish("question", None, "")

    assert heard == [1, 2]


def test_who_stopped_listening_hears_nothing_more() -> None:
    """A listener that left, even while an event is being told, is left alone."""
    journal = Journal("e")
    heard: list[str] = []

    def first(_one: Published) -> None:
        heard.append("first")
        stop_second()

    journal.listen(first)
    stop_second = journal.listen(lambda _one: heard.append("second"))
    journal.publish("a", None, "")

    assert heard == ["first"]


def test_a_session_weighs_what_its_last_entry_weighs() -> None:
    """A session that carries a long entry is not taken for a light one."""
    light, heavy = Session(id="a", agent="x"), Session(id="a", agent="x", last_entry=_entry("x" * 9000))

    weights = weight(light), weight(heavy), weight("x" * 9000), weight(None)

    assert weights[1] > weights[0] + 30_000
    assert weights[2] > weights[3]
