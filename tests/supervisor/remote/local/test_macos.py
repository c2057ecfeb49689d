"""macOS: who calls on the local socket, by what its kernel would answer."""

import importlib
import os
import struct
import sys
from typing import Any

import pytest


class Connection:
    """A connection whose kernel says this."""

    def __init__(self, version: int, uid: int) -> None:
        self._answer = struct.pack("=IIh2x16I", version, uid, 1, *range(16))

    def getsockopt(self, level: int, option: int, size: int = 0) -> object:
        """LOCAL_PEERCRED and LOCAL_PEERPID."""
        assert level == 0
        return self._answer[:size] if option == 1 else 4711


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, as it is on its own system."""
    monkeypatch.setattr(sys, "platform", "darwin")
    return importlib.import_module("supervisor.remote.local.macos")


def test_only_this_user_is_let_in(macos: Any) -> None:
    """Another user, and an answer of another shape, are nobody."""
    if sys.platform == "win32":
        pytest.skip("needs a system with user numbers")
    peers = [macos.peer(Connection(*told), "") for told in ((0, os.getuid()), (0, 12345), (1, os.getuid()))]

    assert peers[0].pid == 4711
    assert peers[0].proved
    assert peers[1:] == [None, None]
