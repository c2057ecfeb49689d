"""Background jobs and prompts that wait, on the phone."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from supervisor.core.model import Job, Scope, State
from supervisor.core.steering import Prompt
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import hosted, steer
from tests.lab.waiting import until


def job(pid: int, command: str, **facts: Any) -> Job:
    """A job as it is found."""
    usual: dict[str, Any] = {
        "started_at": time.time() - 600,
        "cpu_seconds": 12.0,
        "memory_bytes": 231_000_000,
        "output": "/tmp/out.log",
        "output_bytes": 20,
    }
    return Job(pid=pid, command=command, **{**usual, **facts})


def jobs_are(desk: Desk, *jobs: Job) -> None:
    """These are found now."""
    desk.memory.steered.known_jobs["s1"] = jobs


def sent(page: Page, desk: Desk, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """What phones ordered, once it is as many."""
    until(lambda: page.evaluate("1") and len(desk.ordered) >= count)
    return desk.ordered


def with_jobs(desk: Desk, **facts: Any) -> None:
    """A session that has left one running."""
    desk.put(hosted(state=State.IDLE, jobs=(job(4242, "npm run build"),), **facts))


def open_jobs(page: Page) -> Locator:
    """Tap the number of jobs."""
    page.get_by_role("button", name="1 job").click()
    sheet = page.get_by_role("dialog", name="Background jobs")
    sheet.locator(".job").first.wait_for()
    return sheet


def test_a_job_tells_what_it_is_and_what_it_uses(page: Page, desk: Desk) -> None:
    """Command, PID, a running time, processor and memory; the list counts it."""
    with_jobs(desk)
    pair(page, desk)
    expect(page.locator(".row")).to_contain_text("1 job")
    steer(page)

    row = open_jobs(page).locator(".job")

    for words in ("npm run build", "PID 4242", "231 MB", "CPU"):
        expect(row).to_contain_text(words)
    expect(row.locator(".job-facts")).to_contain_text(re.compile(r"1\d:\d\d"))
    before = row.locator(".job-facts").inner_text()
    until(lambda: row.locator(".job-facts").inner_text() != before)
    jobs_are(desk, job(4242, "npm run build", memory_bytes=500_000_000))
    expect(row).to_contain_text("500 MB")


def test_a_job_that_ended_says_how(page: Page, desk: Desk) -> None:
    """It stands below those that run, with its exit code, and asks for nothing more."""
    over = {"over": True, "ended_at": time.time() - 60}
    with_jobs(desk)
    jobs_are(
        desk,
        job(1, "make", **over, exit_status=2),
        job(2, "sleep 1", **over, exit_status=0, output=None),
        job(3, "tail", **over, exit_status=-15, output=None),
        job(4242, "npm run build"),
    )
    pair(page, desk, Scope.CONTROL)
    steer(page)

    sheet = open_jobs(page)

    expect(sheet.locator(".job")).to_have_count(4)
    expect(sheet.locator(".job").first).to_contain_text("npm run build")
    for pid, words in ((1, "code 2"), (2, "code 0"), (3, "signal 15")):
        ended = sheet.locator(".job-over", has_text=f"PID {pid}")
        expect(ended).to_contain_text(words)
        expect(ended.get_by_role("button", name="When it ends")).to_have_count(0)
    expect(sheet.locator(".job-over", has_text="PID 2").get_by_role("button")).to_have_count(0)


def test_the_end_of_its_output_is_read_along(page: Page, desk: Desk) -> None:
    """One tap opens it, it goes on by itself, and says how much more there is."""
    with_jobs(desk)
    desk.memory.steered.outputs[4242] = ("first line\nlast line", 0)
    pair(page, desk)
    steer(page)
    sheet = open_jobs(page)

    sheet.get_by_role("button", name="Output").click()
    expect(sheet.locator(".job-output")).to_contain_text("last line")
    desk.memory.steered.outputs[4242] = ("\x1b[31mred\x1b[0m and new", 2_000_000)
    expect(sheet.locator(".job-output")).to_have_text("red and new")
    expect(sheet.locator(".job-output .sgr1")).to_have_text("red")
    expect(sheet.locator(".job-wrote")).to_contain_text("of 2 MB")
    sheet.get_by_role("button", name="Hide the output").click()

    expect(sheet.locator(".job-output")).to_be_hidden()


def test_the_details_lead_to_the_jobs(page: Page, desk: Desk) -> None:
    """Also when none is running: those that ended today are there."""
    desk.put(hosted())
    pair(page, desk)
    steer(page)
    expect(page.locator(".to-jobs")).to_be_hidden()

    page.get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Background jobs").click()

    expect(page.get_by_role("dialog")).to_contain_text("Nothing runs in the background.")


# --- prompts that wait


def write(page: Page, text: str) -> None:
    """Type it."""
    page.get_by_role("textbox", name="Message to the agent").fill(text)


def choose(page: Page, name: str) -> None:
    """Pick a time for it."""
    page.get_by_role("button", name="Later").click()
    sheet = page.get_by_role("dialog", name="When to send it")
    sheet.get_by_role("radio", name=name).check()
    sheet.get_by_role("button", name="Choose").click()


@pytest.mark.parametrize(
    ("name", "when", "shown"),
    [
        ("When npm run build ends", "job:4242", "When npm run build ends"),
        ("When online", "online", "When online"),
        ("At the reset", "reset", "At the reset"),
    ],
)
def test_a_prompt_can_wait_for_more(page: Page, desk: Desk, name: str, when: str, shown: str) -> None:
    """For a job to end, for the internet, for the reset of a limit: the box says which."""
    with_jobs(desk)
    pair(page, desk, Scope.CONTROL)
    steer(page)
    write(page, "then publish it")

    choose(page, name)
    expect(page.locator(".later")).to_have_text(shown)
    expect(page.locator(".later")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Send").click()

    assert sent(page, desk) == [("prompt", {"text": "then publish it", "when": when})]
    expect(page.locator(".later")).to_have_text("Later …")


def test_a_prompt_can_wait_for_a_time(page: Page, desk: Desk) -> None:
    """The next full hour is offered; a time that is over is not taken."""
    with_jobs(desk)
    pair(page, desk, Scope.CONTROL)
    steer(page)
    write(page, "good morning")

    page.get_by_role("button", name="Later").click()
    sheet = page.get_by_role("dialog", name="When to send it")
    field = sheet.locator("input[type=datetime-local]")
    expect(field).to_have_value(re.compile(":00$"))
    field.fill("2020-01-01T10:00")
    expect(sheet.get_by_role("radio", name="At a time")).to_be_checked()
    sheet.get_by_role("button", name="Choose").click()
    expect(sheet.get_by_role("alert")).to_contain_text("This time is over")
    field.fill("2099-01-01T10:00")
    sheet.get_by_role("button", name="Choose").click()
    page.get_by_role("button", name="Send").click()

    when = sent(page, desk)[0][1]["when"]
    wanted = page.evaluate("new Date('2099-01-01T10:00').getTime()")
    assert when.startswith("at:")
    assert page.evaluate("text => Date.parse(text)", when[3:]) == wanted


def test_from_a_job_one_writes_what_comes_after_it(page: Page, desk: Desk) -> None:
    """Its button closes the list and opens the box, with the time chosen already."""
    with_jobs(desk)
    pair(page, desk, Scope.CONTROL)
    steer(page)

    open_jobs(page).get_by_role("button", name="When it ends").click()

    expect(page.get_by_role("textbox", name="Message to the agent")).to_be_focused()
    expect(page.locator(".later")).to_have_attribute("aria-pressed", "true")
    write(page, "next")
    page.get_by_role("button", name="Send").click()
    assert sent(page, desk)[0][1]["when"] == "job:4242"


def waits(desk: Desk, when: str) -> None:
    """A prompt of the session waits."""
    given = Prompt(
        id="p-1", session_id="s1", agent="claude", text="then publish it", when=when, by="x", at=1.0
    )
    with_jobs(desk)
    desk.memory.steered.prompts["p-1"] = given
    desk.do(lambda steered: steered.show_prompts("s1"))


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("job:4242", "Waits: When npm run build ends"),
        ("online", "Waits: When online"),
        ("at:2099-01-01T10:00:00Z", "Waits: At Jan 1"),
        ("moon:full", "It waits until"),
    ],
)
def test_what_waits_says_for_what(page: Page, desk: Desk, when: str, words: str) -> None:
    """In the session; the list says that something waits."""
    waits(desk, when)
    pair(page, desk)
    expect(page.locator(".row")).to_contain_text("1 prompt waits")

    steer(page)

    expect(page.locator(".given")).to_contain_text(words)


def test_what_waits_can_be_changed(page: Page, desk: Desk) -> None:
    """Its text and its time; only what was changed is sent, and nothing if nothing was."""
    waits(desk, "online")
    pair(page, desk, Scope.CONTROL)
    steer(page)
    sheet = page.get_by_role("dialog", name="Change what waits")
    page.get_by_role("button", name="Edit").click()
    expect(sheet.get_by_role("radio", name="When online")).to_be_checked()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_have_count(0)
    page.get_by_role("button", name="Edit").click()
    sheet.get_by_role("textbox", name="Message to the agent").fill("and tell me")
    sheet.get_by_role("radio", name="When idle").check()
    sheet.get_by_role("button", name="Save").click()

    expect(page.locator(".given")).to_contain_text("and tell me")
    expect(page.locator(".given")).to_contain_text("Waits until the agent is idle")
    assert desk.ordered == [("change", {"text": "and tell me", "when": "idle"})]


def test_what_waits_can_be_taken_back(page: Page, desk: Desk) -> None:
    """Its text is in the box again."""
    waits(desk, "reset")
    pair(page, desk, Scope.CONTROL)
    steer(page)

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("textbox", name="Message to the agent")).to_have_value("then publish it")
    assert desk.ordered == [("cancel", {})]
