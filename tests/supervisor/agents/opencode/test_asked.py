"""Recorded requests of OpenCode (1.18.33), as the questions that people see."""

import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.opencode.asked import Asked, reply, understood
from supervisor.core.steering import Decision, Verdict
from tests.supervisor.agents.opencode.conftest import RECORDED, insert

FOLDER = "/home/user/projects/alpha"
REQUESTS: Mapping[str, Any] = json.loads((RECORDED / "requests.json").read_text())
SESSION = REQUESTS["bash"]["sessionID"]
PARENT = "ses_e0133e35effep49UhLqB29qw7q"


def _asked(home: Path, name: str, **changed: Any) -> Asked:
    found = understood(home / "opencode.db", {**REQUESTS[name], **changed}, FOLDER)
    assert found is not None
    return found


def _call(home: Path, name: str, tool: str, given: Mapping[str, Any]) -> None:
    """The call that this request is about, as it stands in the database."""
    told = REQUESTS[name]["tool"]
    with sqlite3.connect(home / "opencode.db") as writer:
        writer.execute("CREATE TABLE part (id, message_id, session_id, time_created, time_updated, data)")
        data = {"type": "tool", "tool": tool, "callID": told["callID"], "state": {"input": dict(given)}}
        row = {"id": "prt_1", "message_id": told["messageID"], "session_id": SESSION, "time_created": 1}
        insert(writer, "part", row | {"time_updated": 1, "data": json.dumps(data)})
    writer.close()


@pytest.mark.parametrize(
    ("name", "tool", "text", "summary"),
    [
        ("bash", "bash", "cd /home/user/outside && touch here", "bash: touch here"),
        (
            "outside",
            "external_directory",
            "cd /home/user/outside && touch here",
            "external_directory: /home/user/outside/*, /home/user/*",
        ),
        ("edit", "edit", f"{FOLDER}/a.txt", "edit: a.txt"),
        ("read", "read", "a.txt", "read: a.txt"),
        ("webfetch", "webfetch", "url: http://127.0.0.1:9/\nformat: text", "webfetch: http://127.0.0.1:9/"),
        ("task", "task", "description: look\nsubagent_type: general", "task: general"),
        ("todowrite", "todowrite", "*", "todowrite: *"),
    ],
)
def test_a_permission_says_what_would_be_done(
    home: Path, name: str, tool: str, text: str, summary: str
) -> None:
    """The whole command or all that is known of the call, the tool, and OpenCode's own words for it."""
    approval = _asked(home, name).approval

    assert (approval.tool, approval.text, approval.summary) == (tool, text, summary)
    assert (approval.session_id, approval.cwd, approval.questions) == (SESSION, FOLDER, ())
    assert approval.answerable


def test_a_change_of_a_file_comes_with_its_difference(home: Path) -> None:
    """What would be written is told line by line."""
    approval = _asked(home, "edit").approval

    assert approval.diff is not None
    assert "\n-two\n+zwei\n" in approval.diff


def test_what_a_request_leaves_out_is_looked_up_in_its_call(home: Path) -> None:
    """Some requests name only a pattern: all that the tool was called with is shown then."""
    _call(home, "task", "task", {"description": "look", "prompt": "delete\nall", "subagent_type": "general"})

    approval = _asked(home, "task").approval

    assert approval.text == "description: look\nprompt: delete\nall\nsubagent_type: general"


def test_a_call_of_another_kind_than_its_permission_names_its_tool(home: Path) -> None:
    """Reading outside of the folder asks for the folder: it is still told that a file is to be read."""
    _call(home, "outside", "bash", {"command": "other", "description": "make it", "workdir": "/home/user"})

    approval = _asked(home, "outside").approval

    assert (approval.tool, approval.reason, approval.cwd) == ("bash", "make it", "/home/user")
    assert approval.text == "cd /home/user/outside && touch here"


def test_a_call_with_one_argument_is_that_argument(home: Path) -> None:
    """What needs no name has none, and what is no text is told as JSON."""
    _call(home, "todowrite", "todowrite", {"todos": [{"content": "ü"}]})

    assert _asked(home, "todowrite").approval.text == '[{"content": "ü"}]'


def test_a_sub_agents_question_is_its_sessions(home: Path) -> None:
    """However many sub-agents lie between, the question stands where a person looks."""
    with sqlite3.connect(home / "opencode.db") as writer:
        writer.execute("CREATE TABLE session (id, parent_id)")
        writer.execute("INSERT INTO session VALUES (?, ?), (?, NULL)", (SESSION, PARENT, PARENT))
    writer.close()

    asked = _asked(home, "bash")

    assert (asked.session_id, asked.approval.session_id) == (SESSION, PARENT)


def test_sessions_that_work_for_each_other_in_a_circle_are_borne(home: Path) -> None:
    """A database that makes no sense does not hold us up."""
    with sqlite3.connect(home / "opencode.db") as writer:
        writer.execute("CREATE TABLE session (id, parent_id)")
        writer.execute("INSERT INTO session VALUES (?, ?), (?, ?)", (SESSION, PARENT, PARENT, SESSION))
    writer.close()

    assert _asked(home, "bash").approval.session_id in {SESSION, PARENT}


def test_questions_come_with_their_choices(home: Path) -> None:
    """Each question with its choices, whether several may be chosen, and that own words are taken."""
    approval = _asked(home, "question").approval

    one, two = approval.questions
    assert (approval.summary, approval.tool, approval.answerable) == ("Which colour?", "question", True)
    assert [(choice.label, choice.description) for choice in one.choices] == [
        ("Red", "warm"),
        ("Blue", "cold"),
    ]
    assert (one.header, one.many, one.free) == ("Colour", False, True)
    assert (two.text, two.many, two.choices[0].description) == ("Which days?", True, None)


def test_when_it_was_asked_stands_in_its_name(home: Path) -> None:
    """The time is the question's own, also for who hears of it later; a name from the future is new."""
    hours = (int(time.time() * 1000) - 7_200_000) << 12
    soon = (int(time.time() * 1000) + 7_200_000) << 12

    asked = [
        _asked(home, "bash", id=f"per_{number & 0xFFFFFFFFFFFF:012x}rgqw9fyFDdplsG").approval.at
        for number in (hours, soon)
    ]

    assert abs(asked[0] - (time.time() - 7200)) < 60
    assert abs(asked[1] - time.time()) < 60


def test_the_same_request_is_the_same_question(home: Path) -> None:
    """Told again it has the same digest: an answer on its way still fits."""
    assert _asked(home, "bash").approval.digest == _asked(home, "bash").approval.digest


@pytest.mark.parametrize(
    ("name", "decision", "path", "body"),
    [
        ("bash", Decision(verdict=Verdict.ALLOW), "/permission/{id}/reply", {"reply": "once"}),
        ("bash", Decision(verdict=Verdict.DENY), "/permission/{id}/reply", {"reply": "reject"}),
        (
            "bash",
            Decision(verdict=Verdict.DENY, reason="Not today"),
            "/permission/{id}/reply",
            {"reply": "reject", "message": "Not today"},
        ),
        ("question", Decision(verdict=Verdict.DENY), "/question/{id}/reject", {}),
        (
            "question",
            Decision(
                verdict=Verdict.ANSWER, answers={"Which days?": ("Mo", "Tu"), "Which colour?": ["Green"]}
            ),
            "/question/{id}/reply",
            {"answers": [["Green"], ["Mo", "Tu"]]},
        ),
    ],
)
def test_an_answer_is_put_as_opencode_takes_it(
    home: Path, name: str, decision: Decision, path: str, body: Mapping[str, Any]
) -> None:
    """Allowed is allowed once, never for always; answers stand in the order of the questions."""
    assert reply(_asked(home, name), decision) == (path.format(id=REQUESTS[name]["id"]), body)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"id": "per_/../../x"},
        {"id": "ses_x"},
        {"sessionID": ["x"]},
        {"sessionID": "ses_../../x"},
    ],
)
def test_what_is_no_request_is_none(home: Path, changed: Mapping[str, Any]) -> None:
    """An id that is none is never put into an address."""
    assert understood(home / "opencode.db", {**REQUESTS["bash"], **changed}, FOLDER) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": [], "patterns": 7, "tool": "x", "permission": None},
        {"metadata": {"command": 5, "diff": {}}, "tool": {"messageID": {}, "callID": []}},
        {"metadata": {"a": "\ud800", "\udfff": ["\ud800"]}},
        {"permission": "x" * 9000, "patterns": ["\ud800"], "metadata": {"command": "\ud800"}},
        {"questions": [1, {}, {"options": 5}, {"question": "Q", "options": [{}, {"label": "L"}]}]},
    ],
)
def test_fields_of_any_kind_are_borne(home: Path, changed: Mapping[str, Any]) -> None:
    """Whatever a request holds, there is a question that can be shown and sent."""
    for name in ("bash", "question"):
        approval = _asked(home, name, **changed).approval
        assert approval.summary.encode()
        assert isinstance((approval.text or "").encode(), bytes)


def test_a_question_without_questions_is_answered_at_the_desk(home: Path) -> None:
    """What cannot be understood is shown, and not answered from here."""
    approval = _asked(home, "question", questions=[]).approval

    assert not approval.answerable
    assert len(approval.questions) == 1
