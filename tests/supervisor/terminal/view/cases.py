"""Short outputs, each about one thing that a terminal does."""

from collections.abc import Mapping

#: Those on which libghostty and tmux agree.
AGREED: Mapping[str, str] = {
    "erasing a line": "aaaaaaaaaa\r\nbbbbbbbbbb\r\ncccccccccc\x1b[2;4H\x1b[K\x1b[1;5H\x1b[1K\x1b[3;3H\x1b[2K",
    "erasing below": "aaaaaaaaaa\r\nbbbbbbbbbb\r\ncccccccccc\x1b[2;4H\x1b[J",
    "erasing above": "aaaaaaaaaa\r\nbbbbbbbbbb\r\ncccccccccc\x1b[2;4H\x1b[1J",
    "erasing all": "aaaaaaaaaa\r\nbbb\x1b[2Jx",
    "erasing what is above the screen": "a\r\n" * 60 + "\x1b[3Jx",
    "erasing characters": "abcdefghij\x1b[1;3H\x1b[4Xz",
    "inserting characters": "abcdefghij\x1b[1;3H\x1b[4@z",
    "deleting characters": "abcdefghij\x1b[1;3H\x1b[4Pz",
    "inserting lines": "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[2Lz",
    "deleting lines": "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[2Mz",
    "scrolling up": "1\r\n2\r\n3\r\n4\x1b[2Sz",
    "scrolling down": "1\r\n2\r\n3\r\n4\x1b[2Tz",
    "a region": "\x1b[2;5r\x1b[2;1H" + "".join(f"{number}\r\n" for number in range(12)),
    "a region, backwards": "\x1b[2;5r\x1b[3;1Hx\x1bM\x1bM\x1bMy",
    "a region, below it": "\x1b[2;4r\x1b[24;1Ha\nb\nc",
    "the origin in a region": "\x1b[3;8r\x1b[?6h\x1b[1;1Hx\x1b[99;1Hy\x1b[2dz\x1b[?6lw",
    "the alignment pattern": "\x1b#8\x1b[3;3Hx",
    "tabs": "a\tb\tc\x1b[2Zd\x1b[1;78H\tf\tg",
    "own tabs": "a\tb\tc\x1b[3g\rd\te\x1b[1;5H\x1bH\r\tx",
    "a repeated character": "ab\x1b[5bz",
    "inserting": "abc\x1b[1;1H\x1b[4hXY\x1b[4lZ",
    "the right edge": "x" * 79 + "yz" + "\x1b[1;80Hpq\r\n",
    "the right edge, and back to the left": "x" * 80 + "\rY",
    "the right edge, and another look": "x" * 80 + "\x1b[31mY\x1b[0mZ",
    "a wide character at the edge": "x" * 79 + "日本",
    "wide characters": "日本 한국 a日b",
    "accents": "e\u0301a\u0300\u0323o\r\nx",
    "accents on a wide character": "日\u0301本",
    "families and flags": "👩\u200d👩\u200d👧|🇩🇪|",
    "other scripts": "สวัสดี|नमस्ते|مرحبا|",
    "attributes": "\x1b[1ma\x1b[2mb\x1b[3mc\x1b[4md\x1b[7me\x1b[9mf"
    "\x1b[22mg\x1b[23mh\x1b[24mi\x1b[27mj\x1b[29mk\x1b[ml",
    "colours": "\x1b[31;42ma\x1b[91;102mb"
    "\x1b[38;5;200;48;5;17mc\x1b[38;2;1;2;3;48;2;4;5;6md\x1b[39me\x1b[49mf",
    "colours with colons": "\x1b[38:5:200ma\x1b[38:2::9:8:7mb\x1b[4:3mc\x1b[0md",
    "private attributes": "\x1b[>4;2ma\x1b[?4mb\x1b[>4mc",
    "backgrounds": "\x1b[44m\x1b[2J\x1b[3;3Hx\x1b[K\x1b[5X\x1b[0m\x1b[5;1Hy",
    "a background that scrolls in": "\x1b[23;1H\x1b[45ma\r\nb\r\nc\r\nd",
    "addresses": "\x1b]8;;http://x/\x1b\\link\x1b]8;;\x07z",
    "titles and other strings": "\x1b]0;title\x07a\x1b]2;t2\x1b\\b\x1b]52;c;aGk=\x07c\x1b]9;hi\x07d",
    "strings of devices": "a\x1bPq#0;2;0;0;0\x1b\\b"
    "\x1bP+q544e\x1b\\c\x1b_Gf=100;AAAA\x1b\\d\x1b^pm\x1b\\e\x1bXsos\x1b\\f",
    "a sequence given up": "a\x1b[12\x18b\x1b[3\x1b[1mc\x1b\x1b[0md",
    "controls": "a\x07b\x0bc\x0cd\x00e\x7ff\x08g",
    "boxes of old": "\x1b(0lqqk\x1b(Bx\x1b)0\x0emqj\x0fz",
    "the other screen": "main\x1b[?1049halt\x1b[3;3Hx\x1b[?1049lback",
    "the other screen, as it was done": "main\x1b[?47halt\x1b[?47lback\x1b[?1047halt\x1b[?1047lback",
    "the other screen is empty each time": "main\x1b[?1049hfoo\x1b[?1049l\x1b[?1049h",
    "a saved cursor": "\x1b[5;5H\x1b[31m\x1b7\x1b[1;1H\x1b[0mx\x1b8y\x1b[s\x1b[9;9Hz\x1b[uw",
    "a reset": "abc\x1b[31m\x1b[2;5r\x1bcx",
    "a soft reset": "\x1b[2;5r\x1b[?6h\x1b[31m\x1b[!px",
    "moves": "\x1b[5`x\x1b[3dy\x1b[5;5Hx\x1b[2Ey\x1b[3Fz\x1b[999;999Hx\x1b[999A\x1b[999Dy\x1b[3Cz\x1b[2Gw",
    "lines": "a\x1bEb\x1bDc\x1bMd",
    "modes": "\x1b[?1h\x1b[?25l\x1b[?1003h\x1b[?1006h",
    "kitty's keyboard": "\x1b[>1ua\x1b[<ub\x1b[?uc\x1b[=1;1ud",
    "questions": "a\x1b[cb\x1b[6nc\x1b[>qd\x1b[?2026$pe\x1b[14tf\x1b[22;0tg",
    "lines that scroll away": "".join(f"line {number}\r\n" for number in range(50)),
}

#: Output → rows and place of the cursor, by xterm's documentation, where tmux 3.3 does something else.
#: What is not standard is not here: emoji with a selector of variants, sizes of flags that are joined.
NAMED: Mapping[str, tuple[str, list[str], tuple[int, int]]] = {
    "a wide character is repeated too": ("日\x1b[3bz", ["日日日日z"], (0, 9)),
    "at the edge without wrapping, the last one stays": (
        "\x1b[?7l" + "x" * 20 + "y",
        ["x" * 19 + "y"],
        (0, 19),
    ),
    "back from the edge is one to the left": ("x" * 20 + "\x08Y", ["x" * 18 + "Yx"], (0, 19)),
    "half of a wide character takes the other along": ("日本\x1b[1;2Hx", [" x本"], (0, 2)),
    "lines are inserted at the left": ("abc\r\ndef\x1b[1Lx", ["abc", "x", "def"], (1, 1)),
    "lines are inserted in the region only": ("\x1b[2;5r\x1b[1;1Hab\x1b[Lx", ["abx"], (0, 3)),
    "tabs by their number": ("\x1b[2Ia", [" " * 16 + "a"], (0, 17)),
    "a reset leaves the other screen": ("a\x1b[?1049hb\x1bcc", ["c"], (0, 1)),
    "nothing hidden is shown": ("a\x1b[8msecret\x1b[28mb", ["a      b"], (0, 8)),
    "what is no UTF-8 is marked": ("a\udcffb", ["a\ufffdb"], (0, 3)),
}
