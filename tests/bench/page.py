"""What the phone's page costs: ``python -m tests.bench page``.

A real supervisor, a real Chromium as slow as a cheap phone where that counts, and beside each figure a bare
static page in the same run.
"""

import http.server
import json
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.bench.sleepers import Sleeper, answer, sleepers
from tests.lab.chromium import launched, trusting
from tests.lab.wakeline import Wakeline

#: Of CDP: a processor a quarter as fast, and 400 kb/s.
SLOWER = 4
BYTES_A_SECOND = 400_000 / 8
LARGE = 50_000_000
ENTRIES = 10_000
ROUNDS = 3
TIMES = """() => {
    window.seen = {};
    const note = (name, selector) => {
        if (!seen[name] && document.querySelector(selector)) seen[name] = performance.now();
    };
    new MutationObserver(() => { note('list', '.row'); note('message', '.message, .card-entry'); })
        .observe(document, { subtree: true, childList: true });
    // As a phone does it with a page that nobody looks at: its stream is dead, and seems to live.
    const { fetch } = window;
    window.fetch = async (path, ...more) => {
        const answer = await fetch(path, ...more);
        if (!String(path).startsWith('/api/events')) return answer;
        const pass = (part, on) => { if (!document.hidden) on.enqueue(part); };
        return new Response(answer.body.pipeThrough(new TransformStream({ transform: pass })), answer);
    };
}"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
#: Frame times in ms while *steps* are scrolled, and the most elements that there were.
SCROLL = """async ([selector, steps]) => {
    const box = document.querySelector(selector) ?? document.scrollingElement;
    const frames = [];
    let [last, most] = [performance.now(), 0];
    for (let n = 0; n < steps; n++) {
        box.scrollBy(0, selector === 'html' ? 700 : -700);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
        most = Math.max(most, document.querySelectorAll('*').length);
    }
    return [frames, most];
}"""
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
#: Milliseconds from the look at the page to *text* in it.
BACK = """async text => {
    const began = performance.now();
    const log = document.querySelector('.log');
    while (!log.textContent.includes(text)) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


@contextmanager
def bare(text: str) -> Iterator[str]:
    """The address of one static page."""

    class One(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # A browser asks for an icon too, and goes.
            with suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), One) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def phone(browser: Browser) -> Iterator[Page]:
    """A tab that notes when what is there."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(f"({TIMES})()")
    yield context.new_page()
    context.close()


def slow(page: Page, *, keeps: bool = False) -> None:
    """From now on. *keeps*: what it loaded before it has still."""
    hand = page.context.new_cdp_session(page)
    hand.send("Network.enable")
    hand.send("Network.setCacheDisabled", {"cacheDisabled": not keeps})
    speed = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    hand.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **speed})
    hand.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def offered(wakeline: Wakeline) -> str:
    """The address of a new code."""
    url: str = wakeline.client.post("/api/pair/dialog", {"scope": "control", "address": "127.0.0.1"})["url"]
    return url


def pair(wakeline: Wakeline, page: Page) -> None:
    """As a person does it at the desk."""
    client = wakeline.client
    page.goto(offered(wakeline))
    number = int(page.locator(".number").inner_text())
    client.post("/api/pair/dialog/choice", {"number": number})
    page.locator("#app.live.fresh").wait_for()


def loaded(page: Page, address: str, wanted: str | None) -> tuple[float, float]:
    """Milliseconds to the first paint, and to what is wanted."""
    page.goto("about:blank")
    page.goto(address)
    if wanted is None:
        page.wait_for_load_state("load")
        done = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    else:
        page.locator({"list": ".row", "message": ".message"}[wanted]).first.wait_for()
        done = page.evaluate("name => seen[name]", wanted)
    while (painted := page.evaluate(PAINTED)) is None:
        page.wait_for_timeout(20)
    return painted, done


def medians(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    """Of each column."""
    first, second = zip(*rounds, strict=True)
    return statistics.median(first), statistics.median(second)


def long_one(sleeper: Sleeper, size: int) -> None:
    """Make its transcript so large, of lines such as an agent writes."""
    said = "\n\n".join(["A paragraph of some words that an agent says, and **one** of them stands out."] * 4)
    line = answer(sleeper.session_id, said)
    with sleeper.transcript.open("ab") as file:
        file.write(line * (size // len(line)))


def static(count: int, words: str) -> str:
    """A bare page with so many paragraphs."""
    return "<!doctype html><title>bare</title>" + f"<p>{words}</p>" * count


def figures(folder: Path) -> list[tuple[str, float, str, float | None, str]]:
    """Name, ours, unit, the reference's, and what the reference is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = folder / "home"
    home.mkdir()
    with (
        sleepers(home, 2) as (small, large),
        Wakeline(folder / "wakeline", home, WAKELINE_PHONE_PORT=str(port)) as wakeline,
        launched(trusting(offered(wakeline))) as browser,
        phone(browser) as page,
    ):
        long_one(large, LARGE)
        wakeline.wait_for(id=large.session_id)
        pair(wakeline, page)
        origin = page.evaluate("location.origin")
        at_end = f"{origin}/#/s/{large.session_id}"
        return [
            *_first(page, origin, browser),
            *_open(page, at_end, browser),
            *_scroll(page, at_end, browser),
            *_return(page, origin, small),
        ]


def _first(page: Page, origin: str, browser: Browser) -> Iterator[Any]:
    words = "A row of a list, with its name and its state"
    with phone(browser) as other, bare(static(2, words)) as address:
        slow(other)
        bare_paint, bare_done = medians([loaded(other, address, None) for _ in range(ROUNDS)])
    with page.context.new_page() as own:
        slow(own)
        paint, done = medians([loaded(own, origin, "list") for _ in range(ROUNDS)])
    with page.context.new_page() as known:
        loaded(known, origin, "list")
        slow(known, keeps=True)
        _, again = medians([loaded(known, origin, "list") for _ in range(ROUNDS)])
    beside = f"a static page, 400 kb/s, {SLOWER} x slower"
    yield "page: first paint on a slow phone", paint, "ms", bare_paint, beside
    yield "page: the live list on a slow phone, first time", done, "ms", bare_done, beside
    yield "page: the live list on a slow phone, later", again, "ms", bare_done, beside


def _open(page: Page, at_end: str, browser: Browser) -> Iterator[Any]:
    words = "A paragraph of some words that an agent says, and one of them stands out. " * 4
    with phone(browser) as other, bare(static(96, words)) as address:
        _, bare_done = medians([loaded(other, address, None) for _ in range(ROUNDS)])
    with page.context.new_page() as own:
        _, done = medians([loaded(own, at_end, "message") for _ in range(ROUNDS)])
    yield (
        f"page: {LARGE // 10**6} MB of transcript, at its end",
        done,
        "ms",
        bare_done,
        "a static page of as much",
    )


def _scroll(page: Page, at_end: str, browser: Browser) -> Iterator[Any]:
    words = "A paragraph of some words that an agent says, and one of them stands out. " * 4
    with phone(browser) as other, bare(static(ENTRIES, words)) as address:
        other.goto(address)
        bare_frames, bare_most = other.evaluate(SCROLL, ["html", 300])
    with page.context.new_page() as own:
        own.goto(at_end)
        own.locator(".message").first.wait_for()
        frames, most = own.evaluate(SCROLL, [".scroller", 600])
    frames, bare_frames = sorted(frames), sorted(bare_frames)
    beside = f"{ENTRIES} static paragraphs"
    yield "page: a frame while scrolling, p50", frames[len(frames) // 2], "ms", bare_frames[150], beside
    yield (
        "page: a frame while scrolling, p99",
        frames[int(len(frames) * 0.99)],
        "ms",
        bare_frames[297],
        beside,
    )
    yield "page: elements at most while scrolling", most, "", bare_most, beside


def _return(page: Page, origin: str, small: Sleeper) -> Iterator[Any]:
    page.goto("about:blank")
    page.goto(f"{origin}/#/s/{small.session_id}")
    page.locator(".message").first.wait_for()
    page.locator("#app.live").wait_for()
    taken = []
    for number in range(ROUNDS):
        page.evaluate(HIDE, True)
        time.sleep(1.5)
        small.say(f"meanwhile-{number}-")
        time.sleep(1.5)
        assert f"meanwhile-{number}-" not in page.locator(".log").inner_text()
        page.evaluate(HIDE, False)
        taken.append(page.evaluate(BACK, f"meanwhile-{number}-"))
    yield (
        "page: back from the background to the truth",
        statistics.median(taken),
        "ms",
        None,
        f"worst {max(taken):.0f}",
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(figures(Path(place)), indent=1))
