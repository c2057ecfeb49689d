"""The version of an installed agent."""

import json
from pathlib import Path

import pytest

from supervisor.agents import packages


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A package with its script, and npm's link to that."""
    folder = tmp_path / "node_modules" / "@a" / "agent"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "@a/agent", "version": "1.24.4"}))
    (folder / "cli.js").write_text("")
    link = tmp_path / "bin" / "agent"
    link.parent.mkdir()
    link.symlink_to(folder / "cli.js")
    link.chmod(0o755)
    return link


def test_the_package_around_a_script_tells_its_version(installed: Path) -> None:
    """A program is found by its name or its path, through npm's link."""
    environment = {"PATH": str(installed.parent)}

    by_name = packages.version("@a/agent", "agent", environment, "/")
    by_path = packages.version("@a/agent", str(installed), {}, "/")

    assert (by_name, by_path) == ("1.24.4", "1.24.4")


def test_another_package_tells_nothing(installed: Path) -> None:
    """A script of somebody else's, or one that is not there, has no version."""
    assert packages.version("@b/other", str(installed), {}, "/") is None
    assert packages.version("@a/agent", "no such program", {"PATH": ""}, "/") is None
    assert packages.of_script("@a/agent", "a\0b") is None


@pytest.mark.parametrize(
    ("told", "enough"),
    [
        ("0.24.4", True),
        ("0.24.0-beta.1", True),
        ("1.0.0", True),
        ("0.23.9", False),
        (None, False),
        ("x", False),
    ],
)
def test_versions_are_compared_by_their_numbers(told: str | None, enough: bool) -> None:
    """What is not known is not enough."""
    assert packages.at_least(told, (0, 24)) is enough
