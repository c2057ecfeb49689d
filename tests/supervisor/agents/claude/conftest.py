"""What tests with a steered Claude Code share."""

import sys

if sys.platform != "win32":
    import tempfile
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.lab import homes
    from tests.lab.route import Route
    from tests.lab.servers import Server
    from tests.supervisor.agents.claude.steered import Desk, InTerminal

    @pytest.fixture
    def route() -> Iterator[Route]:
        """A supervisor's door. A short path: names of sockets have a limit."""
        with (
            tempfile.TemporaryDirectory(prefix="it's a") as folder,
            Route(Path(folder) / "api.sock") as listening,
        ):
            yield listening

    @pytest.fixture
    def steered(tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal, route: Route) -> Desk:
        """A clean home and project."""
        home = tmp_path / "home"
        return Desk(home, homes.claude(home, tmp_path / "project", fake_anthropic.url), in_terminal, route)
