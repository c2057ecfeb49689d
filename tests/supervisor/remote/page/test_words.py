"""The table of sentences."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.supervisor.remote.page.conftest import FILES

#: Keys that are put together from a state, a cause, … in the code.
_MADE = re.compile(
    r"(state|group|cause|kind|given|when|asked|diff|do|key|why|note|did|came|phase|way|jump|notice|trust_on)_[\w,]+|(welcome|bad_link|revoked|forgotten)(_title)?"
)


def _table(bench: Page) -> dict[str, list[str]]:
    table: dict[str, list[str]] = bench.evaluate(
        """async () => {
            const names = ['words', 'words_more', 'words_trust'];
            const modules = await Promise.all(names.map((name) => import(`/${name}.js`)));
            const tables = modules.map(({ words }) => words);
            const keys = tables.flatMap((table) => Object.keys(table));
            const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
            if (twice.length) throw new Error(`said twice: ${twice}`);
            return Object.assign({}, ...tables);
        }"""
    )
    return table


def _source() -> str:
    return "\n".join(path.read_text() for path in FILES.glob("*.js") if not path.stem.startswith("words"))


def test_every_sentence_is_there_in_english_and_german(bench: Page) -> None:
    """Nobody reads half a page in a language that is not theirs."""
    table = _table(bench)

    gaps = [key for key, both in table.items() if len(both) != 2 or not all(text.strip() for text in both)]

    assert len(table) > 100
    assert gaps == []


def test_both_languages_say_the_same_values(bench: Page) -> None:
    """A number or a name that the English sentence shows is in the German one too."""
    table = _table(bench)

    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    different = [key for key, (english, german) in table.items() if values(english) != values(german)]

    assert different == []


def test_every_key_in_the_code_is_in_the_table(bench: Page) -> None:
    """No screen can fail for a missing word."""
    used = set(re.findall(r"say\('(\w+)'", _source()))

    missing = used - set(_table(bench))

    assert missing == set()


def test_what_comes_first_finds_its_words(bench: Page) -> None:
    """The list, the transcript and pairing say nothing that is still on its way."""
    table: list[str] = bench.evaluate("import('/words.js').then(({ words }) => Object.keys(words))")
    first = (FILES / "first.js").read_text()
    always = re.findall(r"'(\w+)'", first.partition("always = [")[2].partition("]")[0])

    sources = {name: (FILES / f"{name}.js").read_text() for name in [*always, "pair", "session", "text"]}
    missing = {
        (name, key)
        for name, text in sources.items()
        for key in re.findall(r"say\('(\w+)'", text)
        if key not in table
    }

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


def test_one_thing_is_not_many(bench: Page) -> None:
    """ "1 session", but "2 sessions"."""
    said: Any = bench.evaluate(
        "import('/words.js').then(({ say }) => [1, 2].map((n) => say('awake_sessions', { n })))"
    )

    assert said == ["Awake: 1 session working", "Awake: 2 sessions working"]
