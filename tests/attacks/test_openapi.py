"""Every path of the published description, with whatever a generator of nonsense makes of it."""

import http.client
import json
import socket
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

if sys.platform == "win32":
    pytest.skip("the local socket is another one there", allow_module_level=True)
assert sys.platform != "win32"

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.client import Client
from supervisor.remote.openapi import document
from supervisor.remote.routes import ROUTES
from tests.fakes.backend import entry, session
from tests.fakes.house import House

SCHEMA: Any = schemathesis.openapi.from_dict(document(ROUTES))
OPERATIONS = {
    f"{one.method.upper()} {one.path}": one for one in (o.ok() for o in SCHEMA.get_all_operations())
}
EXAMPLES = 30
#: Nothing else of what the generator writes belongs on this way.
_OURS = frozenset({"Content-Type", "Idempotency-Key"})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server behind a real local socket, with something to ask for."""
    with House(tmp_path_factory.mktemp("house")) as house:
        house.call(lambda: house.backend.put(session("s-1")))
        house.call(lambda: house.backend.write("s-1", entry(1, "first")))
        yield house


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_breaks_it(house: House, name: str) -> None:
    """Each gets an answer or a refusal in the published shape; none is a fault of ours."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy(), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = "s-1"
        status, kind, body = _asked(house, case)
        assert 200 <= status < 500, (status, body)
        if status >= 400:
            told = json.loads(body)
            assert kind == "application/problem+json"
            assert (told["status"], bool(told["title"])) == (status, True)

    ask()
    assert Client(house.socket).get("/api/machine")["id"] == "m-1"


class _Local(http.client.HTTPConnection):
    """Over the local socket."""

    def __init__(self, place: str) -> None:
        super().__init__("localhost", timeout=60)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self._place)


def _asked(house: House, case: Any) -> tuple[int, str, bytes]:
    """Status, type and body of the answer; of a stream that is all that is read."""
    told = case.as_transport_kwargs(base_url="http://localhost")
    query = urlencode(told.get("params") or {}, doseq=True)
    path = told["url"].removeprefix("http://localhost") + (f"?{query}" if query else "")
    body = json.dumps(told["json"]) if "json" in told else None
    headers = {name: value for name, value in told["headers"].items() if name in _OURS}
    line = _Local(str(house.socket))
    try:
        line.request(told["method"], path, body, headers)
        answer = line.getresponse()
        kind = answer.getheader("Content-Type") or ""
        return answer.status, kind, b"" if answer.chunked else answer.read()
    finally:
        line.close()
