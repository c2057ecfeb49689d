"""Each agent has a page that says what is seen of it, and the page says what the code does."""

import importlib
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from supervisor.agents import failing
from supervisor.agents.catalog import AGENTS
from supervisor.core.failing import Cause
from tests.lab.agents import PINS

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "supervisor" / "agents" / "pages"
LONGEST = 60
NAMES = sorted(set(AGENTS) - {"plain"})
_UUID = "11111111-2222-4333-8444-555555555555"
#: Ids as each agent makes them; all others are plain UUIDs.
_IDS = {
    "aider": "aider-0123456789abcdef",
    "amp": f"T-{_UUID}",
    "goose": "20261121_1",
    "kimi": f"session_{_UUID}",
    "opencode": "ses_e02dc9a07ffexCccv43pS8cPw8",
}


def page(name: str) -> str:
    """One page."""
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def causes(name: str) -> set[Cause]:
    """All that an agent's table of failures and those of all agents can say."""
    try:
        own = vars(importlib.import_module(f"supervisor.agents.{name}.failures"))
    except ModuleNotFoundError:
        return set()
    tables = [value for value in [*own.values(), failing._BY_STATUS] if isinstance(value, Mapping)]
    told = {cause for table in tables for cause in table.values() if isinstance(cause, Cause)}
    return told | {cause for cause, _ in failing._WORDS} | {Cause.UNKNOWN}


@pytest.mark.parametrize("name", NAMES)
def test_each_agent_has_a_short_page(name: str) -> None:
    """Under its name for people, and no page is left over."""
    text = page(name)

    assert text.startswith(f"# {AGENTS[name].title}\n")
    assert text.count("\n") <= LONGEST
    assert {path.stem for path in PAGES.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_every_reason_that_its_agent_may_fail_for(name: str) -> None:
    """One row for each."""
    text = page(name)

    assert [cause.value for cause in sorted(causes(name)) if f"\n| {cause.value} | " not in text] == []
    assert ("\n| Reason | " in text) == bool(causes(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_command_that_resumes(name: str) -> None:
    """As the code gives it."""
    session_id = _IDS.get(name, _UUID)

    way = AGENTS[name].resume(session_id, "/home/me/project")

    assert way is not None
    assert f"`{shlex.join(way.argv).replace(session_id, 'ID')}`" in page(name)


@pytest.mark.parametrize("name", sorted(set(NAMES) & set(PINS)))
def test_a_page_names_the_version_that_is_tested(name: str) -> None:
    """That of the real program in the tests."""
    assert f"Seen with: {PINS[name].version}" in page(name)
