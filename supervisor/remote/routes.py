"""Every path of the API, in one table: method, path, scope, and what it does in a few lines.

What is not in the table does not exist. A function returns an ``Answer``, or ``Follow`` for the
stream; whatever it raises of ``WakelineError`` becomes a problem document.
"""

import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from supervisor.core import quote
from supervisor.core.errors import NoSuchSession, WakelineError, WrongUse
from supervisor.core.model import AwakeMode, Scope
from supervisor.remote import access, auth, openapi, qr, wire
from supervisor.remote.backend import Who
from supervisor.remote.exchange import NOTHING, Answer, Ask, Follow, Refusal, json
from supervisor.remote.jobs import JOBS
from supervisor.remote.recovery import RECOVERY
from supervisor.remote.route import ID, Rooms, Route
from supervisor.remote.steering import STEERING

PAGE_LIMIT = 200
SESSIONS_LIMIT = 200
#: A session that ended longer ago is history.
RECENT_SECONDS = 24 * 3600.0
_LONGEST_AWAKE = 30 * 24 * 3600.0


def find(method: str, path: str, *, local: bool, pairing: bool) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a path exactly as sent: nothing is decoded, joined or cleaned up."""
    for route in ROUTES:
        there = (route.local if local else route.lan) and (pairing or not route.while_pairing)
        if there and route.method == method and (found := route.pattern.fullmatch(path)):
            return route, found.groupdict()
    return None


async def machine(rooms: Rooms, _ask: Ask) -> Answer:
    """The machine: battery, network, versions, and why it stays awake."""
    return json(wire.machine(rooms.backend.picture()))


async def sessions(rooms: Rooms, ask: Ask) -> Answer:
    """The sessions, newest activity first: live and recent ones, with all=1 the stored ones too."""
    limit = _limit(ask.query, SESSIONS_LIMIT)
    before = _time(ask.query, "before")
    seen = rooms.backend.picture()
    known = [] if before else [one for one in seen.sessions if _is_recent(one, rooms.clock())]
    stored = []
    if ask.query.get("all") == "1":
        stored = list(await rooms.backend.past_sessions(before, limit))
    there = {one.id for one in known}
    listed = [*known, *(one for one in stored if one.id not in there)]
    more = wire.time(min(wire.activity(one) for one in stored)) if len(stored) >= limit else None
    return json({"sessions": wire.sessions(listed, seen.machine), "next": more})


async def session(rooms: Rooms, ask: Ask) -> Answer:
    """Everything of one session."""
    known = await rooms.backend.session(ask.found["id"])
    return json(wire.session(known, rooms.backend.picture().machine))


async def entries(rooms: Rooms, ask: Ask) -> Answer:
    """A page of the transcript, oldest first; before asks for an earlier one."""
    before = _whole(ask.query, "before", None)
    page = await rooms.backend.entries(ask.found["id"], before, _limit(ask.query, PAGE_LIMIT, 50))
    return json(wire.page(page))


async def resume_command(rooms: Rooms, ask: Ask) -> Answer:
    """The agent's own command to bring the session back, for one shell."""
    shell = ask.query.get("shell", "posix")
    if shell not in quote.SHELLS:
        raise WrongUse(f"There is no shell {shell!r:.20} here.", f"Known: {', '.join(quote.SHELLS)}.")
    way = await rooms.backend.resume(ask.found["id"])
    return json(wire.resume(way, ask.found["id"], shell))


async def events(_rooms: Rooms, ask: Ask) -> Follow:
    """The stream of events; after=EPOCH-SEQ continues where another stream stopped."""
    session_id = ask.query.get("session")
    if session_id is not None and not re.fullmatch(ID, session_id):
        raise NoSuchSession("No session has that id.")
    return Follow(after=ask.query.get("after"), session_id=session_id)


async def set_awake(rooms: Rooms, ask: Ask) -> Answer:
    """Change keep-awake: auto, on or off, for some seconds or until changed again."""
    fields = access.body_fields(ask.body, frozenset({"mode", "seconds"}))
    mode = access.text_field(fields, "mode", 10)
    if mode not in set(AwakeMode):
        raise WrongUse(f"There is no mode {mode!r}.", f"Known: {', '.join(AwakeMode)}.")
    seconds = fields.get("seconds")
    if seconds is not None and not (_is_number(seconds) and 0 < seconds <= _LONGEST_AWAKE):
        raise WrongUse("That is no length of time.", "Give seconds, at most 30 days.")
    return json(wire.awake(await rooms.backend.set_awake(AwakeMode(mode), seconds)))


async def notices(rooms: Rooms, _ask: Ask) -> Answer:
    """What you were told without having asked, newest first; withdrawn: it is over or answered."""
    told = rooms.backend.told()
    return json({"notices": [wire.notice(one) for one in told.notices], "on_desktop": told.on_desktop})


async def devices(rooms: Rooms, _ask: Ask) -> Answer:
    """The paired phones."""
    return json({"devices": [wire.device(one) for one in await rooms.backend.devices()]})


async def revoke(rooms: Rooms, ask: Ask) -> Answer:
    """Forget a phone; its streams end at once, and what it wanted and nobody has begun is taken back."""
    device_id = ask.found["id"]
    was_there = await rooms.backend.remove_device(device_id)
    rooms.tokens.revoke(device_id)
    rooms.streams.close_device(device_id)
    rooms.carriers.close_device(device_id)
    if not was_there:
        raise NoSuchSession("No phone has that id.", "See wakeline devices.")
    await _take_back(rooms, device_id)
    return NOTHING


async def _take_back(rooms: Rooms, device_id: str) -> None:
    """Its prompts that wait, and its turn to type."""
    steer = rooms.backend.steer
    for prompt in [one for one in steer.all_prompts() if one.by == device_id]:
        with suppress(WakelineError):  # it is on its way already
            await steer.cancel(prompt.session_id, prompt.id)
    for session in rooms.backend.picture().sessions:
        if session.focus and session.focus.holder == device_id:
            with suppress(WakelineError):
                await steer.give_focus(session.id, Who(name=device_id, label=session.focus.label))


async def shut_down(rooms: Rooms, _ask: Ask) -> Answer:
    """Stop the supervisor; hosted sessions live on."""
    await rooms.backend.shut_down()
    return NOTHING


async def description(_rooms: Rooms, _ask: Ask) -> Answer:
    """This API, as OpenAPI describes it."""
    return json(openapi.document(ROUTES))


async def challenge(rooms: Rooms, ask: Ask) -> Answer:
    """A nonce for a phone to sign."""
    fields = access.body_fields(ask.body, frozenset({"device_id"}))
    nonce = rooms.challenges.nonce(access.text_field(fields, "device_id", 64))
    return json({"nonce": wire.base64url(nonce)})


async def token(rooms: Rooms, ask: Ask) -> Answer:
    """A token for fifteen minutes, for a signed nonce."""
    fields = access.body_fields(ask.body, frozenset({"device_id", "nonce", "signature"}))
    device_id = access.text_field(fields, "device_id", 64)
    nonce = _binary(fields, "nonce", auth.NONCE_BYTES)
    signature = _binary(fields, "signature", auth.SIGNATURE_BYTES)
    fresh = rooms.challenges.use(nonce, device_id)
    known = [one for one in await rooms.backend.devices() if one.id == device_id]
    if not fresh or not known or not auth.signed(known[0], f"https://{ask.host}", nonce, signature):
        raise Refusal(401, close=False)
    # Before anything else is waited for: a revocation meanwhile must find the token that it ends.
    issued = rooms.tokens.issue(known[0])
    await rooms.backend.seen_device(device_id, ask.address)
    return json({"token": issued, "expires_in": int(access.TOKEN_SECONDS), "scope": known[0].scope})


async def open_dialog(rooms: Rooms, ask: Ask) -> Answer:
    """Open the pairing dialog, and the listener with it."""
    fields = access.body_fields(ask.body, frozenset({"address", "scope"}))
    wish = _address(fields)
    scope = access.text_field({"scope": Scope.VIEW, **fields}, "scope", 10)
    if scope not in set(Scope):
        raise WrongUse(f"There is no scope {scope!r}.", f"Known: {', '.join(Scope)}.")
    return json(await rooms.phone.open(wish, Scope(scope)))


async def dialog(rooms: Rooms, ask: Ask) -> Answer:
    """The pairing dialog; after=VERSION waits for the next change, 20 s at most."""
    return json(await rooms.phone.wait(_whole(ask.query, "after", None)))


async def code(rooms: Rooms, _ask: Ask) -> Answer:
    """The QR code of the dialog: as text for a terminal, as SVG, and as PNG in base64."""
    link = rooms.phone.link()
    if link is None:
        raise NoSuchSession("There is no code to show.", "Open a dialog: wakeline phone.")
    png = b64encode(qr.png(link)).decode("ascii")
    return json({"text": qr.terminal(link), "svg": qr.svg(link), "png": png})


async def choose(rooms: Rooms, ask: Ask) -> Answer:
    """Pick the number that the phone shows."""
    fields = access.body_fields(ask.body, frozenset({"number"}))
    number = fields.get("number")
    if not isinstance(number, int) or isinstance(number, bool):
        raise WrongUse("number must be a whole number.")
    return json(await rooms.phone.choose(number))


async def close_dialog(rooms: Rooms, _ask: Ask) -> Answer:
    """Close the pairing dialog; its code dies."""
    await rooms.phone.cancel()
    return NOTHING


async def phone_on(rooms: Rooms, ask: Ask) -> Answer:
    """Serve the paired phones again, without a dialog."""
    await rooms.phone.on(_address(access.body_fields(ask.body, frozenset({"address"}))))
    return NOTHING


async def phone_standing(rooms: Rooms, _ask: Ask) -> Answer:
    """Where phones are served, and why they are not."""
    return json(rooms.phone.standing())


async def phone_off(rooms: Rooms, _ask: Ask) -> Answer:
    """Serve no phone: the listener closes and stays closed. They stay paired."""
    await rooms.phone.off()
    return NOTHING


async def hello(rooms: Rooms, ask: Ask) -> Answer:
    """A phone commits to its key."""
    fields = access.body_fields(ask.body, frozenset({"pairing_id", "commitment"}))
    _check_code(rooms, ask, fields)
    told = rooms.phone.hello(_binary(fields, "commitment", 32))
    if told is None:
        raise Refusal(409, close=False)
    return json(told)


async def reveal(rooms: Rooms, ask: Ask) -> Answer:
    """The phone shows its key and proves that it read the code."""
    names = frozenset({"pairing_id", "public_key", "nonce", "label", "proof"})
    fields = access.body_fields(ask.body, names)
    _check_code(rooms, ask, fields)
    label = access.text_field(fields, "label", 16 * 1024)
    key, proof = _binary(fields, "public_key", None), _binary(fields, "proof", 32)
    if not rooms.phone.reveal(key, _binary(fields, "nonce", None), label, proof):
        raise Refusal(403, close=False)
    return json({"state": "choosing"})


async def result(rooms: Rooms, ask: Ask) -> Answer:
    """What became of the pairing; waits 20 s at most."""
    fields = access.body_fields(ask.body, frozenset({"pairing_id", "proof"}))
    _check_code(rooms, ask, fields, counts=False)
    told = await rooms.phone.result(_binary(fields, "proof", 32))
    if told is None:
        raise Refusal(403, close=False)
    return json(told)


def _check_code(rooms: Rooms, ask: Ask, fields: Mapping[str, Any], *, counts: bool = True) -> None:
    """Whoever does not know the code finds nothing here, and uses up nobody's tries but its own."""
    if not rooms.phone.knows(_binary(fields, "pairing_id", 16)):
        raise Refusal(404, close=False)
    if counts:
        rooms.rates.pairing(ask.address)


def _binary(fields: Mapping[str, Any], name: str, size: int | None) -> bytes:
    """A field of base64url without padding. Raises ``Refusal`` for everything else."""
    text = access.text_field(fields, name, 1024)
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as trouble:
        raise Refusal(400, close=False) from trouble
    if wire.base64url(data) != text or (size is not None and len(data) != size):
        raise Refusal(400, close=False)
    return data


def _address(fields: Mapping[str, Any]) -> str | None:
    return access.text_field(fields, "address", 64) if fields.get("address") is not None else None


def _is_recent(known: Any, now: float) -> bool:
    return known.run is not None or known.jobs or now - wire.activity(known) < RECENT_SECONDS


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limit(query: Mapping[str, str], most: int, usual: int | None = None) -> int:
    limit = _whole(query, "limit", usual or most) or 1
    return min(limit, most)


def _whole(query: Mapping[str, str], name: str, missing: int | None) -> int | None:
    text = query.get(name)
    if text is None:
        return missing
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise WrongUse(f"{name} must be a whole number.")
    return int(text)


def _time(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    # A plus sign in a query is a space, so an offset of the hour arrives broken; Z never does.
    seconds = wire.seconds(text)
    if seconds is None:
        raise WrongUse(f"{name} must be a time such as 2026-01-31T12:00:00Z.")
    return seconds


_VIEW, _CONTROL, _ADMIN = Scope.VIEW, Scope.CONTROL, Scope.ADMIN
_SMALL = 4 * 1024

ROUTES: tuple[Route, ...] = (
    *STEERING,
    *RECOVERY,
    *JOBS,
    Route(method="GET", path="/api/machine", scope=_VIEW, serve=machine),
    Route(
        method="GET",
        path="/api/sessions",
        scope=_VIEW,
        serve=sessions,
        query=frozenset({"all", "before", "limit"}),
    ),
    Route(method="GET", path="/api/sessions/{id}", scope=_VIEW, serve=session),
    Route(
        method="GET",
        path="/api/sessions/{id}/entries",
        scope=_VIEW,
        serve=entries,
        query=frozenset({"before", "limit"}),
    ),
    Route(
        method="GET",
        path="/api/sessions/{id}/resume-command",
        scope=_VIEW,
        serve=resume_command,
        query=frozenset({"shell"}),
    ),
    Route(
        method="GET",
        path="/api/events",
        scope=_VIEW,
        serve=events,
        query=frozenset({"after", "session"}),
    ),
    Route(method="PUT", path="/api/awake", scope=_CONTROL, serve=set_awake, longest_body=_SMALL),
    Route(method="GET", path="/api/notices", scope=_VIEW, serve=notices),
    Route(method="GET", path="/api/devices", scope=_VIEW, serve=devices),
    Route(method="DELETE", path="/api/devices/{id}", scope=_ADMIN, serve=revoke),
    Route(method="GET", path="/api/openapi.json", scope=_VIEW, serve=description),
    Route(method="POST", path="/api/shutdown", scope=_ADMIN, serve=shut_down, lan=False, unkept=True),
    Route(
        method="POST",
        path="/api/pair/dialog",
        scope=_ADMIN,
        serve=open_dialog,
        lan=False,
        not_for_agents=True,
        longest_body=_SMALL,
    ),
    Route(
        method="GET",
        path="/api/pair/dialog",
        scope=_ADMIN,
        serve=dialog,
        lan=False,
        not_for_agents=True,
        query=frozenset({"after"}),
    ),
    Route(method="GET", path="/api/pair/dialog/qr", scope=_ADMIN, serve=code, lan=False, not_for_agents=True),
    Route(
        method="POST",
        path="/api/pair/dialog/choice",
        scope=_ADMIN,
        serve=choose,
        lan=False,
        not_for_agents=True,
        longest_body=_SMALL,
    ),
    Route(method="DELETE", path="/api/pair/dialog", scope=_ADMIN, serve=close_dialog, lan=False),
    Route(method="GET", path="/api/phone", scope=_ADMIN, serve=phone_standing, lan=False),
    Route(
        method="PUT",
        path="/api/phone",
        scope=_ADMIN,
        serve=phone_on,
        lan=False,
        not_for_agents=True,
        longest_body=_SMALL,
    ),
    Route(method="DELETE", path="/api/phone", scope=_ADMIN, serve=phone_off, lan=False),
    Route(
        method="POST",
        path="/api/pair/hello",
        scope=None,
        serve=hello,
        local=False,
        while_pairing=True,
        longest_body=_SMALL,
    ),
    Route(
        method="POST",
        path="/api/pair/reveal",
        scope=None,
        serve=reveal,
        local=False,
        while_pairing=True,
        longest_body=32 * 1024,
    ),
    Route(
        method="POST",
        path="/api/pair/result",
        scope=None,
        serve=result,
        local=False,
        while_pairing=True,
        longest_body=_SMALL,
    ),
    Route(
        method="POST",
        path="/api/auth/challenge",
        scope=None,
        serve=challenge,
        local=False,
        longest_body=_SMALL,
    ),
    Route(method="POST", path="/api/auth/token", scope=None, serve=token, local=False, longest_body=_SMALL),
)
