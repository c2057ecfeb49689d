"""Every screen that comes only at times: hostile and long words, a small phone, names for all."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from supervisor.core.model import Scope
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import HOSTILE
from tests.end_to_end.scenes import AT_TIMES, Scene, furnish
from tests.lab.chromium import SMALL, look

LONG = "a_very_long_word_without_any_place_to_break_it_" * 20

each = pytest.mark.parametrize("scene", AT_TIMES, ids=lambda scene: scene.__name__)


@each
def test_hostile_words_stay_words_there_too(page: Page, desk: Desk, scene: Scene) -> None:
    """Nothing runs, nothing is fetched, and the policy has nothing to report."""
    seen = look(page)
    furnish(page, desk, HOSTILE)
    pair(page, desk, Scope.CONTROL)

    scene(page)

    expect(page.locator("body")).to_contain_text("<script>")
    assert page.evaluate("[window.hurt, {}.hurt]") == [None, None]
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    expect(page.locator("img, iframe, form, style, script:not([src='first.js'])")).to_have_count(0)


@each
@pytest.mark.parametrize("page", [replace(SMALL, language="de-DE")], indirect=True)
def test_nothing_of_it_is_wider_than_a_small_phone(page: Page, desk: Desk, scene: Scene) -> None:
    """320 pixels are enough, also in German."""
    boxes = "html, .scroll, .scroller, .sheet-body, .sheet-foot, .bottom, .composer, .find, .toasts, .toast"
    wide = f"""() => [...document.querySelectorAll('{boxes}')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.className || box.tagName)"""
    furnish(page, desk, LONG)
    pair(page, desk, Scope.CONTROL)

    scene(page)

    assert page.evaluate(wide) == []


@each
def test_everything_there_that_can_be_pressed_has_a_name(page: Page, desk: Desk, scene: Scene) -> None:
    """And is large enough for a thumb."""
    furnish(page, desk, "Words")
    pair(page, desk, Scope.CONTROL)

    scene(page)

    nameless = """() => [...document.querySelectorAll('button, a[href], select, input, textarea, summary')]
        .filter((one) => one.checkVisibility())
        .filter((one) => !(one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText).trim())
        .map((one) => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    small = """() => [...document.querySelectorAll('button, select')]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.className, one.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 32 || height < 32).map(([name]) => name)"""
    assert page.evaluate(small) == []
