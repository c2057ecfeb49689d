"""Surviving the last logout, with a real systemd of a user who has none."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

assert sys.platform != "win32"

from tests.lab.fixtures import do_without
from tests.lab.held import ROOT
from tests.lab.waiting import until

SYSTEMD = "/lib/systemd/systemd"

#: In a mount namespace of its own: a machine that was booted by systemd, and its user's manager.
MACHINE = """
    import os, pathlib, subprocess, sys, tempfile
    from tests.lab.held import Held
    from tests.lab.waiting import until

    def mount(place):
        pathlib.Path(place).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)

    for group in sys.argv[3:]:
        (pathlib.Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    mount("/run")
    mount("/var/lib/systemd/linger")
    for folder in ("/run/systemd/system", "/run/user/0"):
        pathlib.Path(folder).mkdir(mode=0o700, parents=True)
    if sys.argv[1] == "lingers":
        pathlib.Path("/var/lib/systemd/linger/root").touch()
    os.environ["XDG_RUNTIME_DIR"] = "/run/user/0"
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    manager = subprocess.Popen([sys.argv[2], "--user", "--unit=dbus.socket"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: pathlib.Path("/run/user/0/bus").exists() or manager.poll() is not None)
        with Held() as held:
            cat = held.run("cat")
            print(pathlib.Path(f"/proc/{cat.hello.holder}/cgroup").read_text())
    finally:
        manager.terminate()
        manager.wait()
"""


@pytest.fixture
def groups() -> Iterator[Sequence[Path]]:
    """Control groups of our own, that a manager may have; they go with the test."""
    if os.geteuid() != 0 or not Path(SYSTEMD).exists() or shutil.which("busctl") is None:
        do_without("a user's systemd needs systemd and root: apt install systemd dbus-user-session")
    trees = map(Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"))
    made = [tree / f"wakeline-{os.getpid()}" for tree in trees if (tree / "cgroup.procs").exists()]
    for group in made:
        group.mkdir()
    yield made
    for group in made:
        for folder, _, _ in os.walk(group, topdown=False):
            until(lambda place=Path(folder): not (place / "cgroup.procs").read_text())  # type: ignore[misc]
            Path(folder).rmdir()


@pytest.mark.parametrize(("who", "is_moved"), [("lingers", True), ("goes", False)])
def test_holders_are_in_the_care_of_a_systemd_that_stays(
    who: str, is_moved: bool, tmp_path: Path, groups: Sequence[Path]
) -> None:
    """Not in that of one that goes with the last session, and would end them."""
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", textwrap.dedent(MACHINE), who, SYSTEMD, *groups],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert ("/app.slice/wakeline-" in done.stdout) == is_moved, done.stdout
