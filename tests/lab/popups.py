"""A desktop's popups by dunst, driven as a person drives them: looked at, chosen from, closed."""

import sys

assert sys.platform == "linux"

import re
import shutil
from typing import NamedTuple

from tests.lab.desktop import Desktop
from tests.lab.waiting import until

_BLOCK = re.compile(
    r"^\tsummary: '(.*?)'\n\tbody: '(.*?)'\n\ticon: .*?"
    r"^\turgency: (\w+)\n.*?^\tid: (\d+)\n\tactions: \{(.*?)\}",
    re.S | re.M,
)
_ACTION = re.compile(r'"[^"]*": "(.+)"$', re.M)

RULES = """[global]
dmenu = {choose}
mouse_left_click = context
show_indicators = no
idle_threshold = 0
max_icon_size = 48
"""
#: dunst shows all that can be done, one per line, and does the one that comes back.
CHOOSE = """#!/bin/sh
grep -F -- "$(cat {wanted})"
"""


def missing() -> str:
    """What is not installed here."""
    return "" if shutil.which("dunst") else "needs popups: apt install dunst"


class Popup(NamedTuple):
    """What was shown once. What has the number of an earlier one was shown in its place."""

    title: str
    text: str
    buttons: frozenset[str]
    urgency: str
    number: int


class Popups:
    """Owner of dunst on one desktop."""

    def __init__(self, desktop: Desktop) -> None:
        """It runs when this returns."""
        self._desktop = desktop
        self.start()

    def start(self) -> None:
        """Show popups from now on; none are there yet."""
        desktop = self._desktop
        self._wanted = desktop.folder / "wanted"
        choose = desktop.folder / "choose"
        choose.write_text(CHOOSE.format(wanted=self._wanted))
        choose.chmod(0o700)
        rules = desktop.folder / "dunstrc"
        rules.write_text(RULES.format(choose=choose))
        (desktop.folder / "popups.log").unlink(missing_ok=True)
        # What it prints must be in the log when it is on the screen.
        desktop.start("popups", ["stdbuf", "-oL", "dunst", "-config", str(rules), "-print"])
        until(lambda: self.there() is not None, saying="dunst answers")

    def end(self) -> None:
        """Nobody shows popups any more."""
        self._desktop.end("popups")

    def there(self) -> int | None:
        """How many are on the screen."""
        done = self._desktop.run_until_end("dunstctl", "count", "displayed")
        return int(done.stdout) if done.returncode == 0 else None

    def shown(self) -> list[Popup]:
        """All that were ever shown, in their order."""
        return [
            Popup(title, _unmarked(text), frozenset(_ACTION.findall(actions)), urgency, int(number))
            for title, text, urgency, number, actions in _BLOCK.findall(self._desktop.log("popups"))
        ]

    def wait_for(self, title: str) -> Popup:
        """Wait for one whose title has these words; the newest."""
        return until(
            lambda: [one for one in self.shown() if title in one.title],
            saying=f"no popup {title!r} among {self.shown()}",
        )[-1]

    def choose(self, button: str) -> None:
        """Press this button, of whichever has it."""
        self._wanted.write_text(button)
        self._desktop.run("dunstctl", "context")

    def close(self) -> None:
        """Close the newest without an answer."""
        self._desktop.run("dunstctl", "close")


def _unmarked(text: str) -> str:
    """As it stands on the screen."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
