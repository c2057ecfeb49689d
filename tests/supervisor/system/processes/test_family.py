"""Who descends from whom."""

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import Process, Run
from supervisor.system.processes.family import descendants

PIDS = st.integers(0, 30)


def _process(pid: int, parent: int) -> Process:
    return Process(run=Run(pid, 1.0), parent_pid=parent, argv=(), cwd=None)


@given(st.dictionaries(PIDS, PIDS), PIDS)
def test_descendants_are_those_whose_parents_lead_to_the_top(parents: dict[int, int], top: int) -> None:
    """Any table of parents, circles and strangers included, gives exactly those below the top."""
    everyone = [_process(pid, parent) for pid, parent in parents.items()]

    found = {process.run.pid for process in descendants(everyone, top)}

    assert found == {pid for pid in parents if pid != top and _leads(pid, parents, top)}


def _leads(pid: int, parents: dict[int, int], top: int) -> bool:
    for _ in range(len(parents) + 1):
        if (parent := parents.get(pid)) is None:
            return False
        if parent == top:
            return True
        pid = parent
    return False
