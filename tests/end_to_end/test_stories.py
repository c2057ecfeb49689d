"""Whole stories with the real agents: what Wakeline says is what happens."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline, entries, said

InTerminal = Callable[[homes.Launch], Terminal]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the agent, and of nobody else."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def wakeline(tmp_path: Path, home: Path) -> Iterator[Wakeline]:
    """A supervisor that watches that home."""
    with Wakeline(tmp_path / "wakeline", home) as running:
        yield running


@pytest.mark.usefixtures("needs_claude")
def test_a_claude_session_from_its_start_to_a_kill(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Appears, works, needs you, is idle, and is lost when killed."""
    cwd = tmp_path / "project"
    launch = homes.claude(home, cwd, fake_anthropic.url).plus("--permission-mode", "manual")

    terminal = in_terminal(launch)
    session = wakeline.wait_for(agent="claude", state="idle")
    assert session["pid"] == terminal.pid
    assert session["cwd"] == str(cwd)
    assert session["agent_version"] == "2.1.329"
    assert session["hostname"]
    key = {"id": session["id"]}

    terminal.prompt("SCENARIO:slow:100:30")
    wakeline.wait_for(**key, state="working", title="SCENARIO:slow:100:30")
    until(lambda: wakeline.session(**key)["keeps_awake"])  # type: ignore[index]  # it is there
    idle = wakeline.wait_for(**key, state="idle")
    assert idle["model"]

    terminal.prompt("SCENARIO:bash touch made-by-claude")
    asks = wakeline.wait_for(**key, state="needs_you")
    until(lambda: (wakeline.session(**key) or {})["approval"]["text"] == "touch made-by-claude")
    assert asks["approval"]["summary"]
    terminal.wait_for("Do you want to proceed?")
    terminal.settle()
    terminal.press("1")
    wakeline.wait_for(**key, state="idle")
    until((cwd / "made-by-claude").exists)

    until(lambda: said(entries(wakeline, session["id"]), "assistant")[-1] == "Done.")
    shown = entries(wakeline, session["id"])
    assert said(shown, "user") == ["SCENARIO:slow:100:30", "SCENARIO:bash touch made-by-claude"]
    assert said(shown, "assistant")[1:] == ["Running a command.", "Done."]
    assert len(said(shown, "assistant")[0].split()) == 30
    assert [e["text"] for e in shown if e["kind"] == "tool_call"] == ["touch made-by-claude"]
    assert [e["seq"] for e in shown] == sorted({e["seq"] for e in shown})

    terminal.prompt("SCENARIO:slow:500:60")
    wakeline.wait_for(**key, state="working")
    terminal.signal(signal.SIGKILL)
    lost = wakeline.wait_for(**key, state="lost")
    assert lost["resume_command"] == f"cd -- '{cwd}' && claude --resume {session['id']}"


@pytest.mark.usefixtures("needs_claude")
def test_a_claude_session_that_its_user_ends(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """/clear starts another session in the same process; /exit ends that one."""
    terminal = in_terminal(homes.claude(home, tmp_path / "project", fake_anthropic.url))
    first = wakeline.wait_for(agent="claude", state="idle")
    terminal.prompt("hello")
    until(lambda: said(entries(wakeline, first["id"]), "assistant"))
    wakeline.wait_for(id=first["id"], state="idle")

    terminal.prompt("/clear")
    wakeline.wait_for(id=first["id"], state="ended")
    second = wakeline.wait_for(agent="claude", state="idle")
    assert second["id"] != first["id"]
    assert second["pid"] == first["pid"]

    terminal.prompt("/exit")
    terminal.wait()
    wakeline.wait_for(id=second["id"], state="ended")


@pytest.mark.usefixtures("needs_claude")
def test_a_claude_turn_that_fails_is_cut_off(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """An overloaded model ends the turn: the session says so instead of looking idle."""
    terminal = in_terminal(homes.claude(home, tmp_path / "project", fake_anthropic.url))
    session = wakeline.wait_for(agent="claude", state="idle")

    terminal.prompt("SCENARIO:529")
    failed = wakeline.wait_for(id=session["id"], state="cut_off")

    assert "529" in failed["failure"]


@pytest.mark.usefixtures("needs_claude")
def test_two_claude_sessions_in_one_folder_and_a_headless_one(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Each has its own process, state and words; a headless run ends as ended."""
    launch = homes.claude(home, tmp_path / "project", fake_anthropic.url)
    terminals = [in_terminal(launch) for _ in range(2)]
    sessions = until(
        lambda: [s for s in wakeline.sessions() if s["state"] == "idle"][1:] and wakeline.sessions()
    )
    assert {s["pid"] for s in sessions} == {t.pid for t in terminals}

    terminals[0].prompt("SCENARIO:slow:200:30")
    mine = wakeline.wait_for(pid=terminals[0].pid, state="working")
    other = wakeline.session(pid=terminals[1].pid)
    assert other is not None
    assert other["state"] == "idle"

    headless = in_terminal(launch.plus("-p", "SCENARIO:slow:100:30"))
    seen = wakeline.wait_for(pid=headless.pid, state="working")
    assert headless.wait() == 0
    wakeline.wait_for(id=seen["id"], state="ended")
    assert said(entries(wakeline, seen["id"]), "user") == ["SCENARIO:slow:100:30"]
    assert mine["id"] not in {seen["id"], other["id"]}


@pytest.mark.usefixtures("needs_claude")
def test_a_session_survives_the_supervisor(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """kill -9 of the supervisor: the agent goes on, and what died meanwhile is lost, not forgotten."""
    terminal = in_terminal(homes.claude(home, tmp_path / "project", fake_anthropic.url))
    session = wakeline.wait_for(agent="claude", state="idle")
    terminal.prompt("SCENARIO:slow:500:60")
    wakeline.wait_for(id=session["id"], state="working")

    wakeline.kill()
    wakeline.start()
    wakeline.wait_for(id=session["id"], state="working")

    wakeline.kill()
    terminal.signal(signal.SIGKILL)
    terminal.wait()
    wakeline.start()
    wakeline.wait_for(id=session["id"], state="lost")


@pytest.mark.usefixtures("needs_codex")
def test_a_codex_session_from_its_start_to_a_kill(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_openai: Server, in_terminal: InTerminal
) -> None:
    """Without its daemon: works, is idle, and is lost when killed in a turn."""
    cwd = tmp_path / "project"
    terminal = in_terminal(homes.codex(home, cwd, fake_openai.url).plus("--no-daemon"))
    terminal.settle(1.0, 10.0)

    terminal.prompt("hello %%slow:3%%")
    session = wakeline.wait_for(agent="codex", state="working")
    assert session["cwd"] == str(cwd)
    assert session["agent_version"] == "0.169.0"
    idle = wakeline.wait_for(id=session["id"], state="idle")
    assert idle["model"] == "fake-model"
    lost = killed_in_its_second_turn(wakeline, terminal, session["id"])
    assert lost["resume_command"] == f"cd -- '{cwd}' && codex resume {session['id']}"


@pytest.mark.usefixtures("needs_codex")
def test_a_headless_codex_run_ends(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_openai: Server, in_terminal: InTerminal
) -> None:
    """``codex exec`` is seen while it works, and has ended when it is done."""
    launch = homes.codex(home, tmp_path / "project", fake_openai.url)
    terminal = in_terminal(launch.plus("exec", "--skip-git-repo-check", "work %%slow:2%%"))

    session = wakeline.wait_for(agent="codex", state="working")
    assert terminal.wait() == 0
    wakeline.wait_for(id=session["id"], state="ended")


@pytest.mark.usefixtures("needs_opencode")
def test_an_opencode_session_from_its_start_to_a_kill(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_openai: Server, in_terminal: InTerminal
) -> None:
    """Works, is idle, and is lost when killed in a turn."""
    cwd = tmp_path / "project"
    terminal = in_terminal(homes.opencode(home, cwd, fake_openai.url))
    wakeline.wait_for(agent="opencode", pid=terminal.pid)
    terminal.wait_for("ctrl+p")
    terminal.settle(1.0, 10.0)

    terminal.prompt("hello %%slow:3%%")
    session = wakeline.wait_for(agent="opencode", state="working")
    assert session["cwd"] == str(cwd)
    assert session["agent_version"] == "1.18.33"
    wakeline.wait_for(id=session["id"], state="idle")
    lost = killed_in_its_second_turn(wakeline, terminal, session["id"])
    assert lost["resume_command"] == f"cd -- '{cwd}' && opencode -s {session['id']}"


def killed_in_its_second_turn(wakeline: Wakeline, terminal: Terminal, session_id: str) -> Any:
    """One turn was told in full; the next is cut by kill -9. The session, lost."""
    shown = entries(wakeline, session_id)
    assert said(shown, "user") == ["hello %%slow:3%%"]
    assert len(said(shown, "assistant")) == 1

    terminal.prompt("again %%slow:30%%")
    wakeline.wait_for(id=session_id, state="working")
    terminal.signal(signal.SIGKILL)
    return wakeline.wait_for(id=session_id, state="lost")


@pytest.mark.usefixtures("needs_claude")
def test_the_copied_command_resumes_the_real_session(
    wakeline: Wakeline, home: Path, tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Printed by ``copy``, pasted into a real bash: the same conversation goes on."""
    launch = homes.claude(home, tmp_path / "a folder with 'quotes' & $(money)", fake_anthropic.url)
    terminal = in_terminal(launch)
    session = wakeline.wait_for(agent="claude", state="idle")
    terminal.prompt("remember me")
    until(lambda: said(entries(wakeline, session["id"]), "assistant"))
    wakeline.wait_for(id=session["id"], state="idle")
    terminal.signal(signal.SIGKILL)
    wakeline.wait_for(id=session["id"], state="lost")

    command = wakeline.run("copy", session["id"][:8], "--shell", "posix", "--print").stdout.rstrip("\n")
    program = Path(launch.argv[0]).parent
    shell = homes.Launch(
        argv=("bash", "--norc", "-i"),
        env={**launch.env, "PATH": f"{program}:{launch.env['PATH']}"},
        cwd=tmp_path,
    )
    bash = in_terminal(shell)
    bash.settle()
    bash.press(command)
    bash.press("\r")

    again = wakeline.wait_for(id=session["id"], state="idle")
    assert again["pid"] != session["pid"]
    assert again["cwd"] == session["cwd"]
