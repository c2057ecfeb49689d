"""Makes malformed input out of well-formed input, by the numbers that it is given."""

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

#: What a value is changed for; see ``_TOKENS`` for what no serializer would write.
ODD: Final[Sequence[Any]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 0.1, -0.0, 1e300),
    *("", " ", "\0", "\ud800", "\udfff\ud800", "\x1b[31m\x1b]0;x\x07", "\u202egnp.exe\u2066", "\ufeff\u200b"),
    *("null", "true", "NaN", "9" * 400, "x" * 5000, "../../etc/passwd", "/etc/passwd\0.jsonl", "%s%n{0}"),
    *("0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+14:00"),
    *([], {}, [[]], [{}], {"": None}, {"__proto__": {}}, [None] * 300, {"type": "text", "text": []}),
)
#: Put into the text of a document where a value was.
_TOKENS: Final = (
    *("1e999", "-1e999", "NaN", "-Infinity", "9" * 5000, "-0", "0." + "1" * 3000, "01", "+1", "'x'", ""),
    *("[" * 60 + "]" * 60, "[" * 5000 + "]" * 5000, '{"a":' * 400 + "1" + "}" * 400, "[" * 2000),
    *('"\\ud83d"', '"\\ud83d\\u0041"', '"\\u0000"', '"\\x"', '"a\nb"', '"\x7f\x01"', '{"a":1,"a":2}', "[1,]"),
)
_MARK: Final = "\u2603fuzz\u2603"
#: Put between, or in place of, bytes.
_BYTES: Final = (
    *(b"\0", b"\0" * 4096, b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\r", b"\n", b"\n\n"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a", b"\x1b", b'"', b"\\", b"{", b"}", b"[", b",", b":", b"\\u"),
)


def document(dice: Random, known: str | bytes) -> bytes:
    """A JSON document like the *known* one, wrong in one or a few places."""
    told = json.loads(known)
    tokens: list[str] = []
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        told = _wrong(dice, told, tokens)
    text = json.dumps(told, ensure_ascii=dice.random() < 0.5)
    for token in tokens:
        text = text.replace(f'"{_MARK}"', token, 1)
    if dice.random() < 0.15:
        text = _doubled(dice, text)
    encoded = text.encode("utf-8", "surrogatepass")
    return noise(dice, encoded) if dice.random() < 0.25 else encoded


def value(dice: Random, known: Any) -> Any:
    """A JSON value like the *known* one (which it may change), wrong in one place."""
    return _wrong(dice, known, None)


def line(dice: Random, known: bytes) -> bytes:
    """A line like the *known* one: usually with its end, sometimes torn, doubled or joined to the next."""
    made = document(dice, known) if dice.random() < 0.8 else noise(dice, known)
    return made + dice.choice((b"\n", b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b"", made + b"\n"))


def noise(dice: Random, known: bytes) -> bytes:
    """Bytes like the *known* ones: cut, doubled, moved, changed, or in another encoding."""
    return dice.choice(_NOISES)(dice, known)


def pieces(dice: Random, whole: bytes) -> list[bytes]:
    """The same bytes in up to four portions."""
    cuts = sorted(dice.randrange(len(whole) + 1) for _ in range(dice.randrange(4)))
    return [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def _wrong(dice: Random, told: Any, tokens: list[str] | None) -> Any:
    """Walk down to some value by chance, and change it."""
    if isinstance(told, dict) and told and dice.random() < 0.85:
        name = dice.choice(list(told))
        told[name] = _wrong(dice, told[name], tokens)
        return told
    if isinstance(told, list) and told and dice.random() < 0.85:
        place = dice.randrange(len(told))
        told[place] = _wrong(dice, told[place], tokens)
        return told
    if isinstance(told, dict) and told and dice.random() < 0.5:
        name = dice.choice(list(told))
        kept = told.pop(name)
        if dice.random() < 0.4:
            told[dice.choice((name.upper(), name + "\0", "", "\ud800"))] = kept
        return told
    if isinstance(told, str) and told and dice.random() < 0.3:
        return told[: dice.randrange(len(told))] + dice.choice(
            ("\0", "\ud800", "\x1b]52;c;", "\n" * 50, "\u202e")
        )
    if isinstance(told, list) and told and dice.random() < 0.3:
        return told * dice.choice((2, 100))
    if tokens is not None and dice.random() < 0.3:
        tokens.append(dice.choice(_TOKENS))
        return _MARK
    # A copy: who changes it next must not change it for everybody.
    return copy.deepcopy(dice.choice(ODD))


def _doubled(dice: Random, text: str) -> str:
    """With a key that is there twice."""
    places = [place for place, letter in enumerate(text) if letter == "{"]
    if not places:
        return text
    place = dice.choice(places) + 1
    key = dice.choice(('"type":', '"id":', '"message":', '"a":', '"":'))
    comma = "" if text[place : place + 1] == "}" else ","
    return f"{text[:place]}{key}{dice.choice(('null', '[]', '{}', '1'))}{comma}{text[place:]}"


def _cut(dice: Random, known: bytes) -> bytes:
    return known[: dice.randrange(len(known) + 1)]


def _without_a_part(dice: Random, known: bytes) -> bytes:
    begin = dice.randrange(len(known) + 1)
    return known[:begin] + known[begin + dice.randrange(64) :]


def _with_more(dice: Random, known: bytes) -> bytes:
    place = dice.randrange(len(known) + 1)
    return known[:place] + dice.choice(_BYTES) + known[place:]


def _flipped(dice: Random, known: bytes) -> bytes:
    made = bytearray(known)
    for _ in range(dice.choice((1, 2, 8)) if made else 0):
        made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    return bytes(made)


def _doubled_part(dice: Random, known: bytes) -> bytes:
    begin = dice.randrange(len(known) + 1)
    end = begin + dice.randrange(200)
    return known[:end] + known[begin:]


def _otherwise_encoded(dice: Random, known: bytes) -> bytes:
    encoding = dice.choice(("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp037"))
    return known.decode("utf-8", "replace").encode(encoding, "replace")


_NOISES: Final[Sequence[Callable[[Random, bytes], bytes]]] = (
    _cut,
    _without_a_part,
    _with_more,
    _with_more,
    _flipped,
    _doubled_part,
    _otherwise_encoded,
)
