"""One session in a real browser: its transcript, what goes on now, its details."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from supervisor.core.model import (
    EntryKind,
    Resume,
    Role,
    State,
)
from supervisor.core.steering import Approval
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import COMMAND, entry, open_session, steer, working
from tests.lab.chromium import witnessed
from tests.lab.waiting import until


def test_an_entry_arrives_live(page: Page, desk: Desk) -> None:
    """What the agent writes is on the phone at once, at the end, in view."""
    desk.put(working())
    desk.say("s1", entry(10, "the beginning"))
    pair(page, desk)
    open_session(page)
    expect(page.locator(".message")).to_have_count(1)

    desk.say("s1", entry(20, "a **new** word"), entry(30, "pytest", EntryKind.TOOL_CALL))

    expect(page.locator(".message").last).to_be_in_viewport()
    expect(page.locator(".message strong")).to_have_text("new")
    expect(page.locator(".call summary")).to_contain_text("pytest")


def test_each_kind_of_entry_is_told_apart(page: Page, desk: Desk) -> None:
    """Tools fold, long results fold, errors and notices stand out, colours are kept."""
    desk.put(working())
    long = "\n".join(f"\x1b[32mline {n}\x1b[0m" for n in range(100))
    desk.say(
        "s1",
        entry(1, "do it", role=Role.USER),
        entry(2, "hm\nwell", EntryKind.THINKING),
        entry(3, "make\nall", EntryKind.TOOL_CALL),
        entry(4, long, EntryKind.TOOL_RESULT, Role.TOOL),
        entry(5, "Overloaded", EntryKind.ERROR, Role.SYSTEM),
        entry(6, "Compacted", EntryKind.NOTICE, Role.SYSTEM),
    )
    pair(page, desk)
    open_session(page)

    page.locator(".call summary").click()
    expect(page.locator(".call pre")).to_have_text("make\nall")
    expect(page.locator(".thought pre, .thought .prose")).to_have_count(0)
    result = page.locator(".result pre")
    expect(result).not_to_contain_text("line 99")
    page.get_by_role("button", name="Show more").click()

    expect(result).to_contain_text("line 99")
    expect(result.locator(".sgr2").first).to_have_text("line 0")
    expect(page.locator(".mine")).to_contain_text("do it")
    expect(page.locator(".trouble")).to_contain_text("Overloaded")
    expect(page.locator(".notice")).to_contain_text("Compacted")


def test_a_long_transcript_stays_small_and_still(page: Page, desk: Desk) -> None:
    """Ten thousand entries: any of them can be reached, and only those nearby are elements."""
    desk.put(working())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}\n\n- one\n- two") for n in range(10_000)]
    pair(page, desk)
    open_session(page)
    expect(page.locator(".message").last).to_contain_text("Message 9999")

    page.evaluate(
        """async () => {
            const box = document.querySelector('.scroller');
            const frame = () => new Promise(requestAnimationFrame);
            for (let n = 0; n < 2000 && !box.textContent.includes('The beginning'); n++) {
                box.scrollTop -= 6000;
                await frame();
            }
        }"""
    )
    page.locator(".scroller").evaluate("box => { box.scrollTop = -1e9; }")

    expect(page.get_by_text("Message 0", exact=True)).to_be_in_viewport()
    until(lambda: page.evaluate("document.querySelectorAll('*').length") < 4000)
    page.get_by_role("button", name="To the end").click()
    expect(page.get_by_text("Message 9999")).to_be_in_viewport()


def test_older_pages_do_not_move_what_is_read(page: Page, desk: Desk) -> None:
    """While one reads, the page before is put above without a jump."""
    desk.put(working())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}") for n in range(400)]
    held: list[Route] = []
    page.route("**/entries?*before=*", lambda route: held.append(route))
    pair(page, desk)
    steer(page)
    page.get_by_text("Message 399").wait_for()
    place = """() => [...document.querySelectorAll('.message .prose')]
        .find((one) => one.innerText === 'Message 330')?.getBoundingClientRect().top"""
    page.locator(".scroller").evaluate("box => { box.scrollTop = -4500; }")
    until(lambda: page.evaluate(place) and held)
    before = page.evaluate(place)
    assert page.locator(".part").count() == 4

    held.pop().continue_()
    expect(page.locator(".part").nth(7)).to_be_attached()

    assert abs(page.evaluate(place) - before) < 2


def test_new_messages_wait_below_for_who_reads_above(page: Page, desk: Desk) -> None:
    """Nothing scrolls away; a button says how many came."""
    desk.put(working())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}") for n in range(60)]
    pair(page, desk)
    steer(page)
    page.locator(".scroller").evaluate("box => { box.scrollTop = -1000; }")
    place = "document.querySelector('.scroller').scrollTop"
    expect(page.get_by_role("button", name="To the end")).to_be_visible()
    before = page.evaluate(place)

    desk.say("s1", entry(100, "fresh one"), entry(101, "fresh two"))

    button = page.get_by_role("button", name="2 new messages")
    expect(button).to_be_visible()
    assert page.evaluate(place) == before
    button.click()
    expect(page.locator(".message").last).to_be_in_viewport()
    expect(page.locator(".newer")).to_be_hidden()


def test_a_cut_entry_can_be_loaded_whole(page: Page, desk: Desk) -> None:
    """The stream shortens long entries; the transcript has the rest."""
    desk.put(working())
    pair(page, desk)
    open_session(page)
    expect(page.locator(".top")).to_contain_text("Nothing has been said")

    desk.say("s1", entry(5, "word " * 5000 + "the very end"))
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".message")).not_to_contain_text("the very end")
    page.get_by_role("button", name="Shortened. Load all of it").click()

    expect(page.locator(".message")).to_contain_text("the very end")
    expect(page.get_by_role("button", name="Shortened")).to_have_count(0)


def test_a_session_that_goes_on_under_another_id_is_followed(page: Page, desk: Desk) -> None:
    """After /clear the phone shows what the terminal shows."""
    desk.put(working("s1"), working("s2"))
    desk.say("s2", entry(1, "a new beginning"))
    pair(page, desk)
    open_session(page)

    desk.publish("session", "s1", {"id": "s1", "removed": True, "replaced_by": "s2"})

    expect(page.locator(".message")).to_contain_text("a new beginning")
    assert page.url.endswith("#/s/s2")


def test_a_replaced_transcript_is_read_afresh(page: Page, desk: Desk) -> None:
    """Numbers of the old one mean nothing in the new one."""
    desk.put(working())
    desk.say("s1", entry(1, "old one"), entry(2, "old two"))
    pair(page, desk)
    open_session(page)
    expect(page.locator(".message")).to_have_count(2)

    desk.memory.transcripts["s1"] = [entry(1, "new one")]
    desk.publish("gap", "s1", "the transcript was replaced")

    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".message")).to_contain_text("new one")


def test_a_question_is_shown_with_everything_that_hides_in_it(page: Page, desk: Desk) -> None:
    """The whole command, marks for what reorders it, and where to answer."""
    asked = Approval(
        id="a", session_id="s1", at=time.time(), summary="Run a command", tool="Bash",
        text="rm -rf \u202e/tmp\u2066 \u200b# harmless\x1b[2K",
    )  # fmt: skip
    desk.put(working(state=State.NEEDS_YOU, approvals=(asked,)))
    pair(page, desk)
    open_session(page)

    card = page.locator(".approval")

    expect(card).to_contain_text("Run a command")
    expect(card).to_contain_text("Answer at the desk: devbox")
    expect(card.locator(".mark")).to_have_text(["U+202E", "U+2066", "U+200B", "U+001B"])


def test_another_session_that_needs_you_is_one_tap_away(page: Page, desk: Desk) -> None:
    """Nobody has to go back to the list to hear of it."""
    desk.put(working("s1"), working("s2"))
    pair(page, desk)
    open_session(page)

    desk.put(working("s2", state=State.NEEDS_YOU))
    page.locator(".other").get_by_text("Title of s2 needs you").click()

    expect(page.locator(".titles h1")).to_have_text("Title of s2")


def test_the_details_have_every_fact(page: Page, desk: Desk) -> None:
    """Machine, folder, model, version, PID, times, branch, context, tokens, cost, id, command."""
    facts: dict[str, Any] = {
        "model": "claude-sonnet-4-5",
        "agent_version": "2.1.329",
        "git_branch": "main",
        "context_used_percent": 43.2,
        "tokens": 182_344,
        "cost_usd": 1.934,
    }
    desk.put(working(**facts))
    pair(page, desk)
    open_session(page)

    page.get_by_role("button", name="Details").click()

    sheet = page.get_by_role("dialog")
    told = "sonnet-4-5|2.1.329|main|43 %|182,344|$1.93|devbox|/home/me/project|4711|s1"
    for words in (*told.split("|"), COMMAND):
        expect(sheet).to_contain_text(words)
    sheet.get_by_label("Shell").select_option("powershell")
    expect(sheet).to_contain_text("Set-Location -LiteralPath")


def test_an_unsafe_folder_gives_no_command(page: Page, desk: Desk) -> None:
    """It is said, and id and folder are there on their own."""
    folder = "/home/me/two\nlines"
    desk.put(working(cwd=folder, resume=Resume(argv=("claude", "--resume", "s1"), cwd=folder)))
    pair(page, desk)
    open_session(page)

    page.get_by_role("button", name="Details").click()

    resume = page.locator(".resume")
    expect(resume).to_contain_text("cannot be put safely")
    expect(resume.locator("pre")).to_have_text(["s1", "/home/me/twoU+000Alines"])
    expect(resume.get_by_role("button")).to_have_text(["Copy id", "Copy folder"])


def test_the_command_is_copied(page: Page, desk: Desk) -> None:
    """One tap, plain text, no line end."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.put(working())
    pair(page, desk)
    open_session(page)
    page.get_by_role("button", name="Details").click()

    page.get_by_role("button", name="Copy resume command").click()

    witnessed(page, ".copy .button", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMAND


@pytest.mark.parametrize("old_way_works", [True, False])
def test_without_a_clipboard_there_is_a_fallback(page: Page, desk: Desk, old_way_works: bool) -> None:
    """The browser's old way; where that fails too the text is selected, ready for the finger."""
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })")
    if not old_way_works:
        page.add_init_script("document.execCommand = () => false")
    page.add_init_script("addEventListener('copy', () => { window.copied = String(getSelection()); })")
    desk.put(working())
    pair(page, desk)
    open_session(page)
    page.get_by_role("button", name="Details").click()

    page.get_by_role("button", name="Copy resume command").click()

    command = COMMAND
    if old_way_works:
        witnessed(page, ".copy .button", "Copied")
        return
    field = page.locator(".copy-field:visible")
    expect(field).to_have_value(command)
    assert field.evaluate("it => [it.selectionStart, it.selectionEnd]") == [0, len(command)]
    expect(page.get_by_text("Press and hold the text to copy it.")).to_be_visible()
