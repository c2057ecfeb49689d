"""Whether an agent is behind a process."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused
from supervisor.core.model import Run
from supervisor.remote.insider import descends
from tests.fakes.backend import session
from tests.fakes.house import LOOPBACK, House
from tests.lab.waiting import until


@pytest.fixture
def child() -> Iterator[psutil.Process]:
    """A process below a process below us."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as agent:
        process = psutil.Process(agent.pid)
        yield until(process.children)[0]
        agent.communicate(b"\n")


def _run(process: psutil.Process) -> Run:
    return Run(process.pid, process.create_time())


def test_a_descendant_of_an_agent_is_an_insider(child: psutil.Process) -> None:
    """However far down; the agent itself too; nobody else."""
    agent = child.parent()
    assert agent
    other = Run(1, 1.0)

    answers = [
        descends(child.pid, [_run(agent)]),
        descends(agent.pid, [_run(agent)]),
        descends(agent.pid, [_run(child)]),
        descends(child.pid, [other]),
        descends(child.pid, []),
    ]

    assert answers == [True, True, False, False, False]


def test_a_reused_number_is_another_process(child: psutil.Process) -> None:
    """Same number, other start: not that agent."""
    agent = child.parent()
    assert agent

    assert not descends(child.pid, [Run(agent.pid, agent.create_time() - 1000)])


def test_a_process_that_is_gone_is_not_trusted() -> None:
    """Who cannot be looked at may be anybody."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()

    assert descends(gone.pid, [Run(1, 1.0)])


def test_an_agent_cannot_pair_a_phone(house: House) -> None:
    """The command of a session gets a refusal that says where to go; it can still read."""
    me = psutil.Process()
    seen = session("s-1")
    house.call(lambda: house.backend.put(type(seen)(id="s-1", agent="claude", run=_run(me))))
    client = Client(house.socket)

    with pytest.raises(Refused) as refused:
        client.post("/api/pair/dialog", {"address": LOOPBACK})
    with pytest.raises(Refused) as not_turned_on:
        client.put("/api/phone", {"address": LOOPBACK})

    assert "agent" in refused.value.hint
    assert "agent" in not_turned_on.value.hint
    assert client.get("/api/machine")["id"] == "m-1"
    assert house.server.lan.addresses == ()
