"""The tray with the real supervisor, and with the real HTTP side and a phone."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

import zxingcpp

from supervisor.client import Client
from tests.end_to_end.steered import Held, wakeline_in
from tests.fakes.house import House
from tests.fakes.phone import Phone
from tests.lab import homes
from tests.lab import popups as lab_popups
from tests.lab.desktop import Desktop, Host, missing
from tests.lab.fixtures import do_without
from tests.lab.popups import Popups
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline
from tray import words

SOURCE = Path(__file__).parents[2]
ACCENT = "#0b8478"


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop with a panel and nothing of ours running."""
    if lacking := missing("xfce4-panel"):
        do_without(lacking)
    with Desktop(tmp_path) as started:
        started.env["PYTHONPATH"] = str(SOURCE)
        started.start_panel("xfce4-panel")
        yield started


def socket_of(desktop: Desktop) -> Path:
    """Where the supervisor of this desktop answers."""
    return desktop.folder / "wakeline" / "run" / "api.sock"


def test_the_tray_starts_the_supervisor_and_can_stop_it(desktop: Desktop) -> None:
    """One click at login is enough, and one ends everything."""
    client, host = Client(socket_of(desktop)), Host(desktop)

    desktop.start("tray", [sys.executable, "-m", "tray"])
    until(lambda: host.has("Keep awake"))
    host.choose("Keep awake/On for 2 hours")
    until(lambda: host.has("Keep awake: on until"))
    mode = client.get("/api/machine")["awake"]["mode"]
    host.choose(words.STOP)

    assert mode == "on"
    until(lambda: not socket_of(desktop).exists(), saying="the supervisor goes on")
    until(lambda: not host.items(), saying="the icon stays")


def test_a_phone_is_connected_and_removed_again(desktop: Desktop) -> None:
    """From the menu to the code, the number and the list of devices; and back."""
    with House(desktop.folder / "wakeline") as house:
        desktop.start("tray", [sys.executable, "-m", "tray"])
        host = Host(desktop)
        until(lambda: host.items() and host.menu()[0]["label"] == words.NO_SESSIONS)

        host.choose("Connect phone")
        until(lambda: code_on(desktop), saying="no code")
        phone = Phone(code_on(desktop), label="My phone")
        phone.hello()
        phone.reveal()
        until(lambda: not code_on(desktop), saying="the code stays")
        offered = house.server.phone.shown()["numbers"]
        pick(desktop, offered.index(phone.number))

        assert phone.result().json["state"] == "paired"
        phone.log_in()
        desktop.focus(words.PAIR_TITLE)
        desktop.press("Escape")
        until(lambda: host.line("Devices")["children"][0]["label"] == "My phone")
        host.choose(f"Devices/My phone/{words.REMOVE}")
        until(lambda: host.line("Devices")["children"][0]["label"] == words.NO_DEVICES)
        assert phone.log_in().status == 401


@pytest.mark.usefixtures("needs_claude")
def test_the_command_from_the_menu_resumes_the_real_session(
    desktop: Desktop, tmp_path: Path, fake_anthropic: Server, in_terminal: Callable[[homes.Launch], Terminal]
) -> None:
    """A killed Claude Code session: copied from the tray, pasted into bash, it goes on."""
    home, cwd = tmp_path / "home", tmp_path / "project of mine"
    launch = homes.claude(home, cwd, fake_anthropic.url)
    with Wakeline(desktop.folder / "wakeline", home, TMPDIR=str(tmp_path)) as wakeline:
        desktop.start("tray", [sys.executable, "-m", "tray"])
        host = Host(desktop)
        terminal = in_terminal(launch)
        session = wakeline.wait_for(agent="claude", state="idle")
        terminal.prompt("remember the tray")
        wakeline.wait_for(id=session["id"], title="remember the tray")
        wakeline.wait_for(id=session["id"], state="idle")
        terminal.signal(signal.SIGKILL)
        lost = wakeline.wait_for(id=session["id"], state="lost")

        until(lambda: host.has("1 session was lost"))
        (line,) = host.line("1 session was lost")["children"]
        host.choose(f"1 session was lost/{line['label']}/Copy resume command")
        until(lambda: desktop.clipboard() == lost["resume_command"])
        pasted = paste_into_bash(desktop.clipboard(), launch, in_terminal)

        again = wakeline.wait_for(id=session["id"], state="idle")
        assert again["pid"] != session["pid"]
        assert again["cwd"] == str(cwd)
        pasted.wait_for("remember the tray")


@pytest.mark.usefixtures("needs_claude")
def test_a_real_tool_call_is_allowed_by_the_button_of_its_popup(
    desktop: Desktop, fake_anthropic: Server, in_terminal: Callable[[homes.Launch], Terminal]
) -> None:
    """Claude Code asks, a popup says what; one click, and it is done."""
    if lacking := lab_popups.missing():
        do_without(lacking)
    with wakeline_in(WAKELINE_NOTICES_LEVEL="full") as wakeline:
        popups = Popups(desktop)
        desktop.env["WAKELINE_HOME"] = str(wakeline.folder)
        desktop.start("tray", [sys.executable, "-m", "tray"])
        folder = wakeline.folder.parent
        launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
        held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
        own_id = held.session(state="idle", kind="hosted")["id"]

        wakeline.run("send", own_id, "SCENARIO:bash touch made-by-popup")
        shown = popups.wait_for("needs you")
        popups.choose(words.ALLOW_ONCE)

        assert shown.text.startswith("Bash: touch made-by-popup\n")
        until((held.cwd / "made-by-popup").exists)
        held.session(state="idle")
        until(lambda: popups.there() == 0)

        wakeline.run("send", own_id, "SCENARIO:bash touch answered-elsewhere")
        until(lambda: popups.there() == 1)
        wakeline.run("approve", own_id)
        until(lambda: popups.there() == 0)
        told = wakeline.client.get("/api/notices")["notices"]
        assert [(one["kind"], one["withdrawn"]) for one in told] == [("needs_you", True)] * 2


@pytest.mark.usefixtures("needs_claude")
def test_killed_supervisors_double_no_popup(
    desktop: Desktop, fake_anthropic: Server, in_terminal: Callable[[homes.Launch], Terminal]
) -> None:
    """The question stays one notice, and goes when it is answered at the keyboard."""
    if lacking := lab_popups.missing():
        do_without(lacking)
    with wakeline_in() as wakeline:
        popups = Popups(desktop)
        desktop.env["WAKELINE_HOME"] = str(wakeline.folder)
        desktop.start("tray", [sys.executable, "-m", "tray"])
        folder = wakeline.folder.parent
        launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
        held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
        own_id = held.session(state="idle", kind="hosted")["id"]
        wakeline.run("send", own_id, "SCENARIO:bash touch by-hand")
        until(lambda: popups.there() == 1)
        (before,) = wakeline.client.get("/api/notices")["notices"]

        wakeline.kill()
        wakeline.start()
        # It is asked once more, so that it could be told once more.
        until(lambda: asks_again(wakeline, own_id))

        (after,) = wakeline.client.get("/api/notices")["notices"]
        assert (after["id"], after["withdrawn"]) == (before["id"], False)
        held.terminal.wait_for("Do you want to proceed?")
        held.terminal.settle()
        held.terminal.press("1")
        until((held.cwd / "by-hand").exists)
        until(lambda: popups.there() == 0)
        assert [one.title for one in popups.shown()] == [before["title"]]


def asks_again(wakeline: Wakeline, session_id: str) -> bool:
    """Whether its agent has said, in this life of the supervisor, what it asks."""
    asking = wakeline.session(id=session_id, state="needs_you")
    return asking is not None and any(one["answerable"] for one in asking["approvals"])


def paste_into_bash(
    command: str, launch: homes.Launch, in_terminal: Callable[[homes.Launch], Terminal]
) -> Terminal:
    """A person's own shell, in which the agent can be found by its name."""
    path = f"{Path(launch.argv[0]).parent}:{launch.env['PATH']}"
    bash = in_terminal(
        homes.Launch(argv=("bash", "--norc", "-i"), env={**launch.env, "PATH": path}, cwd=Path("/"))
    )
    bash.settle()
    bash.press(f"\x1b[200~{command}\x1b[201~")
    bash.settle()
    bash.press("\r")
    return bash


def code_on(desktop: Desktop) -> str:
    """The text of the QR code on the screen; empty if there is none."""
    return "".join(code.text for code in zxingcpp.read_barcodes(desktop.screen()))


def pick(desktop: Desktop, place: int) -> None:
    """Click one of the three numbers."""
    row = desktop.still()
    middle = desktop.settled(ACCENT)
    left = next(x for x in range(row.width) if row.getpixel((x, middle[1])) == (11, 132, 120))
    desktop.click((left + (middle[0] - left) * (2 * place + 1) // 3, middle[1]))
