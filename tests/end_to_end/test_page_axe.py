"""axe-core looks at every screen, by day and by night: nobody is shut out."""

from typing import Any

import pytest
from playwright.sync_api import Page

from supervisor.core.model import Scope
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.scenes import AT_TIMES, USUAL, Scene, furnish
from tests.lab import agents
from tests.lab.chromium import Phone
from tests.lab.fixtures import do_without
from tests.lab.waiting import until

#: What makes a page hard or impossible to use; WCAG 2.2 AA and axe's own best practices.
WORST = {"serious", "critical"}
RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => [impact, id, nodes.slice(0, 4).map((it) => it.html)]);
}"""
#: No card that has just come is still faint, and nothing moves that will end.
STILL = """() => !document.querySelector('.verdict:not(.steady)')
    && document.getAnimations().every((it) => it.playState !== 'running'
        || it.effect.getComputedTiming().endTime > 10_000)"""


@pytest.fixture(scope="module")
def axe() -> str:
    """Its source. Skips where it cannot be had."""
    try:
        return agents.program("axe").read_text(encoding="utf-8")
    except agents.Missing as missing:
        do_without(str(missing))


def faults(page: Page, axe: str) -> list[Any]:
    """What shuts somebody out, once all stands still: impact, rule, elements."""
    until(lambda: page.evaluate(STILL))
    page.evaluate(axe)
    found: list[Any] = page.evaluate(RUN)
    return [fault for fault in found if fault[0] in WORST]


@pytest.mark.parametrize("page", [Phone(), Phone(dark=True)], ids=["day", "night"], indirect=True)
@pytest.mark.parametrize("scene", [*USUAL, *AT_TIMES], ids=lambda scene: scene.__name__)
def test_a_screen_shuts_nobody_out(page: Page, desk: Desk, axe: str, scene: Scene) -> None:
    """Names, roles, order, contrast: nothing serious is wrong with it."""
    furnish(page, desk, "Fix the flaky test")
    pair(page, desk, Scope.CONTROL)

    scene(page)

    assert faults(page, axe) == []


@pytest.mark.parametrize("page", [Phone(), Phone(dark=True)], ids=["day", "night"], indirect=True)
def test_pairing_shuts_nobody_out(page: Page, desk: Desk, axe: str) -> None:
    """The welcome of a phone that has no key, its number, and what went wrong."""
    page.goto(desk.origin)
    page.locator(".steps").wait_for()
    welcome = faults(page, axe)
    page.goto(desk.offer())
    page.locator(".number").wait_for()
    paired = faults(page, axe)

    number = int(page.locator(".number").inner_text())
    desk.choose(next(one for one in desk.dialog()["numbers"] if one != number))
    page.get_by_role("alert").wait_for()

    assert (welcome, paired, faults(page, axe)) == ([], [], [])
