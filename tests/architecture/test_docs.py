"""What is written is drawn from the code, or checked against it."""

import re
from pathlib import Path

from supervisor.agents.catalog import AGENTS
from supervisor.commands.parser import VERBS
from supervisor.settings import Settings, described
from tests.architecture.draw import PAGE, drawn

ROOT = Path(__file__).parents[2]
TROUBLESHOOTING = ROOT / "supervisor" / "TROUBLESHOOTING.md"


def test_the_pictures_are_those_of_the_tables() -> None:
    """The architecture page shows the tables as they are: python -m tests.architecture.draw."""
    page = PAGE.read_text(encoding="utf-8")

    assert drawn(page) == page


def test_every_agent_has_its_row_in_the_readme() -> None:
    """A user sees what is really seen of each agent."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [agent.title for agent in AGENTS.values() if f"| {agent.title} |" not in readme] == []


def test_every_verb_and_every_setting_is_documented() -> None:
    """No switch is secret."""
    page = (ROOT / "supervisor" / "README.md").read_text(encoding="utf-8")

    assert [verb for verb in VERBS if f"`{verb}`" not in page] == []
    assert described() in page


def test_every_promise_names_a_test_that_exists() -> None:
    """SECURITY.md promises nothing that is not tested."""
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "tests/" in line]
    named = [part.strip("` ") for row in rows for part in row.split("|")[2].split(",")]

    assert len(rows) > 10
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_everything_that_doctor_looks_at_is_explained() -> None:
    """Each of its lines has a section that tells what to do, and no section is about nothing."""
    doctor = (ROOT / "supervisor" / "commands" / "doctor.py").read_text(encoding="utf-8")
    page = TROUBLESHOOTING.read_text(encoding="utf-8")
    looked_at = set(re.findall(r"""Check\(\s*"([^"]+)",""", doctor))

    told = set(re.findall(r"^## (.+)$", page, re.MULTILINE)) - {"What you see, and where to look"}

    assert told == looked_at | {"claude, codex, opencode, …"}


def test_the_settings_that_are_named_exist() -> None:
    """Advice names keys as they are."""
    named = re.findall(r"`([a-z_]+)\.([a-z_]+)`", TROUBLESHOOTING.read_text(encoding="utf-8"))
    known = Settings()

    ours = [(block, key) for block, key in named if hasattr(known, block)]

    assert ours
    assert [key for block, key in ours if not hasattr(getattr(known, block), key)] == []


def test_every_attack_names_tests_that_exist() -> None:
    """Whoever renames a test, or removes it, sees which attack is no longer tried."""
    page = (ROOT / "tests" / "attacks" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`]+\.py)::(\w+)`", page)
    missing = [
        f"{place}::{name}"
        for place, name in named
        if not (ROOT / place).exists()
        or not re.search(
            rf"^(?:async )?def {name}\(", (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE
        )
    ]

    assert len(named) > 200
    assert missing == []
    assert [row for row in page.splitlines() if row.startswith("| ") and row.endswith("|  |")] == []
