"""What a program could print to harm whoever shows it."""

import random
from collections.abc import Mapping

_M = 2**20


def streams() -> Mapping[str, bytes]:
    """Name → output. Deterministic."""
    dice = random.Random(7)
    looks = (tuple(dice.randrange(256) for _ in range(6)) for _ in range(60_000))
    return {
        "a title of a megabyte": b"\x1b]0;" + b"x" * _M + b"\x07",
        "a title without end": b"\x1b]0;" + b"x" * 8 * _M,
        "a clipboard of ten megabytes": b"\x1b]52;c;" + b"QUJD" * (10 * _M // 4) + b"\x07",
        "addresses without number": b"".join(
            b"\x1b]8;;http://h/%d/%b\x07a\x1b]8;;\x07" % (number, b"z" * 500) for number in range(5000)
        ),
        "strings in strings": b"\x1bP+q\x1b]0;\x1bPq\x1b_G\x1b^" * 100_000,
        "a string without end": b"\x1bP" + b"q" * 4 * _M,
        "an image of gigabytes": b"\x1b_Ga=T,f=24,s=10000,v=10000,m=1;" + b"AAAA" * 2 * _M + b"\x1b\\",
        "an image from a file": b"\x1b_Ga=T,t=f,f=100;L2V0Yy9wYXNzd2Q=\x1b\\",
        "counts of a thousand million": b"".join(
            b"a\x1b[999999999%c" % final for final in b"@ABCDEFGIJKLMPSTXZ`abdefghr"
        )
        * 50,
        "a repeated character": b"a\x1b[1000000000b" * 300,
        "numbers without end": b"\x1b[" + b"9" * _M + b"A\x1b[" + b"1;" * _M + b"m",
        "a tower of accents": b"a" + "\u0301".encode() * _M,
        "towers everywhere": ("a" + "\u0301" * 50).encode() * 5000,
        "a family of thousands": "👩\u200d".encode() * 30_000,
        "a look for each cell": b"".join(b"\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dmx" % look for look in looks),
        "noise": dice.randbytes(2 * _M),
        "broken UTF-8": b"\xf0\x90\xff\xc3\xe2\x82\xed\xa0\x80" * 200_000,
        "other screens": b"\x1b[?1049h\x1b[?1049l" * 50_000,
        "other widths": b"\x1b[?40h\x1b[?3h\x1b[?3l" * 5000 + b"\x1b[8;65535;65535t\x1b[8;0;0t",
        "pushes without pops": b"\x1b[>1u\x1b[22;0t\x1b7" * 100_000,
        "a picture that is never done": b"\x1b[?2026h" + b"x" * _M,
    }
