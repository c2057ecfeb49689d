"""The icon on Linux, in real panels on a screen of its own."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops

if sys.platform != "linux":
    pytest.skip("only Linux has this kind of icon", allow_module_level=True)
assert sys.platform == "linux"

from tests.fakes.supervisor import Supervisor, session
from tests.lab.desktop import PANEL_HEIGHT, Desktop, Host
from tests.lab.waiting import until
from tray import words

#: The colours of the pictures for a panel of unknown colour.
CALL, BUSY = "#e8590c", "#0c9a8d"
IN_PANEL = (0, 0, 1024, PANEL_HEIGHT)
BELOW_PANEL = (0, PANEL_HEIGHT, 1024, 768)

Start = Callable[..., None]
both_panels = pytest.mark.parametrize("desktop", ["xfce4-panel", "lxqt-panel"], indirect=True)


def icon_at(desktop: Desktop, colour: str) -> tuple[int, int]:
    """Where the icon is on the screen; waits for it."""
    return desktop.settled(colour, IN_PANEL)


def told(desktop: Desktop, sentence: str) -> None:
    """Wait until the menu begins with this line."""
    until(lambda: Host(desktop).menu()[0]["label"] == sentence, saying=f"the menu does not say {sentence}")


def bare(desktop: Desktop) -> Image.Image:
    """The screen below the panel."""
    return desktop.screen().crop(BELOW_PANEL)


def drawn(desktop: Desktop, before: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the screen below the panel differs from before."""
    return ImageChops.difference(bare(desktop), before).getbbox()


@both_panels
def test_the_icon_is_seen_and_shows_the_state(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """A person sees at a glance that somebody has to come, and that nobody has to any more."""
    supervisor.sessions = [session("a", state="needs_you")]

    start("tray")
    icon_at(desktop, CALL)
    supervisor.put(session("a", state="working"))

    icon_at(desktop, BUSY)
    until(lambda: desktop.find(CALL, IN_PANEL) is None)
    assert Host(desktop).about("Status") == "Active"


@both_panels
def test_a_click_opens_the_menu_and_news_do_not_close_it(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Lines change under the eyes, never under the hand: what was open stays open, in its place."""
    supervisor.sessions = [session("a", title="First"), session("b", state="needs_you", title="Second")]
    start("tray")
    at = icon_at(desktop, CALL)
    told(desktop, "1 needs you, 1 working")
    desktop.point((300, 600))
    before = bare(desktop)

    desktop.click(at, button=3)
    until(lambda: drawn(desktop, before), saying="no menu was drawn")
    desktop.press("Down", "Down", "Right")
    opened = desktop.still(BELOW_PANEL)
    supervisor.put(session("b", state="working", title="Second, which has a longer name now"))
    told(desktop, "2 working")
    until(lambda: drawn(desktop, opened), saying="the menu was not changed")
    changed = desktop.still(BELOW_PANEL)

    # Both menus are still there: the screen differs from the bare one at least where it did before.
    ours, theirs = _box(opened, before), _box(changed, before)
    assert theirs[0] <= ours[0]
    assert theirs[3] >= ours[3]
    numbers = [line["id"] for line in Host(desktop).menu()]
    desktop.press("Escape", "Escape", "Escape")
    until(lambda: drawn(desktop, before) is None, saying="the menu did not close")
    assert set(numbers) == {line["id"] for line in Host(desktop).menu()}


def _box(image: Image.Image, before: Image.Image) -> tuple[int, int, int, int]:
    return ImageChops.difference(image, before).getbbox() or (0, 0, 0, 0)


def test_copy_resume_command_puts_exactly_the_command_on_the_clipboard(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """It can be pasted into any terminal as it is: no line break that would start it at once."""
    command = "cd '/home/me/my_app & co' && claude --resume 0b5e-ü"
    supervisor.sessions = [session("a", title="Fix_it", resume_command=command)]
    start("tray")
    told(desktop, "1 working")

    Host(desktop).choose(f"● Fix_it/{words.COPY}")

    until(lambda: desktop.clipboard() == command, saying="another text is on the clipboard")


def test_the_mouse_alone_copies_a_resume_command(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Click, two steps down, into the submenu, Enter: as a person does it."""
    supervisor.sessions = [session("m", state="needs_you", resume_command="claude --resume by-hand")]
    start("tray")
    at = icon_at(desktop, CALL)
    told(desktop, "1 needs you")
    before = bare(desktop)

    desktop.click(at, button=3)
    until(lambda: drawn(desktop, before), saying="no menu was drawn")
    desktop.press("Down", "Right")
    desktop.still()
    desktop.press("Return")

    until(lambda: desktop.clipboard() == "claude --resume by-hand")


def test_when_the_panel_starts_again_the_icon_comes_back(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """A crashed panel does not cost the icon."""
    supervisor.sessions = [session("a", state="needs_you")]
    start("tray")
    icon_at(desktop, CALL)

    desktop.end("panel")
    desktop.start_panel("xfce4-panel")

    icon_at(desktop, CALL)


def test_when_the_bus_starts_again_the_icon_comes_back(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """A lost session bus is found again by itself."""
    supervisor.sessions = [session("a", state="needs_you")]
    start("tray")
    icon_at(desktop, CALL)

    for name in ("panel", "bus"):
        desktop.end(name)
    desktop.start_bus()
    desktop.start_panel("xfce4-panel")

    icon_at(desktop, CALL)


def test_the_menu_follows_the_supervisor_through_its_end_and_return(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Nothing old is shown as if it were new, and nothing has to be restarted."""
    supervisor.sessions = [session("a")]
    start("tray")
    told(desktop, "1 working")

    supervisor.refusing = True
    supervisor.hang_up()
    told(desktop, words.NOT_RUNNING)
    supervisor.refusing = False

    told(desktop, "1 working")


def test_what_is_chosen_reaches_the_supervisor(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Keep-awake, devices and the end of it all are set from the menu."""
    supervisor.devices = [{"id": "d1", "label": "My phone", "scope": "view"}]
    start("tray")
    host = Host(desktop)
    until(lambda: any(line["children"] for line in host.line("Devices")["children"]))

    host.choose("Keep awake/On for 2 hours")
    host.choose(f"Devices/My phone/{words.REMOVE}")

    assert supervisor.was_asked("PUT", "/api/awake") == {"mode": "on", "seconds": 7200}
    supervisor.was_asked("DELETE", "/api/devices/d1")
    until(lambda: host.line("Devices")["children"][0]["label"] == words.NO_DEVICES)
    until(lambda: host.line("Keep awake: on"))
    host.choose(words.STOP)
    supervisor.was_asked("POST", "/api/shutdown")
    until(lambda: not host.items(), saying="the icon stays")


def test_a_left_click_shows_all_sessions(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """The most useful thing needs no menu."""
    supervisor.sessions = [session("a", state="needs_you")]
    start("tray")

    desktop.click(icon_at(desktop, CALL))

    desktop.focus(words.DETAILS_TITLE)
    desktop.press("Escape")
    until(lambda: not desktop.windows(words.DETAILS_TITLE))


def test_nonsense_from_the_bus_is_refused_and_nothing_else(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Any program of the user may call us; none can take the icon down."""
    supervisor.sessions = [session("a")]
    start("tray")
    told(desktop, "1 working")
    host = Host(desktop)

    wrong: list[tuple[str, str, tuple[Any, ...]]] = [
        ("GetLayout", "iias", (99_999, -1, [])),
        ("GetLayout", "s", ("what",)),
        ("GetProperty", "is", (0, "nothing")),
        ("Destroy", "i", (0,)),
    ]
    for member, form, body in wrong:
        with pytest.raises(AssertionError, match="refused"):
            host.call(member, form, *body)
    host.call("Event", "isvu", 99_999, "clicked", ("i", 0), 0)

    told(desktop, "1 working")


def test_other_desktops_find_all_they_may_ask_for(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Each usual size of the picture and its double, a tooltip, a name as strict hosts want it."""
    supervisor.sessions = [session("a", state="needs_you")]
    start("tray")
    told(desktop, "1 needs you")
    host = Host(desktop)

    sizes = [width for width, _, _ in host.about("IconPixmap")]
    layouts = host.call("GetGroupProperties", "aias", [], ["label"])

    assert sizes == [16, 22, 24, 32, 44, 48, 64]
    assert host.about("Status") == "NeedsAttention"
    assert host.about("ToolTip")[2].startswith("Wakeline: 1 needs you")
    assert host.about("ItemIsMenu") is False
    assert len(layouts[0]) > 10
    assert host.items()[0].startswith("org.kde.StatusNotifierItem-")
