"""Admission, rule by rule: shapes, names, tokens, allowances and bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import Device, Scope
from supervisor.remote import access
from supervisor.remote.access import Rate, Tokens
from supervisor.remote.exchange import Caller, Head, Listener, Refusal

LISTENER = Listener(local=False, hosts=frozenset({"192.168.1.5:47820"}))
PHONE = Device(id="d-1", label="Phone", scope=Scope.CONTROL, public_key=b"", paired_at=0.0)


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """The seconds."""
        return self.at


def _head(**headers: str) -> Head:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Head(method="GET", target="/", headers=told, address="192.168.1.7")


def _status(error: pytest.ExceptionInfo[Refusal]) -> int:
    return error.value.status


def test_a_token_opens_until_it_is_fifteen_minutes_old() -> None:
    """A token is good for its device and scope, and then it is not."""
    clock = Clock()
    tokens = Tokens(clock)
    head = _head(authorization=f"Bearer {tokens.issue(PHONE)}")

    clock.at += 899
    caller = tokens.caller(head)
    clock.at += 1

    assert caller == Caller(device_id="d-1", scope=Scope.CONTROL, address="192.168.1.7")
    with pytest.raises(Refusal) as late:
        tokens.caller(head)
    assert _status(late) == 401


def test_a_revoked_device_loses_all_its_tokens_and_nobody_elses() -> None:
    """Revocation is for one device."""
    tokens = Tokens(Clock())
    mine = [_head(authorization=f"Bearer {tokens.issue(PHONE)}") for _ in range(3)]
    other = Device(id="d-2", label="Tablet", scope=Scope.VIEW, public_key=b"", paired_at=0.0)
    theirs = _head(authorization=f"Bearer {tokens.issue(other)}")

    tokens.revoke("d-1")

    for head in mine:
        with pytest.raises(Refusal):
            tokens.caller(head)
    assert tokens.caller(theirs).device_id == "d-2"


def test_a_device_that_asks_for_tokens_all_day_holds_a_few() -> None:
    """The oldest tokens of a device go; memory does not grow."""
    tokens = Tokens(Clock())
    issued = [tokens.issue(PHONE) for _ in range(1000)]

    newest = tokens.caller(_head(authorization=f"Bearer {issued[-1]}"))

    assert newest.device_id == "d-1"
    assert len(tokens._grants) == 16


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer x"},
        {"authorization": "Basic x"},
        {"cookie": "token=TOKEN"},
        {"x_authorization": "Bearer TOKEN"},
    ],
)
def test_only_a_bearer_header_carries_a_token(headers: dict[str, str]) -> None:
    """Cookies and look-alikes are nothing, and every failure looks the same."""
    tokens = Tokens(Clock())
    token = tokens.issue(PHONE)

    with pytest.raises(Refusal) as refused:
        tokens.caller(_head(**{name: value.replace("TOKEN", token) for name, value in headers.items()}))

    assert (_status(refused), refused.value.detail) == (401, "")


def test_two_authorization_headers_are_none() -> None:
    """Which of them counted would be a matter of taste."""
    tokens = Tokens(Clock())
    value = f"Bearer {tokens.issue(PHONE)}"
    head = Head(
        method="GET", target="/", headers=(("authorization", value), ("authorization", value)), address="a"
    )

    with pytest.raises(Refusal):
        tokens.caller(head)


def test_an_allowance_runs_out_and_fills_up_again() -> None:
    """So many a minute, steadily; the refusal says how long to wait."""
    clock = Clock()
    rate = Rate(20, clock)
    for _ in range(20):
        rate.take("d-1")

    with pytest.raises(Refusal) as refused:
        rate.take("d-1")
    rate.take("d-2")
    clock.at += 3
    rate.take("d-1")

    assert (_status(refused), refused.value.retry_after) == (429, 4)
    with pytest.raises(Refusal):
        rate.take("d-1")


def test_many_strangers_do_not_fill_the_memory() -> None:
    """Only so many addresses are remembered."""
    rate = Rate(20, Clock())

    for number in range(10_000):
        rate.take(str(number))

    assert len(rate._left) == 2048


@given(st.lists(st.floats(0, 30), max_size=200))
def test_no_pattern_of_asking_gets_more_than_the_allowance(pauses: list[float]) -> None:
    """Within any stretch of time: the full allowance and what has been refilled since, never more."""
    clock = Clock()
    rate = Rate(10, clock)
    taken = 0

    for pause in pauses:
        clock.at += pause
        try:
            rate.take("d-1")
        except Refusal:
            continue
        taken += 1

    assert taken <= 10 + (clock.at - 1000) * 10 / 60 + 1e-6


@pytest.mark.parametrize("has", list(Scope))
@pytest.mark.parametrize("needs", list(Scope))
def test_each_scope_includes_those_before_it(has: Scope, needs: Scope) -> None:
    """view < control < admin."""
    order = [Scope.VIEW, Scope.CONTROL, Scope.ADMIN]

    assert access.covers(has, needs) == (order.index(has) >= order.index(needs))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[" * 10_000, "deep"),
        (b'{"a":' * 5_000, "deep object"),
        (b'{"mode": ' + b"9" * 5_000 + b"}", "a number of 5,000 digits"),
        (b'{"mode": NaN}', "not a number"),
        (b'{"mode": Infinity}', "infinite"),
        (b'{"mode": 1, "mode": 2}', "said twice"),
        (b'{"other": 1}', "unknown field"),
        (b"[]", "no object"),
        (b'"mode"', "no object"),
        (b"\xff\xfe{}", "no UTF-8"),
        (b"{", "cut off"),
        (b"{} {}", "two documents"),
    ],
)
def test_an_odd_body_is_refused_and_nothing_breaks(body: bytes, why: str) -> None:
    """JSON has many corners; none of them is one of ours."""
    with pytest.raises(Refusal) as refused:
        access.body_fields(body, frozenset({"mode"}))

    assert _status(refused) == 400, why


@pytest.mark.parametrize("value", ['"\\ud800"', "5", "null", '["x"]', f'"{"x" * 11}"'])
def test_a_text_field_must_be_a_proper_text(value: str) -> None:
    """Half a character, another type, or too long: refused."""
    fields = access.body_fields(f'{{"mode": {value}}}'.encode(), frozenset({"mode"}))

    with pytest.raises(Refusal):
        access.text_field(fields, "mode", 10)


@given(st.binary(max_size=200))
def test_no_body_at_all_raises_anything_else(body: bytes) -> None:
    """Whatever bytes come, it is a document or a refusal."""
    try:
        told = access.body_fields(body, frozenset({"mode"}))
    except Refusal:
        return

    assert told.keys() <= {"mode"}


@pytest.mark.parametrize("query", ["before=1&before=2", "token=x", "before", "%ff=1", "before=%ff"])
def test_a_query_that_is_unclear_is_refused(query: str) -> None:
    """Twice, unknown, without a value or not Unicode."""
    with pytest.raises(Refusal):
        access.query_of(query, frozenset({"before"}))


@pytest.mark.parametrize("length", ["-1", "+1", "1,1", "0x10", "1e3", " 1", "", "٣", "9" * 11])
def test_a_length_is_a_plain_number(length: str) -> None:
    """Every other way to write one is a way to hide a second request."""
    with pytest.raises(Refusal):
        access.body_length(_head(content_length=length))


def test_policy_names_nothing_of_ours() -> None:
    """What every answer carries tells no version, no host and no software."""
    told = " ".join([*access.POLICY, *access.POLICY.values()]).lower()

    assert "wakeline" not in told
    assert "aiohttp" not in told
    assert "unsafe" not in told
    assert "*" not in told


def test_a_page_may_be_opened_from_anywhere_and_the_api_from_nowhere_else() -> None:
    """A tapped link opens the page; a foreign page's request for data does not get through."""
    tapped = _head(sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document")
    framed = _head(sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="iframe")

    access.check_fetch_site(tapped, is_page=True)

    for head, is_page in ((tapped, False), (framed, True), (_head(sec_fetch_site="none"), False)):
        with pytest.raises(Refusal):
            access.check_fetch_site(head, is_page=is_page)
