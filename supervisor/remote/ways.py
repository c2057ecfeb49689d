"""How a phone is to come: at which address of ours, and by what name."""

from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.core.errors import Refused
from supervisor.remote import address
from supervisor.remote.address import Candidate
from supervisor.remote.serving import Lan
from supervisor.remote.vouched import Vouched

#: What is said of our names, beside our addresses.
VOUCHED = "others vouch for it: no warning"
LASTING = "stays when the address changes; not every phone knows such names"


@dataclass(frozen=True, slots=True)
class Way:
    """An address of ours, what the phone calls us there, and whether others vouch for that."""

    address: str
    host: str
    vouched: Vouched | None = None


class Ways:
    """Owns nothing: chooses among what the listener, the settings and the owner's wish allow."""

    def __init__(self, lan: Lan, usual_address: str) -> None:
        """*usual_address*: as the settings have it; may be empty."""
        self._lan = lan
        self._usual_address = usual_address

    async def choose(self, wish: str | None, candidates: Sequence[Candidate]) -> Way:
        """As wished for; else by the name that others vouch for, else at the best address.

        Raises ``Refused``.
        """
        if wish and wish.endswith(".local"):
            return Way(self.address(None, candidates), wish)
        keeper = self._lan.keeper
        if keeper and not _is_address(wish):
            vouched = await self._lan.vouch()
            if vouched and wish in (None, "", vouched.name):
                leads_to = await keeper.addresses()
                return Way(self._ours(vouched.name, leads_to, candidates), vouched.name, vouched)
        chosen = self.address(wish, candidates)
        return Way(chosen, chosen)

    def _ours(self, name: str, leads_to: Sequence[str], candidates: Sequence[Candidate]) -> str:
        wanted = [one for one in leads_to if self._usual_address in ("", one)]
        here = [one for one in wanted if address.usable(one)]
        if not here:
            told = f"{name} leads to {', '.join(leads_to)}, where phones are not served."
            raise Refused(told, "Give the name this machine's address, or choose an address with --address.")
        best = [one.address for one in candidates if one.address in here]
        return address.exact((best or here)[0])

    def check_name(self, way: Way) -> None:
        """Raises ``Refused`` for a name that is not ours. Only while we listen: before, we have none."""
        if way.host not in (way.address, self._lan.name) and way.vouched is None:
            raise Refused(f"{way.host!r:.80} is not this machine's name.", f"It is {self._lan.name}.")

    def address(self, wish: str | None, candidates: Sequence[Candidate]) -> str:
        """The address that is wished for, here or in the settings; else the best one. Raises ``Refused``."""
        if wish := wish or self._usual_address:
            return address.exact(wish)
        open_on = [one.address for one in candidates if one.address in self._lan.addresses]
        best = open_on or [one.address for one in candidates]
        if not best:
            raise Refused("This machine has no network address.", "Join the network that the phone is in.")
        return best[0]

    def names(self) -> list[Candidate]:
        """What else a phone may call us, where it can find out where that is."""
        vouched = self._lan.vouched
        found = [Candidate(address=vouched.name, interface="", score=0, note=VOUCHED)] if vouched else []
        if self._lan.is_announced:
            found.append(Candidate(address=self._lan.name, interface="", score=0, note=LASTING))
        return found


def _is_address(wish: str | None) -> bool:
    return bool(wish) and (":" in (wish or "") or (wish or "").replace(".", "").isdigit())
