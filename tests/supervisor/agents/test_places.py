"""Which folder a process keeps its files in, and which file is a conversation."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from supervisor.agents import places
from supervisor.core.model import Process, Run
from tests.fakes.processes import FewProcesses

HERE = Path("/home/me/.agent")


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``AGENT_HOME``, else ``~/.agent``."""
    return Path(environment.get("AGENT_HOME") or user_home / ".agent")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOME": "/other"}, Path("/other/.agent")),
        ({"USERPROFILE": "/other"}, Path("/other/.agent")),
        ({"HOME": "/other", "AGENT_HOME": "/elsewhere"}, Path("/elsewhere")),
        ({}, HERE),
    ],
)
def test_a_process_keeps_its_files_where_its_environment_says(
    environment: Mapping[str, str], expected: Path
) -> None:
    """Where that cannot be read, it is taken for ours."""
    process = Process(run=Run(7, 1.0), parent_pid=1, argv=("agent",), cwd="/")
    few = FewProcesses([process], environments={7: environment})

    assert places.home_of(process, few, home, HERE) == expected


def test_a_regular_file_is_a_conversation(tmp_path: Path) -> None:
    """With its size and its time; nothing else is one."""
    file = tmp_path / "s.jsonl"
    file.write_text("one\n")

    found = places.stored("agent", "s", file)

    assert found is not None
    assert (found.agent, found.session_id, found.where, found.size) == ("agent", "s", str(file), 4)
    assert found.changed_at == file.stat().st_mtime
    assert places.stored("agent", "s", tmp_path) is None
    assert places.stored("agent", "s", tmp_path / "none") is None


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_no_conversation(tmp_path: Path) -> None:
    """It could lead anywhere."""
    (tmp_path / "s.jsonl").write_text("one\n")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "s.jsonl")

    assert places.stored("agent", "s", tmp_path / "link.jsonl") is None
