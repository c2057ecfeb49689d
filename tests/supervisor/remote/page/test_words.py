"""The tables of sentences, one for each language."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.supervisor.remote.page.conftest import FILES

#: Keys that are put together from a state, a cause, … in the code.
_MADE = re.compile(
    r"(state|group|cause|kind|given|when|asked|diff|do|key|why|note|did|came|phase|way|jump|notice)_[\w,]+|(welcome|bad_link|revoked|forgotten)(_title)?"
)
LANGUAGES = sorted(path.stem.removeprefix("words_") for path in FILES.glob("words_*.js"))
other_languages = pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])


def _table(bench: Page, language: str = "en") -> dict[str, str]:
    table: dict[str, str] = bench.evaluate(
        "language => import(`/words_${language}.js`).then(({ words }) => words)", language
    )
    return table


def _source() -> str:
    return "\n".join(path.read_text() for path in FILES.glob("*.js") if not path.stem.startswith("words"))


def test_every_language_that_can_be_chosen_has_its_table(bench: Page) -> None:
    """And each table can be chosen."""
    offered: list[str] = bench.evaluate("import('/words.js').then((it) => Object.keys(it.languages))")

    assert sorted(offered) == LANGUAGES


@other_languages
def test_every_sentence_is_there_in_every_language(bench: Page, language: str) -> None:
    """Nobody reads half a page in a language that is not theirs."""
    english, other = _table(bench), _table(bench, language)

    empty = [key for key, text in [*english.items(), *other.items()] if not text.strip()]

    assert len(english) > 300
    assert set(english) ^ set(other) == set()
    assert empty == []


def test_no_sentence_stands_twice_in_a_table() -> None:
    """The second would hide the first."""
    for language in LANGUAGES:
        keys = re.findall(r"^  (\S+): '", (FILES / f"words_{language}.js").read_text(), re.MULTILINE)

        assert sorted(keys) == sorted(set(keys))


@other_languages
def test_all_languages_say_the_same_values(bench: Page, language: str) -> None:
    """A number or a name that the English sentence shows is in the others too."""
    english, other = _table(bench), _table(bench, language)

    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    different = [key for key in english if values(english[key]) != values(other[key])]

    assert different == []


def test_every_key_in_the_code_is_in_the_table(bench: Page) -> None:
    """No screen can fail for a missing word."""
    used = set(re.findall(r"say\('(\w+)'", _source()))

    missing = used - set(_table(bench))

    assert missing == set()


def test_no_sentence_is_left_over(bench: Page) -> None:
    """What the table says is said somewhere."""
    source, table = _source(), _table(bench)

    def is_said(key: str) -> bool:
        return bool(re.search(rf"'{key}'", source)) or (key.endswith("_1") and key[:-2] in table)

    left = [key for key in table if not is_said(key) and not _MADE.fullmatch(key)]

    assert left == []


@pytest.mark.parametrize(
    ("bench", "expected"),
    [("de-AT", "Braucht dich"), ("en-GB", "Needs you"), ("fr-FR", "Needs you")],
    indirect=["bench"],
)
def test_the_phone_decides_the_language(bench: Page, expected: str) -> None:
    """German phones read German, all others English."""
    said: Any = bench.evaluate("import('/words.js').then(({ say }) => say('state_needs_you'))")

    assert said == expected


def test_a_chosen_language_comes_before_the_phones_own(bench: Page) -> None:
    """Until the choice is taken back; what is no language of ours is no choice."""
    said = "import('/words.js').then(({ say }) => say('state_needs_you'))"
    choose = "tag => import('/words.js').then(({ choose }) => choose(tag))"

    heard = []
    for tag in ("de", "xx", None):
        bench.evaluate(choose, tag)
        bench.reload()
        heard.append(bench.evaluate(said))

    assert heard == ["Braucht dich", "Needs you", "Needs you"]


def test_only_the_table_of_the_language_is_loaded(bench: Page) -> None:
    """Nobody waits for sentences that they do not read."""
    loaded = "performance.getEntriesByType('resource').map((it) => it.name.split('/').at(-1))"
    bench.evaluate("import('/words.js')")

    names: list[str] = bench.evaluate(loaded)

    assert [name for name in names if name.startswith("words_")] == ["words_en.js"]


def test_one_thing_is_not_many(bench: Page) -> None:
    """ "1 session", but "2 sessions"."""
    said: Any = bench.evaluate(
        "import('/words.js').then(({ say }) => [1, 2].map((n) => say('awake_sessions', { n })))"
    )

    assert said == ["Awake: 1 session working", "Awake: 2 sessions working"]
