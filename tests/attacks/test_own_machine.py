"""What programs of the same machine find of us: no door but the private one, and no secret left lying."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("sockets are looked at as Linux lists them", allow_module_level=True)
assert sys.platform == "linux"

import ast
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.lab.wakeline import ROOT, Wakeline

CANARY = "canary-5f1d0c77"
#: What makes objects, code or commands out of bytes.
_FORBIDDEN = frozenset({"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"})


@pytest.fixture
def wakeline(tmp_path: Path) -> Iterator[Wakeline]:
    """A running supervisor that holds one command."""
    (tmp_path / "home").mkdir()
    with Wakeline(tmp_path / "w", tmp_path / "home", WAKELINE_DISCOVER_BELOW_PID="0") as running:
        running.run("run", "--detach", "--", "cat")
        held = running.wait_for(agent="plain", state="working")
        yield running
        running.run("stop", held["id"], check=False)


def test_every_door_is_a_socket_in_a_private_folder(wakeline: Wakeline) -> None:
    """No port of TCP or UDP, and no socket without a file, which anybody could call."""
    cat = psutil.Process(wakeline.wait_for(agent="plain")["pid"])
    holder, run = cat.parent(), wakeline.folder / "run"
    assert holder is not None

    for process in (psutil.Process(wakeline.pid), holder):
        assert process.net_connections("inet") == []
        names = {str(line.laddr) for line in process.net_connections("unix") if line.laddr}
        # A name without a folder is one in the folder in which it was made.
        assert {Path(name).suffix for name in names} <= {".sock", ".sock~"}
        assert [name for name in names if name.startswith("@")] == []
        assert {Path(name).parent for name in names} <= {run, run / "holders", Path()}
    assert [folder.stat().st_mode & 0o077 for folder in (run, run / "holders")] == [0, 0]


def test_what_is_said_to_an_agent_is_in_no_log(wakeline: Wakeline) -> None:
    """Neither words nor names of sessions, whatever the supervisor has to tell."""
    held = wakeline.wait_for(agent="plain")

    wakeline.run("send", held["id"], CANARY)
    wakeline.run("send", held["id"], f"{CANARY}\x1b", check=False)
    wakeline.run("send", held["id"], CANARY, "--when", CANARY, check=False)

    logs = [wakeline.folder / "output", *(wakeline.folder / "state").glob("*.log")]
    assert [log.name for log in logs if CANARY in log.read_text(errors="replace")] == []


def test_no_bytes_become_objects_or_code() -> None:
    """Nothing of ours loads what could run by being read, or hands words to a shell."""
    found = []
    for path in (path for package in ("supervisor", "tray") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            found += [f"{path}: {ast.dump(node)[:80]}" for name in _names(node) if name in _FORBIDDEN]

    assert found == []


def _names(node: ast.AST) -> list[str]:
    """What is imported, and what is called that could run a text."""
    match node:
        case ast.Import():
            return [alias.name.partition(".")[0] for alias in node.names]
        case ast.ImportFrom():
            return [(node.module or "").partition(".")[0]]
        case ast.Call(func=ast.Name(id="eval" | "exec")):
            return ["pickle"]
        case ast.keyword(arg="shell", value=ast.Constant(value=True)):
            return ["pickle"]
    return []
