"""Which session a word on the command line means."""

from pathlib import Path
from typing import Any

import pytest

from supervisor.client import Client
from supervisor.commands import find
from supervisor.core.errors import NoSuchSession


class Answers(Client):
    """A supervisor with these sessions: live ones, and stored ones."""

    def __init__(self, live: dict[str, str | None], stored: dict[str, str | None]) -> None:
        """Ids and names."""
        super().__init__(Path("nowhere"))
        self._live, self._stored = live, stored
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        """As the supervisor answers."""
        self.asked.append(path)
        if path == "/api/sessions":
            return {"sessions": [{"id": i, "name": n} for i, n in self._live.items()]}
        if path.startswith("/api/sessions?all=1"):
            return {"sessions": [{"id": i, "name": n} for i, n in (self._live | self._stored).items()]}
        raise NoSuchSession("There is no such session.")


CLIENT = {"abc-1": None, "abd-2": "shop", "xyz": None, "shop-3": None}


@pytest.mark.parametrize(
    ("wanted", "found"), [("abc", "abc-1"), ("abd-2", "abd-2"), ("shop", "abd-2"), ("x", "xyz")]
)
def test_a_beginning_an_id_or_a_name_will_do(wanted: str, found: str) -> None:
    """A whole id comes before a name, a name before a beginning."""
    assert find.session(Answers(CLIENT, {}), wanted)["id"] == found


def test_what_could_mean_several_means_none() -> None:
    """They are named, so that one more letter can be typed."""
    with pytest.raises(NoSuchSession) as refused:
        find.session(Answers(CLIENT, {}), "ab")

    assert "2 sessions" in refused.value.title
    assert "abc-1, abd-2" in refused.value.hint


def test_stored_sessions_are_looked_at_when_no_live_one_fits() -> None:
    """The quick answer is tried first."""
    client = Answers({"abc": None}, {"old-7": None})

    assert find.session(client, "old")["id"] == "old-7"
    assert find.session(client, "abc")["id"] == "abc"
    assert client.asked[-1] == "/api/sessions"


@pytest.mark.parametrize("wanted", ["", "../../machine", "a b", "a?all=1", "ä", "x" * 200])
def test_words_that_are_no_id_never_become_part_of_a_path(wanted: str) -> None:
    """Whatever is typed, only lists are asked for."""
    client = Answers({}, {})

    with pytest.raises(NoSuchSession):
        find.session(client, wanted)
    assert all(path.startswith("/api/sessions") and "/" not in path[5:] for path in client.asked)
