"""The page's modules in a real browser, without a server: the files come from the source folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

import supervisor.remote
from tests.lab.chromium import Phone, in_hand
from tests.lab.chromium import browser as browser

FILES = Path(supervisor.remote.__file__).parent / "page"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
#: Stricter than the server's in nothing that matters here: no script or style but ours.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types offline"
)
_EMPTY = "<!doctype html><link rel=stylesheet href=style.css><div id=app></div><p id=said></p>"


def _answer(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    if not name:
        route.fulfill(body=_EMPTY, headers={"content-type": "text/html", "content-security-policy": _POLICY})
    elif (file := FILES / name).is_file():
        route.fulfill(path=file, content_type=_TYPES.get(file.suffix, "application/octet-stream"))
    else:
        route.abort()


@pytest.fixture
def bench(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page of our origin, into which a test imports modules. Parameter: the language."""
    with in_hand(browser, Phone(language=getattr(request, "param", "en-US"))) as context:
        page = context.new_page()
        page.route("https://desk.test/**", _answer)
        page.goto("https://desk.test/")
        yield page
