"""The pairing dialog: opens the listener, shows the code, lets the owner choose, remembers the phone.

There is one dialog at most. What may happen in it is decided in ``core.pairing``; here are only
the clock, the randomness, the listener and those who wait for news.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

from supervisor.core import networks, pairing
from supervisor.core.errors import Refused, WakelineError
from supervisor.core.model import Device, Scope
from supervisor.core.networks import Barrier, Network, Served
from supervisor.core.pairing import Moment, Pairing, Step
from supervisor.remote import address, dialog, wire
from supervisor.remote.address import Candidate
from supervisor.remote.backend import Backend
from supervisor.remote.dialog import Dialog, in_url
from supervisor.remote.serving import Lan, Serving
from supervisor.remote.ways import Way, Ways

#: How long anybody waits for news in one request.
POLL_SECONDS = 20.0
DEVICES = 50

#: After so long without a knock from any device, it is said what may keep them away.
NOBODY_SECONDS = 20.0


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
        barriers: Callable[[int], Sequence[Barrier]] = lambda _: (),
        forget: Callable[[str], None] = lambda _: None,
    ) -> None:
        """*around*: the networks that we are in; *barriers*: firewalls that may keep a port shut; both block.

        *forget*: a device's tokens and streams end now.
        """
        self._backend = backend
        self._lan = lan
        self._serving = Serving(backend, lan, around, candidates)
        self._barriers = barriers
        self._forget = forget
        self._now = now
        self._candidates = candidates
        self._ways = Ways(lan, usual_address)
        self._dialog: Dialog | None = None
        self._version = 0
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._doubt: asyncio.TimerHandle | None = None
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
            way = await self._ways.choose(wish, candidates)
            was_open = bool(self._lan.addresses)
            await self._serving.listen(way.address)
            self._ways.check_name(way)
            place = await self._serving.place(way.address)
            new = self._new_dialog(way, place, scope, candidates, opened_listener=not was_open)
            await self._drop_uncollected()
            self._show(new)
        return self.shown()

    async def wait(self, after: int | None) -> dict[str, Any]:
        """The dialog once its version is another than *after*, or as it is after 20 s."""
        if after == self._version:
            await self._wait_for_news()
        return self.shown()

    async def choose(self, number: int, replaces: str | None = None) -> dict[str, Any]:
        """The owner picked a number. The phone is on disk before anybody hears that it is paired.

        *replaces*: the device that it was until now, one of ``again``; it goes once the phone has come.
        """
        async with self._turn:
            dialog = self._require()
            if replaces is not None:
                dialog = self._dialog = replace(dialog, replaces=_one_of(dialog.again, replaces))
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
            way = await self._ways.choose(wish, self._candidates())
            await self._serving.listen(way.address)
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
        keeper = self._lan.keeper
        addresses = [f"{in_url(one)}:{self._lan.port}" for one in self._lan.addresses]
        trouble = keeper.trouble if keeper else None
        return {
            "addresses": addresses,
            "name": f"{keeper.name}:{self._lan.port}" if keeper and self._lan.vouched else None,
            "trouble": self._serving.trouble or (f"{trouble.title} {trouble.hint}" if trouble else None),
        }

    def authority(self) -> dict[str, Any]:
        """Where a phone finds our authority, and how to know it. Raises ``Refused`` while none is served."""
        if not self._lan.addresses:
            raise Refused("Phones are not served at this moment.", "Turn it on: wakeline phone --on")
        pages = [f"https://{in_url(one)}:{self._lan.port}/trust.html" for one in self._lan.addresses]
        return {"pages": pages, "name": self._lan.name, **dialog.fingerprint(self._lan.root_sha256)}

    def void(self, reason: str) -> None:
        """The code is worth nothing from now on (sleep, another network); the owner is told why."""
        if self._dialog:
            self._become(pairing.fail(self._dialog.pairing, reason))

    def shown(self) -> dict[str, Any]:
        """The dialog as the owner's screen gets it."""
        found = dialog.shown(self._dialog) if self._dialog else dialog.NO_DIALOG
        return {"version": self._version, **found}

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

    async def reveal(self, public_key: bytes, nonce: bytes, label: str, proof: bytes, was: str = "") -> bool:
        """The phone's request; whether it stands now. *was*: the device that it says it was."""
        known = await self._backend.devices()
        dialog = self._require()
        before = dialog.pairing
        after = pairing.reveal(before, public_key, nonce, label, proof, self._now(), was)
        if after.request and after.step is Step.CHOOSING:
            self._dialog = replace(dialog, again=pairing.same_phone(after.request, known))
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
                await self._make_room()
        return told

    async def _make_room(self) -> None:
        """The phone has its new key: what it was until now goes."""
        dialog = self._dialog
        if dialog is None or dialog.replaces is None or dialog.device is None:
            return
        old, self._dialog = dialog.replaces, replace(dialog, replaces=None)
        if await self._backend.remove_device(old.id):
            self._forget(old.id)
            await self._backend.audit("replaced", {"device": old.id, "by": dialog.device.id})

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

    async def _remember(self, dialog: Dialog, picked: Pairing) -> None:
        request, when = picked.request, picked.paired_at
        if request is None or when is None:
            return
        device = Device(
            id=secrets.token_hex(8),
            label=await self._unique(request.label, dialog.replaces),
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

    async def _unique(self, label: str, replaces: Device | None) -> str:
        taken = {device.label for device in await self._backend.devices() if device != replaces}
        numbered = (f"{label} ({number})" for number in count(2))
        return next(one for one in chain([label], numbered) if one not in taken)

    def _new_dialog(
        self,
        way: Way,
        place: Served,
        scope: Scope,
        candidates: tuple[Candidate, ...],
        *,
        opened_listener: bool,
    ) -> Dialog:
        made = pairing.offer(
            f"https://{in_url(way.host)}:{self._lan.port}",
            way.vouched.certificate_sha256 if way.vouched else self._lan.certificate_sha256,
            scope,
            self._now(),
            secrets.token_bytes(64),
        )
        usable = [one.address for one in candidates if address.usable(one.address)]
        names = self._ways.names()
        return Dialog(
            pairing=Pairing(offer=made),
            place=place,
            port=self._lan.port,
            host=way.host,
            verified=way.vouched is not None,
            candidates=(*names, *candidates),
            usable=frozenset([*usable, *(one.address for one in names)]),
            root_sha256=self._lan.root_sha256,
            opened_listener=opened_listener or self._still_opened_by_us(),
            knocks=self._lan.knocks,
        )

    def _still_opened_by_us(self) -> bool:
        """An earlier dialog opened the listener, and nobody has come to need it since."""
        earlier = self._dialog
        return earlier is not None and earlier.opened_listener and not earlier.pairing.collected

    def _show(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._announce()
        self._at(pairing.LIFETIME, self._expire)
        if self._doubt:
            self._doubt.cancel()
        self._doubt = asyncio.get_running_loop().call_later(
            NOBODY_SECONDS, lambda: self._begin(self._wonder(dialog))
        )

    async def _wonder(self, dialog: Dialog) -> None:
        """Nobody has come although the code is shown: say what may be in the way."""
        if not self._is_waiting(dialog):
            return
        barriers = await asyncio.to_thread(self._barriers, dialog.port)
        if self._is_waiting(dialog):
            place = f"{in_url(dialog.place.address)}:{dialog.port}"
            self._dialog = replace(dialog, advice=networks.nobody_came(place, barriers))
            self._announce()

    def _is_waiting(self, dialog: Dialog) -> bool:
        is_open = dialog == self._dialog and dialog.pairing.step is Step.OPEN
        return is_open and self._lan.knocks == dialog.knocks

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
        self._begin(self._finish())

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        chore = asyncio.get_running_loop().create_task(work)
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
        for timer in (self._timer, self._doubt):
            if timer:
                timer.cancel()
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

    def _require(self) -> Dialog:
        if self._dialog is None:
            raise Refused("No pairing dialog is open.", "Open one: wakeline phone.")
        return self._dialog


def _one_of(again: Sequence[Device], device_id: str) -> Device:
    """Only what stood beside the numbers can be replaced."""
    for device in again:
        if device.id == device_id:
            return device
    raise Refused("That is not a device that this phone may have been.", "See again in the dialog.")


def _needed(dialog: Dialog | None) -> str | None:
    """The address that a phone may come to because of this dialog."""
    if dialog and (dialog.device or dialog.pairing.step in pairing.ALIVE):
        return dialog.place.address
    return None
