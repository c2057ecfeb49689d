"""``wakeline run`` and ``attach``, driven through real terminals: what is held lives on."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from supervisor.terminal import wire
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)

import termios

from supervisor.terminal import calling
from tests.lab.held import Caller, end
from tests.lab.terminal import Terminal

InTerminal = Callable[[homes.Launch], Terminal]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: the names of sockets have a limit."""
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def stopped(folder: Path) -> Iterator[Wakeline]:
    """A supervisor that does not run yet; whatever is started in its name ends with the test."""
    (folder / "home").mkdir()
    # Holders are nobody's children here: what is below this process would not show them.
    wakeline = Wakeline(
        folder / "w",
        folder / "home",
        WAKELINE_DISCOVER_BELOW_PID="0",
        WAKELINE_DISCOVER_AGENTS="claude,plain",
    )
    yield wakeline
    with wakeline:
        pass
    for process in psutil.process_iter():
        if is_ours(process, str(wakeline.folder)):
            end(process.pid)


@pytest.fixture
def wakeline(stopped: Wakeline) -> Iterator[Wakeline]:
    """A running one."""
    with stopped:
        yield stopped


class Tmux:
    """A real tmux server of its own. Owner: the test."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "tmux"
        self._folder = folder

    def open(self, command: str, environment: Mapping[str, str]) -> None:
        """A window of 80 x 24 with this command in it."""
        variables = {**environment, "TERM": "xterm-256color"}
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", command, env=variables)

    def close(self) -> None:
        """Close the window; returns when nobody answers any more."""
        self._tmux("kill-server", check=False)
        until(lambda: not self._tmux("list-sessions", check=False))
        self._socket.unlink(missing_ok=True)

    def press(self, *keys: str) -> None:
        """Send these keys by their names."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        """What is seen, with its colours."""
        return self._tmux("capture-pane", "-p", "-e", check=False)

    def wait_for(self, words: str) -> None:
        """Until that is seen."""
        until(lambda: words in self.screen(), saying=words)

    def _tmux(self, *arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments],
            cwd=self._folder,
            env=env,
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout


@pytest.fixture
def tmux(folder: Path) -> Iterator[Tmux]:
    """tmux, and vim to look at."""
    for program in ("tmux", "vim"):
        if not any((Path(place) / program).exists() for place in os.get_exec_path()):
            pytest.skip(f"needs {program}: apt install {program}")
    running = Tmux(folder)
    yield running
    running.close()


def is_ours(process: psutil.Process, folder: str) -> bool:
    """Whether a process was started with this folder as its WAKELINE_HOME."""
    try:
        return process.pid != os.getpid() and process.environ().get("WAKELINE_HOME") == folder
    except psutil.Error:
        return False


def run(wakeline: Wakeline, *command: str, verb: tuple[str, ...] = ("run", "--")) -> homes.Launch:
    """``wakeline run -- command``, as it is to be started in a terminal."""
    argv = (sys.executable, "-m", "supervisor", *verb, *command)
    return homes.Launch(argv=argv, env=wakeline.environment, cwd=wakeline.folder.parent)


def attach(wakeline: Wakeline, session_id: str) -> homes.Launch:
    """``wakeline attach ID``."""
    return run(wakeline, session_id, verb=("attach",))


def test_a_command_is_a_session_from_its_start_to_its_end(
    wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """Hosted, working, with its command line, folder and process; then ended, with its exit code."""
    terminal = in_terminal(
        run(wakeline, "sh", "-c", "echo ready; read x; exit 3", verb=("run", "--name", "n", "--"))
    )
    terminal.wait_for("ready")

    session = wakeline.wait_for(agent="plain", state="working")
    assert (session["kind"], session["name"]) == ("hosted", "n")
    assert session["title"] == "sh -c 'echo ready; read x; exit 3'"
    assert session["cwd"] == str(wakeline.folder.parent)
    assert psutil.Process(session["pid"]).name() == "sh"

    terminal.press("\r")
    assert terminal.wait() == 3
    over = wakeline.wait_for(id=session["id"], state="ended")
    assert over["failure"] == "ended with exit code 3"
    assert over["pid"] is None
    until(lambda: list((wakeline.folder / "run" / "holders").glob("[0-9a-f]*.sock")) == [])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, None])
def test_a_lost_screen_is_no_loss(
    wakeline: Wakeline, in_terminal: InTerminal, how: signal.Signals | None
) -> None:
    """The client killed, or its window closed: the command lives on, and attach has all of it."""
    terminal = in_terminal(run(wakeline, "sh", "-c", "echo first; read x; echo got $x; read x"))
    terminal.wait_for("first")
    session = wakeline.wait_for(agent="plain", state="working")

    if how:
        terminal.signal(how)
    else:
        terminal.hang_up()
    terminal.wait()

    again = in_terminal(attach(wakeline, session["id"][:6]))
    again.wait_for("first")
    again.press("word\r")
    again.wait_for("got word")
    assert psutil.Process(session["pid"]).is_running()
    again.press("\r")
    assert again.wait() == 0


def test_the_key_that_leaves_leaves_the_terminal_as_it_was(
    wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """Twice Ctrl-\\: exit code 0, how to come back, and no mode of the program is left on."""
    script = wakeline.folder / "script"
    script.write_text("printf '\\033[?1049h\\033[?1000h\\033[?2004hready'; read x; echo got $x; read x\n")
    shell = homes.Launch(argv=("bash", "--norc", "-i"), env=wakeline.environment, cwd=wakeline.folder)
    terminal = in_terminal(shell)
    terminal.settle()
    before = stty(terminal)
    terminal.press(f"{sys.executable} -m supervisor run -- sh {script}\r")
    session = wakeline.wait_for(agent="plain", state="working")
    terminal.settle()

    mark = terminal.mark()
    terminal.press("\x1c\x1c")
    terminal.wait_for(f"wakeline attach {session['id']}", since=mark)

    raw = bytes(terminal._output[mark:])
    assert b"\x1b[?2004l" in raw
    assert b"\x1b[?1000l" in raw
    assert raw.index(b"\x1b[?1000l") < raw.index(b"\x1b[?1049l")
    terminal.settle()
    assert stty(terminal) == before
    mark = terminal.mark()
    terminal.press(
        "wakeline() { " + sys.executable + f" -m supervisor $@; }}; wakeline attach {session['id']}\r"
    )
    terminal.wait_for("ready", since=mark)
    assert b"\x1b[?1049h" in bytes(terminal._output[mark:])
    terminal.press("back\r")
    terminal.wait_for("got back", since=mark)


def stty(terminal: Terminal) -> object:
    """How the terminal is set."""
    return termios.tcgetattr(terminal._master)


def test_a_full_screen_looks_the_same_after_coming_back(wakeline: Wakeline, tmux: Tmux) -> None:
    """vim in tmux, seen before and after the window is closed: row for row the same."""
    text = wakeline.folder / "text"
    text.write_text("".join(f"line {n} äöü\n" for n in range(200)))
    tmux.open(f"{sys.executable} -m supervisor run -- vim -u NONE -N {text}", wakeline.environment)
    tmux.wait_for("line 20")
    tmux.press("50G", "Enter")
    tmux.wait_for("line 60")
    session = wakeline.wait_for(agent="plain", state="working")
    before = tmux.screen()
    tmux.close()

    tmux.open(f"{sys.executable} -m supervisor attach {session['id']}", wakeline.environment)

    until(lambda: tmux.screen() == before, 5, saying="the same screen")
    tmux.press(":q!", "Enter")
    wakeline.wait_for(id=session["id"], state="ended")


def test_a_command_that_ends_at_once_is_seen_whole(wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """Its last word and its end may come while the terminal is on its way to its holder."""
    again = run(wakeline, "echo", "word")
    line = shlex.join(again.argv)
    count = 40
    terminal = in_terminal(
        replace(again, argv=("sh", "-c", f"for i in $(seq {count}); do {line}-$i; done; echo all; read x"))
    )

    terminal.wait_for("all")

    assert re.findall(r"word-(\d+)", terminal.text) == [str(n) for n in range(1, count + 1)]


def test_run_works_without_a_supervisor_and_starts_it(stopped: Wakeline, in_terminal: InTerminal) -> None:
    """The command does not wait for it; a little later it is listed."""
    terminal = in_terminal(run(stopped, "sh", "-c", "echo ready; read x; exit 5"))
    terminal.wait_for("ready")

    until(lambda: (stopped.folder / "run" / "api.sock").exists())
    session = stopped.wait_for(agent="plain", state="working")

    terminal.press("\r")
    assert terminal.wait() == 5
    assert stopped.wait_for(id=session["id"], state="ended")


def test_only_the_terminals_name_is_ours_in_the_environment(
    wakeline: Wakeline, in_terminal: InTerminal
) -> None:
    """Our variables and those of an outer agent are gone; the user's own stay; the terminal has a name."""
    outer = {
        "CLAUDECODE": "1",
        "CLAUDE_CODE_ENTRYPOINT": "cli",
        "AI_AGENT": "claude",
        "CLAUDE_CONFIG_DIR": "/c",
    }
    terminal = in_terminal(run(wakeline, "env").plus(**outer, MY_OWN="kept"))
    assert terminal.wait() == 0

    terminal.wait_for("MY_OWN=kept")
    terminal.wait_for("CLAUDE_CONFIG_DIR=/c")
    assert terminal.text.count("WAKELINE") == terminal.text.count("WAKELINE_TERMINAL=") == 1
    assert "CLAUDECODE" not in terminal.text
    assert "CLAUDE_CODE" not in terminal.text
    assert "AI_AGENT" not in terminal.text


def test_detached_prints_the_id_and_nothing_else(wakeline: Wakeline) -> None:
    """For scripts; attach by name finds it again."""
    told = wakeline.run("run", "--name", "quiet", "--detach", "--", "sleep", "1000").stdout.strip()

    session = wakeline.wait_for(id=told, state="working", name="quiet")
    psutil.Process(session["pid"]).kill()
    assert wakeline.wait_for(id=told, state="lost")["failure"] == "ended by signal 9"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["run"], 2), (["run", "--"], 2), (["run", "--", "no-such-program"], 1), (["attach", "nobody"], 3)],
)
def test_wrong_use_of_run_is_one_sentence_and_one_hint(
    wakeline: Wakeline, arguments: list[str], code: int
) -> None:
    """No traceback, and no terminal is left behind."""
    done = wakeline.run(*arguments, check=False)

    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert wakeline.sessions() == []


def test_a_pipe_is_no_terminal_and_works(wakeline: Wakeline) -> None:
    """Input is passed on, its end too; the exit code is the command's."""
    done = wakeline.run("run", "--", "sh", "-c", "cat; exit 4", text="through a pipe\n", check=False)

    assert done.returncode == 4
    assert done.stdout.count("through a pipe") == 2  # the terminal's echo, and cat


def test_a_killed_holder_is_reported_within_a_second(wakeline: Wakeline, in_terminal: InTerminal) -> None:
    """The session is lost, the screen says so, nothing is left."""
    terminal = in_terminal(run(wakeline, "cat"))
    session = wakeline.wait_for(agent="plain", state="working")
    holder = psutil.Process(session["pid"]).parent()
    assert holder is not None

    holder.kill()

    lost = wakeline.wait_for(id=session["id"], state="lost")
    assert lost["failure"] == "the holder of its terminal died"
    assert terminal.wait() == 1
    terminal.wait_for("has died")
    until(lambda: not psutil.pid_exists(session["pid"]))


def test_the_supervisor_killed_twenty_times_changes_nothing(wakeline: Wakeline) -> None:
    """During output: no byte is missing or doubled at a client, and the session is there each time."""
    count = 30_000
    script = f"for i in $(seq {count}); do echo line $i; done; read x"
    told = wakeline.run("run", "--detach", "--", "bash", "-c", script).stdout.strip()
    line = calling.holder(wakeline.folder / "run" / "holders", told)
    line.say(wire.Attach(wire.VERSION, 0, 0, 0))
    caller = Caller(line)

    for _ in range(20):
        wakeline.kill()
        caller.hear(lambda: True)
        wakeline.start()
        wakeline.wait_for(id=told, state="working", kind="hosted")

    caller.wait_for(f"line {count}\r\n".encode())
    expected = "".join(f"line {n}\r\n" for n in range(1, count + 1)).encode()
    assert bytes(caller.output) == expected
    assert caller.told(wire.Gap) == []
    caller.type(b"\n")
    assert caller.code() == 0
    caller.close()
    wakeline.wait_for(id=told, state="ended")


@pytest.mark.usefixtures("needs_claude")
def test_a_real_agent_is_held(
    wakeline: Wakeline, folder: Path, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Claude Code: hosted, prompted through the terminal, unharmed by kills, and back on the screen."""
    launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
    held = homes.Launch(
        argv=(sys.executable, "-m", "supervisor", "run", "--", *launch.argv),
        env={**launch.env, **wakeline.environment},
        cwd=launch.cwd,
    )
    terminal = in_terminal(held)
    session = wakeline.wait_for(agent="claude", state="idle")
    assert session["kind"] == "hosted"
    assert [s["agent"] for s in wakeline.sessions()] == ["claude"]
    terminal.settle()
    terminal.prompt("SCENARIO:slow:100:60")
    wakeline.wait_for(id=session["id"], state="working")

    wakeline.kill()
    terminal.signal(signal.SIGKILL)
    terminal.wait()
    wakeline.start()
    again = wakeline.wait_for(id=session["id"], state="idle", kind="hosted")
    assert again["pid"] == session["pid"]

    back = in_terminal(attach(wakeline, session["id"]))
    back.wait_for("SCENARIO:slow:100:60")
    back.settle()
    back.prompt("say once more")
    back.wait_for("say once more")
    wakeline.wait_for(id=session["id"], state="idle")
    back.settle()
    back.prompt("/exit")
    assert back.wait() == 0
    wakeline.wait_for(id=session["id"], state="ended")
