"""What each path does with what it is asked, over the local socket."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest

from supervisor.client import Client
from supervisor.core.errors import NoSuchSession, WakelineError, WrongUse
from supervisor.core.model import Device, Scope, State
from supervisor.remote.routes import ROUTES, find
from tests.fakes.backend import entry, session
from tests.fakes.house import LOOPBACK, House


@pytest.fixture
def client(house: House) -> Client:
    """A program of this user."""
    house.call(lambda: house.backend.put(session("s-1")))
    return Client(house.socket)


def test_a_session_is_found_by_its_id(client: Client) -> None:
    """And one that nobody knows is said to be unknown."""
    known = client.get("/api/sessions/s-1")

    assert known["id"] == "s-1"
    with pytest.raises(NoSuchSession, match="No session"):
        client.get("/api/sessions/s-2")


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("", "cd -- '/home/me/project' && claude --resume s-1"),
        ("?shell=fish", "cd -- '/home/me/project' && claude --resume s-1"),
        (
            "?shell=powershell",
            "Set-Location -LiteralPath '/home/me/project'; if ($?) { & 'claude' '--resume' 's-1' }",
        ),
    ],
)
def test_a_command_is_given_for_the_shell_that_is_used(client: Client, shell: str, command: str) -> None:
    """The agent's own way back, to be pasted."""
    told = client.get(f"/api/sessions/s-1/resume-command{shell}")

    assert (told["command"], told["safe"], told["argv"]) == (command, True, ["claude", "--resume", "s-1"])


def test_a_session_without_a_way_back_says_so(house: House, client: Client) -> None:
    """No command, and not a made-up one."""
    house.call(lambda: house.backend.put(replace(session("s-1"), resume=None)))

    told = client.get("/api/sessions/s-1/resume-command")

    assert told == {"command": None, "argv": [], "cwd": None, "session_id": "s-1", "safe": False}


@pytest.mark.parametrize(
    "asked",
    [
        "/api/sessions/s-1/entries?before=x",
        "/api/sessions/s-1/entries?before=-1",
        "/api/sessions/s-1/entries?limit=1e3",
        "/api/sessions/s-1/entries?other=1",
        "/api/sessions/s-1/resume-command?shell=zsh'",
        "/api/sessions?before=yesterday",
        "/api/sessions?before=2026-01-01T00:00:00",
        "/api/pair/dialog?after=x",
    ],
)
def test_a_question_that_makes_no_sense_is_said_to(client: Client, asked: str) -> None:
    """A sentence on what is wrong, not an empty answer."""
    with pytest.raises(WrongUse) as wrong:
        client.get(asked)

    assert wrong.value.title


def test_nobody_gets_more_than_a_page(house: House, client: Client) -> None:
    """However much is asked for."""
    house.backend.transcripts["s-1"] = [entry(seq) for seq in range(1000)]

    told = client.get("/api/sessions/s-1/entries?limit=100000")
    usual = client.get("/api/sessions/s-1/entries")
    least = client.get("/api/sessions/s-1/entries?limit=0")

    assert [len(page["entries"]) for page in (told, usual, least)] == [200, 50, 1]


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "on", "seconds": 0},
        {"mode": "on", "seconds": "60"},
        {"mode": "on", "seconds": True},
        {"mode": "on", "seconds": 1e12},
        {"mode": None},
        {"seconds": 5},
        {},
        [],
    ],
)
def test_keep_awake_is_changed_by_sense_only(house: House, client: Client, body: Any) -> None:
    """Every odd order is refused, and changes nothing."""
    with pytest.raises(WakelineError):
        client.put("/api/awake", body)

    assert house.backend.awake_changes == 0


def test_devices_are_listed_and_revoked(house: House, client: Client) -> None:
    """Gone from the list when the answer comes; a second time there is none."""
    device = Device(id="d-1", label="Phone", scope=Scope.VIEW, public_key=b"", paired_at=1.0)
    house.backend.known_devices["d-1"] = device

    listed = client.get("/api/devices")["devices"]
    client.delete("/api/devices/d-1")

    assert [one["label"] for one in listed] == ["Phone"]
    assert client.get("/api/devices") == {"devices": []}
    with pytest.raises(NoSuchSession, match="No phone"):
        client.delete("/api/devices/d-1")


def test_every_change_leaves_a_line_in_the_audit(house: House, client: Client) -> None:
    """Who, what, and with which result; reading leaves none."""
    client.put("/api/awake", {"mode": "on"})
    client.get("/api/machine")
    client.post("/api/shutdown")

    assert house.backend.audited == [
        ("PUT /api/awake", {"caller": "local", "address": "local", "status": "200"}),
        ("POST /api/shutdown", {"caller": "local", "address": "local", "status": "204"}),
    ]


def test_a_dialog_wants_a_known_scope(client: Client) -> None:
    """And an address that is one."""
    for body in ({"scope": "everything"}, {"address": 5}, {"scope": None}):
        with pytest.raises(WakelineError):
            client.post("/api/pair/dialog", {"address": LOOPBACK, **body})

    assert client.get("/api/pair/dialog")["state"] == "none"


def test_no_two_routes_want_the_same_request() -> None:
    """The table has one answer for everything."""
    for local in (True, False):
        for route in ROUTES:
            asked = re.sub(r"{\w+}", "s-1", route.path)
            if not (route.local if local else route.lan):
                assert find(route.method, asked, local=local, pairing=True) is None
                continue
            found = find(route.method, asked, local=local, pairing=True)
            assert found
            assert found[0] is route


def test_the_list_is_live_and_recent_first_and_history_is_paged(house: House) -> None:
    """all=1 goes on into what is stored, page by page, without a hole."""
    now = time.time()
    over = replace(session("over", at=now - 3600, state=State.ENDED), run=None)
    long_over = replace(session("long-over", at=now - 90_000, state=State.ENDED), run=None)
    for one in (session("live", at=now), over, long_over):
        house.call(lambda one=one: house.backend.put(one))  # type: ignore[misc]
    house.backend.past = [replace(session(f"p-{n}", at=now - 100_000 - n), run=None) for n in range(7)]
    client = Client(house.socket)

    listed = [one["id"] for one in client.get("/api/sessions")["sessions"]]
    page = client.get("/api/sessions?all=1&limit=3")
    pages = [page]
    while page["next"]:
        page = client.get(f"/api/sessions?all=1&limit=3&before={page['next']}")
        pages.append(page)

    assert listed == ["live", "over"]
    assert [one["id"] for page in pages for one in page["sessions"]] == [
        "live", "over", *(f"p-{n}" for n in range(7)),
    ]  # fmt: skip


def test_a_transcript_is_paged_backwards(house: House) -> None:
    """The newest page first, each page oldest first, until there is nothing before."""
    house.call(lambda: house.backend.put(session("s-1")))
    house.backend.transcripts["s-1"] = [entry(seq) for seq in range(10)]
    client = Client(house.socket)

    newest = client.get("/api/sessions/s-1/entries?limit=4")
    before = client.get(f"/api/sessions/s-1/entries?limit=4&before={newest['before']}")
    oldest = client.get(f"/api/sessions/s-1/entries?limit=4&before={before['before']}")

    assert [one["seq"] for page in (oldest, before, newest) for one in page["entries"]] == list(range(10))
    assert oldest["before"] is None
