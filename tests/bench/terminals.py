"""A terminal that is held, beside a raw one, tmux and dtach: echo, throughput, start, memory."""

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

assert sys.platform != "win32"

from supervisor.terminal import Order, calling, wire

ROOT = Path(__file__).parents[2]
#: Keys of one round, and rounds: on a machine that does other things, too, the best round says most.
KEYS, ROUNDS = 50, 8
FLOOD = 100 * 2**20
STARTS = 20
#: How many commands are held when memory and wake-ups are measured.
HELD = (1, 10, 50)

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
    """How a command is started: bare, held by us, in tmux, in dtach."""
    found = {"raw": [], "held": [sys.executable, "-m", "supervisor", "run", "--"]}
    found["bare Python"] = [sys.executable, "-I", "-S", str(Path(__file__).with_name("bare_terminal.py"))]
    if tmux := shutil.which("tmux"):
        found["tmux"] = [tmux, "-S", str(folder / "tmux"), "-f", "/dev/null", "new-session"]
    if dtach := shutil.which("dtach"):
        # Each needs a socket of its own.
        found["dtach"] = ["sh", "-c", f'exec {dtach} -A {folder}/dtach.$$ -z "$@"', "dtach"]
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


def echoes(ways: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> dict[str, float]:
    """From a key to its echo, in turns, so that all have the same machine: the best median of each in µs."""
    seats = {name: Seat([*way, sys.executable, "-c", ECHO], environment) for name, way in ways.items()}
    medians: dict[str, list[float]] = {name: [] for name in seats}
    try:
        for seat in seats.values():
            seat.wait_for(b"ready")
        time.sleep(0.5)
        for _ in range(ROUNDS):
            taken: dict[str, list[float]] = {name: [] for name in seats}
            for number in range(KEYS):
                for name, seat in seats.items():
                    taken[name].append(echo(seat, bytes([97 + number % 26])))
            for name, each in taken.items():
                medians[name].append(statistics.median(each))
    finally:
        for seat in seats.values():
            seat.close()
    return {name: min(each) * 1e6 for name, each in medians.items()}


def echo(seat: Seat, key: bytes) -> float:
    """Press it, wait for it; seconds."""
    time.sleep(0.003)
    began = time.perf_counter()
    os.write(seat.master, key)
    seat.wait_for(key)
    return time.perf_counter() - began


def flood(way: Sequence[str], environment: Mapping[str, str], text: Path) -> float:
    """A hundred megabytes as an agent prints them, through to the screen: MB/s, the best of three."""
    return max(_flood(way, environment, text) for _ in range(3))


def _flood(way: Sequence[str], environment: Mapping[str, str], text: Path) -> float:
    seat = Seat(
        [*way, "sh", "-c", f"stty raw; echo rea''dy; cat {text}; echo; echo the-e''nd; sleep 1"], environment
    )
    seat.wait_for(b"ready")
    began = time.perf_counter()
    seat.wait_for(b"the-end", 120)
    taken = time.perf_counter() - began
    seat.close()
    return FLOOD / taken / 1e6


def first_bytes(ways: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> dict[str, float]:
    """From a whole command to the first byte of what it starts, in turns: the median of each in ms."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(STARTS):
        for name, way in ways.items():
            began = time.perf_counter()
            seat = Seat([*way, "sh", "-c", "echo the-first; sleep 0.2"], environment)
            seat.wait_for(b"the-first")
            taken[name].append((time.perf_counter() - began) * 1000)
            seat.close()
    return {name: statistics.median(each) for name, each in taken.items()}


def orders(folder: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """From an order of a program that runs to the first byte of what it starts: the median of each in ms."""
    order = Order(("sh", "-c", "echo the-first; sleep 0.2"), "/", tuple(environment.items()))
    tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null", "new-session", "-d"]
    pipe = folder / "first"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDWR)
    taken: dict[str, list[float]] = {"held": [], "tmux -d": []}
    for _ in range(STARTS):
        began = time.perf_counter()
        _first_of_held(folder, order)
        taken["held"].append((time.perf_counter() - began) * 1000)
        if shutil.which("tmux"):
            began = time.perf_counter()
            subprocess.run([*tmux, f"echo the-first > {pipe}"], env=dict(environment), check=True)
            os.read(reading, 99)
            taken["tmux -d"].append((time.perf_counter() - began) * 1000)
    os.close(reading)
    return {name: statistics.median(each) for name, each in taken.items() if each}


def _first_of_held(folder: Path, order: Order) -> None:
    line = calling.nursery(folder / "w" / "run" / "holders", lambda _: None)
    line.say(calling.start(order), wire.Attach(wire.VERSION, -1, 0, 0))
    printed = b""
    while b"the-first" not in printed:
        printed += b"".join(m.text for m in line.hear() or () if isinstance(m, wire.Output))
    line.connection.close()


def hold(environment: Mapping[str, str], count: int) -> None:
    """So many more commands that sleep."""
    command = [sys.executable, "-m", "supervisor", "run", "--detach", "--", "sleep", "1000"]
    for _ in range(count):
        subprocess.run(command, env=dict(environment), check=True, stdout=subprocess.DEVNULL)


def sleeping(folder: Path) -> list[psutil.Process]:
    """The holders of commands that sleep."""
    return [process for process in holders(folder) if _sleeps(process)]


def _sleeps(process: psutil.Process) -> bool:
    try:
        return any("sleep" in child.name() for child in process.children())
    except psutil.Error:
        return False


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
        if _argv(process)[1:3] == [
            "-A",
            *(a for a in _argv(process)[2:3] if a.startswith(f"{folder}/dtach.")),
        ]:
            process.kill()
        if _home(process) == str(folder / "w"):
            for child in (*process.children(recursive=True), process):
                child.kill()
