"""A listening socket: bound where it was asked for, or not at all."""

import socket

import pytest

from supervisor.core.errors import Failed
from supervisor.remote.entrance import listen_on


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_exactly_one_address_is_bound(address: str) -> None:
    """Not the other family, not another address."""
    with listen_on(address, 0) as listening:
        bound = listening.getsockname()

    assert bound[0] == address
    assert bound[1] > 0


def test_a_taken_port_is_a_clear_error() -> None:
    """Which port, which address, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(Failed, match=f"Port {port} on 127.0.0.1") as failed:
            listen_on("127.0.0.1", port)

    assert "phone.port" in failed.value.hint


def test_an_address_that_is_not_ours_is_an_error() -> None:
    """An address that went away since it was chosen."""
    with pytest.raises(Failed, match=r"192\.0\.2\.7"):
        listen_on("192.0.2.7", 0)
