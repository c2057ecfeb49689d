"""What all tests share."""

import pytest

pytest_plugins = ["tests.lab.fixtures"]


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the supervisor does."""
    return "asyncio"
