"""The pairing dialog: opens the listener, shows the code, lets the owner choose, remembers the phone.

There is one dialog at most. What may happen in it is decided in ``core.pairing``; here are only
the clock, the randomness, the listener and those who wait for news.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from supervisor.core import pairing
from supervisor.core.errors import Refused, WakelineError
from supervisor.core.model import Device, Scope
from supervisor.core.networks import Network, Served
from supervisor.core.pairing import Moment, Pairing, Step
from supervisor.remote import address, wire
from supervisor.remote.address import Candidate
from supervisor.remote.backend import Backend
from supervisor.remote.serving import Lan, Serving
from supervisor.remote.words import words

#: How long anybody waits for news in one request.
POLL_SECONDS = 20.0
DEVICES = 50

_SHOWN = {Step.GREETED: "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialog:
    """What does not change while a dialog is open, and the pairing that does."""

    pairing: Pairing
    place: Served
    port: int
    candidates: tuple[Candidate, ...]
    usable: frozenset[str]
    fingerprint_words: str
    #: The listener was closed before: it closes again if nobody gets paired.
    opened_listener: bool
    device: Device | None = None


class Phone:
    """Owns the dialog, and who waits for news of it."""

    def __init__(
        self,
        backend: Backend,
        lan: Lan,
        now: Callable[[], Moment],
        candidates: Callable[[], Sequence[Candidate]] = address.ranked,
        usual_address: str = "",
        around: Callable[[], Sequence[Network]] = tuple,
    ) -> None:
        """*around*: the networks that we are in; blocking, called in a thread."""
        self._backend = backend
        self._lan = lan
        self._serving = Serving(backend, lan, around)
        self._now = now
        self._candidates = candidates
        self._usual_address = usual_address
        self._dialog: _Dialog | None = None
        self._version = 0
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the pairing routes exist at this moment."""
        return self._dialog is not None

    async def open(self, wish: str | None, scope: Scope) -> dict[str, Any]:
        """Open a dialog; an older one dies. Raises ``WakelineError`` when no phone could come."""
        pairing.check_scope(scope)
        async with self._turn:
            await self._check_room()
            self.void("A newer dialog was opened.")
            candidates = tuple(self._candidates())
            chosen = self._choose_address(wish, candidates)
            was_open = bool(self._lan.addresses)
            await self._serving.listen(chosen)
            place = await self._serving.place(chosen)
            dialog = self._new_dialog(place, scope, candidates, opened_listener=not was_open)
            await self._drop_uncollected()
            self._show(dialog)
        return self.shown()

    async def wait(self, after: int | None) -> dict[str, Any]:
        """The dialog once its version is another than *after*, or as it is after 20 s."""
        if after == self._version:
            await self._wait_for_news()
        return self.shown()

    async def choose(self, number: int) -> dict[str, Any]:
        """The owner picked a number. The phone is on disk before anybody hears that it is paired."""
        async with self._turn:
            dialog = self._require()
            picked = pairing.pick(dialog.pairing, number, self._now())
            if picked.step is Step.PAIRED and dialog.pairing.step is not Step.PAIRED:
                await self._remember(dialog, picked)
            else:
                self._become(picked)
        return self.shown()

    async def cancel(self) -> None:
        """Close the dialog; its code is worth nothing from now on."""
        self.void("Cancelled.")
        async with self._turn:
            await self._tidy()

    async def on(self, wish: str | None) -> None:
        """Serve the phones that are paired, without a dialog. Raises ``WakelineError``."""
        async with self._turn:
            if not await self._backend.devices():
                raise Refused("No phone is paired.", "Connect one: wakeline phone.")
            chosen = self._choose_address(wish, self._candidates())
            await self._serving.listen(chosen)
            await self._serving.keep()

    async def off(self) -> None:
        """No phone can come any more, not even after a restart. They stay paired."""
        self.void("Turned off.")
        async with self._turn:
            await self._tidy()
            await self._serving.forget()

    async def come_back(self) -> bool:
        """Listen where phones were served before this start; as ``follow``."""
        async with self._turn:
            await self._serving.recall()
        return await self.follow()

    async def follow(self) -> bool:
        """The network may be another one: serve where the owner allowed it, and nowhere else.

        False: look again soon, something was not to be known or had yet.
        """
        async with self._turn:
            present = await self._serving.look()
            dialog = self._dialog
            if dialog and not self._serving.is_still(dialog.place, present):
                self.void("The network has changed.")
                dialog = None
            return await self._serving.follow(present, beside=_needed(dialog))

    def standing(self) -> dict[str, Any]:
        """Where phones are served, and why they are not."""
        addresses = [f"{_in_url(one)}:{self._lan.port}" for one in self._lan.addresses]
        return {"addresses": addresses, "trouble": self._serving.trouble}

    def void(self, reason: str) -> None:
        """The code is worth nothing from now on (sleep, another network); the owner is told why."""
        if self._dialog:
            self._become(pairing.fail(self._dialog.pairing, reason))

    def shown(self) -> dict[str, Any]:
        """The dialog as the owner's screen gets it. The code is in it only while it is worth something."""
        dialog = self._dialog
        if dialog is None:
            return _NO_DIALOG | {"version": self._version}
        standing, made = dialog.pairing, dialog.pairing.offer
        return {
            "version": self._version,
            "state": _SHOWN.get(standing.step, standing.step.value),
            "url": self._url(dialog) if standing.step in (Step.OPEN, Step.GREETED) else None,
            "expires_at": wire.time(made.opened.wall + pairing.LIFETIME),
            "address": dialog.place.address,
            "port": dialog.port,
            "addresses": [_candidate(one, dialog) for one in dialog.candidates],
            "scope": made.scope,
            "numbers": list(standing.numbers) if standing.step is Step.CHOOSING else [],
            "device_label": standing.request.label if standing.request else None,
            "device": wire.device(dialog.device) if dialog.device else None,
            "reason": standing.reason or _warning(standing),
            "fingerprint_words": dialog.fingerprint_words,
        }

    def link(self) -> str | None:
        """What the QR code says, while there is one to be shown."""
        url: str | None = self.shown()["url"]
        return url

    def knows(self, pairing_id: bytes) -> bool:
        """Whether this is the code of the dialog that is open."""
        dialog = self._dialog
        return dialog is not None and secrets.compare_digest(dialog.pairing.offer.pairing_id, pairing_id)

    def hello(self, commitment: bytes) -> dict[str, Any] | None:
        """A phone's first word; ``None``: it may not pair."""
        dialog = self._require()
        self._become(pairing.hello(dialog.pairing, commitment, self._now()))
        standing = self._require().pairing
        if standing.step is not Step.GREETED or standing.commitment != commitment:
            return None
        made = standing.offer
        return {
            "server_nonce": wire.base64url(made.server_nonce),
            "certificate_sha256": wire.base64url(made.certificate_sha256),
            "origin": made.origin,
            "scope": made.scope,
            "seconds_left": int(pairing.LIFETIME - (self._now().elapsed - made.opened.elapsed)),
        }

    def reveal(self, public_key: bytes, nonce: bytes, label: str, proof: bytes) -> bool:
        """The phone's request; whether it stands now."""
        before = self._require().pairing
        after = pairing.reveal(before, public_key, nonce, label, proof, self._now())
        self._become(after)
        return before.step is Step.GREETED and after.step is Step.CHOOSING

    async def result(self, proof: bytes) -> dict[str, Any] | None:
        """What became of it, for the phone that knows the secret; waits up to 20 s for that."""
        dialog = self._require()
        if not pairing.knows_secret(dialog.pairing, proof):
            self._become(pairing.wrong_result(dialog.pairing, self._now()))
            return None
        offered = dialog.pairing.offer
        deadline = asyncio.get_running_loop().time() + POLL_SECONDS
        while self._is_undecided(offered) and await self._wait_for_news(deadline):
            pass
        told = self._result_of(offered)
        if told["state"] == "paired":
            async with self._turn:
                await self._serving.keep()
        return told

    def _is_undecided(self, offered: pairing.Offer) -> bool:
        dialog = self._dialog
        return dialog is not None and dialog.pairing.offer == offered and dialog.pairing.step is Step.CHOOSING

    def _result_of(self, offered: pairing.Offer) -> dict[str, Any]:
        dialog = self._dialog
        if dialog is None or dialog.pairing.offer != offered:
            return {"state": "rejected", "device_id": None, "scope": None}
        match dialog.pairing.step:
            case Step.PAIRED if dialog.device:
                self._dialog = replace(dialog, pairing=pairing.collect(dialog.pairing))
                return {"state": "paired", "device_id": dialog.device.id, "scope": dialog.device.scope}
            case Step.CHOOSING:
                state = "choosing"
            case Step.EXPIRED:
                state = "expired"
            case _:
                state = "rejected"
        return {"state": state, "device_id": None, "scope": None}

    async def _remember(self, dialog: _Dialog, picked: Pairing) -> None:
        request, when = picked.request, picked.paired_at
        if request is None or when is None:
            return
        device = Device(
            id=secrets.token_hex(8),
            label=await self._unique(request.label),
            scope=picked.offer.scope,
            public_key=request.public_key,
            paired_at=when.wall,
        )
        try:
            await self._backend.add_device(device)
        except WakelineError as trouble:
            self._become(pairing.fail(dialog.pairing, trouble.title))
            raise
        await self._backend.audit(
            "paired", {"device": device.id, "label": device.label, "scope": device.scope}
        )
        self._dialog = replace(dialog, device=device)
        self._become(picked)

    async def _unique(self, label: str) -> str:
        taken = {device.label for device in await self._backend.devices()}
        numbered = (f"{label} ({number})" for number in count(2))
        return next(one for one in chain([label], numbered) if one not in taken)

    def _choose_address(self, wish: str | None, candidates: Sequence[Candidate]) -> str:
        if wish := wish or self._usual_address:
            return address.exact(wish)
        open_on = [one.address for one in candidates if one.address in self._lan.addresses]
        best = open_on or [one.address for one in candidates]
        if not best:
            raise Refused("This machine has no network address.", "Join the network that the phone is in.")
        return best[0]

    def _new_dialog(
        self, place: Served, scope: Scope, candidates: tuple[Candidate, ...], *, opened_listener: bool
    ) -> _Dialog:
        made = pairing.offer(
            f"https://{_in_url(place.address)}:{self._lan.port}",
            self._lan.certificate_sha256,
            scope,
            self._now(),
            secrets.token_bytes(64),
        )
        return _Dialog(
            pairing=Pairing(offer=made),
            place=place,
            port=self._lan.port,
            candidates=candidates,
            usable=frozenset(one.address for one in candidates if address.usable(one.address)),
            fingerprint_words=words(self._lan.root_sha256),
            opened_listener=opened_listener or self._still_opened_by_us(),
        )

    def _still_opened_by_us(self) -> bool:
        """An earlier dialog opened the listener, and nobody has come to need it since."""
        earlier = self._dialog
        return earlier is not None and earlier.opened_listener and not earlier.pairing.collected

    def _show(self, dialog: _Dialog) -> None:
        self._dialog = dialog
        self._announce()
        self._at(pairing.LIFETIME, self._expire)

    def _become(self, standing: Pairing) -> None:
        """Take over what the core decided, and tell those who wait."""
        dialog = self._require()
        if standing == dialog.pairing:
            return
        self._dialog = replace(dialog, pairing=standing)
        self._announce()
        if standing.step not in pairing.ALIVE and dialog.pairing.step in pairing.ALIVE:
            self._at(pairing.COLLECT_WITHIN, self._end)

    def _announce(self) -> None:
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def _wait_for_news(self, deadline: float | None = None) -> bool:
        """Until something changes; False when that took too long."""
        until = asyncio.get_running_loop().time() + POLL_SECONDS if deadline is None else deadline
        try:
            async with asyncio.timeout_at(until):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _at(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _expire(self) -> None:
        if self._dialog:
            self._become(pairing.at(self._dialog.pairing, self._now()))
        # A timer may come a hair before the clock says so.
        if self._dialog and self._dialog.pairing.step in pairing.ALIVE:
            self._at(1.0, self._expire)

    def _end(self) -> None:
        chore = asyncio.get_running_loop().create_task(self._finish())
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _finish(self) -> None:
        async with self._turn:
            await self._tidy()

    async def _tidy(self) -> None:
        """The dialog is over: whoever never came for its key loses it, and the listener may close."""
        dialog = self._dialog
        if dialog is None or dialog.pairing.step in pairing.ALIVE:
            return
        if self._timer:
            self._timer.cancel()
        await self._drop_uncollected()
        self._dialog = None
        self._announce()
        if dialog.opened_listener and not dialog.pairing.collected:
            await self._lan.close()

    async def _drop_uncollected(self) -> None:
        dialog = self._dialog
        if dialog and dialog.device and not dialog.pairing.collected:
            await self._backend.remove_device(dialog.device.id)

    async def _check_room(self) -> None:
        if len(await self._backend.devices()) >= DEVICES:
            raise Refused(f"{DEVICES} phones are paired already.", "Revoke one that is not used any more.")

    def _require(self) -> _Dialog:
        if self._dialog is None:
            raise Refused("No pairing dialog is open.", "Open one: wakeline phone.")
        return self._dialog

    @staticmethod
    def _url(dialog: _Dialog) -> str:
        made = dialog.pairing.offer
        return f"{made.origin}/#1.{wire.base64url(made.pairing_id)}.{wire.base64url(made.secret)}"


_NO_DIALOG: dict[str, Any] = {
    "state": "none",
    "url": None,
    "expires_at": None,
    "address": None,
    "port": None,
    "addresses": [],
    "scope": None,
    "numbers": [],
    "device_label": None,
    "device": None,
    "reason": None,
    "fingerprint_words": None,
}


def _needed(dialog: _Dialog | None) -> str | None:
    """The address that a phone may come to because of this dialog."""
    if dialog and (dialog.device or dialog.pairing.step in pairing.ALIVE):
        return dialog.place.address
    return None


def _in_url(chosen: str) -> str:
    return f"[{chosen}]" if ":" in chosen else chosen


def _candidate(one: Candidate, dialog: _Dialog) -> dict[str, Any]:
    chosen = one.address == dialog.place.address
    return {
        "address": one.address,
        "interface": one.interface,
        "reachable": chosen or one.address in dialog.usable,
        "chosen": chosen,
        "note": one.note,
    }


def _warning(standing: Pairing) -> str | None:
    return "Another phone tried to use this code." if standing.rivals else None
