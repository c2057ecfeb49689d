"""What all tests share."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import nobody

nobody.move_in()

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.lab.fixtures"]


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
