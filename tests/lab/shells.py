"""Real interactive shells in real terminals: paste a line, and see where it led."""

import sys

assert sys.platform != "win32"

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds; a shell that says nothing for so long has got stuck in the line.
PATIENCE = 10.0

_PROGRAMS = {
    # Says where it runs and with which words.
    "tell_where": '#!/bin/sh\n{ pwd -P; printf "%s\\n" "$@"; printf "\\0"; } > "$REPORTS"\n',
    # Must never run but when a test runs it by its name.
    "canary": '#!/bin/sh\nprintf "canary\\0" > "$REPORTS"\n',
    "done_": '#!/bin/sh\nprintf "done\\0" > "$REPORTS"\n',
}

#: Options that make quoting harder than it is by default.
_SETTINGS = {
    ".zshrc": "HISTSIZE=9999\nsetopt BANG_HIST EXTENDED_GLOB INTERACTIVE_COMMENTS\n",
    "rc_quotes/.zshrc": "HISTSIZE=9999\nsetopt BANG_HIST RC_QUOTES EXTENDED_GLOB MAGIC_EQUAL_SUBST\n",
    ".bashrc": "HISTSIZE=9999\nset -o histexpand\nshopt -s extglob\n",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to start a shell. *quoting* is our name of its rules."""

    name: str
    argv: tuple[str, ...]
    quoting: str = "posix"
    bracketed: bool = False
    variables: tuple[tuple[str, str], ...] = ()


KINDS = (
    Kind("bash", ("bash", "-i"), bracketed=True),
    Kind("bash-typed", ("bash", "-i")),
    Kind("bash-plain", ("bash", "--noediting", "-i")),
    Kind("zsh", ("zsh", "-i"), bracketed=True),
    Kind("zsh-typed", ("zsh", "-i")),
    Kind("zsh-rc-quotes", ("zsh", "-i"), variables=(("ZDOTDIR", "rc_quotes"),)),
    Kind("dash", ("dash", "-i")),
    Kind("mksh", ("mksh", "-i")),
    Kind("fish", ("fish", "-i"), quoting="fish", bracketed=True),
    Kind("fish-typed", ("fish", "-i"), quoting="fish"),
)


def installed(kind: Kind) -> bool:
    """Whether this shell is here."""
    return shutil.which(kind.argv[0]) is not None


class Shell:
    """One interactive shell in its own terminal, with a home of its own. Use it with ``with``."""

    def __init__(self, kind: Kind, home: Path) -> None:
        """Start nothing yet; *home* is an empty folder of ours."""
        self.kind = kind
        self._home = home
        self._fifo = home / "reports"
        self._seen = bytearray()

    def __enter__(self) -> Self:
        """Start it and wait until it obeys."""
        _furnish(self._home)
        os.mkfifo(self._fifo)
        self._reports = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK)
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *self.kind.argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment(),
            cwd=self._home,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        # A history worth expanding, and the first sign of life.
        assert self.paste("canary") == ["canary"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)
        os.close(self._reports)

    def paste(self, line: str, enter: bytes = b"\r") -> list[str]:
        """Paste *line*, press Enter, and return what the programs in it reported."""
        text = os.fsencode(line)
        self._type(b"\x1b[200~" + text + b"\x1b[201~" if self.kind.bracketed else text)
        self._type(enter)
        self._type(b"done_\r")
        reports: list[str] = []
        while not reports or reports[-1] != "done":
            reports.append(self._report())
        return reports[:-1]

    def _type(self, keys: bytes) -> None:
        while keys:
            self._swallow_output()
            try:
                keys = keys[os.write(self._master, keys) :]
            except BlockingIOError:
                select.select([self._master], [self._master], [], PATIENCE)

    def _report(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._seen:
            left = deadline - time.monotonic()
            ready = select.select([self._reports, self._master], [], [], max(left, 0))[0]
            if not ready:
                raise TimeoutError(f"{self.kind.name} does not come back")
            if self._reports in ready:
                self._seen += os.read(self._reports, 65536)
            self._swallow_output()
        report, _, rest = bytes(self._seen).partition(b"\0")
        self._seen[:] = rest
        return os.fsdecode(report)

    def _swallow_output(self) -> None:
        while select.select([self._master], [], [], 0)[0]:
            if not os.read(self._master, 65536):
                return

    def _environment(self) -> Mapping[str, str]:
        return {
            "HOME": str(self._home),
            "PATH": f"{self._home / 'bin'}:/usr/bin:/bin",
            "REPORTS": str(self._fifo),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self._home / "config"),
            **{name: str(self._home / value) for name, value in self.kind.variables},
        }


def _furnish(home: Path) -> None:
    for name, text in _SETTINGS.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    # With this folder fish does not read all manual pages in the background.
    (home / ".local/share/fish/generated_completions").mkdir(parents=True)
    (home / "bin").mkdir()
    for name, text in _PROGRAMS.items():
        (home / "bin" / name).write_text(text)
        (home / "bin" / name).chmod(0o755)
