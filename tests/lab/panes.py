"""Terminal programs with sockets and homes of their own, and a recorder in a pane of each."""

import sys

assert sys.platform == "linux"

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from supervisor.core.model import Run
from supervisor.terminal import adopted
from tests.lab import homes
from tests.lab.desktop import Desktop
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Inside:
    """A process in a pane: what the supervisor knows of an agent."""

    pid: int

    @property
    def run(self) -> Run:
        """The process, with its start."""
        return Run(self.pid, psutil.Process(self.pid).create_time())

    @property
    def environment(self) -> Mapping[str, str]:
        """As it was at its start."""
        return psutil.Process(self.pid).environ()

    @property
    def tty(self) -> str:
        """Its terminal."""
        tty = adopted.terminal_of(self.pid)
        assert tty is not None
        return tty

    @property
    def pane(self) -> adopted.Pane:
        """Its pane, as it is found by its device."""
        pane = adopted.find(self.tty, self.environment)
        assert pane is not None
        return pane

    def signal(self, number: signal.Signals) -> None:
        """To this process alone."""
        os.kill(self.pid, number)


@dataclass(frozen=True)
class Recorder(Inside):
    """The recorder in a pane, and what it has read."""

    file: Path

    @property
    def got(self) -> bytes:
        """All bytes so far."""
        return self.file.read_bytes() if self.file.exists() else b""

    def wait_for(self, wanted: bytes) -> None:
        """Wait until it has read these, and nothing else since the last time."""
        try:
            until(lambda: len(self.got) >= len(wanted))
        finally:
            got = self.got
            assert len(got) == len(wanted), f"{got[:200]!r} {len(got)} bytes, not {len(wanted)}"
        assert got == wanted
        os.truncate(self.file, 0)


class Place(ABC):
    """A terminal program, and all that it needs; a context manager that leaves nothing running."""

    name: str

    def __init__(self) -> None:
        """Nothing runs yet. The folder's name is short: names of sockets have a limit."""
        self._folder = tempfile.TemporaryDirectory(prefix="pane-")
        self.folder = Path(self._folder.name)
        self.environment = {**homes.environment(self.folder), "PS1": "$ ", "ENV": ""}
        self._count = 0

    #: For our own process: where the program's servers are to be looked for.
    def for_us(self) -> Mapping[str, str]:
        """What a user of this program has in every environment."""
        return {}

    @abstractmethod
    def open(self, argv: Sequence[str]) -> None:
        """Run a command in a pane of its own."""

    def close(self) -> None:
        """End the program and all its panes: whoever has this folder as home, hang-ups ignored or not."""
        for process in psutil.process_iter():
            if _home(process) == str(self.folder):
                end(process.pid)

    def recorder(self, how: str = "pastes", *, in_shell: bool = False) -> Recorder:
        """A recorder in a new pane. *in_shell*: started by an interactive shell."""
        self._count += 1
        file = self.folder / f"record-{self._count}"
        argv = [sys.executable, str(HERE / "recorder.py"), str(file), how]
        if in_shell:
            # As if it was typed at the first prompt: with jobs, so that it can be suspended.
            rules = self.folder / f"rc-{self._count}"
            rules.write_text(f"PROMPT_COMMAND='PROMPT_COMMAND=; {' '.join(argv)}'\n")
            argv = ["bash", "--rcfile", str(rules), "-i"]
        self.open(argv)
        told = Path(f"{file}.pid")
        return Recorder(int(until(lambda: told.exists() and told.read_text())), file)

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Nothing is left."""
        self.close()
        self._folder.cleanup()

    def _run(self, *argv: str) -> str:
        done = subprocess.run(
            argv,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


class Tmux(Place):
    """One tmux server."""

    name = "tmux"

    def __init__(self) -> None:
        """Its socket is in the folder."""
        super().__init__()
        self.environment["TMUX_TMPDIR"] = str(self.folder)

    def for_us(self) -> Mapping[str, str]:
        """The folder of the sockets."""
        return {"TMUX_TMPDIR": str(self.folder)}

    def run(self, *command: str) -> str:
        """One command of tmux."""
        return self._run("tmux", "-f", "/dev/null", *command).strip()

    def open(self, argv: Sequence[str]) -> None:
        """In a new session, which nobody is attached to."""
        self.run("new-session", "-d", "-x", "100", "-y", "30", *argv)

    def attach(self) -> Terminal:
        """A person before the newest session."""
        argv = ("tmux", "-f", "/dev/null", "attach")
        terminal = Terminal(homes.Launch(argv=argv, env=self.environment, cwd=self.folder), 30, 100)
        until(lambda: self.run("list-clients"))
        return terminal

    def close(self) -> None:
        """The servers too, which have written over their environment: their panes have not."""
        panes = (each for each in psutil.process_iter() if _home(each) == str(self.folder) and alive(each))
        parents = {parent for each in panes if (parent := each.parent()) and parent.name() == "tmux: server"}
        for server in parents:
            end(server.pid)
        super().close()


class Screen(Place):
    """GNU screen; each command has a session of its own."""

    name = "screen"

    def __init__(self) -> None:
        """Its sockets are in the folder."""
        super().__init__()
        self.sockets = self.folder / "S"
        self.sockets.mkdir(mode=0o700)
        self.environment["SCREENDIR"] = str(self.sockets)
        # utmp is none of ours.
        (self.folder / ".screenrc").write_text("deflogin off\nstartup_message off\n")

    def sessions(self) -> Sequence[str]:
        """The names of the sockets."""
        return sorted(each.name for each in self.sockets.iterdir() if "-query" not in each.name)

    def command(self, session: str, *command: str) -> None:
        """One command of screen."""
        environment = {**self.environment, "STY": session}
        subprocess.run(("screen", "-X", *command), env=environment, stdout=subprocess.DEVNULL, check=True)

    def open(self, argv: Sequence[str]) -> None:
        """In a new session, which nobody is attached to."""
        self._run("screen", "-U", "-d", "-m", *argv)

    def attach(self, *argv: str) -> Terminal:
        """A person before the only session, or before a new one with this command."""
        words = ("-m", *argv) if argv else ("-x", self.sessions()[0])
        launch = homes.Launch(argv=("screen", "-U", *words), env=self.environment, cwd=self.folder)
        return Terminal(launch, 30, 100)


class Kitty(Place):
    """kitty on an X screen of its own, drawn by software; each command has a kitty of its own."""

    name = "kitty"

    def __init__(self) -> None:
        """The screen is there."""
        super().__init__()
        self.desktop = Desktop(self.folder / "desktop").__enter__()
        self.desktop.env.update({"SHELL": "/bin/bash", "KITTY_CONFIG_DIRECTORY": str(self.folder)})

    def open(self, argv: Sequence[str]) -> None:
        """In a new kitty."""
        self._count += 1
        options = ("allow_remote_control=socket-only", "confirm_os_window_close=0", "update_check_interval=0")
        words = (word for option in options for word in ("-o", option))
        socket = f"unix:{self.folder}/kitty-{self._count}"
        self.desktop.start(
            f"kitty-{self._count}", ["kitty", "--config", "NONE", *words, "--listen-on", socket, *argv]
        )

    def close(self) -> None:
        """With the screen."""
        self.desktop.__exit__(None, None, None)


class StandIn(Place):
    """A program that types and shows as this one does, and understands no more than it documents."""

    def __init__(self, name: str) -> None:
        """*name*: of the program that is stood in for."""
        super().__init__()
        self.name = name
        self._programs = self.folder / "bin"
        self._programs.mkdir()
        self._running: list[subprocess.Popen[bytes]] = []
        for program in ("zellij", "wezterm", "wezterm-gui"):
            # A copy, not a link: the kernel names a process after the file.
            script = self._programs / program
            script.write_text(f"#!{sys.executable}\n" + (HERE / "stand_in.py").read_text())
            script.chmod(0o755)

    def for_us(self) -> Mapping[str, str]:
        """Before a real one."""
        return {"PATH": f"{self._programs}:{os.environ['PATH']}", "STAND_IN_LOG": str(self.log)}

    @property
    def log(self) -> Path:
        """A line for each command that was understood."""
        return self.folder / "commands"

    def open(self, argv: Sequence[str]) -> None:
        """In a new server."""
        program = self._programs / {"wezterm": "wezterm-gui"}.get(self.name, self.name)
        command = (str(program), "serve", str(self.folder), str(len(self._running) + 1), *argv)
        self._running.append(subprocess.Popen(command, env=self.environment, cwd=self.folder))

    def close(self) -> None:
        """All servers."""
        for running in self._running:
            end(running.pid)
            running.wait()


PLACES: Final[Mapping[str, Callable[[], Place]]] = {
    "tmux": Tmux,
    "screen": Screen,
    "kitty": Kitty,
    "zellij": lambda: StandIn("zellij"),
    "wezterm": lambda: StandIn("wezterm"),
}
PACKAGES: Final = {"tmux": "tmux", "screen": "screen", "kitty": "kitty"}


def missing(name: str) -> str:
    """What is not installed of what this program needs, in one line; empty if all is."""
    lacking = [PACKAGES[name]] if name in PACKAGES and not shutil.which(name) else []
    return f"needs {lacking[0]}: apt install {lacking[0]}" if lacking else ""


def _home(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("HOME")
    except psutil.Error:
        return None


def end(pid: int) -> None:
    """End a process and all below it, and wait until they do nothing more."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not any(map(alive, family)))


def alive(process: psutil.Process) -> bool:
    """Whether it still runs: one that only waits to be buried does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
