"""What the daemon asks, as questions for a person, and their answers as it takes them."""

from collections.abc import Mapping
from typing import Any

import pytest

from supervisor.agents.codex import asking
from supervisor.core.errors import WrongUse
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict
from tests.supervisor.agents.codex.requests import COMMAND, EDIT, command

PERMISSIONS = "item/permissions/requestApproval"
USER_INPUT = "item/tool/requestUserInput"
FOREIGN = "mcpServer/elicitation/request"
ALLOW = Decision(verdict=Verdict.ALLOW)
DENY = Decision(verdict=Verdict.DENY)
#: As a server of tools is asked about.
TOOL = {
    "threadId": "a",
    "turnId": "t",
    "serverName": "disk",
    "mode": "form",
    "_meta": {
        "codex_approval_kind": "mcp_tool_call",
        "persist": ["session", "always"],
        "tool_name": "wipe",
        "tool_description": "Wipe all",
        "tool_params": {"path": "/x"},
    },
    "message": 'Allow the disk MCP server to run tool "wipe"?',
    "requestedSchema": {"type": "object", "properties": {}},
}
GRANT = {
    "threadId": "a",
    "turnId": "t",
    "itemId": "i",
    "startedAtMs": 5000,
    "cwd": "/work",
    "reason": "to write there",
    "permissions": {
        "network": {"enabled": True},
        "fileSystem": {
            "read": None,
            "write": ["/opt/x"],
            "entries": [
                {"path": {"type": "path", "path": "/opt/x"}, "access": "write"},
                {"path": {"type": "glob_pattern", "pattern": "/srv/*"}, "access": "read"},
                {"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"},
            ],
        },
    },
}


def told(method: str, params: Mapping[str, Any], changes: object = None) -> Approval:
    """The question in a request."""
    found = asking.approval(method, params, number=1, session_id="a", at=9.0, changes=changes)
    assert found
    return found


def question(**more: Any) -> dict[str, Any]:
    """A request for the user's input."""
    asked = {
        "id": "colour",
        "header": "Colour",
        "question": "Which?",
        "isOther": True,
        "isSecret": False,
        "options": [{"label": "Red", "description": "warm"}],
        **more,
    }
    return {"threadId": "a", "turnId": "t", "itemId": "i", "questions": [asked]}


# -- questions ------------------------------------------------------------------------------------


def test_a_command_is_told_as_it_would_run() -> None:
    """All of it, with everything that it would be allowed beside."""
    more = {
        "additionalPermissions": GRANT["permissions"],
        "networkApprovalContext": {"host": "x.org", "protocol": "https"},
    }

    approval = told(COMMAND, command("a", "make\ninstall", **more))

    assert approval.text == (
        "make\ninstall\nwith network access\nwith write access to /opt/x\nwith read access to /srv/*\n"
        'with read access to {"type": "special", "value": {"kind": "root"}}\nwith network access to https://x.org'
    )
    assert (approval.tool, approval.reason, approval.cwd) == ("shell", "to clean up", "/work")
    assert (approval.at, approval.answerable) == (1_700_000_000.0, True)


@pytest.mark.parametrize(
    ("method", "params", "changes"),
    [
        (COMMAND, command("a", availableDecisions=["cancel"]), None),
        (COMMAND, command("a", command=None), None),
        (EDIT, {"threadId": "a", "itemId": "i"}, None),
        (EDIT, {"threadId": "a", "grantRoot": "/"}, [{"path": "a", "kind": {"type": "add"}, "diff": ""}]),
        (PERMISSIONS, {"threadId": "a", "permissions": {}}, None),
        (USER_INPUT, {"threadId": "a", "questions": []}, None),
        (USER_INPUT, question(isSecret=True), None),
        (FOREIGN, {**TOOL, "requestedSchema": {"properties": {"name": {"type": "string"}}}}, None),
        (FOREIGN, {**TOOL, "mode": "url", "url": "https://x.org"}, None),
    ],
)
def test_what_cannot_be_shown_or_would_be_more_than_once_is_for_the_desk(
    method: str, params: Mapping[str, Any], changes: object
) -> None:
    """Forms, secrets, what says nothing of itself, and what would hold for the rest of the session."""
    assert not told(method, params, changes).answerable


def test_permissions_are_told_one_by_one() -> None:
    """Each once, and what is not understood as it came."""
    params = {**GRANT, "permissions": {**GRANT["permissions"], "camera": {"on": True}}}  # type: ignore[dict-item]  # a literal of mixed types

    approval = told(PERMISSIONS, params)

    assert str(approval.text).splitlines() == [
        "network access",
        "write access to /opt/x",
        "read access to /srv/*",
        'read access to {"type": "special", "value": {"kind": "root"}}',
        'camera {"on": true}',
    ]


def test_questions_come_with_their_choices() -> None:
    """Own words are taken where Codex takes them, or offers nothing else."""
    one = told(USER_INPUT, question())
    other = told(USER_INPUT, question(isOther=False))
    open_ = told(USER_INPUT, question(isOther=False, options=None))

    red = Choice(label="Red", description="warm")
    assert one.questions == (Question(text="Which?", header="Colour", choices=(red,), free=True),)
    assert (one.summary, one.at, one.answerable) == ("Which?", 9.0, True)
    assert [a.questions[0].free for a in (other, open_)] == [False, True]


def test_a_tool_of_a_server_is_told_with_what_it_is_given() -> None:
    """Server, tool and parameters."""
    approval = told(FOREIGN, TOOL)

    assert (approval.tool, approval.reason) == ("disk.wipe", "Wipe all")
    assert approval.text == '{\n  "path": "/x"\n}'
    assert approval.answerable


def test_what_is_no_question_for_a_person_is_none() -> None:
    """Codex asks its clients for other things too."""
    assert asking.approval("currentTime/read", {}, number=1, session_id="a", at=1.0) is None


def test_the_same_question_has_the_same_id() -> None:
    """Whatever number it is put under; another command, callback or try is another question."""
    first = asking.identity(command("a"), 1)

    others = [
        asking.identity(params, 1)
        for params in (
            command("a", itemId="other"),
            command("a", turnId="other"),
            command("a", approvalId="sub"),
            command("a", startedAtMs=2),
            command("b"),
        )
    ]
    assert asking.identity(command("a"), 2) == first
    assert len({first, *others}) == 6
    assert asking.identity(TOOL, 1) != asking.identity(TOOL, 2)
    assert asking.identity(command("a", itemId="../\n<b>"), 1).isprintable()


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "params", "decision", "answer"),
    [
        (COMMAND, command("a"), ALLOW, {"decision": "accept"}),
        (COMMAND, command("a"), DENY, {"decision": "decline"}),
        (EDIT, {}, ALLOW, {"decision": "accept"}),
        (EDIT, {}, DENY, {"decision": "decline"}),
        (PERMISSIONS, GRANT, ALLOW, {"permissions": GRANT["permissions"], "scope": "turn"}),
        (PERMISSIONS, GRANT, DENY, {"permissions": {}, "scope": "turn"}),
        (FOREIGN, TOOL, ALLOW, {"action": "accept", "content": {}}),
        (FOREIGN, TOOL, DENY, {"action": "decline", "content": None}),
        (
            USER_INPUT,
            question(),
            Decision(verdict=Verdict.ANSWER, answers={"Which?": ["Red"]}),
            {"answers": {"colour": {"answers": ["Red"]}}},
        ),
        (
            USER_INPUT,
            question(),
            Decision(verdict=Verdict.ANSWER, answers={"Which?": ["mauve"]}),
            {"answers": {"colour": {"answers": ["user_note: mauve"]}}},
        ),
        (USER_INPUT, question(), DENY, {"answers": {}}),
        (
            USER_INPUT,
            question(),
            Decision(verdict=Verdict.DENY, reason="no colours"),
            {"answers": {"colour": {"answers": ["user_note: no colours"]}}},
        ),
    ],
)
def test_answers_are_for_once(
    method: str, params: Mapping[str, Any], decision: Decision, answer: Mapping[str, Any]
) -> None:
    """Never for the session, never for all commands like it."""
    assert asking.reply(method, params, decision) == answer


def test_a_yes_is_no_answer_and_an_answer_no_yes() -> None:
    """Each question wants its own kind."""
    with pytest.raises(WrongUse):
        asking.reply(USER_INPUT, question(), ALLOW)
    with pytest.raises(WrongUse):
        asking.reply(COMMAND, command("a"), Decision(verdict=Verdict.ANSWER))
