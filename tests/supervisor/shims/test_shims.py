"""Real interactive shells with the real block in their own file, and real terminals of ours behind it."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("nothing can be held here", allow_module_level=True)

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from supervisor import shims
from supervisor.shims import State
from supervisor.terminal import held
from tests.lab import agents, homes
from tests.lab.fixtures import do_without
from tests.lab.held import end
from tests.lab.homes import Launch
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import ROOT, Wakeline

InTerminal = Callable[[Launch], Terminal]

#: Says how it was started and where; with "wait" it waits for a line; its exit code is its own.
FAKE = """#!/bin/sh
printf '%s' "$(basename "$0"):"
for word in "$@"; do printf '<%s>' "$word"; done
printf ' in %s\\n' "${WAKELINE_TERMINAL:-no terminal of ours}"
case "$1" in wait) read _ ;; esac
exit 7
"""
PLAIN = " in no terminal of ours"


@dataclass(frozen=True, slots=True)
class Shell:
    """One shell in a home of its own, with agents, and Wakeline, on its path."""

    name: str
    home: Path
    wakeline: Wakeline

    @property
    def rc(self) -> Path:
        """Its own file."""
        return shims.place(self.name, {"HOME": str(self.home)})

    @property
    def code(self) -> str:
        """How it calls the last exit code."""
        return "$status" if self.name == "fish" else "$?"

    def launch(self, *arguments: str, **more: str) -> Launch:
        """The shell, as it is to be started."""
        environment = {
            **self.wakeline.environment,
            **more,
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:/usr/bin:/bin",
            "TERM": "xterm",
            "SHELL": f"/usr/bin/{self.name}",
        }
        return Launch(argv=(self.name, *(arguments or ("-i",))), env=environment, cwd=self.home)


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A running supervisor; whatever is started in its name ends with the test."""
    # The names of sockets have a limit.
    with tempfile.TemporaryDirectory(prefix="sh-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "home").mkdir()
        with Wakeline(
            folder / "w",
            folder / "home",
            WAKELINE_DISCOVER_BELOW_PID="0",
            WAKELINE_DISCOVER_AGENTS="claude,plain",
        ) as running:
            yield running
        for process in psutil.process_iter():
            if _is_ours(process, str(folder / "w")):
                end(process.pid)


def _is_ours(process: psutil.Process, folder: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get("WAKELINE_HOME") == folder
    except psutil.Error:
        return False


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, wakeline: Wakeline) -> Shell:
    """Each shell, with some lines in its file already."""
    if shutil.which(request.param) is None:
        do_without(f"install {request.param}")
    home = wakeline.folder.parent / "home"
    found = Shell(request.param, home, wakeline)
    programs = home / "bin"
    programs.mkdir()
    for name in ("claude", "codex"):
        write_program(programs / name, FAKE)
    write_program(
        programs / "wakeline", f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m supervisor "$@"\n'
    )
    # With this folder fish does not read all manual pages in the background.
    (home / ".local/share/fish/generated_completions").mkdir(parents=True)
    found.rc.parent.mkdir(parents=True, exist_ok=True)
    found.rc.write_text("# my own\n" + SETTINGS[request.param])
    return found


#: Completion as each shell has it, and a file without an end of its last line.
SETTINGS = {
    "bash": "complete -W 'resurrect' claude\nset -u\nalias ll='ls -l'",
    "zsh": (
        "autoload -Uz compinit && compinit -u -d ~/.zcompdump\n"
        "_mine() { compadd resurrect }\ncompdef _mine claude\nsetopt no_unset sh_word_split ksh_arrays"
    ),
    "fish": "complete -c claude -f -a resurrect\nset fish_greeting",
}


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def ready(terminal: Terminal) -> Terminal:
    """When it obeys."""
    typed(terminal, "", "")
    return terminal


def typed(terminal: Terminal, line: str, answer: str) -> None:
    """Type a line, and wait for that answer to it, and for the shell."""
    since = terminal.mark()
    terminal.press(f"{line.strip() or 'true'}; echo ba''ck\r")
    if answer:
        terminal.wait_for(answer, since=since)
    terminal.wait_for("back", since=since)


def test_an_agent_is_hosted_from_its_start(shell: Shell, in_terminal: InTerminal) -> None:
    """Plain ``claude`` runs in a terminal of ours: every word arrives, and so does its exit code."""
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))

    terminal.press(f"claude wait 'two words' '' '*' '$HOME' -x; echo code={shell.code}\r")
    terminal.wait_for("<wait><two words><><*><$HOME><-x> in ")
    ((own_id, _),) = held(shell.wakeline.folder / "run" / "holders")
    terminal.press("\r")
    terminal.wait_for("code=7")

    assert PLAIN not in terminal.text
    assert f" in {own_id}" in terminal.text


def test_an_errand_is_left_alone(shell: Shell, in_terminal: InTerminal) -> None:
    """What ends by itself, runs without a screen, or is piped, has nothing to do with us."""
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))

    for line in (
        "claude --version",
        "claude -p hello",
        "claude --model opus --print hello",
        "claude mcp list",
        "codex exec hello",
        "claude hello | cat",
        "echo hello | claude",
        "command claude hello",
    ):
        words = line.partition("claude")[2].partition("|")[0] if "claude" in line else " exec hello"
        name = "claude" if "claude" in line else "codex"
        typed(terminal, line, f"{name}:{''.join(f'<{word}>' for word in words.split())}{PLAIN}")
    typed(terminal, f"claude --version; echo code={shell.code}", "code=7")

    assert shell.wakeline.sessions() == []


def test_what_only_looks_like_an_errand_is_hosted(shell: Shell, in_terminal: InTerminal) -> None:
    """A prompt that speaks of options, another agent's option, and what stands behind ``--``."""
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))

    for line, answer in (
        ("claude 'what does -p do'", "claude:<what does -p do> in "),
        ("claude 'mcp plugin'", "claude:<mcp plugin> in "),
        ("claude -- -p", "claude:<--><-p> in "),
        ("codex -p fast", "codex:<-p><fast> in "),
        ("claude", "claude: in "),
    ):
        typed(terminal, line, answer)

    assert PLAIN not in terminal.text


def test_within_a_terminal_of_ours_nothing_is_hosted_twice(shell: Shell, in_terminal: InTerminal) -> None:
    """A shell that is held starts agents as they are: they are seen there."""
    shims.install(shell.name, shell.rc)
    held = shell.launch()
    inside = replace(held, argv=(str(shell.home / "bin" / "wakeline"), "run", "--", *held.argv))
    terminal = ready(in_terminal(inside))

    typed(terminal, "claude hello", "claude:<hello> in ")

    assert PLAIN not in terminal.text
    until(lambda: len(shell.wakeline.sessions()) == 1)


def test_without_wakeline_the_agent_starts_all_the_same(shell: Shell, in_terminal: InTerminal) -> None:
    """Wakeline was removed, or its Python was: nobody who wants to work notices."""
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))
    (shell.home / "bin" / "wakeline").write_text("#!/no/such/python\n")
    typed(terminal, "claude broken", f"claude:<broken>{PLAIN}")

    (shell.home / "bin" / "wakeline").unlink()
    typed(terminal, "claude gone", f"claude:<gone>{PLAIN}")

    (shell.home / "bin" / "claude").unlink()
    typed(terminal, f"claude missing; echo code={shell.code}", "code=127")


def test_completion_is_as_it_was(shell: Shell, in_terminal: InTerminal) -> None:
    """What completed the agent's words still does."""
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))
    since = terminal.mark()

    terminal.press("claude resu\t")
    terminal.wait_for("resurrect", since=since)


def test_ones_own_function_and_alias_stay(shell: Shell, in_terminal: InTerminal) -> None:
    """A function of the same name is the user's; an alias with options goes through our function."""
    own = {
        "bash": "claude() { echo my own function; }\nalias codex='codex --mine'\n",
        "zsh": "claude() { echo my own function }\nalias codex='codex --mine'\n",
        "fish": "function claude; echo my own function; end\nabbr -a cx 'codex --mine'\n",
    }[shell.name]
    shell.rc.write_text(own)
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))

    typed(terminal, "claude", "my own function")
    typed(terminal, "cx x" if shell.name == "fish" else "codex x", "codex:<--mine><x> in ")

    assert PLAIN not in terminal.text


def test_an_alias_that_only_names_the_file_is_followed(shell: Shell, in_terminal: InTerminal) -> None:
    """As one installer of Claude Code sets it; reading the file once more changes nothing."""
    local = shell.home / ".claude" / "local"
    local.mkdir(parents=True)
    shutil.move(shell.home / "bin" / "claude", local / "claude")
    shell.rc.write_text("alias claude='~/.claude/local/claude'\n")
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(shell.launch()))

    typed(terminal, "claude one", "claude:<one> in ")
    typed(terminal, f"source {shell.rc}; claude two", "claude:<two> in ")

    assert PLAIN not in terminal.text


def test_scripts_do_not_see_it(shell: Shell) -> None:
    """Where nobody types, the shell's file defines nothing of ours."""
    shims.install(shell.name, shell.rc)
    launch = shell.launch("-c", f"source {shell.rc}; wakeline_host; claude script")

    done = subprocess.run(
        launch.argv, env=dict(launch.env), cwd=launch.cwd, capture_output=True, text=True, check=False
    )

    assert f"claude:<script>{PLAIN}" in done.stdout
    assert "wakeline_host" in done.stderr
    assert done.returncode == 7


def test_taken_out_it_is_as_it_was(shell: Shell, in_terminal: InTerminal) -> None:
    """Byte for byte, without a trace; a new shell starts the plain program."""
    home = {path: path.read_bytes() for path in shell.home.rglob("*") if path.is_file()}
    shims.install(shell.name, shell.rc)
    shims.remove(shell.name, shell.rc)
    left = {path: path.read_bytes() for path in shell.home.rglob("*") if path.is_file()}

    terminal = ready(in_terminal(shell.launch()))
    typed(terminal, "claude hello", f"claude:<hello>{PLAIN}")

    assert left == home
    assert shims.status(shell.name, shell.rc).state is State.ABSENT


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_the_real_agent_is_hosted(
    shell: Shell, fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None
) -> None:
    """Claude Code, started by its name: hosted from its first moment. What it runs itself it runs plainly."""
    del needs_claude
    project = shell.home / "project"
    launch = homes.claude(shell.home, project, fake_anthropic.url)
    (shell.home / "bin" / "claude").unlink()
    (shell.home / "bin" / "claude").symlink_to(launch.argv[0])
    shims.install(shell.name, shell.rc)
    terminal = ready(in_terminal(replace(shell.launch(**launch.env), cwd=project)))

    typed(terminal, "claude --version", agents.PINS["claude"].version)
    order = "claude --version >~/said 2>&1; type claude >>~/said"
    typed(terminal, f"claude -p --allowedTools=Bash 'SCENARIO:bash {order}'", "")
    since = terminal.mark()
    terminal.press("claude; echo ba''ck\r")
    session = shell.wakeline.wait_for(agent="claude", state="idle", seconds=40)
    terminal.settle()
    terminal.prompt("/exit")
    terminal.wait_for("back", since=since)

    assert session["kind"] == "hosted"
    said = (shell.home / "said").read_text()
    assert said.startswith(agents.PINS["claude"].version)
    assert "wakeline_host" not in said


#: Prints how many microseconds each of two things took, in turn, many times.
MEASURED = {
    "bash": (
        "now() {{ REPLY=${{EPOCHREALTIME/./}}; }}; for n in {{1..40}}; do now; a=$REPLY; {one} >/dev/null;"
        " now; b=$REPLY; {other} >/dev/null; now; echo $((b - a)) $((REPLY - b)); done"
    ),
    "zsh": (
        "zmodload zsh/datetime; for n in {{1..40}}; do a=$EPOCHREALTIME; {one} >/dev/null; b=$EPOCHREALTIME;"
        " {other} >/dev/null; c=$EPOCHREALTIME;"
        " printf '%.0f %.0f\\n' $(( (b - a) * 1000000 )) $(( (c - b) * 1000000 )); done"
    ),
    "fish": (
        "for n in (seq 40); set a (date +%s%N); {one} >/dev/null; set b (date +%s%N); {other} >/dev/null;"
        " set c (date +%s%N); echo (math -s0 \\( $b - $a \\) / 1000) (math -s0 \\( $c - $b \\) / 1000); end"
    ),
}


def cost(shell: Shell, one: str, other: str) -> float:
    """How many milliseconds the first takes longer than the other, in an interactive shell at its best."""
    launch = shell.launch("-i", "-c", MEASURED[shell.name].format(one=one, other=other))
    done = subprocess.run(
        launch.argv,
        env=dict(launch.env),
        cwd=launch.cwd,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    rounds = [[int(word) for word in line.split()] for line in done.stdout.splitlines() if line]
    assert len(rounds) == 40, done
    return (min(first for first, _ in rounds) - min(second for _, second in rounds)) / 1000


def test_it_costs_next_to_nothing(shell: Shell) -> None:
    """Less than five milliseconds when the shell starts, and when an errand goes through it."""
    shell.rc.write_text("")
    shims.install(shell.name, shell.rc)
    empty = shell.home / "empty"
    empty.write_text("")

    start = cost(shell, f"source {shell.rc}", f"source {empty}")
    errand = cost(shell, "claude --version", "command claude --version")
    print(f"{shell.name}: {start:.2f} ms at the start, {errand:.2f} ms for an errand")

    assert start < 5
    assert errand < 5
