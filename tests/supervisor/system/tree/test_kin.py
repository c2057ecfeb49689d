"""Who belongs to whom, decided by one picture of all processes."""

from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.model import Run
from supervisor.system.tree import kin
from supervisor.system.tree.base import Life, Member

PIDS = st.integers(1, 25)


def member(pid: int, parent: int = 1, session: int = 1, started_at: float = 0.0) -> Member:
    return Member(run=Run(pid, started_at), parent_pid=parent, session=session, life=Life.RUNS)


def pids(members: tuple[Member, ...]) -> list[int]:
    return [m.run.pid for m in members]


def unmarked(_member: Member) -> bool:
    return False


@given(st.dictionaries(PIDS, PIDS), PIDS)
def test_a_family_lists_each_parent_before_its_children(parents: dict[int, int], top: int) -> None:
    """Whatever the table of parents, circles included, nobody is listed before who started it."""
    everyone = [member(pid, parent) for pid, parent in parents.items()]

    found = pids(kin.family(everyone, Run(top, 0.0)))

    assert len(found) == len(set(found))
    assert (top in parents) == bool(found)
    assert all(parents[pid] in found[:place] for place, pid in enumerate(found) if pid != top)


def test_a_child_that_is_older_than_its_parent_is_none() -> None:
    """The parent of that process died, and another one has its PID."""
    everyone = [member(10, started_at=50.0), member(11, parent=10, started_at=40.0)]

    assert pids(kin.family(everyone, Run(10, 50.0))) == [10]


def test_a_session_that_began_in_the_family_is_the_familys() -> None:
    """A process whose parent died is known by the session that its grandparent's child began."""
    everyone = [
        member(10, session=10),
        member(11, parent=10, session=11),
        member(12, parent=1, session=11),
        member(13, parent=1, session=10),
    ]

    inside = kin.family(everyone, Run(10, 0.0))

    assert pids(kin.left_behind(everyone, Run(10, 0.0), inside, unmarked)) == [12, 13]


def test_the_shell_that_it_was_started_from_is_no_relative() -> None:
    """An agent in somebody's shell shares that shell's session: shell and neighbours are strangers."""
    everyone = [member(5, session=5), member(6, parent=5, session=5), member(10, parent=5, session=5)]

    inside = kin.family(everyone, Run(10, 0.0))

    assert kin.left_behind(everyone, Run(10, 0.0), inside, unmarked) == ()


def test_what_a_dead_leader_left_is_known_by_its_session() -> None:
    """As long as nobody has its PID again, the session of that number is still its own."""
    orphan = member(12, parent=1, session=10)

    assert pids(kin.left_behind([orphan], Run(10, 0.0), (), unmarked)) == [12]


def test_a_session_of_a_used_again_pid_is_a_strangers() -> None:
    """Somebody else has the PID of the dead run, and leads a session: none of ours."""
    stranger = [member(10, session=10, started_at=99.0), member(12, parent=10, session=10, started_at=99.0)]

    assert kin.family(stranger, Run(10, 0.0)) == ()
    assert kin.left_behind(stranger, Run(10, 0.0), (), unmarked) == ()


def test_who_is_marked_brings_its_children_and_its_session() -> None:
    """A job that was left behind has a tree of its own."""
    everyone = [
        member(20, session=20),
        member(21, parent=20, session=20),
        member(22, parent=1, session=20),
        member(30, session=30),
    ]

    found = kin.left_behind(everyone, Run(10, 0.0), (), lambda m: m.run.pid == 20)

    assert sorted(pids(found)) == [20, 21, 22]
