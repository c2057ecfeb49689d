"""Sets up and passes the tests on a fresh machine: ``python3 tests/run.py [PYTEST ARGUMENTS]``.

Makes ``.venv`` beside this checkout, installs Wakeline and what its tests need into it, brings
system programs where it may (root on Debian), and runs pytest. Standard library only.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: program → the Debian package that brings it
PROGRAMS = {
    "certutil": "libnss3-tools",
    "chromium": "chromium",
    "dbus-daemon": "dbus",
    "desktop-file-validate": "desktop-file-utils",
    "dtach": "dtach",
    "dunst": "dunst",
    "fish": "fish",
    "gio": "libglib2.0-bin",
    "git": "git",
    "gnome-session-inhibit": "gnome-session-bin",
    "grim": "grim",
    "import": "imagemagick",
    "ip": "iproute2",
    "kitty": "kitty",
    "less": "less",
    "lxqt-panel": "lxqt-panel",
    "mate-session": "mate-session-manager",
    "mksh": "mksh",
    "nft": "nftables",
    "node": "nodejs",
    "npm": "npm",
    "openbox": "openbox",
    "patch": "patch",
    "ps": "procps",
    "screen": "screen",
    "sway": "sway",
    "tmux": "tmux",
    "unshare": "util-linux",
    "waybar": "waybar",
    "xclip": "xclip",
    "xdotool": "xdotool",
    "xfce4-panel": "xfce4-panel",
    "xfce4-power-manager": "xfce4-power-manager",
    "xfconf-query": "xfconf",
    "xsel": "xsel",
    "Xvfb": "xvfb",
    "xauth": "xauth",
    "xprop": "x11-utils",
    "zsh": "zsh",
}
#: file → the Debian package that brings it, for what is not found by the path
FILES = {
    "/lib/systemd/systemd-logind": "systemd",
    "/usr/lib/upower/upowerd": "upower",
    "/usr/lib/polkit-1/polkitd": "polkitd",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core",
}


def main(arguments: list[str]) -> int:
    """Do it; the answer is pytest's exit code."""
    bring_programs()
    python = environment()
    if os.environ.get("CI") == "true":
        run([python, "-m", "tests.lab.agents"])
    print("running the tests", flush=True)
    if not arguments:
        return all_of_them(python)
    return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


def all_of_them(python: str) -> int:
    """Stories and all else beside each other: most tests wait for other programs. Each has a closing line."""
    stories = "tests/end_to_end"
    with tempfile.TemporaryFile() as said:
        beside = subprocess.Popen([python, "-m", "pytest", stories], cwd=ROOT, stdout=said, stderr=said)
        code = subprocess.run(
            [python, "-m", "pytest", f"--ignore={stories}"], cwd=ROOT, check=False
        ).returncode
        code = beside.wait() or code
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout.buffer)
        sys.stdout.flush()
    return code


def bring_programs() -> None:
    """Install missing system programs, where that is ours to do; else the tests say what they miss."""
    missing = {package for program, package in PROGRAMS.items() if not found(program)}
    missing |= {package for file, package in FILES.items() if not Path(file).exists()}
    apt = shutil.which("apt-get")
    if not missing or apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    print("installing", *sorted(missing), flush=True)
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "-qq", "update"],
        [
            apt,
            "-qq",
            "-o",
            "DPkg::Lock::Timeout=300",
            "install",
            "-y",
            "--no-install-recommends",
            *sorted(missing),
        ],
    ):
        subprocess.run(command, env=variables, check=False, stdout=subprocess.DEVNULL)


def found(program: str) -> bool:
    """Whether the program can be started by its name, or from where daemons live."""
    places = os.pathsep.join(
        (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/libexec", "/usr/lib/upower")
    )
    return shutil.which(program, path=places) is not None


def environment() -> str:
    """A Python that has Wakeline and its tests' needs: this one if it is a venv's, else ``.venv``."""
    python = sys.executable
    if sys.prefix == sys.base_prefix:
        folder = ROOT / ".venv"
        python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        if not Path(python).exists():
            venv.create(folder, with_pip=True)
    print("installing Wakeline and what its tests need", flush=True)
    run([python, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[test]"])
    return python


def run(command: list[str]) -> None:
    """Run it or stop here."""
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
