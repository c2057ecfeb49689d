"""Steering over HTTP: what is taken, what is refused, and that each order is done once."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused, WrongUse
from supervisor.core.steering import DESK, LONGEST_PROMPT, Approval, Decision, Verdict
from supervisor.remote.steering import checked
from tests.fakes.backend import session
from tests.fakes.house import House
from tests.fakes.phone import Phone
from tests.lab.waiting import until


@pytest.fixture
def desk(house: House) -> Client:
    """The person at the machine."""
    house.call(lambda: house.backend.put(session("s-1")))
    return Client(house.socket)


@pytest.fixture
def phone(house: House, desk: Client) -> Phone:
    """A phone with control."""
    del desk
    return house.pair("control")


def orders(house: House) -> list[tuple[Any, ...]]:
    return house.backend.steer.orders


def test_a_prompt_from_the_desk(house: House, desk: Client) -> None:
    """It is taken in with an id, and can be asked about by it."""
    answer = desk.post("/api/sessions/s-1/prompt", {"text": "go\non", "when": "idle"})

    assert orders(house) == [("prompt", "s-1", "go\non", "idle", DESK)]
    assert desk.get(f"/api/sessions/s-1/prompts/{answer['command_id']}")["state"] == "waiting"


def test_the_same_order_many_times_is_one_prompt(house: House, phone: Phone) -> None:
    """A phone that lost the answer asks again under the same key: one prompt, one answer."""
    replies = [
        phone.ask("POST", "/api/sessions/s-1/prompt", {"text": "go"}, {"Idempotency-Key": "k1"})
        for _ in range(50)
    ]

    assert len(orders(house)) == 1
    assert {(reply.status, reply.json["command_id"]) for reply in replies} == {
        (202, replies[0].json["command_id"])
    }


def test_the_same_key_with_other_words_is_a_conflict(house: House, phone: Phone) -> None:
    """A key names one order for ever."""
    phone.ask("POST", "/api/sessions/s-1/prompt", {"text": "one"}, {"Idempotency-Key": "k1"})

    reply = phone.ask("POST", "/api/sessions/s-1/prompt", {"text": "two"}, {"Idempotency-Key": "k1"})

    assert reply.status == 409
    assert len(orders(house)) == 1


@pytest.mark.parametrize("code", [0, 3, 4, 0x1A, 0x1B, 0x7F, 0x80, 0x9B, 0x9F, 0x0D])
def test_control_characters_never_reach_a_terminal(house: House, phone: Phone, code: int) -> None:
    """Escape, C1, delete, NUL, interrupt, end-of-file, suspend: refused by class."""
    reply = phone.ask("POST", "/api/sessions/s-1/prompt", {"text": f"a{chr(code)}b"})

    assert reply.status == 400
    assert f"U+{code:04X}" in reply.json["title"]
    assert orders(house) == []


@pytest.mark.parametrize("text", ["", " \n\t ", "\ud800"])
def test_nothing_is_no_prompt(house: House, phone: Phone, text: str) -> None:
    """Empty prompts and halves of characters are refused."""
    body = json.dumps({"text": text})
    reply = phone.ask("POST", "/api/sessions/s-1/prompt", json.loads(body))

    assert reply.status == 400
    assert orders(house) == []


def test_a_prompt_may_have_64_kib_and_no_byte_more(house: House, phone: Phone) -> None:
    """Bytes count, not characters."""
    most = "ü" * (LONGEST_PROMPT // 2)
    assert phone.ask("POST", "/api/sessions/s-1/prompt", {"text": most}).status == 202

    assert phone.ask("POST", "/api/sessions/s-1/prompt", {"text": most + "x"}).status in (400, 413)
    assert phone.ask("POST", "/api/sessions/s-1/prompt", {"text": "x" * (LONGEST_PROMPT + 1)}).status in (
        400,
        413,
    )
    assert [len(order[2]) for order in orders(house)] == [LONGEST_PROMPT // 2]


def test_line_ends_of_windows_are_line_ends() -> None:
    """What was pasted from elsewhere keeps its lines."""
    assert checked("a\r\nb\tc") == "a\nb\tc"


def test_what_cannot_be_is_said_in_the_supervisors_words(house: House, phone: Phone) -> None:
    """A refusal reaches the phone as it was said."""
    house.backend.steer.refuses = Refused("The agent asks something.", "Answer that first.")

    reply = phone.ask("POST", "/api/sessions/s-1/prompt", {"text": "go"})

    assert (reply.status, reply.json["title"], reply.json["detail"]) == (
        409,
        "The agent asks something.",
        "Answer that first.",
    )


def test_focus_is_taken_in_one_call_under_the_phones_name(house: House, phone: Phone) -> None:
    """Everybody sees whose focus it is."""
    reply = phone.ask("POST", "/api/sessions/s-1/focus")

    assert reply.json["focus"]["holder"] == phone.device_id
    assert reply.json["focus"]["label"] == "Test phone"
    assert phone.ask("DELETE", "/api/sessions/s-1/focus").status == 204
    assert [order[0] for order in orders(house)] == ["focus", "give focus"]


def test_keys_are_names_or_text(house: House, phone: Phone) -> None:
    """What is pressed is passed on by name."""
    reply = phone.ask("POST", "/api/sessions/s-1/keys", {"keys": ["text:ls", "Enter"]})

    assert reply.status == 204
    assert orders(house) == [("keys", "s-1", ("text:ls", "Enter"), phone.device_id)]


@pytest.mark.parametrize("keys", [[], ["x"] * 65, "Enter", [1], [None], [["Enter"]]])
def test_odd_keys_are_refused(house: House, phone: Phone, keys: Any) -> None:
    """No list, too long a list, no names: nothing is pressed."""
    assert phone.ask("POST", "/api/sessions/s-1/keys", {"keys": keys}).status == 400
    assert orders(house) == []


def test_stopping_and_taking_over_say_what_they_mean(house: House, desk: Client) -> None:
    """Left-behind processes and cut turns are touched only when that is said."""
    desk.post("/api/sessions/s-1/stop", {})
    desk.post("/api/sessions/s-1/stop", {"left_behind": True})
    desk.post("/api/sessions/s-1/takeover", {"confirm": True})

    assert orders(house) == [("stop", "s-1", False), ("stop", "s-1", True), ("takeover", "s-1", True)]
    with pytest.raises((WrongUse, Refused)):
        desk.post("/api/sessions/s-1/stop", {"left_behind": "yes"})


def test_no_process_is_named_by_its_number(house: House, phone: Phone) -> None:
    """Only sessions can be paused, stopped or killed; a PID is not even a field."""
    assert phone.ask("POST", "/api/sessions/s-1/stop", {"pid": 1}).status == 400
    assert orders(house) == []


def test_an_answer_names_what_was_shown(house: House, phone: Phone) -> None:
    """The digest of the card goes with the decision, and answers in one's own words are checked."""
    asked = Approval(id="q1", session_id="s-1", at=1.0, summary="run?", answerable=True)

    reply = phone.ask(
        "POST",
        "/api/approvals/q1",
        {"digest": asked.digest, "decision": "answer", "answers": {"Which?": ["Blue"]}},
    )

    assert reply.status == 204
    decision = Decision(verdict=Verdict.ANSWER, answers={"Which?": ["Blue"]})
    assert orders(house) == [("decide", "q1", asked.digest, decision, phone.device_id)]


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "allow"},
        {"digest": "d", "decision": "always"},
        {"digest": "d", "decision": "answer", "answers": ["Blue"]},
        {"digest": "d", "decision": "answer", "answers": {"Which?": "Blue"}},
        {"digest": "d", "decision": "answer", "answers": {"Which?": ["\x1b[2J"]}},
        {"digest": "d", "decision": "deny", "reason": "\x03"},
        {"digest": "d", "decision": "allow", "rules": ["Bash(*)"]},
    ],
)
def test_odd_decisions_are_refused(house: House, phone: Phone, fields: dict[str, Any]) -> None:
    """Without a digest, with a rule for ever, with controls in it: nothing is decided."""
    assert phone.ask("POST", "/api/approvals/q1", fields).status == 400
    assert orders(house) == []


def test_every_open_question_is_listed(house: House, desk: Client) -> None:
    """Oldest first, with all that is shown."""
    for own_id, at in (("b", 2.0), ("a", 1.0)):
        asked = Approval(id=own_id, session_id=own_id, at=at, summary="run?", text="make")
        house.call(partial(house.backend.put, session(own_id, approvals=(asked,))))

    listed = desk.get("/api/approvals")["approvals"]

    assert [(one["id"], one["text"]) for one in listed] == [("a", "make"), ("b", "make")]


def test_a_session_goes_into_the_trash_and_comes_back(house: House, desk: Client) -> None:
    """The answer says until when it can be brought back."""
    answer = desk.delete("/api/sessions/s-1")

    assert answer["until"] == "1970-01-31T00:00:01.000Z"
    assert [one["id"] for one in desk.get("/api/trash")["trashed"]] == [answer["trash_id"]]
    desk.post(f"/api/trash/{answer['trash_id']}/restore")
    assert orders(house)[-1] == ("restore", "x1")


def test_a_screen_is_let_go_when_its_reader_goes(house: House) -> None:
    """Frames come as events; who hangs up is no longer painted for."""
    house.backend.steer.frames = [b'{"whole":true}', b'{"whole":false}']

    with raw(house) as line:
        line.sendall(b"GET /api/sessions/s-1/screen HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard = b""
        while b'{"whole":false}' not in heard:
            heard += line.recv(4096)

    assert b'event: screen\ndata: {"whole":true}\n\n' in heard
    until(lambda: house.backend.steer.left == 1)


def test_a_hook_is_answered_late(house: House) -> None:
    """An agent's hook waits with its question until somebody decides; then it gets what it prints."""
    told: list[bytes] = []
    asking = threading.Thread(target=lambda: told.append(hook(house, {"request": "r1", "long": "x" * 10**6})))
    asking.start()
    until(lambda: house.backend.steer.words is not None)

    house.call(lambda: house.backend.steer.words.set_result(b'{"ok":1}'))  # type: ignore[union-attr]
    asking.join(10)

    assert told == [b'{"ok":1}']
    assert house.backend.steer.hooks[0][0] == "claude"


def test_a_hook_that_is_gone_is_noticed(house: House) -> None:
    """An agent that goes takes its question along."""
    with raw(house) as line:
        line.sendall(hook_request({"request": "r1"}))
        until(lambda: house.backend.steer.words is not None)

    until(lambda: house.backend.steer.left == 1)


def hook_request(document: Any) -> bytes:
    body = json.dumps(document).encode()
    head = (
        "POST /api/hooks/claude HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def hook(house: House, document: Any) -> bytes:
    """What a hook gets, out of its chunks."""
    with raw(house) as line:
        line.sendall(hook_request(document))
        heard = b"".join(iter(lambda: line.recv(65536), b""))
    _, _, body = heard.partition(b"\r\n\r\n")
    size, _, rest = body.partition(b"\r\n")
    return rest[: int(size, 16)]


class raw:  # noqa: N801  # reads as what it is
    """A bare connection to the local socket."""

    def __init__(self, house: House) -> None:
        if sys.platform == "win32":
            pytest.skip("Windows has no such sockets")
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(10)
        self._line.connect(str(house.socket))

    def __enter__(self) -> socket.socket:
        return self._line

    def __exit__(self, *_: object) -> None:
        self._line.close()


@pytest.fixture(autouse=True)
def _nothing_hangs(house: House) -> Iterator[None]:
    yield
    if house.backend.steer.words and not house.backend.steer.words.done():
        house.call(house.backend.steer.words.cancel)
