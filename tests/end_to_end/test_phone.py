"""A phone from the code to the live list: real agents, the real command in a terminal, a real browser."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import base64
import io
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.lab import homes
from tests.lab.chromium import Watched, in_hand, look, witnessed
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline, entries, said

InTerminal = Callable[[homes.Launch], Terminal]

LOOPBACK = "127.0.0.1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the agent, and of nobody else."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def wakeline(tmp_path: Path, home: Path) -> Iterator[Wakeline]:
    """A supervisor that watches that home, with a port of its own."""
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    with Wakeline(tmp_path / "wakeline", home, WAKELINE_PHONE_PORT=str(port)) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab on a fresh phone."""
    with in_hand(browser) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context.new_page()


@pytest.fixture
def watched(page: Page) -> Watched:
    """What the page complains of, from its first moment."""
    return look(page)


# --- hands and eyes


def seen_by_a_camera(picture: Image.Image) -> list[str]:
    """What the codes in a picture say, photographed: smaller, slanted, on a desk."""
    photo = picture.convert("L").resize((420, 420), Image.Resampling.BILINEAR)
    desk = Image.new("L", (900, 700), 140)
    desk.paste(photo, (250, 120))
    slanted = desk.rotate(4, Image.Resampling.BILINEAR, fillcolor=140)
    return [code.text for code in zxingcpp.read_barcodes(slanted)]


def drawn(terminal: "Terminal") -> Image.Image:
    """The code in a terminal, as the terminal's half blocks look."""
    lines = [line for line in terminal.text.splitlines() if re.fullmatch(r"[ ▀▄█]{25,}", line)]
    image = Image.new("L", (len(lines[0]), 2 * len(lines)), 255)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            image.putpixel((x, 2 * y), 0 if block in "▀█" else 255)
            image.putpixel((x, 2 * y + 1), 0 if block in "▄█" else 255)
    return image.resize((8 * image.width, 8 * image.height), Image.Resampling.NEAREST)


def pair(wakeline: Wakeline, page: Page, in_terminal: InTerminal) -> None:
    """Scan the code in the terminal, type the number that the phone shows, and wait for the list."""
    terminal = in_terminal(wakeline.command("phone", "--address", LOOPBACK))
    terminal.wait_for("Go on if the address is")
    [link] = seen_by_a_camera(drawn(terminal))
    page.goto(link)
    number = page.locator(".number").inner_text()
    terminal.wait_for("Which number does it show?")
    terminal.press(f"{number}\r")
    terminal.wait_for("Connected:")
    assert terminal.wait() == 0
    page.locator("#app.live.fresh").wait_for()


def open_session(page: Page, session_id: str) -> None:
    """Tap its row."""
    page.locator(f".row[href='#/s/{session_id}']").click()
    page.locator(".right .log").wait_for()


def shown(page: Page) -> list[str]:
    """The words of every message on the screen, in order."""
    return page.locator(".message .prose").all_inner_texts()


def spoken(wakeline: Wakeline, session_id: str) -> list[str]:
    """The same by the API."""
    return [e["text"] for e in entries(wakeline, session_id) if e["kind"] == "text"]


def fact(page: Page, word: str) -> str:
    """One fact in the open details."""
    told = page.locator(".fact", has=page.get_by_text(word, exact=True)).locator("dd")
    return told.inner_text().strip()


def start_claude(
    wakeline: Wakeline, home: Path, cwd: Path, server: Server, in_terminal: InTerminal
) -> tuple["Terminal", dict[str, Any]]:
    """Claude Code, waiting for a prompt."""
    launch = homes.claude(home, cwd, server.url).plus("--permission-mode", "manual")
    terminal = in_terminal(launch)
    session = wakeline.wait_for(agent="claude", state="idle")
    terminal.wait_for("manual mode on")
    terminal.settle()
    return terminal, session


# --- stories


@pytest.mark.usefixtures("needs_claude")
def test_a_phone_follows_claude_from_the_code_to_the_copied_command(
    wakeline: Wakeline,
    home: Path,
    tmp_path: Path,
    page: Page,
    watched: Watched,
    fake_anthropic: Server,
    in_terminal: InTerminal,
) -> None:
    """Scanned, paired by its number, and everything that the agent does is on the phone as it happens."""
    cwd = tmp_path / "project"
    agent, session = start_claude(wakeline, home, cwd, fake_anthropic, in_terminal)
    pair(wakeline, page, in_terminal)

    row = page.locator(f".row[href='#/s/{session['id']}']")
    for words in ("Idle", "Claude Code", "project", session["hostname"]):
        expect(row).to_contain_text(words)
    expect(page.locator(".host-name")).to_have_text(session["hostname"])
    open_session(page, session["id"])

    agent.prompt("SCENARIO:slow:100:40")
    expect(page.locator(".message.mine")).to_have_text(re.compile("SCENARIO:slow:100:40"))
    expect(page.locator(".now.is-working")).to_be_visible()
    expect(page.locator(".message.theirs .prose")).to_be_visible()
    expect(page.locator(".now.is-idle")).to_be_visible()

    agent.prompt("SCENARIO:bash touch made-by-claude")
    asked = page.locator(".now.is-needs_you")
    expect(asked).to_contain_text("touch made-by-claude")
    expect(page).to_have_title("(1) Needs you · Wakeline")
    assert not (cwd / "made-by-claude").exists()
    agent.wait_for("Do you want to proceed?")
    agent.settle()
    agent.press("1")
    expect(page.locator(".message.theirs .prose").last).to_have_text("Done.")
    expect(page.locator(".now.is-idle")).to_be_visible()
    until((cwd / "made-by-claude").exists)
    expect(page.locator(".card-entry.call")).to_contain_text("touch made-by-claude")

    assert shown(page) == spoken(wakeline, session["id"])
    assert len(shown(page)) == 5
    now = wakeline.session(id=session["id"])
    assert now is not None
    page.get_by_role("button", name="Details").click()
    facts = [fact(page, word) for word in ("Machine", "Folder", "Agent", "Model", "PID", "State")]
    told = [now["hostname"], str(cwd), "Claude Code 2.1.329", now["model"], str(agent.pid), "Idle"]
    assert facts == told
    page.get_by_role("button", name="Copy resume command").click()
    witnessed(page, ".copy .button", "Copied")
    printed = wakeline.run("copy", session["id"], "--print").stdout
    assert page.evaluate("navigator.clipboard.readText()") == printed.rstrip("\n")
    assert watched.complaints == []
    assert {request.split("/")[2] for request in watched.requests} == {page.url.split("/")[2]}


@pytest.mark.usefixtures("needs_claude")
def test_a_phone_that_was_cut_off_catches_up(
    wakeline: Wakeline,
    home: Path,
    tmp_path: Path,
    page: Page,
    watched: Watched,
    fake_anthropic: Server,
    in_terminal: InTerminal,
) -> None:
    """Without network, then with a supervisor that was killed and came back: nothing lost, nothing twice."""
    agent, session = start_claude(wakeline, home, tmp_path / "project", fake_anthropic, in_terminal)
    pair(wakeline, page, in_terminal)
    open_session(page, session["id"])
    agent.prompt("before")
    expect(page.locator(".message")).to_have_count(2)

    page.context.set_offline(True)
    # Chromium keeps open streams running when it plays offline: a flapping network makes the page let go.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".banner")).to_contain_text("This phone has no network.")
    agent.prompt("without network")
    until(lambda: len(said(entries(wakeline, session["id"]), "assistant")) == 2)
    assert len(shown(page)) == 2
    page.context.set_offline(False)
    expect(page.locator(".light")).to_have_text("Live")
    expect(page.locator(".message")).to_have_count(4)

    agent.prompt("SCENARIO:slow:100:40")
    expect(page.locator(".now.is-working")).to_be_visible()
    wakeline.kill()
    expect(page.locator(".banner")).to_contain_text("Wakeline does not answer")
    wakeline.start()
    page.get_by_role("button", name="Try now").click()
    expect(page.locator(".light")).to_have_text("Live")
    wakeline.wait_for(id=session["id"], state="idle")
    agent.prompt("after")
    expect(page.locator(".message")).to_have_count(8)

    expect(page.locator(".now.is-idle")).to_be_visible()
    assert shown(page) == spoken(wakeline, session["id"])
    assert [t for t in shown(page) if t in {"before", "without network", "after"}] == [
        "before",
        "without network",
        "after",
    ]
    assert watched.complaints == []


def test_a_revoked_phone_is_sent_away_within_a_second(
    wakeline: Wakeline, page: Page, watched: Watched, in_terminal: InTerminal
) -> None:
    """``wakeline devices revoke`` ends its stream; the page says so and forgets its key."""
    pair(wakeline, page, in_terminal)
    [device] = wakeline.json("devices")["devices"]
    assert device["last_address"] == LOOPBACK

    wakeline.run("devices", "revoke", device["id"][:8])
    revoked = time.monotonic()
    expect(page.locator("h1")).to_have_text("This phone was removed")
    took = time.monotonic() - revoked

    assert took < 1.0
    assert wakeline.json("devices") == {"devices": []}
    page.reload()
    expect(page.locator("h1")).not_to_have_text("This phone was removed")
    assert watched.complaints == []


def test_a_phone_waits_while_it_is_turned_off(
    wakeline: Wakeline, page: Page, in_terminal: InTerminal
) -> None:
    """Off is off, after a restart too; turned on, the same phone is there again without pairing."""
    pair(wakeline, page, in_terminal)

    off = wakeline.run("phone", "--off").stdout
    expect(page.locator(".banner")).to_contain_text("Wakeline does not answer")
    wakeline.kill()
    wakeline.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, int(page.url.split(":")[2].split("/")[0])))
    wakeline.run("phone", "--on", "--address", LOOPBACK)
    page.get_by_role("button", name="Try now").click()

    assert "nothing listens" in off
    expect(page.locator(".light")).to_have_text("Live")


def test_the_picture_of_the_code_says_what_the_terminal_says(
    wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """A window shows the picture, the terminal draws it: a camera reads the same link in both."""
    terminal = in_terminal(wakeline.command("phone", "--address", LOOPBACK))
    terminal.wait_for("Go on if the address is")

    code = wakeline.client.get("/api/pair/dialog/qr")
    picture = Image.open(io.BytesIO(base64.b64decode(code["png"])))
    link = wakeline.client.get("/api/pair/dialog")["url"]
    read = seen_by_a_camera(picture), seen_by_a_camera(drawn(terminal))
    terminal.press("\x03")

    assert read == ([link], [link])
    assert link in "".join(terminal.text.split("\n"))
    assert terminal.wait() == 130
    assert wakeline.client.get("/api/pair/dialog")["state"] == "none"


@pytest.mark.usefixtures("needs_codex")
def test_a_phone_sees_codex_answer(
    wakeline: Wakeline,
    home: Path,
    tmp_path: Path,
    page: Page,
    watched: Watched,
    fake_openai: Server,
    in_terminal: InTerminal,
) -> None:
    """The session appears on the list by itself, and its answer arrives."""
    pair(wakeline, page, in_terminal)
    agent = in_terminal(homes.codex(home, tmp_path / "project", fake_openai.url).plus("--no-daemon"))
    agent.settle(1.0, 10.0)

    agent.prompt("hello %%slow:3%%")

    sees_an_answer(wakeline, page, "Codex")
    assert watched.complaints == []


@pytest.mark.usefixtures("needs_opencode")
def test_a_phone_sees_opencode_answer(
    wakeline: Wakeline,
    home: Path,
    tmp_path: Path,
    page: Page,
    watched: Watched,
    fake_openai: Server,
    in_terminal: InTerminal,
) -> None:
    """The session appears on the list by itself, and its answer arrives."""
    pair(wakeline, page, in_terminal)
    agent = in_terminal(homes.opencode(home, tmp_path / "project", fake_openai.url))
    agent.wait_for("ctrl+p")
    agent.settle(1.0, 10.0)

    agent.prompt("hello %%slow:3%%")

    sees_an_answer(wakeline, page, "OpenCode")
    assert watched.complaints == []


def sees_an_answer(wakeline: Wakeline, page: Page, agent: str) -> None:
    """The one session works, is opened, and its answer comes in while one looks."""
    row = page.locator(".row.is-working")
    expect(row).to_contain_text(agent)
    session_id = row.evaluate("row => decodeURIComponent(row.hash.slice(4))")
    row.click()
    expect(page.locator(".message.mine .prose")).to_have_text("hello %%slow:3%%")
    expect(page.locator(".message.theirs .prose")).to_contain_text("word5")
    expect(page.locator(".now.is-idle")).to_be_visible()
    assert shown(page) == spoken(wakeline, session_id)
