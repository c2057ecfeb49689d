"""The pairing dialog as one picture of a moment: what the owner's screen gets to see of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from supervisor.core import pairing
from supervisor.core.model import Device
from supervisor.core.networks import Served
from supervisor.core.pairing import Pairing, Step
from supervisor.remote import wire
from supervisor.remote.address import Candidate
from supervisor.remote.words import words

_SHOWN: Final = {Step.GREETED: "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """What does not change while a dialog is open, and the little that does."""

    pairing: Pairing
    place: Served
    port: int
    #: How the phone calls this machine: its address, or a name.
    host: str
    #: Others vouch for the certificate, so no browser warns.
    verified: bool
    candidates: tuple[Candidate, ...]
    usable: frozenset[str]
    root_sha256: bytes
    #: The listener was closed before: it closes again if nobody gets paired.
    opened_listener: bool
    #: How many had knocked from other machines before.
    knocks: int
    device: Device | None = None
    #: Devices that may be this very phone.
    again: tuple[Device, ...] = ()
    #: The device that makes room for this phone.
    replaces: Device | None = None
    #: What may keep phones away.
    advice: str | None = None


NO_DIALOG: Final[Mapping[str, Any]] = {
    "state": "none",
    "url": None,
    "expires_at": None,
    "address": None,
    "port": None,
    "verified": None,
    "addresses": [],
    "scope": None,
    "numbers": [],
    "device_label": None,
    "again": [],
    "device": None,
    "reason": None,
    "fingerprint_words": None,
    "fingerprint_sha256": None,
}


def shown(dialog: Dialog) -> dict[str, Any]:
    """The dialog as the owner's screen gets it. The code is in it only while it is worth something."""
    standing, made = dialog.pairing, dialog.pairing.offer
    return {
        "state": _SHOWN.get(standing.step, standing.step.value),
        "url": _url(dialog) if standing.step in (Step.OPEN, Step.GREETED) else None,
        "expires_at": wire.time(made.opened.wall + pairing.LIFETIME),
        "address": dialog.host,
        "port": dialog.port,
        "verified": dialog.verified,
        "addresses": [_candidate(one, dialog) for one in dialog.candidates],
        "scope": made.scope,
        "numbers": list(standing.numbers) if standing.step is Step.CHOOSING else [],
        "device_label": standing.request.label if standing.request else None,
        "again": [wire.device(one) for one in dialog.again],
        "device": wire.device(dialog.device) if dialog.device else None,
        "reason": standing.reason or _warning(dialog),
        **fingerprint(dialog.root_sha256),
    }


def fingerprint(root_sha256: bytes) -> dict[str, str]:
    """Of our authority: as words to compare, and as phones show it."""
    return {
        "fingerprint_words": words(root_sha256),
        "fingerprint_sha256": root_sha256.hex(":").upper(),
    }


def in_url(host: str) -> str:
    """A name or an address as it stands in an origin."""
    return f"[{host}]" if ":" in host else host


def _url(dialog: Dialog) -> str:
    made = dialog.pairing.offer
    return f"{made.origin}/#1.{wire.base64url(made.pairing_id)}.{wire.base64url(made.secret)}"


def _candidate(one: Candidate, dialog: Dialog) -> dict[str, Any]:
    chosen = one.address == dialog.host
    return {
        "address": one.address,
        "interface": one.interface,
        "reachable": chosen or one.address in dialog.usable,
        "chosen": chosen,
        "note": one.note,
    }


def _warning(dialog: Dialog) -> str | None:
    if dialog.pairing.rivals:
        return "Another phone tried to use this code."
    return dialog.advice if dialog.pairing.step is Step.OPEN else None
