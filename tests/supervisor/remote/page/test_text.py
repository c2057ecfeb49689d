"""Text of strangers, made readable: what a browser really builds of it."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page

#: All elements that a stranger's text can become.
_ALLOWED = re.compile("SPAN|CODE|STRONG|EM|A|P|H[3-6]|UL|OL|LI|BLOCKQUOTE|HR|PRE|DIV|TABLE|TR|TH|TD")


def _made(bench: Page, maker: str, text: str) -> Any:
    """What *maker* of marks.js or text.js builds: its HTML, its words, and its kinds of nodes."""
    return bench.evaluate(
        """async ([maker, text]) => {
            const made = document.createElement('div');
            made.append((await import(maker === 'plain' ? '/marks.js' : '/text.js'))[maker](text));
            const nodes = [...made.querySelectorAll('*')];
            return {
                html: made.innerHTML, text: made.textContent, kinds: nodes.map((node) => node.nodeName),
                attributes: nodes.flatMap((node) => node.getAttributeNames()),
                links: [...made.querySelectorAll('a')].map((a) => [a.href, a.textContent, a.rel]),
                marks: [...made.querySelectorAll('.mark')].map((mark) => mark.textContent),
            };
        }""",
        [maker, text],
    )


def test_markdown_becomes_a_few_elements(bench: Page) -> None:
    """Headings, lists, code, emphasis and tables of an answer are shown as such."""
    text = (
        "# Title\n\nOne **bold** and *soft* `code_span` in snake_case.\n\n- a\n- b\n  goes on\n  - deeper\n\n"
        "3. three\n4. four\n\n> quoted\n\n```sh\nls **not bold**\n```\n\n---\n\n"
        "| a | b |\n|---|---|\n| 1 | **2** |"
    )

    html = _made(bench, "prose", text)["html"]

    assert '<h3 dir="auto">Title</h3>' in html
    assert "<strong>bold</strong> and <em>soft</em> <code>code_span</code> in snake_case." in html
    assert "b\ngoes on</li>" in html
    assert '<li class="deep1">deeper</li>' in html
    assert '<ol dir="auto" start="3">' in html
    assert "<blockquote" in html
    assert "ls **not bold**</pre>" in html
    assert "<hr>" in html
    assert '<td dir="auto"><strong>2</strong></td>' in html


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "# <svg onload=alert(1)>",
        "- <iframe srcdoc='<script>alert(1)</script>'>",
        "`<b>` **<i>** [<u>](https://a.example/) | <s> |",
        "| <a onclick=x> |\n|---|\n| <math><mi> |",
        "![image](https://evil.example/pixel.png)",
        "[id]: https://evil.example\n<div id=app name=said>",
        "```<script>\n</pre><script>alert(1)</script>\n```",
    ],
)
def test_markup_stays_text(bench: Page, text: str) -> None:
    """Whatever an agent or a file says, only our few elements are made, without a style or an event."""
    made = [_made(bench, maker, text) for maker in ("prose", "terminal", "plain")]

    kinds = {kind for one in made for kind in one["kinds"]}
    assert [kind for kind in kinds if not _ALLOWED.fullmatch(kind)] == []
    assert {name for one in made for name in one["attributes"]} <= {
        "class",
        "dir",
        "href",
        "target",
        "rel",
        "start",
        "tabindex",
    }
    assert made[2]["text"] == text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "blob:https://desk.test/1",
        "file:///etc/passwd",
        "//evil.example",
        "/api/awake",
        "#1.a.b",
    ],
)
def test_only_web_links_are_links(bench: Page, address: str) -> None:
    """Every other scheme stays words."""
    links = _made(bench, "prose", f"[press here]({address})")["links"]

    assert links == []


@pytest.mark.parametrize(
    ("text", "href", "host"),
    [
        ("[your bank](https://evil.example/x)", "https://evil.example/x", "evil.example"),
        ("[https://bank.example](https://evil.example)", "https://evil.example/", "evil.example"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/", "evil.example"),
        ("[a](https://bänk.example)", "https://xn--bnk-qla.example/", "xn--bnk-qla.example"),
        ("[a](http://evil.example:8080)", "http://evil.example:8080/", "evil.example:8080"),
    ],
)
def test_a_link_shows_where_it_goes(bench: Page, text: str, href: str, host: str) -> None:
    """The true host stands behind the words, and the other side learns nothing of us."""
    [(went, shown, rel)] = _made(bench, "prose", text)["links"]

    assert went == href
    assert shown.endswith(host)
    assert rel == "noopener noreferrer"


def test_a_bare_address_is_a_link_without_its_full_stop(bench: Page) -> None:
    """ "See https://a.example/x." goes to /x."""
    made = _made(bench, "prose", "See https://a.example/x.")

    assert [link[0] for link in made["links"]] == ["https://a.example/x"]
    assert made["text"] == "See https://a.example/x."


def test_what_hides_is_marked(bench: Page) -> None:
    """Direction changes, invisible characters and controls in a command are seen."""
    made = _made(bench, "plain", "rm \u202e-rf\u200b\u200b\u200b /\x1b \U000e0041\ufeff\u00ad\n\tend")

    assert made["marks"] == ["U+202E", "U+200B\u00d73", "U+001B", "U+E0041", "U+FEFF", "U+00AD"]
    assert made["text"].endswith("\n\tend")


def test_prose_keeps_living_scripts_and_emoji(bench: Page) -> None:
    """Joiners of emoji and Persian stay, a change of direction is marked."""
    joined = "\u0645\u06cc\u200c\u062e\u0648 \U0001f469\u200d\U0001f4bb"

    made = _made(bench, "prose", f"{joined} ok \u202egnp")

    assert made["marks"] == ["U+202E"]
    assert joined in made["text"]


def test_terminal_colours_are_classes_and_the_rest_is_gone(bench: Page) -> None:
    """Colours and bold stay; titles, hyperlinks, clipboard writes and cursor moves do not."""
    text = (
        "\x1b]0;title\x07\x1b[1;31mred\x1b[0m plain \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ "
        "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[H\x1b[38;5;196mrich\x1b[m 10%\r 100%\r\ndone"
    )

    made = _made(bench, "terminal", text)

    assert made["text"] == "red plain link rich 100%\ndone"
    assert '<span class="bold sgr1">red</span>' in made["html"]
    assert made["marks"] == []


@pytest.mark.parametrize(
    ("maker", "text"),
    [
        ("prose", "*" * 200_000),
        ("prose", "[" * 100_000 + "]("),
        ("prose", "_a `" * 50_000),
        ("prose", "# " + " " * 100_000 + "x"),
        ("prose", "| a " * 50_000 + "\n|---|\n" + "| b " * 50_000),
        ("prose", "- \n" * 20_000),
        ("prose", "https://" * 20_000),
        ("terminal", "".join(f"\x1b[3{i % 8}mx" for i in range(100_000))),
        ("terminal", "x\r" * 100_000),
        ("terminal", "\x1b]" * 100_000),
        ("plain", "\u200b\u200c" * 50_000),
    ],
)
def test_hostile_text_takes_linear_time(bench: Page, maker: str, text: str) -> None:
    """Nobody freezes the phone with a long line of signs."""
    quarter, whole = bench.evaluate(
        """async ([maker, text]) => {
            const make = (await import(maker === 'plain' ? '/marks.js' : '/text.js'))[maker];
            const best = (part) => Math.min(...[1, 2, 3].map(() => {
                const began = performance.now();
                make(part);
                return performance.now() - began;
            }));
            return [best(text.slice(0, text.length / 4)), best(text)];
        }""",
        [maker, text],
    )

    # Four times as much: about four times as long, where a square would be sixteen times and more.
    assert whole < 12 * quarter + 300, json.dumps(text[:40])
