"""Questions and answers without HTTP."""

import json

from supervisor.core.model import Scope
from supervisor.remote.exchange import PROBLEM, Caller, Head, Refusal, problem


def test_a_header_counts_when_it_is_alone() -> None:
    """Two of a kind are none where one was meant."""
    head = Head(method="GET", target="/", headers=(("a", "1"), ("b", "1"), ("b", "2")), address="x")

    assert (head.one("a"), head.one("b"), head.one("c")) == ("1", None, None)
    assert head.all("b") == ["1", "2"]


def test_a_refusal_says_as_little_as_possible() -> None:
    """The same words for everybody; how long to wait where that is the point."""
    quiet, busy = Refusal(401).answer, Refusal(429, close=False, retry_after=3).answer

    assert json.loads(quiet.body) == {"type": "about:blank", "title": "Refused", "status": 401, "detail": ""}
    assert quiet.close
    assert (busy.headers, busy.close) == ({"Retry-After": "3"}, False)


def test_a_problem_is_a_problem_document() -> None:
    """As RFC 9457 has it."""
    answer = problem(409, "Not now.", "Later.")

    assert (answer.status, answer.content_type) == (409, PROBLEM)
    assert json.loads(answer.body)["detail"] == "Later."


def test_who_has_no_device_is_the_local_user() -> None:
    """Under this name repeats are recognised and lines are audited."""
    local = Caller(device_id=None, scope=Scope.ADMIN, address="local")
    phone = Caller(device_id="d-1", scope=Scope.VIEW, address="10.0.0.1")

    assert (local.name, phone.name) == ("local", "d-1")
