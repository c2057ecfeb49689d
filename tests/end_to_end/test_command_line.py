"""The command line with a real supervisor: every verb, every wrong use."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.store import audit
from supervisor.store.database import open_database
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline(tmp_path: Path) -> Iterator[Wakeline]:
    """A running supervisor that sees no agents."""
    (tmp_path / "home").mkdir()
    with Wakeline(tmp_path / "wakeline", tmp_path / "home") as running:
        yield running


@pytest.fixture
def stopped(tmp_path: Path) -> Wakeline:
    """A supervisor that does not run."""
    (tmp_path / "home").mkdir()
    return Wakeline(tmp_path / "wakeline", tmp_path / "home")


def test_up_starts_what_does_not_run_and_finds_what_does(stopped: Wakeline) -> None:
    """The one command that a user needs; the second time it finds the first."""
    first = stopped.run("up", "--no-tray")
    second = stopped.run()
    down = stopped.run("down")

    assert "Wakeline has started." in first.stdout
    assert "Wakeline is running." in second.stdout
    assert "Agents go on" in down.stdout
    assert "not running" in stopped.run("down").stdout


def test_what_was_stopped_stays_stopped(stopped: Wakeline) -> None:
    """The icon that ``up`` has just started does not start the supervisor again behind one's back."""
    stopped.run("up")
    stopped.run("down")
    log = stopped.folder / "state" / "tray.log"
    until(lambda: log.exists() and "tray" in log.read_text(), saying="the tray gave up: there is no screen")

    assert "not running" in stopped.run("down").stdout


def test_a_second_supervisor_is_refused(wakeline: Wakeline) -> None:
    """One supervisor for each user."""
    second = wakeline.run("serve", check=False)

    assert second.returncode == 4
    assert "running" in second.stderr
    assert wakeline.answers()


def test_a_killed_supervisor_is_no_obstacle(wakeline: Wakeline) -> None:
    """kill -9 leaves a socket behind; the next start does not mind."""
    wakeline.kill()
    assert (wakeline.folder / "run" / "api.sock").exists()
    assert wakeline.run("ls", check=False).returncode == 5

    wakeline.start()

    assert wakeline.json("ls") == {"sessions": [], "next": None}


def test_a_signal_ends_it_cleanly(wakeline: Wakeline) -> None:
    """SIGTERM is a clean end: exit code 0, no socket left."""
    assert wakeline.stop() == 0
    assert not (wakeline.folder / "run" / "api.sock").exists()


def test_its_folders_are_its_users_alone(wakeline: Wakeline) -> None:
    """Nobody else may look into them."""
    for place in ("run", "state"):
        assert stat.S_IMODE((wakeline.folder / place).stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((wakeline.folder / "run" / "api.sock").stat().st_mode) == 0o600


def test_reading_verbs_print_one_document(wakeline: Wakeline) -> None:
    """Every one of them, in snake_case."""
    assert wakeline.json("ls")["sessions"] == []
    assert wakeline.json("ls", "--all")["sessions"] == []
    assert wakeline.json("awake")["mode"] == "auto"
    assert wakeline.json("devices") == {"devices": []}
    assert set(wakeline.json("status")) >= {"machine", "sessions"}
    assert "checks" in wakeline.json("doctor")


def test_awake_is_switched_for_a_while_and_back(wakeline: Wakeline) -> None:
    """On for two hours says until when; auto takes it back."""
    on = wakeline.run("awake", "on", "--for", "2h").stdout
    shown = wakeline.json("awake")
    off = wakeline.json("awake", "off")
    auto = wakeline.json("awake", "auto")

    assert "set to on by you, back to auto in" in on
    assert (shown["mode"], shown["wanted"]) == ("on", True)
    assert shown["mode_until"].endswith("Z")
    assert (off["mode"], off["wanted"]) == ("off", False)
    assert (auto["mode"], auto["mode_until"]) == ("auto", None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["lss"], 2),
        (["ls", "--nonsense"], 2),
        (["awake", "on", "--for", "soon"], 2),
        (["awake", "on", "--for", "0m"], 2),
        (["awake", "--for", "2h"], 2),
        (["copy"], 2),
        (["copy", "x", "--shell", "csh"], 2),
        (["devices", "revoke"], 2),
        (["devices", "revoke", "nobody"], 1),
        (["show", "nobody"], 3),
        (["show", "../../etc/passwd"], 3),
        (["show", ""], 3),
        (["watch", "nobody"], 3),
        (["copy", "nobody", "--print"], 3),
    ],
)
def test_wrong_use_is_one_sentence_one_hint_and_a_code(
    wakeline: Wakeline, arguments: list[str], code: int
) -> None:
    """No traceback, nothing on stdout."""
    done = wakeline.run(*arguments, check=False)

    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("wakeline: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_without_a_supervisor_every_verb_says_so(stopped: Wakeline) -> None:
    """Exit code 5, and how to start it."""
    for verb in ("ls", "show x", "watch x", "copy x", "awake", "phone", "devices", "status"):
        done = stopped.run(*verb.split(), check=False)
        assert (done.returncode, done.stdout) == (5, ""), verb
        assert "wakeline" in done.stderr.splitlines()[1]


def test_doctor_works_without_a_supervisor(stopped: Wakeline) -> None:
    """What is broken may be the supervisor itself."""
    done = stopped.run("doctor", check=False)

    assert done.returncode in {0, 1}
    assert "supervisor" in done.stdout


def test_doctor_finds_a_log_that_somebody_has_changed(stopped: Wakeline) -> None:
    """While nobody writes to it, as well as beside the supervisor."""
    database = open_database(stopped.folder / "state" / "wakeline.db")
    for number in range(3):
        audit.append(database, "paired", {"device": str(number)})
    before = _checks(stopped)
    database.change("UPDATE audit SET details = '{}' WHERE seq = 2")
    after = _checks(stopped)
    database.close()

    assert (before["state"]["ok"], before["audit log"]["ok"]) == (True, True)
    assert (after["audit log"]["ok"], after["audit log"]["finding"]) == (
        False,
        "changed by somebody from line 2 on",
    )


def test_doctor_finds_a_damaged_state_file(stopped: Wakeline) -> None:
    """And leaves it alone."""
    file = stopped.folder / "state" / "wakeline.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database" * 1000)

    found = _checks(stopped)

    assert found["state"]["ok"] is False
    assert file.read_bytes() == b"no database" * 1000


def test_doctor_says_whose_files_are_not_read(stopped: Wakeline) -> None:
    """An agent that is only known by its processes is not said to keep sessions in the home folder."""
    found = _checks(stopped)

    assert found["aider"]["finding"].endswith("its files are not read")
    assert "not read" not in found["claude"]["finding"]


def _checks(wakeline: Wakeline) -> dict[str, Any]:
    done = wakeline.run("doctor", "--json", check=False)
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_misspelt_setting_stops_the_start_with_its_name(stopped: Wakeline) -> None:
    """The nearest known key is named."""
    (stopped.folder / "config").mkdir(parents=True)
    (stopped.folder / "config" / "settings.toml").write_text("[awake]\nwind_down = 3\n")

    done = stopped.run("serve", check=False)

    assert done.returncode == 2
    assert "awake.wind_down_seconds" in done.stderr


def test_help_and_version_need_no_supervisor(stopped: Wakeline) -> None:
    """They are quick and go to stdout."""
    assert "usage: wakeline" in stopped.run("--help").stdout
    assert stopped.run("--version").stdout.startswith("wakeline ")
    assert "usage: wakeline ls" in stopped.run("ls", "--help").stdout


def test_a_closed_pipe_is_no_error(wakeline: Wakeline) -> None:
    """``wakeline ls | head -0`` is quiet."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m supervisor --help | true"],
        env=dict(wakeline.environment),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""


def test_completion_is_understood_by_its_shell(stopped: Wakeline) -> None:
    """The scripts at least parse, and complete the verbs."""
    script = stopped.run("completion", "bash").stdout
    script += "\nCOMP_WORDS=(wakeline sta); COMP_CWORD=1; _wakeline; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["status"]


def test_the_machine_tells_who_it_is(wakeline: Wakeline) -> None:
    """Host name, system, versions and what keeps it awake."""
    machine = wakeline.client.get("/api/machine")

    assert machine["hostname"]
    assert machine["versions"]["wakeline"]
    assert machine["awake"]["reasons"] == machine["reasons"]
    assert json.dumps(machine)


def test_the_log_and_state_hold_no_secrets_and_grow_little(wakeline: Wakeline) -> None:
    """A start leaves a few kilobytes."""
    until(wakeline.answers)
    sizes = [path.stat().st_size for path in wakeline.folder.rglob("*") if path.is_file()]

    assert sum(sizes) < 1_000_000
