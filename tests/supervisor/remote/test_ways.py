"""At which address a phone is to come, and by what name, by what is wished for and what there is."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused
from supervisor.remote.sources import Own
from tests.fakes.house import LOOPBACK, House
from tests.lab.authority import Authority

NAME = "desk.example"


class _Leading(Own):
    """A domain whose name leads where *there* says."""

    there: Sequence[str] = ()

    async def addresses(self, name: str) -> Sequence[str]:
        """Whoever asks for it."""
        return self.there if name == NAME else ()


def _house(folder: Path, there: Sequence[str]) -> House:
    source = _Leading(Authority().issue(folder / "own", NAME))
    object.__setattr__(source, "there", there)
    return House(folder, vouched=source)


def test_the_name_decides_where_to_listen(tmp_path: Path) -> None:
    """Another address of this machine than the best one, if the name leads there."""
    with _house(tmp_path, ["192.0.2.7", "127.0.0.2"]) as house:
        shown = Client(house.socket).post("/api/pair/dialog", {})

        assert (shown["address"], house.server.lan.addresses) == (NAME, ("127.0.0.2",))


def test_the_best_of_several_is_taken(tmp_path: Path) -> None:
    """As addresses are ranked without a name."""
    with _house(tmp_path, ["127.0.0.2", LOOPBACK]) as house:
        Client(house.socket).post("/api/pair/dialog", {"address": NAME})

        assert house.server.lan.addresses == (LOOPBACK,)


@pytest.mark.parametrize("there", ["0.0.0.0", "::", "192.0.2.7"])
def test_a_name_that_leads_nowhere_or_everywhere_opens_nothing(tmp_path: Path, there: str) -> None:
    """No wildcard by way of a name either."""
    with _house(tmp_path, [there]) as house:
        with pytest.raises(Refused):
            Client(house.socket).post("/api/pair/dialog", {})

        assert house.server.lan.addresses == ()


def test_the_address_of_the_settings_bounds_the_name(tmp_path: Path) -> None:
    """Where the owner wants nothing else to be served."""
    with _house(tmp_path, ["127.0.0.2"]) as house:
        house.server.phone._ways._usual_address = LOOPBACK

        with pytest.raises(Refused, match=r"leads to 127\.0\.0\.2"):
            Client(house.socket).post("/api/pair/dialog", {})


@pytest.mark.parametrize("spelling", ["0.0.0.0", "::", "0", "*", "0x0", "::ffff:0.0.0.0", "0.0.0.0.", " "])
def test_a_wildcard_in_the_settings_is_refused(house: House, spelling: str) -> None:
    """The message names the way out, and nothing is bound."""
    house.server.phone._ways._usual_address = spelling

    with pytest.raises(Refused) as refused:
        Client(house.socket).post("/api/pair/dialog", {})

    assert "address" in refused.value.hint
    assert house.server.lan.addresses == ()
