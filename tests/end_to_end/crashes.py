"""Everything dies at once, at any moment: supervisor, holders, agents. And what is there afterwards.

Run by hand for as many crashes as wanted: ``python -m tests.end_to_end.crashes 100 [SEED]``.
"""

import sys

assert sys.platform != "win32"

import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psutil

from tests.end_to_end.steered import by_name, home_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server, serve
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

_ALIVE: Final = frozenset({"starting", "working", "needs_you", "idle", "cut_off"})


class Crowd:
    """Codex sessions in terminals of ours: at their prompts, and in the middle of turns. Owner: the test."""

    def __init__(self, wakeline: Wakeline, fake: Server) -> None:
        """Nothing runs but the supervisor."""
        self.wakeline = wakeline
        project = wakeline.folder.parent / "project"
        made = homes.codex(home_of(wakeline), project, fake.url)
        self._launch = made.plus("--dangerously-bypass-approvals-and-sandbox")
        by_name(wakeline, self._launch)
        self._count = 0

    def begin(self, prompt: str) -> None:
        """One more session with that prompt, that nobody looks at."""
        self._count += 1
        folder = self.wakeline.folder.parent / f"project{self._count}"
        folder.mkdir()
        options = (*self._launch.argv[1:], "-c", f'projects."{folder}".trust_level="trusted"')
        command = [sys.executable, "-m", "supervisor", "run", "--detach", "--", "codex", *options, prompt]
        environment = {**self._launch.env, **self.wakeline.environment}
        subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, timeout=60)

    def alive(self) -> set[str]:
        """The conversations that there are; what has no transcript yet is none."""
        seen = self.wakeline.sessions()
        return {s["id"] for s in seen if s["agent"] == "codex" and s["state"] in _ALIVE and s["title"]}

    def crash(self) -> None:
        """kill -9 of all that belongs to it, in no order."""
        self.wakeline.kill()
        while ours := [one for one in psutil.process_iter() if self._is_ours(one)]:
            random.shuffle(ours)
            for process in ours:
                process.kill()
            psutil.wait_procs(ours, 20)

    def reboot(self) -> None:
        """Let it look as if the machine had been started anew since."""
        with sqlite3.connect(self.wakeline.folder / "state" / "wakeline.db") as database:
            database.execute("UPDATE note SET value = 'an earlier one' WHERE name = 'boot'")
        database.close()

    def lost(self) -> dict[str, dict[str, Any]]:
        """What "wakeline recover" lists."""
        return {one["session"]["id"]: one for one in self.wakeline.json("recover")["lost"]}

    def is_back(self, session_id: str) -> bool:
        """Whether it lives in a terminal of ours."""
        found = self.wakeline.session(id=session_id)
        return bool(found and found["state"] in _ALIVE and found["kind"] == "hosted")

    def _is_ours(self, process: psutil.Process) -> bool:
        folder = str(self.wakeline.folder.parent)
        try:
            given = process.environ()
        except psutil.Error:
            return False
        return any(given.get(name, "").startswith(folder) for name in ("WAKELINE_HOME", "HOME"))


@contextmanager
def crowd(**settings: str) -> Iterator[Crowd]:
    """A supervisor, a fake model, and nobody yet."""
    with serve("openai") as fake, wakeline_in(**settings) as wakeline:
        yield Crowd(wakeline, fake)


def crash_once(seed: int) -> None:
    """One crash at a moment that *seed* says; AssertionError if anything is missing, or there twice."""
    chosen = random.Random(seed)
    with crowd() as living:
        for number in range(chosen.randint(1, 3)):
            living.begin(chosen.choice([f"hello {number}", f"write slowly %%slow:20%% {number}"]))
            until(lambda: len(living.alive()) == number + 1)  # noqa: B023 -- asked within the round
        time.sleep(chosen.uniform(0.0, 1.5))  # the moment of the crash
        before = living.alive()

        living.crash()
        living.wakeline.start()

        until(lambda: set(living.lost()) == before, saying=f"{before} are lost, no more, no less")
        assert all(one["transcript_exists"] and one["folder_exists"] for one in living.lost().values())
        living.wakeline.run("recover", "--all")
        until(lambda: all(living.is_back(session_id) for session_id in before), 180)
        assert living.lost() == {}


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for one_seed in range(first, first + int(sys.argv[1])):
        crash_once(one_seed)
        print(f"{one_seed}: right", flush=True)
