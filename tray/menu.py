"""A snapshot becomes a menu: plain data, and what choosing a line of it means. Pure.

Every entry has a *key* that stays the same while its label changes, so that an open menu can be
changed in place and a click never reaches another session than the one under the mouse.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.core.model import OVER, AwakeMode, State
from tray import words
from tray.snapshot import Device, Session, Snapshot

SESSIONS = 12
ENDED = 10
REASONS = 6
TWO_HOURS = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class CopyResume:
    """Put this command on the clipboard."""

    command: str
    session_id: str


@dataclass(frozen=True, slots=True)
class ShowDetails:
    """Open the window with everything about a session, or about all of them."""

    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class SetAwake:
    """Change what the user wants of keep-awake; *seconds*: for how long, ``None`` for good."""

    mode: AwakeMode
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectPhone:
    """Open the pairing window."""


@dataclass(frozen=True, slots=True)
class RemoveDevice:
    """Take a device's access away."""

    device_id: str


@dataclass(frozen=True, slots=True)
class StartSupervisor:
    """Start the supervisor."""


@dataclass(frozen=True, slots=True)
class StopSupervisor:
    """Stop the supervisor, and the tray with it."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Take the icon away; everything else goes on."""


Action = (
    CopyResume
    | ShowDetails
    | SetAwake
    | ConnectPhone
    | RemoveDevice
    | StartSupervisor
    | StopSupervisor
    | Quit
)


@dataclass(frozen=True, slots=True)
class Separator:
    """A thin line between groups."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line. *checked*: ``None`` for a line that is no choice. *default*: what a left click does."""

    key: str
    label: str
    action: Action | None = None
    checked: bool | None = None
    enabled: bool = True
    default: bool = False
    children: tuple["Entry", ...] = ()


Entry = Item | Separator

#: What wants a person first.
URGENCY = {
    State.NEEDS_YOU: 0,
    State.CUT_OFF: 1,
    State.WORKING: 2,
    State.STARTING: 2,
    State.PAUSED: 3,
    State.IDLE: 4,
}


def live(snapshot: Snapshot) -> list[Session]:
    """The sessions that go on, most urgent first; side conversations only if they need somebody."""
    shown = [
        one
        for one in snapshot.sessions
        if one.state not in OVER and (one.parent_id is None or one.state is State.NEEDS_YOU)
    ]
    return sorted(shown, key=lambda one: (URGENCY[one.state], -(one.since or 0.0), one.id))


def over(snapshot: Snapshot) -> list[Session]:
    """The sessions that are over, lost ones first, then the newest."""
    shown = [one for one in snapshot.sessions if one.state in OVER and one.parent_id is None]
    return sorted(shown, key=lambda one: (one.state is not State.LOST, -(one.since or 0.0), one.id))


def render(snapshot: Snapshot, now: float) -> tuple[Entry, ...]:
    """The whole menu for this snapshot."""
    going = live(snapshot)
    if not snapshot.reachable:
        return _unreachable(snapshot, going, now)
    return (
        _line("state", words.counts(going)),
        *(_session(one, now) for one in going[:SESSIONS]),
        *_over(over(snapshot), now),
        Item(
            key="all",
            label=words.all_sessions(max(0, len(going) - SESSIONS)),
            action=ShowDetails(),
            default=True,
        ),
        Separator("1"),
        _awake(snapshot, now),
        Item(key="connect", label=words.CONNECT, action=ConnectPhone()),
        _devices(snapshot.devices, now),
        Separator("2"),
        Item(key="quit", label=words.QUIT, action=Quit()),
        Item(key="stop", label=words.STOP, action=StopSupervisor()),
    )


def default_action(menu: Iterable[Entry]) -> Action | None:
    """What a left click on the icon does."""
    return next((item.action for item in menu if isinstance(item, Item) and item.default), None)


def _unreachable(snapshot: Snapshot, going: Sequence[Session], now: float) -> tuple[Entry, ...]:
    known = [*going[:SESSIONS], *over(snapshot)[: max(0, SESSIONS - len(going))]]
    old = [_line("as of", words.last_known(snapshot.as_of, now))] if known else []
    return (
        _line("state", words.NOT_RUNNING),
        Item(key="start", label=words.START, action=StartSupervisor(), default=True),
        Separator("1"),
        *old,
        *(_session(one, now, reachable=False) for one in known),
        Separator("2"),
        Item(key="quit", label=words.QUIT_ALONE, action=Quit()),
    )


def _line(key: str, label: str) -> Item:
    """A line that only tells something."""
    return Item(key=key, label=label, enabled=False)


def _session(session: Session, now: float, *, reachable: bool = True) -> Item:
    facts = {"state": words.state(session, now, reachable)}
    if session.question and session.state is State.NEEDS_YOU:
        facts["question"] = words.plain(session.question, 70)
    if session.reconnect and session.state is State.CUT_OFF:
        facts["reconnect"] = words.reconnect(session.reconnect, now)
    if session.cwd:
        facts["folder"] = words.folder(session)
    facts["agent"] = words.agent(session)
    return Item(
        key=f"session {session.id}",
        label=words.title(session),
        children=(
            *(_line(key, label) for key, label in facts.items()),
            Separator("1"),
            _copy(session),
            Item(key="details", label=words.DETAILS, action=ShowDetails(session.id), enabled=reachable),
        ),
    )


def _copy(session: Session) -> Item:
    if not session.resume_command:
        return Item(key="copy", label=words.NO_COMMAND, enabled=False)
    return Item(key="copy", label=words.COPY, action=CopyResume(session.resume_command, session.id))


def _over(ended: Sequence[Session], now: float) -> tuple[Entry, ...]:
    if not ended:
        return ()
    children = tuple(_session(one, now) for one in ended[:ENDED])
    return (Item(key="over", label=f"{words.OVER} ({len(ended)})", children=children),)


def _awake(snapshot: Snapshot, now: float) -> Item:
    awake = snapshot.awake
    limited = awake.mode is AwakeMode.ON and awake.mode_until is not None
    choices = (
        ("auto", words.AUTO, SetAwake(AwakeMode.AUTO), awake.mode is AwakeMode.AUTO),
        ("on", words.ON, SetAwake(AwakeMode.ON), awake.mode is AwakeMode.ON and not limited),
        ("hours", words.ON_FOR_TWO_HOURS, SetAwake(AwakeMode.ON, TWO_HOURS), limited),
        ("off", words.OFF, SetAwake(AwakeMode.OFF), awake.mode is AwakeMode.OFF),
    )
    told = [_line("held", words.awake_held(awake, now))]
    if awake.releases_at is not None:
        told.append(_line("releases", words.releases(awake.releases_at, now)))
    told += [_line(f"reason {n}", words.reason(why, now)) for n, why in enumerate(awake.reasons[:REASONS])]
    if len(awake.reasons) > REASONS:
        told.append(_line("more", words.more(len(awake.reasons) - REASONS)))
    return Item(
        key="awake",
        label=words.awake_mode(awake, now),
        children=(
            *(Item(key=key, label=label, action=do, checked=on) for key, label, do, on in choices),
            Separator("1"),
            *told,
        ),
    )


def _devices(devices: Sequence[Device], now: float) -> Item:
    children = tuple(_device(device, now) for device in devices) or (_line("none", words.NO_DEVICES),)
    return Item(key="devices", label=words.DEVICES, children=children)


def _device(device: Device, now: float) -> Item:
    return Item(
        key=f"device {device.id}",
        label=words.plain(device.label, 40) or "?",
        children=(
            _line("may", words.may(device)),
            _line("seen", words.seen(device, now)),
            Separator("1"),
            Item(key="remove", label=words.REMOVE, action=RemoveDevice(device.id)),
        ),
    )
