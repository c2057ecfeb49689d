"""The tray between the supervisor and the icon."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from supervisor import programs
from supervisor.core.errors import Refused, Unreachable
from supervisor.core.model import AwakeMode
from tests.lab.waiting import threads_ended, until
from tray import app, lines, words
from tray.backend import Look


class Client:
    """A client that notes what it is asked."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.failure = failure
        #: Until then it says nothing by itself, so that only the test does.
        self.rest = threading.Event()
        self._was_followed = False

    def _answer(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if self.failure and asked[0] != "get":
            raise self.failure
        return {"devices": [{"id": "d", "label": "Phone"}]}

    def get(self, path: str) -> Any:
        """Ask."""
        return self._answer("get", path)

    def put(self, path: str, body: Any) -> Any:
        """Set."""
        return self._answer("put", path, body)

    def post(self, path: str, body: Any = None) -> Any:
        """Do."""
        return self._answer("post", path, body)

    def delete(self, path: str) -> Any:
        """Remove."""
        return self._answer("delete", path)

    def events(self, after: str | None = None) -> Iterator[Any]:
        """Nobody answers once; then nothing happens."""
        if self._was_followed:
            self.rest.wait()
        self._was_followed = True
        raise Unreachable(f"Nobody, after {after}.")


class Icon:
    """An icon that remembers what it showed."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.notices: list[tuple[str, str]] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        """Until it is stopped."""
        self.stopped.wait()

    def show(self, look: Look) -> None:
        """Remember it."""
        self.looks.append(look)

    def tell(self, title: str, text: str) -> None:
        """Remember it."""
        self.notices.append((title, text))

    def stop(self) -> None:
        """Let ``run`` return."""
        self.stopped.set()


@pytest.fixture
def icon() -> Iterator[Icon]:
    """An icon that is gone after the test."""
    shown = Icon()
    yield shown
    shown.stop()
    threads_ended("tray", "follow")


def running(client: Client, icon: Icon, popups: Any = None) -> app.Tray:
    """A tray that shows this icon; ends with it."""
    client.rest = icon.stopped
    tray = app.Tray(client, lambda: client.asked.append(("start",)), popups)
    threading.Thread(target=tray.run, args=(icon,), name="tray", daemon=True).start()
    until(lambda: icon.looks)
    return tray


def hello(*states: str) -> dict[str, Any]:
    """A picture of sessions in these states."""
    return {"sessions": [{"id": str(n), "state": state} for n, state in enumerate(states)], "awake": {}}


def test_the_icon_is_changed_only_when_something_can_be_seen(icon: Icon) -> None:
    """An agent at work says a lot; the menu is left alone."""
    tray = running(Client(), icon)
    tray.happened("hello", hello("working"), 1.0)
    until(lambda: "Phone" in str(icon.looks[-1].menu))
    before = len(icon.looks)

    for tokens in range(50):
        tray.happened("session", {"id": "0", "state": "working", "tokens": tokens}, 2.0)
        tray.happened("entry", {"session_id": "0"}, 2.0)

    assert len(icon.looks) == before


def test_somebody_has_to_come_and_then_nobody_answers(icon: Icon) -> None:
    """The icon calls, and stops calling when it no longer knows."""
    tray = running(Client(), icon)

    tray.happened("hello", hello("needs_you"), 1.0)
    calling = icon.looks[-1]
    tray.happened(None, None, 2.0)

    assert (calling.picture, calling.attention) == ("needs_you-1", True)
    assert (icon.looks[-1].picture, icon.looks[-1].attention) == ("offline", False)
    assert icon.looks[-1].tooltip == words.NOT_RUNNING


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        (lines.SetAwake(AwakeMode.OFF), ("put", "/api/awake", {"mode": "off"})),
        (lines.SetAwake(AwakeMode.ON, 60), ("put", "/api/awake", {"mode": "on", "seconds": 60})),
        (lines.RemoveDevice("d"), ("delete", "/api/devices/d")),
        (lines.StopSupervisor(), ("post", "/api/shutdown", None)),
        (lines.StartSupervisor(), ("start",)),
        (
            lines.Decide("q/1", "d", "a", allow=True),
            ("post", "/api/approvals/q%2F1", {"digest": "d", "decision": "allow"}),
        ),
        (
            lines.Decide("q", "d", "a", allow=False),
            ("post", "/api/approvals/q", {"digest": "d", "decision": "deny"}),
        ),
        (lines.Order("a b", "interrupt"), ("post", "/api/sessions/a%20b/interrupt", None)),
        (lines.Order("a", "stop"), ("post", "/api/sessions/a/stop", {})),
        (lines.Reconnect("a", "now"), ("post", "/api/sessions/a/reconnect", {"action": "now"})),
        (lines.Reconnect("a", "wait"), ("post", "/api/sessions/a/reconnect", {"policy": "auto"})),
        (lines.Recover(("a",)), ("post", "/api/recovery", {"sessions": ["a"]})),
        (lines.Recover(), ("post", "/api/recovery", {})),
    ],
)
def test_each_choice_is_asked_of_the_supervisor(
    icon: Icon, action: lines.Action, asked: tuple[Any, ...]
) -> None:
    """A line of the menu does what it says."""
    client = Client()
    tray = running(client, icon)

    tray.act(action)

    until(lambda: asked in client.asked)
    if isinstance(action, lines.StopSupervisor):
        assert icon.stopped.wait(60)


def test_quitting_takes_the_icon_away_and_asks_for_nothing(icon: Icon) -> None:
    """Everything else goes on."""
    client = Client()
    tray = running(client, icon)

    tray.act(lines.Quit())

    assert icon.stopped.wait(60)
    assert not [asked for asked in client.asked if asked[0] != "get"]


def test_a_refusal_is_shown_as_a_notice(icon: Icon) -> None:
    """A click that did nothing says why."""
    tray = running(Client(Refused("Not now.", "Later.")), icon)

    tray.act(lines.SetAwake(AwakeMode.OFF))

    until(lambda: icon.notices == [("Not now.", "Later.")])


def test_stopping_what_is_gone_already_is_no_failure(icon: Icon) -> None:
    """The person wanted it gone."""
    tray = running(Client(Unreachable("Nobody.")), icon)

    tray.act(lines.StopSupervisor())

    assert icon.stopped.wait(60)
    assert icon.notices == []


def test_without_tk_the_notice_names_what_does_the_same(icon: Icon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody clicks into the void."""
    monkeypatch.setattr(app, "find_spec", lambda _: None)
    tray = running(Client(), icon)

    tray.act(lines.ConnectPhone())

    until(lambda: icon.notices == [(words.NO_WINDOWS, words.PHONE_HINT)])


def test_a_window_that_is_open_is_not_opened_twice(icon: Icon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clicks, one window."""
    opened: list[tuple[str, ...]] = []

    class Window:
        def poll(self) -> int | None:
            return None

    def open_window(*window: str) -> Window:
        opened.append(window)
        return Window()

    monkeypatch.setattr(programs, "open_window", open_window)
    tray = running(Client(), icon)

    for _ in range(2):
        tray._do(lines.ShowDetails("a"))
    tray._do(lines.ShowDetails())

    assert opened == [("details", "--session=a"), ("details",)]


def test_a_countdown_goes_on_while_nothing_else_happens(icon: Icon, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it is until the next try stays true."""

    monkeypatch.setattr(app, "TICK", 0.05)
    tray = running(Client(), icon)
    soon = datetime.fromtimestamp(time.time() + 7, tz=UTC).isoformat()
    link = {"attempt": 1, "next_try_at": soon, "reason": "network", "policy": "auto"}

    cut_off = {"id": "0", "state": "cut_off", "reconnect": link}
    tray.happened("hello", {"sessions": [cut_off], "awake": {}}, 1.0)

    until(lambda: "(in " in str([one.menu for one in icon.looks]))
    until(lambda: "(now)" in str(icon.looks[-1].menu))


class Popups:
    """Popups that remember what they were asked for."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def show(self, popup: Any) -> None:
        """Show it."""
        self.done.append(("show", popup.id))

    def withdraw(self, notice_id: str) -> None:
        """Take it away."""
        self.done.append(("withdraw", notice_id))

    def keep_only(self, notice_ids: Any) -> None:
        """Take others away."""
        self.done.append(("keep", list(notice_ids)))

    def catch_up(self, popups: Any) -> None:
        """Show what is missing."""
        self.done.append(("missed", [one.id for one in popups(frozenset())]))


def test_a_notice_that_comes_while_it_is_asked_for_the_others_is_not_lost(icon: Icon) -> None:
    """First what was told before, then what came meanwhile, in order."""
    asked, go = threading.Event(), threading.Event()
    told = {"id": "n1", "title": "first", "kind": "needs_you", "urgent": True}

    class Slow(Client):
        def get(self, path: str) -> Any:
            if path != "/api/notices":
                return super().get(path)
            asked.set()
            go.wait(60)
            return {"notices": [told], "on_desktop": True}

    popups = Popups()
    tray = running(Slow(), icon, popups)
    tray.happened("hello", hello(), 1.0)
    asked.wait(60)

    tray.happened("notice", {"id": "n2", "title": "second"}, 2.0)
    tray.happened("notice", {"id": "n1", "title": "first", "withdrawn": True}, 2.0)
    before = list(popups.done)
    go.set()

    until(lambda: len(popups.done) == 4)
    assert before == []
    assert popups.done == [("keep", ["n1"]), ("missed", ["n1"]), ("show", "n2"), ("withdraw", "n1")]
