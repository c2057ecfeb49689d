"""What other pages in the same real browser can do to us: nothing, and they learn nothing."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from supervisor.core.model import Scope
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk, desk_in
from tests.fakes.backend import session
from tests.lab.chromium import in_hand, launched, look

#: A name of the attacker's that leads to this machine, as after rebinding.
EVIL = "evil.example"

#: Everything a page can send, and what came back that it could read.
TRY_EVERYTHING = """async (target) => {
    const read = [];
    const note = (what, got) => { if (got) read.push(`${what}: ${got}`); };
    const attempt = async (what, act) => { try { note(what, await act()); } catch { /* refused */ } };
    const element = (name, attributes) => new Promise((done) => {
        const made = Object.assign(document.createElement(name), attributes);
        made.onload = () => done('loaded');
        made.onerror = () => done(null);
        document.body.append(made);
        setTimeout(() => done(null), 2000);
    });
    const orders = [['PUT', '/api/awake'], ['POST', '/api/awake'], ['DELETE', '/api/devices/x'],
        ['POST', '/api/shutdown'], ['POST', '/api/pair/dialog'], ['DELETE', '/api/phone'],
        ['POST', '/api/pair/hello'], ['POST', '/api/auth/challenge']];
    const body = '{"mode":"on"}';
    for (const [method, path] of orders) {
        for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
            const asked = { method, body, headers: { 'Content-Type': type }, credentials: 'include' };
            const ask = async () => (await fetch(target + path, asked)).text();
            await attempt(`${method} ${path} ${type}`, ask);
            if (method === 'POST') await fetch(target + path, { ...asked, mode: 'no-cors' }).catch(() => {});
        }
        navigator.sendBeacon(target + path, body);
    }
    for (const path of ['/', '/api/machine', '/api/sessions', '/api/devices', '/app.js', '/icon.svg'])
        await attempt(`GET ${path}`, async () => (await fetch(target + path)).text());
    for (const path of ['/api/sessions', '/app.js', '/words.js'])
        note(`script ${path}`, await element('script', { src: target + path }));
    note('style', await element('link', { rel: 'stylesheet', href: `${target}/style.css` }));
    note('image', await element('img', { src: `${target}/icon.svg` }));
    note('module', await import(`${target}/words.js`).then(() => 'imported', () => null));
    note('socket', await new Promise((done) => {
        const socket = new WebSocket(`${target.replace('https', 'wss')}/api/events`);
        socket.onopen = () => done('open');
        socket.onerror = () => done(null);
    }));
    note('events', await new Promise((done) => {
        const events = new EventSource(`${target}/api/events`);
        events.onopen = () => done('open');
        events.onerror = () => { events.close(); done(null); };
    }));
    return read;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser in which the attacker's name leads here."""
    with launched(f"--host-resolver-rules=MAP {EVIL} 127.0.0.1") as chromium:
        yield chromium


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The phone of our user, who clicks warnings away."""
    with in_hand(browser) as phone:
        yield phone


@pytest.fixture
def desk(tmp_path: Path, context: BrowserContext) -> Iterator[Desk]:
    """A computer with a session, and a phone that may change things and is open in another tab."""
    with desk_in(tmp_path) as running:
        running.put(session("s-1"))
        pair(context.new_page(), running, Scope.CONTROL)
        yield running


@contextmanager
def attacker() -> Iterator[int]:
    """The port of a server with one empty page."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title><body>")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def _standing(desk: Desk) -> tuple[Any, ...]:
    """All that an attack could have changed."""
    memory = desk.memory
    devices = sorted(memory.known_devices)
    return memory.awake_changes, memory.stopped, devices, len(memory.audited), desk.dialog()["state"]


@pytest.mark.parametrize("host", [EVIL, "127.0.0.1"])
def test_another_site_changes_nothing_and_reads_nothing(
    desk: Desk, context: BrowserContext, host: str
) -> None:
    """From a foreign name, and from another port of our own address, as an agent's dev server is."""
    desk._house.run(desk._house.server.phone.cancel())
    before = _standing(desk)
    page = context.new_page()
    seen = look(page)

    with attacker() as port:
        page.goto(f"http://{host}:{port}/")
        read = page.evaluate(TRY_EVERYTHING, desk.origin)

    assert read == []
    assert _standing(desk) == before
    assert len([url for url in seen.requests if url.startswith(desk.origin)]) > 30


def test_a_rebound_name_gets_nothing(desk: Desk, context: BrowserContext) -> None:
    """The attacker's name leads to us: to the browser it is one origin, to us it is nobody."""
    desk._house.run(desk._house.server.phone.cancel())
    before = _standing(desk)
    page = context.new_page()
    rebound = desk.origin.replace("127.0.0.1", EVIL)

    answer = page.goto(f"{rebound}/")
    statuses = page.evaluate(
        """async () => {
            const asked = ['/', '/app.js', '/api/machine', '/api/sessions', '/api/auth/challenge'];
            const headers = { 'Content-Type': 'application/json' };
            const options = { method: 'PUT', body: '{"mode":"on"}', headers };
            const answers = asked.map((path) => fetch(path)).concat(fetch('/api/awake', options));
            return (await Promise.all(answers)).map(({ status }) => status);
        }"""
    )

    assert answer is not None
    assert answer.status == 400
    assert statuses == [400] * 6
    assert _standing(desk) == before
    assert page.evaluate("indexedDB.databases()") == []


def test_our_page_cannot_be_framed(desk: Desk, context: BrowserContext) -> None:
    """Nobody lays something over our buttons: neither the list nor a pairing code opens in a frame."""
    link = desk.offer()
    page = context.new_page()

    with attacker() as port:
        page.goto(f"http://{EVIL}:{port}/")
        for address in (desk.origin, link):
            _frame(page, address)
        inside = [frame.content() for frame in page.frames if frame != page.main_frame]

    assert len(inside) == 2
    assert not [content for content in inside if "Wakeline" in content]
    assert desk.dialog()["state"] == "open"


def _frame(page: Page, address: str) -> None:
    """Open an address in a frame and wait until the browser has made up its mind."""
    page.evaluate(
        """address => new Promise((done) => {
            const frame = Object.assign(document.createElement('iframe'), { src: address, onload: done });
            document.body.append(frame);
        })""",
        address,
    )
