"""Every screen from which a phone steers, to be looked at: ``python -m tests.pictures.steering FOLDER``.

390 x 844 by day and by night; nothing of it is kept in the repository.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page

from supervisor.core.model import Scope, State
from supervisor.core.steering import Approval, Choice, PromptState, Question
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk, desk_in
from tests.fakes.steered import Steered
from tests.fakes.terminal import Terminal
from tests.lab.chromium import Phone, in_hand, launched
from tests.pictures.phone import furnish

FLAKY, PAYMENTS, GUIDE = "s-flaky", "s-payments", "s-guide"

_DIFF = """--- a/supervisor/remote/stream.py
+++ b/supervisor/remote/stream.py
@@ -88,9 +88,11 @@ class Streams:
     def _begin(self, reader, after):
-        missed = self._journal.after(after)
-        self._ears.append(reader)
+        # Register first: what comes between the two would be lost.
+        self._ears.append(reader)
+        missed = self._journal.after(after)
         for one in missed:
-            reader.give(one)
+            if one.seq > reader.last:
+                reader.give(one)
         return reader
"""
_COMMAND = (
    "cd /home/me/payments && npm ci && npm test -- --runInBand \\\n  && npm version minor"
    "\u00a0--no-git-tag-version\u200b && npm publish --access public"
)


def main(folder: Path) -> None:
    """Make them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for name, scene in SCENES.items():
            for dark in (False, True):
                _take(browser, scene, Phone(sharpness=2, dark=dark), folder / f"{name}-{_light(dark)}.png")


def _light(dark: bool) -> str:
    return "dark" if dark else "light"


def _take(browser: Browser, scene: Callable[[Page, Desk], None], phone: Phone, path: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as home,
        desk_in(Path(home)) as desk,
        in_hand(browser, phone) as context,
    ):
        furnish(desk)
        page = context.new_page()
        pair(page, desk, Scope.VIEW if scene is look_only else Scope.CONTROL)
        scene(page, desk)
        page.wait_for_timeout(700)
        page.screenshot(path=path)


def _open(page: Page, session_id: str) -> None:
    page.evaluate("id => { location.hash = `#/s/${id}`; }", session_id)
    page.locator(".now-head .round").last.wait_for()


def composer(page: Page, _desk: Desk) -> None:
    """The box, with a text in it and the focus here."""
    _open(page, FLAKY)
    page.get_by_role("textbox").fill("Good. Then run the whole suite once more\nand commit if it is green.")


def sent(page: Page, desk: Desk) -> None:
    """Bubbles in every state, and the desk types."""
    composer(page, desk)
    for number, text in enumerate(
        ["Run the tests.", "Then commit.", "And push it.", "Say when you are done."]
    ):
        page.get_by_role("textbox").fill(text)
        page.get_by_role("button", name="Send").click()
        page.locator(".given").nth(number).wait_for()
    desk.do(lambda steered: steered.move_prompt("p-1", PromptState.SENT))
    desk.do(lambda steered: steered.move_prompt("p-2", PromptState.REFUSED, "The agent asks something."))
    desk.do(_desk_types)
    page.get_by_role("textbox").fill("One more thing")


def _desk_types(steered: Steered) -> None:
    session = steered.session(FLAKY)
    assert session.focus
    steered.give(FLAKY, replace(session.focus, holder="desk", label="desk"))


def command(page: Page, desk: Desk) -> None:
    """A command to be allowed."""
    _ask(desk, tool="Bash", text=_COMMAND, reason="Publishes the release that was asked for.")
    _open(page, PAYMENTS)


def change(page: Page, desk: Desk) -> None:
    """A change to be allowed."""
    _ask(desk, tool="Edit", text="/home/me/payments/supervisor/remote/stream.py", diff=_DIFF)
    _open(page, PAYMENTS)
    page.locator(".right .asked-code.diff").evaluate("box => { box.scrollTop = 1e6; }")


def questions(page: Page, desk: Desk) -> None:
    """Questions with choices."""
    which = Question(
        text="Which registry should it go to?",
        header="Registry",
        choices=(
            Choice(label="npm", description="Public, as before"),
            Choice(label="GitHub", description="Only for us"),
        ),
    )
    checks = Question(
        text="What should run first?",
        header="Checks",
        many=True,
        choices=(Choice(label="Tests"), Choice(label="Linter"), Choice(label="Type check")),
    )
    _ask(desk, tool="AskUserQuestion", questions=(which, checks))
    _open(page, PAYMENTS)
    page.locator(".right").get_by_text("GitHub").click()


def on_the_list(_page: Page, desk: Desk) -> None:
    """A card above the list."""
    _ask(desk, tool="Bash", text="npm publish --access public")


def look_only(page: Page, desk: Desk) -> None:
    """A phone that may look."""
    _ask(desk, tool="Bash", text="npm publish --access public")
    _open(page, PAYMENTS)


def _ask(desk: Desk, **facts: object) -> None:
    asked = Approval(
        id="a-9",
        session_id=PAYMENTS,
        at=time.time() - 40,
        summary="wants your permission",
        cwd="/home/me/payments",
        answerable=True,
        **facts,  # type: ignore[arg-type]  # whatever the scene says
    )
    desk.do(lambda steered: steered.ask(PAYMENTS, asked))


def menu(page: Page, _desk: Desk) -> None:
    """What else can be done."""
    _open(page, FLAKY)
    page.get_by_role("button", name="Actions").click()


def undo(page: Page, desk: Desk) -> None:
    """The seconds before a stop."""
    menu(page, desk)
    page.get_by_role("button", name="Stop").click()


def over(page: Page, desk: Desk) -> None:
    """A session that ended, and its menu."""
    desk.put(replace(desk.memory.sessions[GUIDE], state=State.LOST, run=None))
    _open(page, GUIDE)
    page.get_by_role("button", name="Actions").click()


def terminal(page: Page, desk: Desk) -> None:
    """The terminal with its keys."""
    desk.do(lambda steered: steered.terminals.setdefault(FLAKY, _terminal()))
    _open(page, FLAKY)
    page.get_by_role("button", name="Terminal").click()
    page.locator(".lines .line").first.wait_for()


def fitted(page: Page, desk: Desk) -> None:
    """The terminal in the width of the phone, with lines from above."""
    terminal(page, desk)
    page.get_by_role("button", name="Earlier lines").click()
    page.get_by_role("button", name="Fit the width").click()


def _terminal() -> Terminal:
    shown = Terminal(rows=30, columns=96)
    shown.history = [[[f"  step {n:3} ", {"fg": 8}], ["ok", {"fg": 2}]] for n in range(60)]
    rule = "─" * 94
    shown.rows[2:13] = [
        [["╭" + rule + "╮", {"fg": 8}]],
        [["│ ", {"fg": 8}], [">", {"bold": True}], [" Good. Now run it 500 times."]],
        [["╰" + rule + "╯", {"fg": 8}]],
        [],
        [["● ", {"fg": "#d97757"}], ["Bash", {"bold": True}], ["(pytest -k reconnect --count 500)"]],
        [["  ⎿  ", {"fg": 8}], ["497 passed", {"fg": 2}], [", "], ["3 failed", {"fg": 9, "bold": True}]],
        [["     日本語", None, 11], [" wide 🚀", None, 8], [" and back", {"underline": True}]],
        [["     ", None], [" WARN ", {"inverse": True}], [" retrying", {"italic": True, "faint": True}]],
        [],
        [["✻ Pondering… ", {"fg": 174}], ["(12s · esc to interrupt)", {"fg": 244}]],
        [["> ", {"bold": True}]],
    ]
    shown.cursor = [12, 2, True]
    return shown


SCENES: dict[str, Callable[[Page, Desk], None]] = {
    one.__name__: one
    for one in (
        composer,
        sent,
        command,
        change,
        questions,
        on_the_list,
        look_only,
        menu,
        undo,
        over,
        terminal,
        fitted,
    )
}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
