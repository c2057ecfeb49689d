"""The pictures of the README that show a desktop: real windows, before a fake supervisor.

From the top of the source tree: ``python -m tests.pictures.desktop``
"""

import sys

assert sys.platform == "linux"

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageChops

from tests.fakes.supervisor import Supervisor, serving, session
from tests.lab.desktop import PANEL_HEIGHT, Desktop, Host, missing
from tests.lab.waiting import until
from tray import words

SOURCE = Path(__file__).parents[2]
PICTURES = SOURCE / ".github" / "pictures"
BACKGROUND = "#5f7487"
CALL = "#e8590c"
EDGE = 24


def ago(minutes: int) -> str:
    """A time of the API."""
    return f"{datetime.now(UTC) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def example() -> Supervisor:
    """A day at work."""
    asked = {
        "id": "1",
        "session_id": "7c1f4c0e",
        "kind": "permission",
        "summary": "permission prompt",
        "tool": "Bash",
        "text": "npm run migrate",
        "digest": "d1",
        "answerable": True,
    }
    sessions = [
        session(
            "7c1f4c0e",
            title="Move the login to passkeys",
            cwd="/home/me/shop",
            state="needs_you",
            since=ago(3),
            kind="hosted",
            approval=asked,
            approvals=[asked],
            can=["stop", "pause", "keys", "focus", "screen", "interrupt"],
            resume_command="cd /home/me/shop && claude --resume 7c1f4c0e",
        ),
        session("b2", title="Fix the flaky upload test", cwd="/home/me/backend", since=ago(12)),
        session("c3", agent="codex", title="Port the parser to Rust", cwd="/home/me/parser", since=ago(41)),
        session("d4", title="Write the release notes", cwd="/home/me/shop", state="idle", since=ago(65)),
        session("e5", title="Try the new cache", cwd="/home/me/backend", state="ended", since=ago(130)),
    ]
    awake = {
        "mode": "auto",
        "wanted": True,
        "held": True,
        "held_since": ago(41),
        "mechanism": "systemd-logind",
        "reasons": [{"text": "Fix the flaky upload test is working", "since": ago(12)}],
    }
    dialog = {
        "url": "https://192.168.1.20:47820/#1.AAECAwQFBgc.AAECAwQFBgcICQoLDA0ODw",
        "address": "192.168.1.20",
        "addresses": [{"address": "192.168.1.20", "interface": "wlan0", "reachable": True}],
    }
    devices = [{"id": "p", "label": "My phone", "scope": "control", "last_seen_at": ago(5)}]
    return Supervisor(sessions=sessions, awake=awake, devices=devices, opened=dialog)


def cut(screen: Image.Image, *, from_top: int = 0) -> Image.Image:
    """What is not background, with a little air around it."""
    below = screen.crop((0, from_top, *screen.size))
    flat = Image.new("RGB", below.size, BACKGROUND)
    left, top, right, bottom = ImageChops.difference(below, flat).getbbox() or (0, 0, *below.size)
    first = 0 if from_top else max(0, top - EDGE)
    return screen.crop(
        (max(0, left - EDGE), first, min(screen.width, right + EDGE), bottom + from_top + EDGE)
    )


def tray_menu(desktop: Desktop) -> Image.Image:
    """The menu with the session that needs somebody opened."""
    desktop.start("tray", [sys.executable, "-m", "tray"])
    until(lambda: "1 needs you" in Host(desktop).menu()[0]["label"])
    desktop.click(desktop.settled(CALL, (0, 0, 1024, PANEL_HEIGHT)), button=3)
    desktop.still()
    desktop.press("Down", "Right")
    seen = desktop.still()
    desktop.end("tray")
    return cut(seen, from_top=PANEL_HEIGHT)


def pairing_window(desktop: Desktop) -> Image.Image:
    """The window with the code."""
    desktop.start("pairing", [sys.executable, "-m", "tray.pairing"])
    desktop.focus(words.PAIR_TITLE)
    seen = desktop.still((0, PANEL_HEIGHT + 1, 1024, 768))
    desktop.end("pairing")
    return cut(seen)


def main() -> None:
    """Make both."""
    if lacking := missing("xfce4-panel"):
        sys.exit(lacking)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        socket = folder / "wakeline" / "run" / "api.sock"
        with serving(socket, example()), Desktop(folder) as desktop:
            desktop.env["PYTHONPATH"] = str(SOURCE)
            desktop.run("xsetroot", "-solid", BACKGROUND)
            desktop.start_panel("xfce4-panel")
            tray_menu(desktop).save(PICTURES / "tray-menu.png", optimize=True)
            pairing_window(desktop).save(PICTURES / "pairing-window.png", optimize=True)


if __name__ == "__main__":
    main()
