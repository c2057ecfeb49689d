"""What the details window tells of a session."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.errors import Unreachable
from tests.tray.test_snapshot import JSON
from tray import details, words

NOW = 1_772_366_400.0


def test_every_known_fact_is_told_and_no_unknown_one() -> None:
    """What nobody knows is left out, not made up."""
    fields = {
        "id": "0b5e",
        "agent": "claude",
        "agent_version": "2.1",
        "state": "working",
        "cwd": "/srv/my\u202eapi",
        "context_used_percent": 41.2,
        "tokens": 183422,
        "cost_usd": 2.305,
        "jobs": 2,
        "last_entry": {"text": "All\ntests pass"},
        "model": None,
        "keeps_awake": True,
    }

    told = dict(details.facts(fields, NOW))

    assert told["Agent"] == "claude 2.1"
    assert told["Folder"] == "/srv/my api"
    assert (told["Context used"], told["Tokens"], told["Cost"]) == ("41 %", "183,422", "$ 2.31")
    assert (told["Jobs"], told["Last line"], told["Keeps awake"]) == ("2 running", "All tests pass", "yes")
    assert not {"Model", "Branch", "Process", "Why"} & set(told)


def test_a_folder_that_is_not_safe_in_a_command_is_named_beside_it() -> None:
    """A hostile folder name never becomes part of what is pasted."""
    answer = {"command": None, "argv": ["claude", "--resume", "x"], "cwd": "/tmp/$(rm -rf)\n", "safe": False}

    command, remark = details.resume_text(answer)

    assert command == "claude --resume x"
    assert "/tmp/$(rm -rf)" in remark
    assert details.resume_text({"command": "cd a && b"}) == ("cd a && b", "")
    assert details.resume_text({}) == ("", words.NO_COMMAND)


@given(st.dictionaries(st.sampled_from(["jobs", "last_entry", "tokens", "cost_usd", "argv", "kind"]), JSON))
def test_no_answer_ever_raises(fields: dict[str, Any]) -> None:
    """Another version of the supervisor does not break the window."""
    details.resume_text(fields)

    assert details.facts(fields | {"id": "x", "state": "idle"}, NOW)


class Nobody:
    """A client whose supervisor is gone."""

    def get(self, _path: str) -> Any:
        """Nobody answers."""
        raise Unreachable("Wakeline is not running.", "Start it.")


class Recording:
    """A client that answers with what it was asked."""

    def get(self, path: str) -> Any:
        """The path as a session's id."""
        return {"id": path, "sessions": [{"id": path}], "next": "2026-03-01T12:00:00Z"}


def test_what_went_wrong_is_a_sentence_in_the_window() -> None:
    """A window is no place for a stack trace."""
    source = details.Source(Nobody)  # type: ignore[arg-type]  # it needs no more than this

    assert source.page(None) == ([], None, "Wakeline is not running. Start it.")
    assert source.session("x") == ({}, {}, "Wakeline is not running. Start it.")


def test_ids_and_times_are_written_safely_into_the_question() -> None:
    """An id from a file cannot become another question."""
    source = details.Source(Recording)  # type: ignore[arg-type]  # it needs no more than this

    fields, _, _ = source.session("../awake?x=1#")
    rows, following, _ = source.page("2026-03-01T12:00:00+01:00")

    assert fields["id"] == "/api/sessions/..%2Fawake%3Fx%3D1%23"
    assert rows[0]["id"] == "/api/sessions?all=1&limit=100&before=2026-03-01T12%3A00%3A00%2B01%3A00"
    assert following == "2026-03-01T12:00:00Z"
