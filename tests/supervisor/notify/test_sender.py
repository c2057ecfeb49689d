"""Sending notices elsewhere: real servers, by the real library."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tenacity import wait_none

from supervisor.core.notice import Level, Notice, NoticeKind
from supervisor.notify.sender import Post, Sender
from tests.fakes.web import Web, serving
from tests.lab.waiting import until


@pytest.fixture
def web() -> Iterator[Web]:
    """A server that takes everything."""
    with serving(Web()) as running:
        yield running


@dataclass
class Sending:
    """Whoever sends, and what became of it."""

    sender: Sender
    done: list[str]
    closed: set[str]


@pytest.fixture
def sending() -> Iterator[Callable[..., Sending]]:
    """Makes senders that end with the test."""
    made: list[Sender] = []

    def make(*urls: str, level: Level = Level.TITLE, **more: Any) -> Sending:
        done: list[str] = []
        closed: set[str] = set()
        sender = Sender(
            urls,
            level=level,
            is_open=lambda one: one not in closed,
            sent=done.append,
            **{"pauses": wait_none(), **more},
        )
        made.append(sender)
        return Sending(sender, done, closed)

    yield make
    for one in made:
        one.close()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("notify ")])


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def notice(notice_id: str = "n1", **more: Any) -> Notice:
    """Somebody is needed."""
    return Notice(
        **{
            "id": notice_id,
            "kind": NoticeKind.NEEDS_YOU,
            "at": 4_000_000_000.0,
            "session_id": "one",
            "name": "Fix the build",
            "place": "claude · wakeline",
            "detail": "Bash: cat ~/.secrets",
            "level": Level.FULL,
            "urgent": True,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("level", "title", "text"),
    [
        (Level.NONE, "", "A session needs you"),
        (Level.TITLE, "“Fix the build” needs you", "claude · wakeline"),
        (Level.FULL, "“Fix the build” needs you", "Bash: cat ~/.secrets · claude · wakeline"),
    ],
)
def test_a_webhook_is_told_as_much_as_its_level_allows(
    web: Web, sending: Callable[..., Sending], level: Level, title: str, text: str
) -> None:
    """What goes to others has a level of its own."""
    post = sending(f"json://127.0.0.1:{web.port}/hook", level=level)

    post.sender.announce(notice())

    until(lambda: post.done == ["n1"])
    ((path, got),) = web.got
    assert path == "/hook"
    assert (got["title"], got["message"]) == (title, text)
    assert "http" not in json.dumps({key: got[key] for key in got if key != "version"})


def test_an_ntfy_server_is_told(web: Web, sending: Callable[..., Sending]) -> None:
    """A server of one's own, and the app on the phone rings."""
    post = sending(f"ntfy://127.0.0.1:{web.port}/my-topic")

    post.sender.announce(notice())

    until(lambda: post.done == ["n1"])
    ((_, got),) = web.got
    assert (got["topic"], got["title"]) == ("my-topic", "“Fix the build” needs you")


class Mailbox:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # as aiosmtpd calls it
        """One letter."""
        self.letters.append(envelope.content.decode())
        return "250 OK"


def test_a_mail_is_sent(sending: Callable[..., Sending]) -> None:
    """Where there is nothing but mail."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        post = sending(f"mailto://127.0.0.1:{controller.port}?from=wakeline@example.org&to=me@example.org")

        post.sender.announce(notice(name="Build"))

        until(lambda: post.done == ["n1"])
    finally:
        controller.stop()
    (letter,) = mailbox.letters
    assert "me@example.org" in letter


def test_a_server_that_is_down_gets_it_later_and_once(web: Web, sending: Callable[..., Sending]) -> None:
    """Nothing is lost, and nothing doubled: each address is tried by itself."""
    web.failing = 3
    with serving(Web()) as well:
        post = sending(f"json://127.0.0.1:{web.port}", f"json://127.0.0.1:{well.port}")

        post.sender.announce(notice())

        until(lambda: post.done == ["n1"])
        assert (web.refused, len(web.got), len(well.got)) == (3, 1, 1)


def test_what_was_answered_meanwhile_is_not_sent(web: Web, sending: Callable[..., Sending]) -> None:
    """Nobody is called for what is over."""
    post = sending(f"json://127.0.0.1:{web.port}")
    post.closed.add("n1")

    post.sender.announce(notice())
    post.sender.announce(notice("n2"))

    until(lambda: post.done == ["n1", "n2"])
    assert len(web.got) == 1


def test_nothing_waits_for_an_address_that_is_stuck(sending: Callable[..., Sending]) -> None:
    """Telling returns at once; of what piles up, the oldest goes."""
    go = threading.Event()
    taken: list[str] = []

    def stuck(one: Notice) -> bool:
        go.wait(60)
        taken.append(one.id)
        return True

    post = sending("stuck://", opened=lambda _: stuck)

    for number in range(150):
        post.sender.announce(notice(f"n{number}"))
    go.set()

    until(lambda: len(post.done) == 150)
    assert 100 <= len(taken) <= 101
    assert taken[-1] == "n149"


def test_no_log_has_the_address(
    web: Web, sending: Callable[..., Sending], caplog: pytest.LogCaptureFixture
) -> None:
    """Addresses are secrets, also when they do not work."""
    caplog.set_level(logging.DEBUG)
    web.failing = 2
    urls = (f"json://me:s3cr3t@127.0.0.1:{web.port}/t0ken", "nonsense://s3cr3t", "json://s3cr3t@127.0.0.1:1/")
    post = sending(*urls)

    post.sender.announce(notice())
    until(lambda: web.got)
    until(lambda: "address 2" in caplog.text)

    assert "s3cr3t" not in caplog.text
    assert "t0ken" not in caplog.text
    assert "it is no apprise URL" in caplog.text


def test_without_an_address_nothing_is_loaded(sending: Callable[..., Sending]) -> None:
    """It is off until somebody wants it."""

    def opened(_: str) -> Post:
        raise AssertionError("nobody asked for it")

    post = sending(opened=opened)

    post.sender.announce(notice())

    assert post.done == []
