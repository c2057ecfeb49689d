"""Following one session in a terminal: nothing twice, nothing left out."""

import json
from collections.abc import Callable

import pytest

from supervisor.client import Client
from supervisor.commands import parser
from supervisor.core.model import Entry, EntryKind, Role, Session, State
from tests.fakes.house import House

ONE = Session(id="one", agent="claude", state=State.WORKING, since=1.0)


def entry(seq: int, text: str, kind: EntryKind = EntryKind.TEXT) -> Entry:
    """Something the agent said."""
    tool = "Bash" if kind is EntryKind.TOOL_CALL else None
    return Entry(seq=seq, id=f"e{seq}", at=None, role=Role.ASSISTANT, kind=kind, text=text, tool=tool)


def say(house: House, *entries: Entry) -> None:
    """Write these, and publish them."""
    house.backend.transcripts.setdefault("one", []).extend(entries)
    for one in entries:
        house.backend.journal.publish("entry", "one", one)


def end(house: House) -> None:
    """The session is over, and ``watch`` with it."""
    ended = Session(id="one", agent="claude", state=State.ENDED, since=2.0)
    house.backend.sessions["one"] = ended
    house.backend.journal.publish("session", "one", ended)


def when_reading(house: House, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let this happen once, just before the transcript is read."""
    real = Client.get
    waiting = [happens]

    def get(self: Client, path: str) -> object:
        if "/entries" in path and waiting:
            house.call(waiting.pop())
        return real(self, path)

    monkeypatch.setattr(Client, "get", get)


def test_old_entries_come_first_and_each_only_once(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is written while the page is read is in the page and in the stream, and told once."""
    house.backend.sessions["one"] = ONE
    house.call(lambda: say(house, *(entry(n, f"old {n}") for n in range(12))))

    def meanwhile() -> None:
        say(house, entry(12, "meanwhile"))
        say(house, entry(13, "and then"))
        end(house)

    when_reading(house, monkeypatch, meanwhile)

    assert parser.run(["watch", "one", "--last", "3"]) == 0
    said = capsys.readouterr().out.splitlines()

    assert said == ["● old 11", "● meanwhile", "● and then", "── ended ──"]


def test_long_results_are_cut_and_control_characters_do_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal shows what was written; it does not obey it."""
    house.backend.sessions["one"] = ONE
    house.call(lambda: say(house, entry(1, "rm\x1b[2J", EntryKind.TOOL_CALL)))
    house.call(lambda: say(house, entry(2, "\n".join("x" * 20), EntryKind.TOOL_RESULT)))
    when_reading(house, monkeypatch, lambda: end(house))

    parser.run(["watch", "one"])
    said = capsys.readouterr().out.splitlines()

    assert said[0] == "● Bash: rm\N{REPLACEMENT CHARACTER}[2J"
    assert said.count("  x") == 11
    assert "  … 8 more lines" in said


def test_as_json_each_line_is_a_document(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For other programs to read, line by line."""
    house.backend.sessions["one"] = ONE
    house.call(lambda: say(house, entry(1, "hello")))
    when_reading(house, monkeypatch, lambda: end(house))

    parser.run(["watch", "one", "--json"])
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert documents[0]["entry"]["text"] == "hello"
    assert documents[-1] == {"state": "ended"}


def test_a_rewritten_transcript_is_shown_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its numbers begin again, so old ones say nothing about what was seen."""
    house.backend.sessions["one"] = ONE
    house.call(lambda: say(house, entry(500, "before")))

    def rewritten() -> None:
        house.backend.transcripts["one"] = [entry(3, "after")]
        house.backend.journal.publish("gap", "one", "transcript replaced")
        end(house)

    shown: list[None] = []
    real = Client.get

    def get(self: Client, path: str) -> object:
        answer = real(self, path)
        if "/entries" in path and not shown:
            shown.append(None)
            house.call(rewritten)
        return answer

    monkeypatch.setattr(Client, "get", get)
    parser.run(["watch", "one"])

    assert capsys.readouterr().out.splitlines() == ["● before", "● after", "── ended ──"]
