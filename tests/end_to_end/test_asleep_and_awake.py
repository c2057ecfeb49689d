"""Keep-awake and sleep with the whole supervisor: real services on a bus of their own, a real agent."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("logind, and namespaces of Linux", allow_module_level=True)

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from jeepney import DBusAddress, new_signal
from jeepney.io.blocking import open_dbus_connection

from tests.end_to_end.cut_off import Story, cut_off
from tests.end_to_end.steered import InTerminal, wakeline_in
from tests.lab import cutting
from tests.lab.buses import Place, place
from tests.lab.diary import diary
from tests.lab.gate import gate
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

_MANAGER = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
#: Nothing but a waking ends a pause like these.
_HOURS = {
    "WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "3600",
    "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "7200",
}


@pytest.fixture
def machine() -> Iterator[Place]:
    """logind on a system bus of its own, and no desktop."""
    with place(Place.start_system_bus, Place.start_logind) as made:
        yield made


def on(machine: Place) -> dict[str, str]:
    """What a supervisor must know to be there."""
    return {"DBUS_SYSTEM_BUS_ADDRESS": machine.environment["DBUS_SYSTEM_BUS_ADDRESS"]}


def say(machine: Place, *, before: bool) -> None:
    """What logind says before and after a sleep; it cannot really sleep here."""
    signal = new_signal(_MANAGER, "PrepareForSleep", "b", (before,))
    with open_dbus_connection(machine.environment["DBUS_SYSTEM_BUS_ADDRESS"]) as connection:
        connection.send(signal)


def locks(machine: Place, what: str) -> list[tuple[str, str, str]]:
    """Ours at logind: ``sleep`` is for keeping awake, and one of the same name waits for our last words."""
    try:
        return [lock for lock in machine.locks() if lock[:2] == ("sleep", "Wakeline") and what in lock[2]]
    except (OSError, LookupError):
        return []


def awake(wakeline: Wakeline) -> dict[str, Any]:
    """What is told of keeping awake."""
    told: dict[str, Any] = wakeline.client.get("/api/machine")["awake"]
    return told


def test_a_bus_that_starts_anew_is_held_by_again(machine: Place) -> None:
    """Bus and logind die and come back: the loss is told, and the lock taken and verified again."""
    with wakeline_in(**on(machine)) as wakeline, diary(wakeline.client, "awake") as told:
        wakeline.run("awake", "on")
        until(lambda: awake(wakeline)["held"] and locks(machine, "you"))

        machine.running["logind"].kill()
        machine.running["system-bus"].kill()
        told.find(lambda one: one["wanted"] and not one["held"])
        machine.start_system_bus()
        machine.start_logind()

        until(lambda: awake(wakeline)["held"] and locks(machine, "you"))
        assert awake(wakeline)["mechanism"] == "logind"
        shown = wakeline.run("status").stdout
        assert "kept awake (logind, verified)" in shown
        assert "a closed lid still puts it to sleep" in shown


def test_phones_are_told_of_a_sleep_and_waking_looks_at_once(
    machine: Place, in_terminal: InTerminal, fake_openai: Server, needs_codex: None
) -> None:
    """Its next look is an hour away: the machine slept and woke, and the turn goes on within seconds."""
    del needs_codex
    reason = cutting.REASONS["refused"]
    with (
        wakeline_in(**on(machine), **_HOURS) as wakeline,
        gate(fake_openai.url) as way,
        diary(wakeline.client, "machine") as told,
        cut_off(wakeline, "codex", way, "p", in_terminal) as story,
    ):
        story.begin()
        story.fail(reason)
        story.cut_off_by(reason)
        until(lambda: planned(story))
        until(lambda: locks(machine, "tells phones"))

        say(machine, before=True)
        told.find(lambda one: one["leaving"] == "sleep")
        back = way.open()
        say(machine, before=False)

        story.finished()
        assert story.continued(back) == 1


def planned(story: Story) -> bool:
    """Whether its next look is far away."""
    link = story.session()["reconnect"] or {}
    return link.get("phase") == "waiting" and link.get("next_try_at") is not None


def test_a_battery_at_19_percent_lets_go_and_is_told(tmp_path: Path) -> None:
    """On battery work is not worth an empty one: no lock, the reason on every screen, and a notice."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root: a mount namespace with a battery")
    for name, word in {"type": "Battery", "present": "1", "status": "Discharging", "capacity": "19"}.items():
        (tmp_path / "BAT0").mkdir(exist_ok=True)
        (tmp_path / "BAT0" / name).write_text(f"{word}\n")
    script = f'mount --bind {tmp_path} /sys/class/power_supply && exec "$@"'
    with wakeline_in(("unshare", "--mount", "sh", "-c", script, "sh")) as wakeline:
        wakeline.run("awake", "on")

        until(lambda: awake(wakeline)["problem"] == "released because the battery is at 19 %")
        assert not awake(wakeline)["held"]
        assert "released because the battery is at 19 %" in wakeline.run("status").stdout
        (told,) = until(lambda: wakeline.client.get("/api/notices")["notices"])
        assert told["kind"] == "battery"


def test_all_that_was_stopped_for_a_while_goes_on(
    in_terminal: InTerminal, fake_openai: Server, needs_codex: None
) -> None:
    """Supervisor, holders and agent stand still, as in a suspended machine; the model went away meanwhile."""
    del needs_codex
    reason = cutting.REASONS["reset"]
    with (
        wakeline_in() as wakeline,
        gate(fake_openai.url) as way,
        cut_off(wakeline, "codex", way, "p", in_terminal) as story,
    ):
        story.begin()
        story.fail(reason)
        story.cut_off_by(reason)

        still = stopped(wakeline)
        threading.Event().wait(10.0)  # as long as the machine stands still
        back = way.open()
        for process in still:
            process.resume()

        story.finished()
        assert story.continued(back)


def stopped(wakeline: Wakeline) -> list[psutil.Process]:
    """Everything that belongs to it, from now on without a breath."""
    folder, found = str(wakeline.folder.parent), []
    for process in psutil.process_iter():
        try:
            given = process.environ()
            if any(given.get(name, "").startswith(folder) for name in ("WAKELINE_HOME", "HOME")):
                process.suspend()
                found.append(process)
        except psutil.Error:
            continue
    return found
