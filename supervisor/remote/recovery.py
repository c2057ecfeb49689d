"""The paths by which what was cut off or lost is brought back."""

from typing import Final

from supervisor.core.errors import WrongUse
from supervisor.core.link import Policy
from supervisor.core.model import Scope
from supervisor.remote import access, wire
from supervisor.remote.exchange import Answer, Ask, json
from supervisor.remote.route import Rooms, Route

_ACTIONS: Final = ("now", "stop")
_SMALL: Final = 4 * 1024
_LIST: Final = 64 * 1024


async def reconnect(rooms: Rooms, ask: Ask) -> Answer:
    """Try now, stop trying, or say what may be done for this session without asking."""
    fields = access.body_fields(ask.body, frozenset({"action", "policy"}))
    action, policy = fields.get("action"), fields.get("policy")
    if action is not None and action not in _ACTIONS:
        raise WrongUse("There is no such action.", f"Known: {', '.join(_ACTIONS)}.")
    if policy is not None and policy not in set(Policy):
        raise WrongUse("There is no such policy.", f"Known: {', '.join(Policy)}.")
    if action is None and policy is None:
        raise WrongUse("Nothing is asked for.", "Give action or policy.")
    await rooms.backend.steer.reconnect(ask.found["id"], action, Policy(policy) if policy else None)
    known = await rooms.backend.session(ask.found["id"])
    return json({"reconnect": wire.session(known, rooms.backend.picture().machine)["reconnect"]}, 202)


async def recovery(rooms: Rooms, _ask: Ask) -> Answer:
    """What was lost in a crash or reboot, what is left of it, and how it is resumed."""
    machine = rooms.backend.picture().machine
    lost = await rooms.backend.steer.lost()
    return json({"lost": [wire.lost(one, machine) for one in lost]})


async def recover(rooms: Rooms, ask: Ask) -> Answer:
    """Resume what was lost: those named in sessions, or all; one after the other."""
    fields = access.body_fields(ask.body, frozenset({"sessions"}))
    wanted = fields.get("sessions")
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(one, str) for one in wanted)):
        raise WrongUse("sessions must be a list of ids.", "Leave it out to resume all.")
    return json({"resuming": list(await rooms.backend.steer.recover(wanted))}, 202)


RECOVERY: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/api/sessions/{id}/reconnect",
        scope=Scope.CONTROL,
        serve=reconnect,
        longest_body=_SMALL,
    ),
    Route(method="GET", path="/api/recovery", scope=Scope.VIEW, serve=recovery),
    Route(method="POST", path="/api/recovery", scope=Scope.CONTROL, serve=recover, longest_body=_LIST),
)
