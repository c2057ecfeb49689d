"""The phone's page in a real browser, paired with the real HTTP side over TLS."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from supervisor.core.model import (
    Awake,
    Entry,
    EntryKind,
    Job,
    Reason,
    Reconnect,
    Resume,
    Role,
    Run,
    Scope,
    Session,
    State,
)
from supervisor.core.steering import Approval
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.lab.chromium import SMALL, Phone, look
from tests.lab.waiting import until

FIRST_LOAD = 60_000
#: What the server makes of the resume command of ``working()``.
COMMAND = "cd -- '/home/me/project' && claude --resume s1"
HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>\u202egnp\'"`${hurt}'


def working(session_id: str = "s1", **facts: Any) -> Session:
    """A session in the middle of something."""
    at = time.time()
    usual: dict[str, Any] = {
        "agent": "claude",
        "title": f"Title of {session_id}",
        "state": State.WORKING,
        "since": at - 240,
        "last_activity_at": at - 10,
        "cwd": "/home/me/project",
        "run": Run(pid=4711, started_at=at - 7200),
        "resume": Resume(argv=("claude", "--resume", session_id), cwd="/home/me/project"),
    }
    return Session(id=session_id, **{**usual, **facts})


def entry(seq: int, text: str, kind: EntryKind = EntryKind.TEXT, role: Role = Role.ASSISTANT) -> Entry:
    """One entry of a transcript."""
    return Entry(seq=seq, id=f"e{seq}", at=time.time(), role=role, kind=kind, text=text, tool="Bash")


def open_session(page: Page, session_id: str = "s1") -> None:
    """Tap its row."""
    page.locator(f".row[href='#/s/{session_id}']").click()
    page.locator(".right .log").wait_for()


def shown_messages(page: Page) -> list[str]:
    """The words of every message on the screen, in order."""
    return page.locator(".message .prose").all_inner_texts()


# --- pairing


def test_a_phone_is_paired_by_its_number(page: Page, desk: Desk) -> None:
    """From the code to the live list: the owner picks the number that the phone shows."""
    desk.put(working())
    page.goto(desk.offer())
    number = int(page.locator(".number").inner_text())
    offered = desk.dialog()["numbers"]

    desk.choose(number)

    expect(page.locator(".row-name")).to_have_text("Title of s1")
    expect(page.locator(".light")).to_have_text("Live")
    assert number in offered
    assert [device.scope for device in desk.memory.known_devices.values()] == [Scope.VIEW]


def test_a_wrong_number_pairs_nobody(page: Page, desk: Desk) -> None:
    """The phone is told that it was declined, and how to begin again."""
    page.goto(desk.offer())
    number = int(page.locator(".number").inner_text())
    wrong = next(one for one in desk.dialog()["numbers"] if one != number)

    desk.choose(wrong)

    expect(page.get_by_role("alert")).to_contain_text("declined on the computer")
    assert desk.memory.known_devices == {}


def test_a_closed_dialog_is_said_in_plain_words(page: Page, desk: Desk) -> None:
    """An old code leads to a sentence, not to a riddle."""
    old = desk.offer()
    desk.offer()

    page.goto(old)

    expect(page.get_by_role("alert")).to_contain_text("no longer valid")


def test_a_second_phone_with_the_same_code_is_told_so(page: Page, desk: Desk) -> None:
    """Each code works once, for one phone."""
    link = desk.offer()
    page.goto(link)
    page.locator(".number").wait_for()

    other = page.context.new_page()
    other.goto(link)

    expect(other.get_by_role("alert")).to_contain_text("already used")


def test_the_secret_leaves_the_address_bar_before_anything_is_asked(page: Page, desk: Desk) -> None:
    """No history, no later request and no style sheet sees the fragment; it never travels at all."""
    page.add_init_script(
        """window.seen = [];
        const note = (what) => window.seen.push([what, location.hash]);
        const { append } = Element.prototype;
        Element.prototype.append = function (...children) {
            if (this.tagName === 'HEAD') note('subresource');
            return append.apply(this, children);
        };
        const { fetch } = window;
        window.fetch = (...all) => { note(String(all[0])); return fetch(...all); };"""
    )
    seen = look(page)
    link = desk.offer()

    page.goto(link)
    page.locator(".number").wait_for()

    noted: list[list[str]] = page.evaluate("window.seen")
    assert {what for what, _ in noted} >= {"subresource", "/api/pair/hello"}
    assert [hash_ for _, hash_ in noted if hash_] == []
    assert page.url == f"{desk.origin}/"
    secret = link.rpartition(".")[2]
    assert not [url for url in seen.requests if secret in url.partition("#")[0]]


def test_a_browser_without_webcrypto_is_told_so(page: Page, desk: Desk) -> None:
    """There is no weaker way in."""
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")

    page.goto(desk.offer())

    expect(page.locator("h1")).to_have_text("This browser cannot do it")


def test_a_link_can_be_pasted(page: Page, desk: Desk) -> None:
    """Who cannot scan pastes; a link of another computer is refused."""
    page.goto(desk.origin)
    page.get_by_text("I have the link as text").click()
    field = page.get_by_label("Pairing link")

    field.fill(desk.offer().replace("127.0.0.1", "192.0.2.1"))
    page.get_by_role("button", name="Pair").click()
    expect(page.get_by_role("alert")).to_contain_text("not a pairing link")
    field.fill(desk.offer())
    page.get_by_role("button", name="Pair").click()

    expect(page.locator(".number")).to_be_visible()


def test_a_known_phone_comes_straight_back(page: Page, desk: Desk) -> None:
    """The key stays in the browser and cannot be taken out of it; the token is nowhere stored."""
    desk.put(working())
    pair(page, desk)

    page.reload()

    expect(page.locator(".row-name")).to_have_text("Title of s1")
    kept: dict[str, Any] = page.evaluate(
        """async () => {
            const { key } = await (await import('/keys.js')).kept('device');
            return { extractable: key.extractable, stored: localStorage.length + sessionStorage.length,
                     cookies: document.cookie };
        }"""
    )
    assert kept == {"extractable": False, "stored": 0, "cookies": ""}


def test_a_revoked_phone_says_so_and_forgets(page: Page, desk: Desk) -> None:
    """The open page ends within moments, and nothing of the sessions stays on the screen."""
    desk.put(working())
    pair(page, desk)

    desk.revoke_all()

    expect(page.locator("h1")).to_have_text("This phone was removed")
    assert "Title of s1" not in page.content()
    assert page.evaluate("import('/keys.js').then(({ kept }) => kept('device'))") is None


# --- the list


def test_who_needs_you_comes_first(page: Page, desk: Desk) -> None:
    """Needs you, working, cut off, starting, idle, paused, and what is over at the end."""
    order = ["needs_you", "working", "cut_off", "starting", "idle", "paused", "ended", "lost"]
    at = time.time()
    for age, name in enumerate(reversed(order)):
        desk.put(working(name, state=State(name), last_activity_at=at - age))

    pair(page, desk)

    rows = page.locator(".row")
    expect(rows).to_have_count(len(order))
    assert rows.evaluate_all("rows => rows.map(row => row.hash.slice(4))") == [*order[:6], "lost", "ended"]
    assert page.locator(".group-title").all_inner_texts()[-1].startswith("Over")
    shapes = page.locator(".row .sign svg").evaluate_all("all => all.map(one => one.innerHTML)")
    assert len(set(shapes)) == len(order)


def test_a_row_tells_what_one_wants_to_know(page: Page, desk: Desk) -> None:
    """State, agent, name, the end of the folder, machine, since when, and the last line."""
    folder = "/home/me/very/long/way/down/to/some/project/inner"
    desk.put(working(cwd=folder, last_entry=entry(1, "npm test", EntryKind.TOOL_CALL)))

    pair(page, desk)

    row = page.locator(".row")
    for words in ("Title of s1", "Working", "Claude Code", "…/down/to/some/project/inner · devbox"):
        expect(row).to_contain_text(words)
    expect(row).to_contain_text("Bash: npm test")
    expect(row.locator("time")).to_have_text("4 min")


def test_the_list_is_live(page: Page, desk: Desk) -> None:
    """A session that begins, changes or goes is so on the phone at once, and the title counts."""
    pair(page, desk)
    expect(page.locator(".empty").first).to_contain_text("No session is running")

    desk.put(working())
    expect(page.locator(".row")).to_have_count(1)
    desk.put(working(state=State.NEEDS_YOU))

    expect(page.locator(".of-needs_you .row")).to_have_count(1)
    expect(page).to_have_title("(1) Needs you · Wakeline")
    desk.publish("session", "s1", {"id": "s1", "removed": True, "replaced_by": None})
    expect(page.locator(".row")).to_have_count(0)
    expect(page).to_have_title("Wakeline")


def test_older_sessions_come_page_by_page(page: Page, desk: Desk) -> None:
    """What ended long ago is there when one asks for it."""
    at = time.time()
    desk.memory.past = [
        working(f"old{n}", state=State.ENDED, run=None, last_activity_at=at - 90_000 - n) for n in range(70)
    ]
    pair(page, desk)

    page.get_by_role("button", name="Show older sessions").click()
    expect(page.locator(".row").nth(49)).to_be_attached()
    page.locator(".scroll").evaluate("box => box.scrollTo(0, box.scrollHeight)")

    expect(page.locator(".row")).to_have_count(70)


# --- staying awake


def test_the_awake_card_explains_itself(page: Page, desk: Desk) -> None:
    """Which session, since when, by which mechanism; who may only look sees no switch."""
    since = time.time() - 900
    reason = Reason(text="Title of s1 is working", since=since, session_id="s1")
    desk.memory.awake = Awake(wanted=True, held=True, mechanism="logind (sleep)", reasons=(reason,))
    pair(page, desk)

    page.locator(".awake summary").click()

    card = page.locator(".awake")
    expect(card).to_contain_text("Awake: 1 session working")
    for words in ("Title of s1 is working", "15 min", "logind (sleep)", "may look, not change"):
        expect(card).to_contain_text(words)
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_phone_with_control_switches_keep_awake(page: Page, desk: Desk) -> None:
    """On, for two hours, off, and back to automatic."""
    pair(page, desk, Scope.CONTROL)
    page.locator(".awake summary").click()
    switch = page.get_by_role("group", name="Keep awake")

    choices = [("2 h", "on", True), ("On", "on", False), ("Off", "off", False), ("Auto", "auto", False)]
    for name, mode, limited in choices:
        button = switch.get_by_role("button", name=name, exact=True)
        button.click()

        expect(button).to_have_attribute("aria-pressed", "true")
        assert (desk.memory.awake.mode, desk.memory.awake.mode_until is not None) == (mode, limited)


# --- the transcript


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

    first = page.evaluate(
        """async () => {
            const box = document.querySelector('.scroller');
            const frame = () => new Promise(requestAnimationFrame);
            for (let n = 0; n < 2000 && !box.textContent.includes('The beginning'); n++) {
                box.scrollTop -= 6000;
                await frame();
            }
            for (let n = 0; n < 5; n++) { box.scrollTop = -1e9; await frame(); await frame(); }
            const top = box.getBoundingClientRect().top;
            const inside = (one) => one.getBoundingClientRect().bottom > top;
            return [...box.querySelectorAll('.message')].find(inside).innerText;
        }"""
    )

    assert "Message 0" in first
    assert page.evaluate("document.querySelectorAll('*').length") < 4000
    page.get_by_role("button", name="To the end").click()
    expect(page.get_by_text("Message 9999")).to_be_in_viewport()


def test_older_pages_do_not_move_what_is_read(page: Page, desk: Desk) -> None:
    """While one reads, the page before is put above without a jump."""
    desk.put(working())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}") for n in range(400)]
    held: list[Route] = []
    page.route("**/entries?*before=*", lambda route: held.append(route))
    pair(page, desk)
    open_session(page)
    place = """() => [...document.querySelectorAll('.message .prose')]
        .find((one) => one.innerText === 'Message 330')?.getBoundingClientRect().top"""
    page.locator(".scroller").evaluate("box => { box.scrollTop = -4500; }")
    before = until(lambda: page.evaluate(place))
    assert page.locator(".part").count() == 4

    held.pop().continue_()
    expect(page.locator(".part").nth(7)).to_be_attached()

    assert abs(page.evaluate(place) - before) < 2


def test_new_messages_wait_below_for_who_reads_above(page: Page, desk: Desk) -> None:
    """Nothing scrolls away; a button says how many came."""
    desk.put(working())
    desk.memory.transcripts["s1"] = [entry(n, f"Message {n}") for n in range(60)]
    pair(page, desk)
    open_session(page)
    page.locator(".scroller").evaluate("box => { box.scrollTop = -1000; }")
    place = "document.querySelector('.scroller').scrollTop"
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


# --- what is going on now


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
    assert card.locator(".mark").all_inner_texts() == ["U+202E", "U+2066", "U+200B", "U+001B"]


def test_a_cut_off_session_says_what_is_being_done(page: Page, desk: Desk) -> None:
    """Why, which attempt, and when the next."""
    link = Reconnect(attempt=3, next_try_at=time.time() + 20, reason="Network lost", policy="network")
    desk.put(working(state=State.CUT_OFF, reconnect=link))
    pair(page, desk)
    open_session(page)

    bar = page.locator(".now")

    expect(bar).to_contain_text("Cut off")
    expect(bar).to_contain_text("Network lost")
    expect(bar).to_contain_text("Attempt 3 · next at ")


def test_another_session_that_needs_you_is_one_tap_away(page: Page, desk: Desk) -> None:
    """Nobody has to go back to the list to hear of it."""
    desk.put(working("s1"), working("s2"))
    pair(page, desk)
    open_session(page)

    desk.put(working("s2", state=State.NEEDS_YOU))
    page.locator(".other").get_by_text("Title of s2 needs you").click()

    expect(page.locator(".titles h1")).to_have_text("Title of s2")


def test_the_details_have_every_fact(page: Page, desk: Desk) -> None:
    """Machine, folder, model, version, PID, times, branch, context, tokens, cost, id, jobs, command."""
    job = Job(pid=99, command="npm run dev", started_at=time.time() - 600)
    facts: dict[str, Any] = {
        "model": "claude-sonnet-4-5",
        "agent_version": "2.1.329",
        "git_branch": "main",
        "context_used_percent": 43.2,
        "tokens": 182_344,
        "cost_usd": 1.934,
    }
    desk.put(working(jobs=(job,), **facts))
    pair(page, desk)
    open_session(page)

    page.get_by_role("button", name="Details").click()

    sheet = page.get_by_role("dialog")
    told = "sonnet-4-5|2.1.329|main|43 %|182,344|$1.93|devbox|/home/me/project|4711|s1|npm run dev|10 min"
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

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
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
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        return
    field = page.locator(".copy-field:visible")
    expect(field).to_have_value(command)
    assert field.evaluate("it => [it.selectionStart, it.selectionEnd]") == [0, len(command)]
    expect(page.get_by_text("Press and hold the text to copy it.")).to_be_visible()


# --- the link


def test_a_cut_stream_loses_and_repeats_nothing(page: Page, desk: Desk) -> None:
    """Cut again and again while the agent writes: every entry is there once, in order, without a banner."""
    desk.put(working())
    pair(page, desk)
    open_session(page)
    expect(page.locator(".top")).to_contain_text("Nothing has been said")

    for round_ in range(5):
        desk.say("s1", *(entry(round_ * 100 + n, f"m{round_ * 10 + n}") for n in range(5)))
        desk.cut()
        desk.say("s1", *(entry(round_ * 100 + n, f"m{round_ * 10 + n}") for n in range(5, 10)))
        expect(page.locator(".message").last).to_contain_text(f"m{round_ * 10 + 9}")

    assert shown_messages(page) == [f"m{n}" for n in range(50)]
    expect(page.locator(".banner")).to_be_hidden()


def test_a_new_life_of_the_supervisor_is_caught_up_with(page: Page, desk: Desk) -> None:
    """Stopped, restarted, all numbers anew: a fresh picture, and no entry lost or doubled."""
    desk.put(working())
    desk.say("s1", entry(1, "before"))
    pair(page, desk)
    open_session(page)
    expect(page.locator(".message")).to_have_count(1)

    desk.stop()
    desk.memory.transcripts["s1"] += [entry(2, "meanwhile"), entry(3, "and more")]
    desk.memory.sessions["s1"] = working(state=State.IDLE)
    desk.new_life()
    desk.start()
    page.get_by_role("button", name="Try now").or_(page.locator(".live .now.is-idle")).first.wait_for()
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.locator(".now")).to_contain_text("Idle")
    expect(page.locator(".message")).to_have_count(3)
    desk.say("s1", entry(4, "after"))
    expect(page.locator(".message")).to_have_count(4)
    assert shown_messages(page) == ["before", "meanwhile", "and more", "after"]


def test_the_page_says_truthfully_that_nothing_comes(page: Page, desk: Desk) -> None:
    """After three seconds a banner: why, last seen when; nothing spins; it goes when the link is back."""
    desk.put(working())
    pair(page, desk)

    desk.stop()
    expect(page.locator(".light")).to_have_text("Connecting …")
    expect(page.locator(".banner")).to_be_hidden()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("Wakeline does not answer on devbox. It may be stopped.")
    expect(banner).to_contain_text("Last seen ")
    expect(page.locator(".light")).to_have_text("Not connected")
    assert page.locator(".row .turn").evaluate("it => getComputedStyle(it).animationName") == "none"
    desk.start()
    page.get_by_role("button", name="Try now").click()

    expect(page.locator(".light")).to_have_text("Live")
    expect(banner).to_be_hidden()


@pytest.mark.parametrize(
    ("leaving", "words"),
    [("sleep", "devbox went to sleep."), ("stop", "Wakeline was stopped on devbox.")],
)
def test_a_farewell_is_believed(page: Page, desk: Desk, leaving: str, words: str) -> None:
    """Who said that it goes is not guessed about."""
    pair(page, desk)

    desk.publish("machine", None, leaving)
    expect(page.locator(".light")).to_have_text("Live")
    desk.stop()

    expect(page.locator(".banner")).to_contain_text(words)


def test_a_phone_without_network_says_that_it_is_the_phone(page: Page, desk: Desk) -> None:
    """It does not blame the computer."""
    pair(page, desk)

    page.context.set_offline(True)
    desk.cut()

    expect(page.locator(".banner")).to_contain_text("This phone has no network.")
    page.context.set_offline(False)
    expect(page.locator(".light")).to_have_text("Live")


def test_a_silent_stream_is_dead_after_35_seconds(page: Page, desk: Desk) -> None:
    """Browsers believe in streams that the system killed; heartbeats tell the truth."""
    page.clock.install()
    seen = look(page)
    desk.put(working())
    pair(page, desk)

    def streams() -> list[str]:
        page.clock.run_for(10)
        return [url for url in seen.requests if "/api/events" in url]

    page.clock.fast_forward(20_000)
    page.clock.run_for(3000)
    assert len(streams()) == 1
    page.clock.fast_forward(20_000)
    page.clock.run_for(3000)

    until(lambda: len(streams()) == 2)
    assert streams()[1].endswith("?after=e1-1")


def test_coming_back_asks_from_the_last_number(page: Page, desk: Desk) -> None:
    """A page that was hidden does not trust its stream: it asks again at once."""
    desk.put(working())
    pair(page, desk)
    seen = look(page)
    hide = """hidden => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""

    page.evaluate(hide, True)
    page.evaluate("Date.now = ((now) => () => now() + 5000)(Date.now)")
    page.evaluate(hide, False)

    until(lambda: page.evaluate("1") and [url for url in seen.requests if "after=e1-1" in url])
    expect(page.locator(".light")).to_have_text("Live")


def test_a_token_that_ran_out_is_renewed_quietly(page: Page, desk: Desk) -> None:
    """A 401 is answered with a new proof, once, and nobody notices."""
    desk.put(working())
    pair(page, desk)
    seen = look(page)

    desk.end_tokens()
    desk.cut()
    open_session(page)

    expect(page.locator(".top")).to_contain_text("Nothing has been said")
    assert f"{desk.origin}/api/auth/token" in seen.requests
    assert not [url for url in seen.requests if "token=" in url.lower()]


# --- strangers' words


def hostile_session(session_id: str = "s1") -> Session:
    """Markup in every field that a stranger can write."""
    at = time.time()
    what = ("agent", "agent_version", "model", "name", "title", "cwd", "git_branch", "failure")
    facts: dict[str, Any] = dict.fromkeys(what, HOSTILE)
    return working(
        session_id,
        **facts,
        state=State.NEEDS_YOU,
        jobs=(Job(pid=2, command=HOSTILE, started_at=at),),
        approvals=(
            Approval(id=HOSTILE, session_id="s1", at=at, summary=HOSTILE, tool=HOSTILE, text=HOSTILE),
        ),
        reconnect=Reconnect(attempt=1, next_try_at=at, reason=HOSTILE, policy=HOSTILE),
        resume=Resume(argv=("claude", HOSTILE), cwd=HOSTILE),
        last_entry=entry(1, HOSTILE),
    )


def hostile_entries() -> list[Entry]:
    """Markup, pictures, styles, links and look-alikes in every kind of entry."""
    texts = [
        HOSTILE,
        "![x](https://evil.example/p.png) <link rel=stylesheet href=https://evil.example/x.css>",
        "[a](javascript:window.hurt=1) [b](data:text/html,<script>hurt=1</script>) javascript:hurt=1",
        "<form action=https://evil.example><input name=said id=app autofocus onfocus=hurt=1></form>",
        "<svg><animate onbegin=hurt=1><math><mtext></form><style><img src=x onerror=hurt=1>",
        "```<script>hurt=1</script>\n```\n# <b>\n- <i onmouseover=hurt=1>\n| <u> |\n|---|\n| <s> |",
        '{"__proto__": {"hurt": 1}, "constructor": {"prototype": {"hurt": 1}}}',
        "\x1b]8;;javascript:hurt=1\x07click\x1b]8;;\x07 \x1b]52;c;aHVydA==\x07",
    ]
    kinds = list(EntryKind)
    return [
        replace(entry(at * 10 + place, text, kind), tool=HOSTILE)
        for at, kind in enumerate(kinds)
        for place, text in enumerate(texts)
    ]


def test_hostile_words_stay_words(page: Page, desk: Desk) -> None:
    """Nothing runs, nothing is fetched, the policy has nothing to report, and no link leads astray."""
    seen = look(page)
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    agents = {HOSTILE: HOSTILE}
    desk.memory.machine = replace(desk.memory.machine, hostname=HOSTILE, os=HOSTILE, agents=agents)
    reason = Reason(text=HOSTILE, since=time.time(), session_id="s1")
    desk.memory.awake = Awake(wanted=True, problem=HOSTILE, mechanism=HOSTILE, reasons=(reason,))
    desk.put(hostile_session(), hostile_session(HOSTILE), working("__proto__", agent="constructor"))
    desk.say("s1", *hostile_entries())

    pair(page, desk)
    page.locator(".awake summary").click()
    page.locator(".machine").click()
    expect(page.get_by_role("dialog")).to_contain_text("Wakeline since")
    page.keyboard.press("Escape")
    open_session(page)
    page.locator(".card-entry summary").evaluate_all("all => all.forEach((one) => one.click())")
    page.get_by_role("button", name="Details").click()
    expect(page.locator(".resume pre").first).to_be_visible()

    assert page.evaluate("[window.hurt, {}.hurt]") == [None, None]
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    links = page.locator("a[href]").evaluate_all("all => all.map(one => one.protocol + one.target)")
    assert set(links) <= {"https:", "https:_blank", "http:_blank"}
    foreign = "img, script:not([src='first.js']), iframe, form, style, [style]:not(.part)"
    expect(page.locator(foreign)).to_have_count(0)


def test_a_hostile_name_cannot_reorder_its_row(page: Page, desk: Desk) -> None:
    """A change of direction in a title is seen as a mark and ends with the title."""
    desk.put(working(title="\u202etxt.exe", cwd="/home/\u2066x"))

    pair(page, desk)

    assert page.locator(".row .mark").all_inner_texts() == ["U+202E", "U+2066"]


# --- everybody's phone


@pytest.mark.parametrize("page", [SMALL, replace(SMALL, language="de-DE")], indirect=True)
def test_nothing_is_wider_than_a_small_phone(page: Page, desk: Desk) -> None:
    """320 pixels are enough, in both languages, for every screen."""
    long = "a_very_long_word_without_any_place_to_break_it_" * 20
    asked = Approval(id="a", session_id="s1", at=time.time(), summary=long, tool=long, text=long)
    desk.put(working("s2"))
    desk.put(working(title=long, cwd=f"/{long}", model=long, state=State.NEEDS_YOU, approvals=(asked,)))
    texts = [long, f"`{long}`", f"- {long}", f"| {long} |\n|---|\n| {long} |"]
    desk.say("s1", *(entry(n, text) for n, text in enumerate(texts)))
    desk.say("s1", *(entry(10 + n, long, kind) for n, kind in enumerate(EntryKind)))
    wide = """() => [...document.querySelectorAll('html, .scroll, .scroller, .sheet-body, .lonely, .bottom')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.className || box.tagName)"""
    page.goto(desk.origin)
    page.locator("h1").wait_for()
    assert page.evaluate(wide) == []

    pair(page, desk, Scope.CONTROL)
    page.locator(".awake summary").click()
    assert page.evaluate(wide) == []
    open_session(page)
    page.locator(".message").first.wait_for()
    assert page.evaluate(wide) == []
    page.locator(".right .bar-top button").click()
    page.locator(".resume pre").first.wait_for()

    assert page.evaluate(wide) == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Phone(language="de-DE"), ["Arbeiten", "Arbeitet", "Wach", "Einzelheiten"]),
        (Phone(language="en-US"), ["Working", "Working", "Awake", "Details"]),
    ],
    indirect=["page"],
)
def test_the_page_speaks_english_and_german(page: Page, desk: Desk, words: list[str]) -> None:
    """The same screens, in the phone's language."""
    group, state, awake, details = words
    desk.memory.awake = Awake(wanted=True, held=True)
    desk.put(working())

    pair(page, desk)

    expect(page.locator(".group-title")).to_contain_text(group)
    expect(page.locator(".row .state")).to_have_text(state)
    expect(page.locator(".awake-line")).to_have_text(awake)
    open_session(page)
    expect(page.get_by_role("button", name=details)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == page.evaluate("navigator.language.slice(0, 2)")


def test_the_keyboard_reaches_everything(page: Page, desk: Desk) -> None:
    """Open a session, its details, close them, go back: focus is always where one is."""
    desk.put(working())
    desk.say("s1", entry(1, "hello"))
    pair(page, desk)
    page.locator(".row").focus()

    page.keyboard.press("Enter")
    expect(page.locator(".titles h1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Details")).to_be_focused()
    page.go_back()

    expect(page.locator(".row")).to_be_focused()


def test_everything_that_can_be_pressed_has_a_name(page: Page, desk: Desk) -> None:
    """A screen reader has words for each button and link, and landmarks to move by."""
    desk.put(working(), working("s2", state=State.NEEDS_YOU))
    desk.say("s1", entry(1, "hello [x](https://a.example)"))
    pair(page, desk, Scope.CONTROL)
    nameless = """() => [...document.querySelectorAll('button, a[href], select, input')]
        .filter((one) => one.checkVisibility() && !(one.getAttribute('aria-label') ?? one.innerText).trim())
        .map((one) => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    expect(page.get_by_role("main")).to_be_visible()

    open_session(page)

    assert page.evaluate(nameless) == []
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("log")).to_be_visible()


def test_a_new_need_is_said_aloud(page: Page, desk: Desk) -> None:
    """A screen reader hears who needs the user, politely."""
    desk.put(working())
    pair(page, desk)

    desk.put(working(state=State.NEEDS_YOU))

    expect(page.locator("#said[aria-live=polite]")).to_have_text("Title of s1 needs you")


def test_the_first_load_is_small(page: Page, desk: Desk) -> None:
    """Everything up to the live list stays under the budget, and comes from one origin."""
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(_size(request)))
    desk.put(working())

    pair(page, desk)
    page.locator(".row").wait_for()

    assert len(sizes) > 10
    assert sum(sizes) < FIRST_LOAD, json.dumps(sizes)


def _size(request: Any) -> int:
    if "/api/events" in request.url:
        return 0
    sizes = request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])
