"""Fingerprints as words."""

from supervisor.remote.words import WORDS, words


def test_every_byte_has_its_own_short_word() -> None:
    """256 different words, easy to read to each other."""
    assert len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 7 for word in WORDS)


def test_a_changed_fingerprint_has_other_words() -> None:
    """Eight words stand for the first eight bytes."""
    one, other = bytes(range(32)), bytes([1, *range(1, 32)])

    assert len(words(one).split()) == 8
    assert words(one) != words(other)
