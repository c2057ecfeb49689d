"""How many may be inside, and who makes room."""

from supervisor.remote.crowd import CONNECTIONS, PER_ADDRESS, STRANGERS, Crowd, Guest


def _enter(crowd: Crowd, address: str, gone: list[str], *, proved: bool = False) -> Guest:
    guest = crowd.enter(address, proved=proved)
    assert guest
    guest.leave = lambda: gone.append(address)
    return guest


def test_strangers_push_out_strangers_and_never_a_phone() -> None:
    """The oldest connection of the greediest address goes first."""
    crowd, gone = Crowd(), list[str]()
    _enter(crowd, "phone", gone).proved = True
    for number in range(STRANGERS):
        _enter(crowd, "greedy" if number % 5 == 0 else f"10.0.0.{number}", gone)

    for number in range(8):
        _enter(crowd, f"10.0.1.{number}", gone)

    assert gone == ["greedy"] * 8
    assert len(crowd) == STRANGERS + 1


def test_there_is_an_end_to_how_many_come_in() -> None:
    """When all who are inside are proved, nobody is pushed out and nobody comes in."""
    crowd = Crowd(per_address=CONNECTIONS, strangers=CONNECTIONS)
    for _ in range(CONNECTIONS):
        crowd.enter("local", proved=True)

    late = crowd.enter("local", proved=True)

    assert late is None
    assert len(crowd) == CONNECTIONS


def test_who_leaves_makes_room() -> None:
    """Sixteen from one address, and the next when one has gone; leaving twice is leaving once."""
    crowd, gone = Crowd(), list[str]()
    guests = [_enter(crowd, "10.0.0.1", gone) for _ in range(PER_ADDRESS)]

    refused = crowd.enter("10.0.0.1")
    crowd.left(guests[0])
    crowd.left(guests[0])
    admitted = crowd.enter("10.0.0.1")

    assert refused is None
    assert admitted
    assert gone == []
