"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import nobody

nobody.move_in()

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.lab.fixtures"]

#: Where tests drive whole programs of others: agents, a browser, a desktop.
WITH_OTHERS = tuple(Path(__file__).parent / place for place in ("end_to_end", "tray"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story with programs of others gets a second try, of which the run's end tells; nothing else does."""
    for item in items:
        if any(item.path.is_relative_to(place) for place in WITH_OTHERS):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What needed a second try is said with its reason: it is a fault of the product or of the test."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"needed a second try: {report.nodeid}", sep="-")
        terminalreporter.write_line(report.longreprtext[-3000:])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI everything must be there: a test that was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("on CI nothing may be skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the supervisor does."""
    return "asyncio"
