"""The thread that holds: it does what was wished last, checks what it holds, and sleeps otherwise."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

import pytest

from supervisor.system.awake.grip import Held
from supervisor.system.awake.holder import Holder
from tests.lab.waiting import until


class Pretended:
    """A grip on nothing, which remembers what was asked of it and from where."""

    every: float | None = 0.01

    def __init__(self) -> None:
        """Hold nothing; lose nothing."""
        self.taken: list[str] = []
        self.losses: list[str] = []
        self.checks = 0
        self.released = 0
        self.threads: set[int] = set()

    def take(self, why: str) -> Held:
        """Always possible."""
        self.threads.add(threading.get_ident())
        self.taken.append(why)
        return Held(held=True, mechanism="pretended")

    def lost(self) -> str | None:
        """Lost as often as the test said."""
        self.checks += 1
        return self.losses.pop() if self.losses else None

    def outdated(self, why: str) -> bool:
        """Each reason is shown."""
        return self.taken[-1] != why

    def release(self) -> None:
        """Always possible."""
        self.threads.add(threading.get_ident())
        self.released += 1

    def watched(self) -> Sequence[int]:
        """Nothing."""
        return ()

    def news(self) -> bool:
        """Never."""
        return False


class Scene:
    """A holder on a pretended grip, and what it told."""

    def __init__(self) -> None:
        """Nothing is held."""
        self.grip = Pretended()
        self.told: SimpleQueue[Held] = SimpleQueue()
        self.holder = Holder(self.told.put, lambda: self.grip)

    def heard(self) -> Held:
        """The next thing told."""
        return self.told.get(timeout=60)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A scene that ends with its holder closed."""
    made = Scene()
    yield made
    made.holder.close()


def threads_awake() -> int:
    """How many threads of holders there are."""
    return sum(thread.name == "awake" for thread in threading.enumerate())


def test_before_the_first_hold_there_is_no_thread(scene: Scene) -> None:
    """Who holds nothing pays nothing."""
    scene.holder.release()

    assert threads_awake() == 0


def test_hold_and_release_are_told(scene: Scene) -> None:
    """The truth is told each time it changes."""
    scene.holder.hold("work")
    held = scene.heard()
    scene.holder.release()

    assert (held, scene.heard()) == (Held(held=True, mechanism="pretended"), Held(held=False))


def test_the_same_truth_is_told_once(scene: Scene) -> None:
    """Another reason for the same hold changes nothing for the listener."""
    scene.holder.hold("one")
    scene.heard()
    scene.holder.hold("two")
    until(lambda: scene.grip.taken == ["one", "two"])
    scene.holder.release()

    assert scene.heard() == Held(held=False)


def test_a_loss_is_told_and_taken_back(scene: Scene) -> None:
    """A hold that was lost is never shown as held, and is taken anew."""
    scene.holder.hold("work")
    scene.heard()

    scene.grip.losses.append("it went away")

    assert scene.heard() == Held(held=False, problem="it went away")
    assert scene.heard().held
    assert scene.grip.taken == ["work", "work"]


def test_everything_happens_in_one_thread_which_is_not_ours(scene: Scene) -> None:
    """wakepy must be left in the thread that entered it."""
    for _ in range(5):
        scene.holder.hold("work")
        scene.heard()
        scene.holder.release()
        scene.heard()
    scene.holder.close()

    assert len(scene.grip.threads) == 1
    assert threading.get_ident() not in scene.grip.threads


def test_the_last_wish_counts(scene: Scene) -> None:
    """However fast wishes come, the end is what was wished last."""
    for _ in range(500):
        scene.holder.hold("work")
        scene.holder.release()
    scene.holder.hold("at last")

    until(lambda: scene.grip.taken[-1:] == ["at last"])
    scene.holder.close()
    assert scene.grip.released > 0


def test_while_nothing_is_held_the_thread_never_wakes(scene: Scene) -> None:
    """Idle means idle: no timer runs while nothing is wished."""
    scene.holder.hold("work")
    scene.heard()
    until(lambda: scene.grip.checks > 3, saying="a hold is checked again and again")
    scene.holder.release()
    scene.heard()
    checks = scene.grip.checks
    switches = _switches_of_the_thread()

    threading.Event().wait(0.3)

    assert scene.grip.checks == checks
    # A timer would have woken it thirty times; the release itself may still cost a few.
    assert _switches_of_the_thread() < switches + 10


def _switches_of_the_thread() -> int:
    """How often the holder's thread went to sleep so far; 0 where the system does not say."""
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "awake")
    status = Path(f"/proc/self/task/{thread.native_id}/status")
    if not status.exists():
        return 0
    lines = status.read_text().splitlines()
    return int(next(line for line in lines if line.startswith("voluntary_ctxt_switches")).split()[1])


def test_close_lets_go_and_ends_the_thread(scene: Scene) -> None:
    """After the end nothing is held, and wishes are not heard any more."""
    scene.holder.hold("work")
    scene.heard()

    scene.holder.close()
    scene.holder.hold("too late")
    scene.holder.close()

    assert scene.grip.released == 1
    assert threads_awake() == 0


def test_a_reason_is_one_short_line(scene: Scene) -> None:
    """What others see in their lists is clean, whoever wrote the title."""
    scene.holder.hold("a\nb\x00\ud800" + "c" * 1000)
    scene.heard()

    (why,) = scene.grip.taken
    assert why == "a b  " + "c" * 195
