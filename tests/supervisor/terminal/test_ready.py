"""What is waited for."""

import socket

from supervisor.terminal.ready import READ, WRITE, Ready


def test_only_what_is_wanted_is_done() -> None:
    """Each with the events that came; nothing more is done for what is not wanted any more."""
    ready, done = Ready(), list[object]()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")

        ready.want(ours, READ | WRITE, done.append)
        ready.wait(0)
        ready.want(ours, READ, done.append)
        ready.wait(0)
        ready.want(ours, 0, done.append)
        ready.wait(0)

    assert done == [READ | WRITE, READ]


def test_what_came_before_in_the_same_round_counts() -> None:
    """One of two ends the other: that one is left alone."""
    ready, done = Ready(), list[object]()
    one, other = socket.socketpair()
    with one, other:

        def act(_events: int) -> None:
            done.append("once")
            ready.want(one, 0, act)
            ready.want(other, 0, act)

        ready.want(one, WRITE, act)
        ready.want(other, WRITE, act)
        ready.wait(0)

    assert done == ["once"]
