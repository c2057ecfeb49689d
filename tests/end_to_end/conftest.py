"""A computer to pair with, and a phone to pair."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from supervisor.core.model import Scope
from tests.end_to_end.desk import Desk, desk_in
from tests.lab.chromium import Phone, in_hand
from tests.lab.chromium import browser as browser


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A computer whose HTTP side listens on loopback."""
    with desk_in(tmp_path) as running:
        yield running


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty tab on a fresh phone. Parameter: which phone."""
    with in_hand(browser, getattr(request, "param", Phone())) as context:
        yield context.new_page()


def pair(page: Page, desk: Desk, scope: Scope = Scope.VIEW) -> None:
    """Scan the code, pick the number, and wait for the list."""
    page.goto(desk.offer(scope))
    desk.choose(int(page.locator(".number").inner_text()))
    page.locator("#app.live.fresh").wait_for()
