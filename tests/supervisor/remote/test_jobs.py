"""Background jobs over HTTP, and prompts that wait for them."""

from typing import Any

import pytest

from supervisor.client import Client
from supervisor.core.errors import NoSuchSession, WrongUse
from supervisor.core.model import Job, JobKind
from supervisor.core.steering import DESK
from supervisor.remote import wire
from tests.fakes.backend import session
from tests.fakes.house import House
from tests.fakes.phone import Phone

STARTED = 1_760_000_000.0
RUNNING = Job(
    pid=4711,
    command="python scrape.py",
    started_at=STARTED,
    output="/p/out",
    output_bytes=12,
    cpu_seconds=1.5,
    memory_bytes=2048,
)
ENDED = Job(
    pid=4712,
    command="make",
    started_at=STARTED,
    kind=JobKind.AGENT,
    over=True,
    ended_at=STARTED + 90.25,
    exit_status=2,
)


@pytest.fixture
def desk(house: House) -> Client:
    """The person at the machine, with a session that has two jobs."""
    house.call(lambda: house.backend.put(session("s-1", jobs=(RUNNING,))))
    house.backend.steer.known_jobs["s-1"] = (RUNNING, ENDED)
    return Client(house.socket)


def test_jobs_are_told_with_all_that_is_known(desk: Client) -> None:
    """What runs and what has ended; what is unknown is null."""
    running, ended = desk.get("/api/sessions/s-1/jobs")["jobs"]

    seconds = running.pop("seconds")
    assert seconds > 0
    assert running == {
        "pid": 4711,
        "started_at": "2025-10-09T08:53:20.000Z",
        "command": "python scrape.py",
        "kind": "process",
        "state": "running",
        "cpu_seconds": 1.5,
        "memory_bytes": 2048,
        "output": {"path": "/p/out", "bytes": 12},
        "ended_at": None,
        "exit_status": None,
    }
    assert (ended["state"], ended["kind"], ended["exit_status"], ended["seconds"]) == (
        "ended",
        "agent",
        2,
        90.25,
    )
    assert (ended["ended_at"], ended["output"]) == ("2025-10-09T08:54:50.250Z", None)
    assert desk.get("/api/sessions/s-1")["jobs"] == 1


def test_the_stream_tells_of_a_job_by_itself(desk: Client) -> None:
    """Topic job: the session's id and the job."""
    del desk

    told = wire.published("job", "s-1", ENDED, lambda: pytest.fail("nobody asks"))

    assert told == {"session_id": "s-1", "job": wire.job(ENDED)}


def test_the_end_of_the_output_is_bounded(house: House, desk: Client) -> None:
    """16 kB unless more is asked for, 256 kB at most, whatever is asked for."""
    path = "/api/sessions/s-1/jobs/4711/output"

    sizes = [desk.get(f"{path}{query}")["bytes"] for query in ("", "?bytes=5", "?bytes=99999999")]

    assert sizes == [16 * 1024, 5, 256 * 1024]
    assert house.backend.steer.orders[0] == ("output", "s-1", 4711, 16 * 1024)


@pytest.mark.parametrize(
    "path",
    ["4711/output?bytes=0", "4711/output?bytes=-1", "4711/output?bytes=x", "a/output", "99999999999/output"],
)
def test_nonsense_is_wrong_use(house: House, desk: Client, path: str) -> None:
    """Nothing of it reaches the supervisor."""
    with pytest.raises(WrongUse):
        desk.get(f"/api/sessions/s-1/jobs/{path}")

    assert house.backend.steer.orders == []


def test_a_path_is_never_asked_for(desk: Client) -> None:
    """The file is the one that the process writes to; no client can name another."""
    for path in ("4711/output?path=/etc/passwd", "..%2f..%2fetc/output"):
        with pytest.raises((WrongUse, NoSuchSession)):
            desk.get(f"/api/sessions/s-1/jobs/{path}")


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        ("job:4711", "job:4711"),
        ("online", "online"),
        ("reset", "reset"),
        ("at:2026-01-31T14:00:00+02:00", "at:2026-01-31T12:00:00Z"),
    ],
)
def test_a_prompt_may_wait_for_more_than_its_agent(house: House, desk: Client, when: str, kept: str) -> None:
    """What it waits for is passed on in its one form."""
    desk.post("/api/sessions/s-1/prompt", {"text": "go on", "when": when})

    assert house.backend.steer.orders == [("prompt", "s-1", "go on", kept, DESK)]


def test_a_prompt_that_waits_is_listed_and_changed(house: House, desk: Client) -> None:
    """Text or time, or both; what is not named stays."""
    given = desk.post("/api/sessions/s-1/prompt", {"text": "go on", "when": "idle"})["prompt"]

    changed = desk.patch(f"/api/sessions/s-1/prompts/{given['id']}", {"when": "online"})

    assert (changed["text"], changed["when"]) == ("go on", "online")
    assert changed["waits_for"] == "It waits until the agent's model can be reached."
    assert [one["id"] for one in desk.get("/api/prompts")["prompts"]] == [given["id"]]
    assert house.backend.steer.orders[-1] == ("change", "s-1", given["id"], None, "online", DESK)


@pytest.mark.parametrize(
    "body", [{}, {"when": "soon"}, {"text": ""}, {"text": "a\x1bb"}, {"state": "sent"}, {"when": 5}]
)
def test_a_change_that_makes_no_sense_is_refused(house: House, desk: Client, body: dict[str, Any]) -> None:
    """As strictly as a new prompt is."""
    with pytest.raises(WrongUse):
        desk.patch("/api/sessions/s-1/prompts/p0", body)

    assert house.backend.steer.orders == []


def test_a_phone_changes_a_prompt_once(house: House, desk: Client) -> None:
    """A repeat under the same key does nothing twice."""
    given = desk.post("/api/sessions/s-1/prompt", {"text": "go on", "when": "idle"})["prompt"]
    phone: Phone = house.pair("control")
    path = f"/api/sessions/s-1/prompts/{given['id']}"

    replies = [phone.ask("PATCH", path, {"text": "other"}, {"Idempotency-Key": "k"}) for _ in range(3)]

    assert [reply.json["text"] for reply in replies] == ["other"] * 3
    assert [order[0] for order in house.backend.steer.orders] == ["prompt", "change"]
