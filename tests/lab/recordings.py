"""What real programs print to a terminal, kept as files.

``python -m tests.lab.recordings [NAME…]`` makes them anew.

A recording is a line of JSON (the program, and from which byte on the terminal had which size), and
then the bytes as they came. Everything runs in an empty home, whose path is replaced by one as long.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import homes, servers
from tests.lab.homes import Launch

FOLDER = Path(__file__).parents[1] / "data" / "streams"
#: What stands in a recording instead of the home it was made in.
HOME = b"/home/me"
SMALL, LARGE = (24, 80), (40, 120)
#: Agents that are all played with in the same way: how each begins, and what it says when it is ready.
OTHERS: Mapping[str, tuple[Callable[[Path, Path, str], Launch], str]] = {
    "gemini": (homes.gemini, "Type your message"),
    "copilot": (homes.copilot, "commands"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """All that a program printed, and the sizes of its terminal."""

    program: str
    #: From this byte on, so many rows and columns.
    sizes: Sequence[tuple[int, int, int]]
    output: bytes

    def steps(self, cuts: Sequence[int]) -> Iterator[bytes | tuple[int, int]]:
        """The output in pieces that end at these places, and each new size in its place."""
        sizes = {at: (rows, columns) for at, rows, columns in self.sizes}
        places = sorted({0, len(self.output), *sizes, *(cut for cut in cuts if cut < len(self.output))})
        for begin, end in zip(places, [*places[1:], places[-1]], strict=True):
            if begin in sizes:
                yield sizes[begin]
            if begin < end:
                yield self.output[begin:end]


def recording(name: str) -> Recording:
    """The one of that name."""
    head, _, output = (FOLDER / f"{name}.stream").read_bytes().partition(b"\n")
    said = json.loads(head)
    return Recording(program=said["program"], sizes=[tuple(each) for each in said["sizes"]], output=output)


def names() -> Sequence[str]:
    """All that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.stream"))


if sys.platform != "win32":
    from tests.lab.terminal import Terminal

    class Recorder(Terminal):
        """A terminal that remembers its sizes."""

        def __init__(self, launch: Launch, rows: int, columns: int) -> None:
            """See ``Terminal``."""
            self.sizes: list[tuple[int, int, int]] = []
            super().__init__(launch, rows, columns)

        def resize(self, rows: int, columns: int) -> None:
            """The same, and remember it."""
            with self._news:
                self.sizes.append((len(self._output), rows, columns))
                super().resize(rows, columns)

        def output(self) -> bytes:
            """All that came, as it came."""
            with self._news:
                return bytes(self._output)

    def keep(name: str, launch: Launch, size: tuple[int, int], play: Callable[[Recorder], None]) -> None:
        """Run a program, play with it, and write down what it printed."""
        with Recorder(launch, *size) as terminal:
            play(terminal)
            output, sizes = terminal.output(), terminal.sizes
        home = launch.env["HOME"].encode()
        assert len(home) == len(HOME), "the home's path must be as long as its replacement"
        output = output.replace(home, HOME)
        head = json.dumps({"program": name, "sizes": sizes}).encode()
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.stream").write_bytes(head + b"\n" + output)
        print(name, len(output))

    def claude(terminal: Recorder) -> None:
        """A turn with a tool that is allowed, a long answer, another size, the help, the end."""
        terminal.wait_for("manual mode on", 60)
        terminal.settle()
        terminal.prompt("SCENARIO:bash touch made.txt; printf 'one\\ttwo\\nthree 日本語 ok\\n'")
        terminal.wait_for("Do you want to proceed?")
        terminal.press("1")
        terminal.settle(1)
        terminal.prompt("SCENARIO:slow:20:120")
        terminal.settle(1.5, 20)
        terminal.resize(30, 100)
        terminal.settle(1)
        terminal.press("?")
        terminal.settle()
        terminal.press("\x7f/")
        terminal.settle()
        terminal.press("\x1b[B\x1b[B")
        terminal.settle()
        terminal.press("\x1b")
        terminal.settle()
        terminal.press("\x03\x03")
        terminal.settle()

    def codex(terminal: Recorder) -> None:
        """The same with Codex."""
        terminal.wait_for("fake-model", 60)
        terminal.settle(1)
        terminal.prompt("hello %%slow:3%%")
        terminal.settle(2, 20)
        terminal.prompt("please %%tool:printf 'one\\ntwo 日本語\\n'%%")
        terminal.settle(2, 20)
        terminal.resize(30, 100)
        terminal.settle(1)
        terminal.press("/")
        terminal.settle()
        terminal.press("\x1b[B\x1b[B")
        terminal.settle()
        terminal.press("\x1b")
        terminal.settle()
        terminal.press("\x03\x03")
        terminal.settle()

    def opencode(terminal: Recorder) -> None:
        """The same with OpenCode."""
        terminal.wait_for("fake", 60)
        terminal.settle(1)
        terminal.prompt("tell me %%slow:1%%")
        terminal.settle(2, 15)
        terminal.resize(30, 100)
        terminal.settle(1)
        terminal.press("\x10")
        terminal.settle()
        terminal.press("\x1b")
        terminal.settle()
        terminal.press("\x03\x03")
        terminal.settle(1)

    def another_agent(ready: str) -> Callable[[Recorder], None]:
        """The same with one that says so when it is ready: an answer, a tool, another size, the end."""

        def play(terminal: Recorder) -> None:
            terminal.wait_for(ready)
            terminal.settle(1)
            terminal.prompt("hello %%slow:1%%")
            terminal.settle(2, 20)
            terminal.prompt("please %%tool:touch made%%")
            terminal.settle(2, 20)
            terminal.resize(30, 100)
            terminal.settle(1)
            terminal.press("\x1b")
            terminal.settle(1)
            terminal.press("/")
            terminal.settle()
            terminal.press("\x1b[B\x1b[B")
            terminal.settle()
            terminal.press("\x1b")
            terminal.settle()
            terminal.press("\x03")
            terminal.settle()
            terminal.press("\x03")
            terminal.settle(1)

        return play

    def vim(terminal: Recorder) -> None:
        """Writing, two windows, a search, scrolling, another size, leaving."""
        terminal.settle()
        terminal.press("ihello wörld\r\ttab 日本語 👍 done\x1b")
        terminal.press(":syntax on\r:set number hlsearch\r:split\r")
        terminal.settle()
        terminal.press("\x06\x06\x02G:vsplit\r/def\rnn")
        terminal.settle()
        terminal.resize(30, 100)
        terminal.settle()
        terminal.press("\x17w10dd:wincmd o\r\x04\x04\x15")
        terminal.settle()
        terminal.press(":qa!\r")
        terminal.settle()

    def less(terminal: Recorder) -> None:
        """Down, up, a search, the end, another size, leaving."""
        terminal.settle()
        for keys in ("   ", "bb", "jjjkk", "/import\r", "nn", "G", "g"):
            terminal.press(keys)
            terminal.settle(0.2)
        terminal.resize(30, 100)
        terminal.settle()
        terminal.press("q")
        terminal.settle()

    def htop(terminal: Recorder) -> None:
        """The list, the help, another size, leaving."""
        terminal.settle(1, 4)
        terminal.press("h")
        terminal.settle()
        terminal.press("q")
        terminal.resize(30, 100)
        terminal.settle(1, 4)
        terminal.press("q")
        terminal.settle()

    def shell(terminal: Recorder) -> None:
        """Plain commands with colours, completions, a long line, a clear screen."""
        terminal.settle()
        for line in (
            "PS1='\\[\\e[32m\\]me\\[\\e[0m\\]:\\W$ '",
            "ls --color=always -la project",
            "seq 1 60",
            "echo $(seq 1 100)",
            "printf 'a\\tb\\tc\\n%s\\n' 'é ü 日本 한국 e\u0301 ──'",
            "clear",
            "ls --color=always project",
            "for i in 1 2 3 4 5; do printf '\\rstep %s' $i; done; echo",
        ):
            terminal.press(line + "\r")
            terminal.settle(0.2)
        terminal.press("echo something long that is edited\x01\x1bf\x1bd\x05 more\x17\x17\r")
        terminal.settle(0.2)
        terminal.resize(30, 100)
        terminal.press("exit\r")
        terminal.settle()

    @contextmanager
    def home() -> Iterator[Path]:
        """An empty one, whose path is as long as ``/home/me``."""
        place = Path(tempfile.gettempdir()) / os.urandom(2).hex()
        place = place.with_name(place.name[: len(HOME) - len(str(place.parent)) - 1])
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def tool(place: Path, *argv: str) -> Launch:
        """A program that is no agent, in the project."""
        return Launch(argv=argv, env={**homes.environment(place), "HISTFILE": ""}, cwd=place)

    def main(wished: Sequence[str]) -> None:
        """Make all, or those."""
        for size in (SMALL, LARGE):
            for name in wished or ("claude", "codex", "opencode", *OTHERS, "vim", "less", "htop", "shell"):
                with home() as place:
                    project = place / "project"
                    project.mkdir()
                    shutil.copy(Path(__file__), project / "made.py")
                    full = f"{name}-{size[1]}x{size[0]}"
                    match name:
                        case "claude":
                            with servers.serve("anthropic") as server:
                                agent = homes.claude(place, project, server.url)
                                keep(full, agent.plus("--permission-mode", "manual"), size, claude)
                        case "codex":
                            with servers.serve("openai") as server:
                                keep(full, homes.codex(place, project, server.url), size, codex)
                        case "opencode":
                            with servers.serve("openai") as server:
                                keep(full, homes.opencode(place, project, server.url), size, opencode)
                        case "gemini" | "copilot":
                            start, ready = OTHERS[name]
                            with servers.serve("openai") as server:
                                keep(full, start(place, project, server.url), size, another_agent(ready))
                        case "vim":
                            keep(full, tool(place, "vim", "-u", "NONE", "-N", "project/made.py"), size, vim)
                        case "less":
                            keep(full, tool(place, "less", "project/made.py"), size, less)
                        case "htop":
                            with subprocess.Popen(["sleep", "60"]) as sleeping:
                                keep(full, tool(place, "htop", "-p", str(sleeping.pid)), size, htop)
                                sleeping.kill()
                        case _:
                            plain = tool(place, "bash", "--norc", "--noprofile")
                            keep(full, plain, size, shell)

    if __name__ == "__main__":
        main(sys.argv[1:])
