"""Jobs and prompts that wait for them, from the phone: real agent, real terminal, real browser."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

from playwright.sync_api import Page, expect

from tests.end_to_end.given import steer
from tests.end_to_end.steered import Held, InTerminal, home_of, project_of
from tests.end_to_end.test_phone_steering import page as page
from tests.end_to_end.test_phone_steering import pair, say
from tests.end_to_end.test_phone_steering import wakeline as wakeline
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.mark.usefixtures("needs_claude")
def test_a_prompt_from_the_phone_waits_for_a_job(
    wakeline: Wakeline, page: Page, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """What a tool left running is read along, and what was written for its end is said then."""
    launch = homes.claude(home_of(wakeline), project_of(wakeline), fake_anthropic.url)
    held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
    own_id = held.session(state="idle", kind="hosted")["id"]
    pair(wakeline, page, in_terminal)
    steer(page, own_id)
    wait = f"echo begun; until [ -e {held.cwd / 'go-on'} ]; do sleep 0.2; done"

    say(page, f"SCENARIO:bash nohup sh -c '{wait}' > out.txt 2>&1 &")
    page.locator(".right .approval .steady").get_by_role("button", name="Allow once").click()
    page.get_by_role("button", name="1 job").click()
    job = page.get_by_role("dialog").locator(".job")
    expect(job).to_contain_text("until [ -e")
    job.get_by_role("button", name="Output").click()
    expect(job.locator(".job-output")).to_have_text("begun")
    job.get_by_role("button", name="When it ends").click()
    say(page, "the job has ended")
    expect(page.locator(".given")).to_contain_text("Waits: When echo begun; until")
    assert "the job has ended" not in held.said("user")
    (held.cwd / "go-on").touch()

    until(lambda: page.evaluate("1") and "the job has ended" in held.said("user"))
    expect(page.locator(".given")).to_have_count(0)
    expect(page.get_by_role("button", name="1 job")).to_be_hidden()
