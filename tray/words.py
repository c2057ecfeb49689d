"""Every sentence of the tray and its windows that a person reads.

Texts of others (titles, folders, questions) are made harmless here and nowhere else: no control or
direction-changing characters, no line breaks, not longer than their place.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from supervisor.core.model import Awake, AwakeMode, Reason, Reconnect, Scope, State
from tray.snapshot import Device, Session, Snapshot

NAME = "Wakeline"

# The menu.

NOT_RUNNING = "Wakeline is not running"
NO_SESSIONS = "No sessions"
START = "Start Wakeline"
STOP = "Stop Wakeline"
QUIT = "Quit (Wakeline goes on)"
QUIT_ALONE = "Quit"
COPY = "Copy resume command"
NO_COMMAND = "No resume command is known"
DETAILS = "Show details"
ALL = "All sessions…"
OVER = "Over"
CONNECT = "Connect phone…"
DEVICES = "Devices"
NO_DEVICES = "No device is connected"
REMOVE = "Remove"
AUTO = "Auto"
ON = "On"
ON_FOR_TWO_HOURS = "On for 2 hours"
OFF = "Off"

# To the terminal, and in notices.

NO_TRAY = (
    "This desktop shows no tray icons: Wakeline goes on without one. "
    "(`wakeline status` and `wakeline phone` work; GNOME needs the AppIndicator extension.)"
)
ALREADY = "The Wakeline icon is already in the tray."
NO_WINDOWS = "Windows need tkinter, which this Python lacks (on Debian: apt install python3-tk)."
NO_SCREEN = "There is no screen to open a window on."
PHONE_HINT = "`wakeline phone` does the same in a terminal."
SHOW_HINT = "`wakeline show ID` does the same in a terminal."

# The pairing window.

PAIR_TITLE = "Connect a phone"
PAIR_SCAN = "Scan this with the phone's camera"
PAIR_SAME_NETWORK = "The phone has to be in the same network. The code works once, for two minutes."
PAIR_WARNING = (
    "The browser will warn that it does not know this machine. That is expected: nobody but the machine "
    "vouches for it. Go on if the address is the one above."
)
PAIR_ADDRESS = "Address of this machine"
PAIR_CONTROL = "It may also control"
PAIR_VIEW_ONLY = "For now: keep-awake. Later: typing, approving."
PAIR_HIDDEN = "Hidden so that nobody else scans it\n\nClick to show it again"
PAIR_CHOOSE = "Which number does the phone show?"
PAIR_REJECT = "None of these: reject"
PAIR_AGAIN = "Try again"
PAIR_CLOSE = "Close"
PAIR_WAIT = "Opening…"
PAIR_EXPIRED = "The code has expired."
PAIR_FAILED = "That did not work."
PAIR_REJECTED = "Rejected. Nothing was connected."


def pair_asks(label: str | None) -> str:
    """Who wants to be let in, by the name it gives itself."""
    return f"“{plain(label, 40) or 'A device'}” wants to connect"


def pair_done(label: str | None, scope: str | None) -> str:
    """It worked, and what the device may do now."""
    may = "look and control" if scope == Scope.CONTROL else "look"
    return f"“{plain(label, 40) or 'The device'}” is connected. It may {may}."


def address(address: str, facts: Mapping[str, Any]) -> str:
    """A way to this machine, and what is to be known of it."""
    interface, note = plain(facts.get("interface"), 24), plain(facts.get("note"), 60)
    parts = [part for part in (interface, note) if part]
    if facts.get("reachable") is False:
        parts.append("not reachable from here")
    return " · ".join([plain(address, 60), *parts])


# The details window.

DETAILS_TITLE = "Wakeline: sessions"
OLDER = "Older…"
PICK = "Pick a session on the left."
RESUME = "Resume command"
COPIED = "Copied"
COPY_SHORT = "Copy"
UNSAFE = "The folder's name cannot be put into a command safely. Go there yourself, then run:"
FACTS = {
    "state": "State",
    "failure": "Why",
    "reconnect": "Reconnect",
    "question": "It asks",
    "agent": "Agent",
    "model": "Model",
    "cwd": "Folder",
    "git_branch": "Branch",
    "pid": "Process",
    "started": "Process started",
    "last": "Last activity",
    "line": "Last line",
    "jobs": "Jobs",
    "context": "Context used",
    "tokens": "Tokens",
    "cost": "Cost",
    "awake": "Keeps awake",
    "kind": "Terminal",
    "id": "Session",
}
KINDS = {"hosted": "held by Wakeline", "adopted": "yours, typed into", "seen": "yours, only watched"}

STATES = {
    State.STARTING: "starting",
    State.WORKING: "working",
    State.NEEDS_YOU: "needs you",
    State.IDLE: "idle",
    State.CUT_OFF: "cut off",
    State.PAUSED: "paused",
    State.ENDED: "ended",
    State.LOST: "lost",
}
#: In front of a title; all of them are in every font.
MARKS = {
    State.STARTING: "○",
    State.WORKING: "●",
    State.NEEDS_YOU: "!",
    State.IDLE: "○",
    State.CUT_OFF: "✗",
    State.PAUSED: "=",
    State.ENDED: "-",
    State.LOST: "✗",
}

#: Control, format (directions, zero width), private, surrogate, unassigned; lines and paragraphs.
HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
MARKS_IN_A_ROW = 2


def plain(text: Any, limit: int) -> str:
    """*text* on one line, visible characters only, at most *limit* of them ("…" included)."""
    found = text if isinstance(text, str) else ""
    line = " ".join(_visible(found[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _visible(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MARKS_IN_A_ROW:
            continue
        kept.append(" " if category in HIDDEN or category == "Zs" else character)
    return "".join(kept)


def when(at: float | None, now: float) -> str:
    """A moment by the clock on the wall: it stays true without being written anew."""
    if at is None:
        return "?"
    then, today = _local(at), _local(now)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if timedelta(0) < today.date() - then.date() < timedelta(days=7):
        return f"{then:%a %H:%M}"
    return f"{then:%Y-%m-%d %H:%M}"


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC).astimezone()


# One line of the menu each.


def counts(sessions: Iterable[Session]) -> str:
    """``2 working, 1 needs you``: the state of everything in a few words."""
    number = dict.fromkeys(STATES, 0)
    for session in sessions:
        number[State.WORKING if session.state is State.STARTING else session.state] += 1
    needs = number[State.NEEDS_YOU]
    parts = [f"{needs} needs you" if needs == 1 else f"{needs} need you"] if needs else []
    for state in (State.CUT_OFF, State.WORKING, State.PAUSED, State.IDLE):
        parts += [f"{number[state]} {STATES[state]}"] if number[state] else []
    return ", ".join(parts) or NO_SESSIONS


def tooltip(snapshot: Snapshot, live: Sequence[Session]) -> str:
    """What a person sees when the mouse rests on the icon."""
    if not snapshot.reachable:
        return NOT_RUNNING
    held = "\nThis machine is kept awake" if snapshot.awake.held else ""
    return f"{NAME}: {counts(live)}{held}"


def title(session: Session) -> str:
    """A session in one line: its mark, its title, its folder."""
    folder = plain(_last_part(session.cwd), 24)
    name = plain(session.title, 56) or folder or plain(session.id, 36)
    place = f" · {folder}" if folder and folder != name else ""
    return f"{MARKS[session.state]} {name}{place}"


def _last_part(path: str | None) -> str:
    return (path or "").replace("\\", "/").rstrip("/").rpartition("/")[2]


def state(session: Session, now: float, reachable: bool = True) -> str:
    """Its state and since when; in the past tense when that is old news."""
    name = STATES[session.state].capitalize() if reachable else f"Was {STATES[session.state]}"
    since = f" since {when(session.since, now)}" if session.since is not None else ""
    return name + since + (" (not seen for a while)" if session.stale else "")


def reconnect(attempt: Reconnect, now: float) -> str:
    """What the reconnect supervisor is doing about it."""
    reason = plain(attempt.reason, 60)
    if attempt.next_try_at is None:
        return f"Attempt {attempt.attempt}: {reason}"
    return f"Attempt {attempt.attempt} at {when(attempt.next_try_at, now)}: {reason}"


def agent(session: Session) -> str:
    """Who works on it: agent, version, model, PID."""
    version = f" {session.agent_version}" if session.agent_version else ""
    process = f"PID {session.pid}" if session.pid else None
    parts = [f"{session.agent}{version}", session.model, process]
    return " · ".join(plain(part, 32) for part in parts if part)


def folder(session: Session) -> str:
    """Where it works, the end of a long path rather than its beginning."""
    path = plain(session.cwd, 4096)
    return path if len(path) <= 60 else "…" + path[-59:]


def awake_mode(awake: Awake, now: float) -> str:
    """``Keep awake: on until 16:05``."""
    until = f" until {when(awake.mode_until, now)}" if awake.mode_until is not None else ""
    return f"Keep awake: {awake.mode}{until}"


def awake_held(awake: Awake, now: float) -> str:
    """Whether the machine is held awake, since when and by what; or why not."""
    if awake.held:
        by = f" by {plain(awake.mechanism, 40)}" if awake.mechanism else ""
        since = f" since {when(awake.held_since, now)}" if awake.held_since is not None else ""
        return f"Held awake{since}{by}"
    if awake.problem:
        return plain(awake.problem, 90)
    if awake.mode is AwakeMode.OFF:
        return "Not held: you switched it off"
    return "May sleep: nothing is working" if not awake.wanted else "Not held yet"


def releases(at: float, now: float) -> str:
    """When the machine may sleep if nothing happens."""
    return f"Lets go at {when(at, now)}"


def reason(why: Reason, now: float) -> str:
    """Why the machine stays awake."""
    until = f", until {when(why.until, now)}" if why.until is not None else ""
    return f"{plain(why.text, 70)} (since {when(why.since, now)}{until})"


def more(count: int) -> str:
    """That a list goes on."""
    return f"and {count} more"


def all_sessions(hidden: int) -> str:
    """The way to the whole list."""
    return f"{ALL[:-1]} ({hidden} more)…" if hidden else ALL


def last_known(at: float, now: float) -> str:
    """Above what may be old."""
    return f"As it was at {when(at, now)}"


def may(device: Device) -> str:
    """What a device is allowed to do."""
    allowed = {Scope.VIEW: "May look", Scope.CONTROL: "May look, type and approve"}
    return allowed.get(device.scope, "May do everything")


def seen(device: Device, now: float) -> str:
    """When a device was here last."""
    return f"Last seen {when(device.last_seen_at, now)}" if device.last_seen_at else "Not seen yet"
