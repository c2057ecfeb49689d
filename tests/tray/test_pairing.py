"""What the pairing window shows of a dialog, and how it talks with the supervisor."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.errors import Refused
from supervisor.core.model import Scope
from tests.lab.waiting import until
from tests.tray.test_snapshot import JSON
from tray import pairing, words

URL = "https://192.168.1.20:8443/#1.AAECAwQFBgc.AAECAwQFBgcICQoLDA0ODw"


def test_an_open_dialog_shows_its_code_its_addresses_and_its_words() -> None:
    """Everything to compare with the phone is there."""
    dialog = {
        "state": "open",
        "url": URL,
        "address": "192.168.1.20",
        "addresses": [
            {"address": "192.168.1.20", "interface": "wlan0", "reachable": True},
            {"address": "10.0.0.7", "interface": "tun0", "reachable": False, "note": "VPN"},
        ],
    }

    shown = pairing.scene(dialog)

    assert (shown.kind, shown.url, shown.chosen) == ("code", URL, "192.168.1.20")
    assert [one.label for one in shown.addresses] == [
        "192.168.1.20 · wlan0",
        "10.0.0.7 · tun0 · VPN · not reachable from here",
    ]


def test_a_phone_that_asks_is_shown_by_a_harmless_label_and_three_numbers() -> None:
    """A stranger's name for itself cannot rearrange the question."""
    dialog = {"state": "choosing", "numbers": [17, 42, 88], "device_label": "\u202eenohP\nclick 42!"}

    shown = pairing.scene(dialog)

    assert (shown.kind, shown.numbers) == ("numbers", (17, 42, 88))
    assert shown.sentence == "“enohP click 42!” wants to connect"


@pytest.mark.parametrize(
    ("dialog", "kind", "part"),
    [
        ({"state": "paired", "device": {"label": "Pixel", "scope": "view"}}, "done", "It may look."),
        ({"state": "paired", "device": {"label": "Pixel", "scope": "control"}}, "done", "look and control"),
        ({"state": "expired"}, "failed", words.PAIR_EXPIRED),
        ({"state": "failed", "reason": "Too many wrong proofs."}, "failed", "Too many"),
        ({"state": "failed"}, "failed", words.PAIR_FAILED),
        ({"state": "none"}, "wait", words.PAIR_WAIT),
        ({"state": "open", "url": None}, "wait", words.PAIR_WAIT),
    ],
)
def test_each_end_of_a_dialog_is_said_in_words(dialog: Mapping[str, Any], kind: str, part: str) -> None:
    """It is always clear whether something was connected, and what it may do."""
    shown = pairing.scene(dialog)

    assert shown.kind == kind
    assert part in shown.sentence


@given(st.sampled_from(["open", "choosing", "paired", "failed"]), st.dictionaries(st.text(max_size=9), JSON))
def test_no_dialog_ever_raises(state: str, dialog: dict[str, Any]) -> None:
    """Another version of the supervisor does not break the window."""
    shown = pairing.scene(dialog | {"state": state, "numbers": dialog.get("x"), "addresses": dialog.get("y")})

    assert shown.kind in ("wait", "code", "numbers", "done", "failed")


class Answers:
    """A client that gives prepared dialogs, one for each question."""

    def __init__(self, *dialogs: Any) -> None:
        self.dialogs = list(dialogs)
        self.asked: list[tuple[str, str]] = []

    def post(self, path: str, _body: Any = None) -> Any:
        """Open it, or choose."""
        return self._next("POST", path)

    def get(self, path: str) -> Any:
        """Wait for the next."""
        return self._next("GET", path)

    def delete(self, path: str) -> None:
        """Close it."""
        self.asked.append(("DELETE", path))

    def _next(self, verb: str, path: str) -> Any:
        self.asked.append((verb, path))
        answer = self.dialogs.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def conversation(answers: Answers, told: list[Any]) -> pairing.Conversation:
    """A conversation that gets these answers."""
    connect: Callable[[], Any] = lambda: answers  # noqa: E731  # the type is the point
    return pairing.Conversation(connect, told.append)


def test_the_dialog_is_followed_from_its_version_to_its_end() -> None:
    """Each change is asked for once, and nothing after the last."""
    states = [
        {"state": "open", "version": 7},
        {"state": "choosing", "version": 8},
        {"state": "paired", "version": 9},
    ]
    answers, told = Answers(*states), list[Any]()

    conversation(answers, told).open(Scope.VIEW, None)

    until(lambda: len(told) == 3)
    assert told == states
    paths = [path for _, path in answers.asked]
    assert paths == [pairing.DIALOG, f"{pairing.DIALOG}?after=7", f"{pairing.DIALOG}?after=8"]


def test_a_refusal_is_told_in_the_supervisors_words() -> None:
    """Whoever may not pair from here learns why."""
    told: list[Any] = []

    conversation(Answers(Refused("Not from an agent.", "Use your own terminal.")), told).open(
        Scope.VIEW, None
    )

    until(lambda: told)
    assert pairing.scene(told[0]).sentence == "Not from an agent. Use your own terminal."


def test_after_closing_nothing_more_is_told_and_the_code_is_dead() -> None:
    """A window that is gone hears nothing; the supervisor is told to forget the code."""
    answers, told = Answers({"state": "open", "version": 1}), list[Any]()
    talk = conversation(answers, told)

    talk.close()
    talk.open(Scope.VIEW, None)

    until(lambda: len(answers.asked) == 2)
    assert answers.asked[0] == ("DELETE", pairing.DIALOG)
    assert told == []
