"""A terminal that is held, beside a raw one and tmux: echo, throughput, start, memory."""

import os
import pty
import select
import shutil
import statistics
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
KEYS = 300
FLOOD = 100 * 2**20
STARTS = 10
HELD = (1, 10)

#: The program at the other end: quiet and raw, so that what is measured is the way.
ECHO = (
    "import os,tty; tty.setraw(0); os.write(1, b'ready'); [os.write(1, os.read(0, 99)) for _ in iter(int, 1)]"
)


class Seat:
    """A program in a raw pseudo-terminal. Owner: the bench."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it."""
        self.master, theirs = pty.openpty()
        tty.setraw(theirs, termios.TCSANOW)
        termios.tcsetwinsize(self.master, (24, 80))
        self.process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment), start_new_session=True
        )
        os.close(theirs)

    def wait_for(self, words: bytes, seconds: float = 60) -> int:
        """Read until *words* come; how many bytes that were."""
        count, tail, deadline = 0, b"", time.monotonic() + seconds
        while words not in tail:
            if not select.select([self.master], [], [], deadline - time.monotonic())[0]:
                raise TimeoutError(words)
            chunk = os.read(self.master, 65536)
            count += len(chunk)
            tail = tail[-len(words) :] + chunk
        return count

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def ways(folder: Path) -> Mapping[str, list[str]]:
    """How a command is started: bare, held by us, in tmux."""
    found = {"raw": [], "held": [sys.executable, "-m", "supervisor", "run", "--"]}
    if tmux := shutil.which("tmux"):
        found["tmux"] = [tmux, "-S", str(folder / "tmux"), "-f", "/dev/null", "new-session"]
    return found


def variables(folder: Path) -> dict[str, str]:
    """The environment of all of them."""
    return {
        **os.environ,
        "WAKELINE_HOME": str(folder / "w"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "WAKELINE_DISCOVER_AGENTS": "plain",
    }


def echo(seat: Seat) -> float:
    """From a key to its echo: the median in µs."""
    seat.wait_for(b"ready")
    time.sleep(0.3)
    taken = []
    for number in range(KEYS):
        key = bytes([97 + number % 26])
        began = time.perf_counter()
        os.write(seat.master, key)
        seat.wait_for(key)
        taken.append(time.perf_counter() - began)
        time.sleep(0.003)
    return statistics.median(taken) * 1e6


def flood(way: Sequence[str], environment: Mapping[str, str], text: Path) -> float:
    """A hundred megabytes as an agent prints them, through to the screen: MB/s."""
    seat = Seat([*way, "sh", "-c", f"stty raw; cat {text}; echo; echo the-e''nd; sleep 1"], environment)
    began = time.perf_counter()
    seat.wait_for(b"the-end", 120)
    taken = time.perf_counter() - began
    seat.close()
    return FLOOD / taken / 1e6


def first_byte(way: Sequence[str], environment: Mapping[str, str]) -> float:
    """From the order to the command's first byte: the median in ms."""
    taken = []
    for _ in range(STARTS):
        began = time.perf_counter()
        seat = Seat([*way, "sh", "-c", "echo the-first; sleep 0.2"], environment)
        seat.wait_for(b"the-first")
        taken.append((time.perf_counter() - began) * 1000)
        seat.close()
    return statistics.median(taken)


def holders(folder: Path) -> list[psutil.Process]:
    """The processes that hold, and their parent first."""
    mine = str(folder / "w")
    found = [p for p in psutil.process_iter() if "nursery" in _argv(p) and _home(p) == mine]
    return sorted(found, key=lambda process: process.create_time())


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _home(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("WAKELINE_HOME")
    except psutil.Error:
        return None


def tui_like(path: Path) -> Path:
    """So much of what an agent's screen is made of: colours, moves, boxes, words."""
    line = (
        "\x1b[2K\x1b[1A\x1b[38;5;39m╭─ step %6d \x1b[0m\x1b[1mreading file\x1b[22m … \x1b[7m 42 %% \x1b[27m"
    )
    line += "\r\n"
    block = "".join(line % number for number in range(1000)).encode()
    with path.open("wb") as file:
        for _ in range(FLOOD // len(block) + 1):
            file.write(block)
        file.truncate(FLOOD)
    return path


def end(folder: Path) -> None:
    """End all that was started in the name of this folder."""
    subprocess.run(["tmux", "-S", str(folder / "tmux"), "kill-server"], check=False, capture_output=True)
    for process in psutil.process_iter():
        if _home(process) == str(folder / "w"):
            for child in (*process.children(recursive=True), process):
                child.kill()
