"""What readers of transcripts bear: every recorded file of every agent, also those of others."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.base import Reader
from supervisor.agents.claude import transcript as claude
from supervisor.agents.codex.rollout import Rollout
from supervisor.agents.copilot import transcript as copilot
from supervisor.agents.fields import parsed
from supervisor.agents.gemini import transcript as gemini
from supervisor.agents.kimi import transcript as kimi
from supervisor.agents.qwen import transcript as qwen
from supervisor.core.model import EntryKind, Record

DATA = Path(__file__).parents[1] / "data"
READERS: Mapping[str, Callable[[], Reader]] = {
    "claude": claude.Reading,
    "claude's sub-agents": partial(claude.Reading, sidechain=True),
    "codex": Rollout,
    "copilot": copilot.Reading,
    "gemini": gemini.Reading,
    "kimi": kimi.Reading,
    "qwen": qwen.Reading,
}
#: A record that nobody knows. Claude Code and Codex keep their own books, too: there it needs words.
UNKNOWN: Mapping[str, Any] = {"type": "brand_new", "message": {"role": "assistant", "content": "words"}}
WRAPPED = {"codex": {"type": "event_msg", "payload": {"type": "brand_new", "message": "words"}}}


def files() -> Iterator[Path]:
    """Every recorded file of an agent."""
    for pattern in ("*.json", "*.jsonl"):
        yield from sorted(DATA.rglob(pattern))


def lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """All objects in a file: its lines, or itself."""
    text = path.read_text(encoding="utf-8")
    for document in (text, *text.splitlines()):
        found = parsed(document)
        if isinstance(found, dict):
            yield found


@pytest.mark.parametrize("name", READERS)
def test_no_recorded_file_is_a_reason_to_fail(name: str) -> None:
    """Whoever wrote it, in whichever version, from its beginning or from its middle."""
    for path in files():
        found = list(lines(path))
        for start in (0, len(found) // 2):
            read = READERS[name]()
            records = [read(line) for line in found[start:]]
            assert all(isinstance(record, Record) for record in records)
            told = [entry for record in records for entry in record.entries]
            assert all(isinstance(entry.text, str) and entry.text == _written(entry.text) for entry in told)


@pytest.mark.parametrize("name", READERS)
def test_the_places_in_a_record_are_counted(name: str) -> None:
    """The entries of one record carry 0, 1, 2 …: their numbers in the file depend on it."""
    for path in files():
        read = READERS[name]()
        for line in lines(path):
            places = [entry.seq for entry in read(line).entries]
            assert places == list(range(len(places))), path


@pytest.mark.parametrize("name", READERS)
def test_a_record_that_nobody_knows_is_shown_as_such(name: str) -> None:
    """A later version may write more; nothing is hidden."""
    (entry,) = READERS[name]()(WRAPPED.get(name, UNKNOWN)).entries

    assert (entry.kind, entry.text) == (EntryKind.NOTICE, "[brand_new]")


@pytest.mark.parametrize("name", READERS)
def test_its_own_records_are_all_known(name: str) -> None:
    """In every version that was recorded: nothing of them is shown by its kind alone."""
    own = name.partition("'")[0]
    for path in sorted((DATA / own).rglob("*.jsonl")):
        if path.name == "channel.jsonl":  # no transcript
            continue
        read = READERS[name]()
        told = [entry.text for line in lines(path) for entry in read(line).entries]
        assert [text for text in told if re.fullmatch(r"\[[a-z_.-]+\]", text)] == [], path


@pytest.mark.parametrize("name", READERS)
def test_every_record_without_one_of_its_fields_is_borne(name: str) -> None:
    """Each in turn, and each as nonsense."""
    own = name.partition("'")[0]
    for path in sorted((DATA / own).rglob("*.jsonl")):
        read = READERS[name]()
        for line in lines(path):
            for field in line:
                read({key: value for key, value in line.items() if key != field})
                read({**line, field: 7})
                read({**line, field: [{"type": []}]})


def _written(text: str) -> str:
    """As it comes back from UTF-8."""
    return json.loads(json.dumps(text)).encode("utf-8", "replace").decode("utf-8")  # type: ignore[no-any-return]  # json's
