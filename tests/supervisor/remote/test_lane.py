"""One connection: what it carries, and how it ends."""

from supervisor.remote.access import POLICY
from tests.fakes.backend import MemoryBackend
from tests.fakes.house import House
from tests.fakes.raw import Wire, request


def test_every_answer_carries_the_policy_and_no_name_of_software(house: House) -> None:
    """Files, documents, errors and streams alike."""
    phone = house.pair()
    asked = [
        ("GET", "/"),
        ("GET", "/api/machine"),
        ("GET", "/api/nothing"),
        ("POST", "/api/auth/token"),
        ("GET", "/nothing"),
        ("DELETE", "/api/devices/x"),
    ]

    replies = [phone.ask(method, path, {} if method == "POST" else None) for method, path in asked]

    for reply in replies:
        policy = {name: value for name, value in POLICY.items() if name != "Cache-Control"}
        assert policy.items() <= reply.headers.items()
        assert "Server" not in reply.headers
        assert "Set-Cookie" not in reply.headers
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]
        assert reply.headers["Cache-Control"] in ("no-store", "no-cache")


def test_a_connection_carries_many_requests(house: House) -> None:
    """One after the other, and also when the next one comes before the answer."""
    line = request(house, host="localhost")

    with Wire.local(house) as wire:
        wire.say(line)
        first = wire.answer()
        wire.say(line * 3)
        with wire.line.makefile("rb") as answers:
            statuses = [_next(answers) for _ in range(3)]

    assert first[0] == 200
    assert statuses == [b"200"] * 3


def _next(answers: object) -> bytes:
    """The status of the next answer, its body skipped."""
    read, readline = getattr(answers, "read"), getattr(answers, "readline")  # noqa: B009  # a buffered file
    status: bytes = readline().split()[1]
    length = 0
    while (line := readline()) != b"\r\n":
        length = int(line.split()[1]) if line.lower().startswith(b"content-length") else length
    read(length)
    return status


def test_what_we_fail_at_is_five_hundred_and_nothing_more(house: House) -> None:
    """No trace of a stack goes over the wire; the connection ends, the supervisor goes on."""
    house.backend.__class__ = _Broken

    with Wire.local(house) as wire:
        wire.say(request(house, host="localhost"))
        heard = wire.rest()
    house.backend.__class__ = MemoryBackend

    assert heard[9:12] == b"500"
    assert b"Traceback" not in heard
    assert b"secret" not in heard
    with Wire.local(house) as wire:
        wire.say(request(house, host="localhost"))
        assert wire.answer()[0] == 200


class _Broken(MemoryBackend):
    def picture(self) -> object:  # type: ignore[override]  # it never returns
        raise RuntimeError("secret")
