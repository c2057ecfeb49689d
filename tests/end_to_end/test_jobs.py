"""Background jobs of a real agent: seen, kept awake for, waited for, whatever is killed in between."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import json
from collections.abc import Iterator
from typing import Any

import psutil

from tests.end_to_end.steered import Held, InTerminal, wakeline_in
from tests.end_to_end.test_steering import begun
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A running supervisor."""
    with wakeline_in() as running:
        yield running


@pytest.fixture
def claude(wakeline: Wakeline, fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None) -> Held:
    """Claude Code, which asks before it runs anything, at its prompt."""
    del needs_claude
    folder = wakeline.folder.parent
    launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
    held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
    held.session(state="idle", kind="hosted")
    return held


def jobs_of(held: Held, session_id: str) -> list[dict[str, Any]]:
    """What the command line tells of its jobs."""
    found: list[dict[str, Any]] = held.wakeline.json("jobs", session_id)["jobs"]
    return found


def the_job(held: Held, session_id: str, **wanted: Any) -> dict[str, Any]:
    """Its only job, once it is as wanted."""

    def seen() -> dict[str, Any] | None:
        found = jobs_of(held, session_id)
        return found[0] if len(found) == 1 and all(found[0][k] == v for k, v in wanted.items()) else None

    found = until(seen, saying=f"one job with {wanted}")
    assert found is not None
    return found


def reasons(wakeline: Wakeline) -> list[str]:
    """Why the machine stays awake."""
    return [one["text"] for one in wakeline.client.get("/api/machine")["reasons"]]


def say(held: Held, session_id: str, words: str) -> None:
    """Send a prompt, allow what it asks for, and wait until its turn is over."""
    held.wakeline.run("send", session_id, words)
    until(lambda: words in held.said("user"))

    def over() -> bool:
        session = held.session()
        if session["approval"] and session["approval"]["answerable"]:
            held.wakeline.run("approve", session_id, check=False)
        return bool(session["state"] == "idle")

    until(over)


def test_what_a_tool_left_behind_is_a_job_until_it_ends(claude: Held) -> None:
    """A nohup that outlives its turn is listed with all that is known, and keeps the machine awake."""
    own_id = claude.session()["id"]
    go_on = claude.cwd / "go-on"
    begin = next(claude.wakeline.client.events(session=own_id)).id
    command = f"nohup sh -c 'echo begun; until [ -e {go_on} ]; do sleep 0.2; done' > out.txt 2>&1 &"

    say(claude, own_id, f"SCENARIO:bash {command}")

    job = the_job(claude, own_id, state="running")
    assert (job["kind"], job["output"]["path"]) == ("process", str(claude.cwd / "out.txt"))
    assert "until [ -e" in job["command"]
    assert psutil.pid_exists(job["pid"])
    assert claude.session()["jobs"] == 1
    until(lambda: any(one.startswith(f"job {job['pid']} (") for one in reasons(claude.wakeline)))
    told = claude.wakeline.client.get(f"/api/sessions/{own_id}/jobs/{job['pid']}/output")
    assert told == {"text": "begun\n", "from": 0, "bytes": 6}
    go_on.touch()
    assert the_job(claude, own_id, state="ended")["exit_status"] in {0, None}
    assert claude.session()["jobs"] == 0
    told = (e.data["job"] for e in claude.wakeline.client.events(begin, own_id) if e.topic == "job")
    assert [(one["pid"], one["state"]) for one in (next(told), next(told))] == [
        (job["pid"], "running"),
        (job["pid"], "ended"),
    ]


@pytest.mark.parametrize("how", ["left", "agent"])
def test_a_prompt_for_after_a_job_is_sent_once_whatever_is_killed(claude: Held, how: str) -> None:
    """It waits while the job runs, also over kill -9 of the supervisor, and is sent when the job ends."""
    own_id, go_on = claude.session()["id"], claude.cwd / "go-on"
    wait = f"until [ -e {go_on} ]; do sleep 0.2; done"
    scenario = f"bash nohup sh -c '{wait}' > /dev/null 2>&1 &" if how == "left" else f"bash-bg {wait}"
    say(claude, own_id, f"SCENARIO:{scenario}")
    job = the_job(claude, own_id, state="running", kind="process" if how == "left" else "agent")

    claude.wakeline.run("send", own_id, "the job has ended", "--when", f"job:{job['pid']}")
    claude.wakeline.kill()
    claude.wakeline.start()

    assert the_job(claude, own_id, state="running")["pid"] == job["pid"]
    (waiting,) = claude.wakeline.json("followups")["prompts"]
    assert waiting["waits_for"] == f"It waits for the end of process {job['pid']}."
    claude.wakeline.kill()
    go_on.touch()
    until(lambda: not psutil.pid_exists(job["pid"]))
    claude.wakeline.start()
    until(lambda: "the job has ended" in claude.said("user"))
    until(lambda: not claude.wakeline.json("followups")["prompts"])
    claude.session(state="idle")
    assert claude.said("user").count("the job has ended") == 1


def test_a_job_outlives_its_session(claude: Held) -> None:
    """The agent is stopped, its job goes on: it is shown still, also after kill -9 of the supervisor."""
    own_id = claude.session()["id"]
    say(claude, own_id, "SCENARIO:bash setsid nohup sleep 600 > /dev/null 2>&1 &")
    job = the_job(claude, own_id, state="running")

    claude.wakeline.run("stop", own_id)
    claude.session(state="ended", jobs=1)
    claude.wakeline.kill()
    claude.wakeline.start()

    assert the_job(claude, own_id, state="running")["pid"] == job["pid"]
    until(lambda: any(one.startswith(f"job {job['pid']} (sleep 600)") for one in reasons(claude.wakeline)))
    psutil.Process(job["pid"]).kill()
    assert the_job(claude, own_id, state="ended")["exit_status"] in {-9, None}


def test_a_plain_command_leaves_jobs_too(wakeline: Wakeline) -> None:
    """What outlives a command that is no agent is shown until it ends."""
    script = "nohup setsid sleep 600 > /dev/null 2>&1 & sleep 1"
    own_id = wakeline.run("run", "--detach", "--", "sh", "-c", script).stdout.strip()

    wakeline.wait_for(id=own_id, state="ended", jobs=1)

    (job,) = wakeline.json("jobs", own_id)["jobs"]
    assert (job["command"], job["state"], job["output"]) == ("sleep 600", "running", None)
    psutil.Process(job["pid"]).kill()
    wakeline.wait_for(id=own_id, jobs=0)


def test_an_agent_at_rest_has_no_jobs(claude: Held) -> None:
    """Neither its own parts nor commands that were waited for count."""
    own_id = claude.session()["id"]

    say(claude, own_id, "SCENARIO:bash echo done")

    assert jobs_of(claude, own_id) == []
    assert json.dumps(claude.session()["jobs"]) == "0"


def test_a_prompt_for_a_time_is_changed_taken_back_and_sent_once(claude: Held) -> None:
    """It is kept over kill -9 of the supervisor; the one whose time has come goes, the others do not."""
    own_id, wakeline = claude.session()["id"], claude.wakeline
    for words in ("never sent", "at its time", "changed my mind"):
        told = wakeline.run("send", own_id, words, "--when", "at:+2h").stdout
        assert "It waits until" in told
    never, timed, _ = wakeline.json("followups")["prompts"]
    assert wakeline.run("send", own_id, "x", "--when", "reset", check=False).returncode == 4
    assert wakeline.run("send", own_id, "x", "--when", "job:1", check=False).returncode == 4
    assert wakeline.run("send", own_id, "x", "--when", "soon", check=False).returncode == 2

    wakeline.run("followups", "--cancel", never["id"])
    wakeline.kill()
    wakeline.start()
    claude.session(state="idle", kind="hosted")
    wakeline.run("followups", "--change", timed["id"], "--when", "at:+1s", "--text", "at another time")

    until(lambda: claude.said("user") == ["at another time"])
    until(lambda: [one["text"] for one in wakeline.json("followups")["prompts"]] == ["changed my mind"])
    wakeline.run("send", own_id, "when online", "--when", "online")
    until(lambda: claude.said("user") == ["at another time", "when online"])


@pytest.mark.parametrize("name", ["codex", "opencode"])
def test_jobs_of_other_agents_are_seen_as_well(
    name: str,
    wakeline: Wakeline,
    fake_openai: Server,
    in_terminal: InTerminal,
    request: pytest.FixtureRequest,
) -> None:
    """What their tools leave behind is known by their own marks, or those of the terminal."""
    request.getfixturevalue(f"needs_{name}")
    folder = wakeline.folder.parent
    launch = getattr(homes, name)(folder / "home", folder / "project", fake_openai.url)
    unasked = ("--dangerously-bypass-approvals-and-sandbox",) if name == "codex" else ()
    held = Held(wakeline, launch.plus(*unasked), in_terminal)
    own_id = begun(held)
    assert jobs_of(held, own_id) == []

    wakeline.run("send", own_id, "%%tool:nohup setsid sleep 600 > out.txt 2>&1 &%% please")

    job = the_job(held, own_id, state="running", kind="process")
    assert (job["command"], job["output"]["path"]) == ("sleep 600", str(held.cwd / "out.txt"))
    wakeline.run("send", own_id, "it has ended", "--when", f"job:{job['pid']}")
    psutil.Process(job["pid"]).kill()
    until(lambda: "it has ended" in held.said("user"))
