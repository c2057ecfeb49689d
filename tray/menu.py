"""A snapshot becomes a menu: plain data. Pure."""

from collections.abc import Iterable, Sequence

from supervisor.core.model import OVER, AwakeMode, State
from tray import steering, words
from tray.lines import (
    Action,
    ConnectPhone,
    Entry,
    Item,
    Quit,
    RemoveDevice,
    Separator,
    SetAwake,
    ShowDetails,
    StartSupervisor,
    StopSupervisor,
    line,
)
from tray.snapshot import Device, Session, Snapshot

SESSIONS = 12
ENDED = 10
REASONS = 6
TWO_HOURS = 2 * 60 * 60


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
        line("state", words.counts(going)),
        *steering.questions(going),
        *(_session(one, now) for one in going[:SESSIONS]),
        *steering.lost(snapshot.sessions, now),
        *_over([one for one in over(snapshot) if one.state is not State.LOST], now),
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
    old = [line("as of", words.last_known(snapshot.as_of, now))] if known else []
    return (
        line("state", words.NOT_RUNNING),
        Item(key="start", label=words.START, action=StartSupervisor(), default=True),
        Separator("1"),
        *old,
        *(_session(one, now, reachable=False) for one in known),
        Separator("2"),
        Item(key="quit", label=words.QUIT_ALONE, action=Quit()),
    )


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
            *(line(key, label) for key, label in facts.items()),
            Separator("1"),
            *(steering.orders(session) if reachable else ()),
            steering.copy(session),
            Item(key="details", label=words.DETAILS, action=ShowDetails(session.id), enabled=reachable),
        ),
    )


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
    told = [line("held", words.awake_held(awake, now))]
    if awake.releases_at is not None:
        told.append(line("releases", words.releases(awake.releases_at, now)))
    told += [line(f"reason {n}", words.reason(why, now)) for n, why in enumerate(awake.reasons[:REASONS])]
    if len(awake.reasons) > REASONS:
        told.append(line("more", words.more(len(awake.reasons) - REASONS)))
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
    children = tuple(_device(device, now) for device in devices) or (line("none", words.NO_DEVICES),)
    return Item(key="devices", label=words.DEVICES, children=children)


def _device(device: Device, now: float) -> Item:
    return Item(
        key=f"device {device.id}",
        label=words.plain(device.label, 40) or "?",
        children=(
            line("may", words.may(device)),
            line("seen", words.seen(device, now)),
            Separator("1"),
            Item(key="remove", label=words.REMOVE, action=RemoveDevice(device.id)),
        ),
    )
