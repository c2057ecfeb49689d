"""Every sentence of the tray and its windows that a person reads.

Texts of others (titles, folders, questions) are made harmless here and nowhere else: no control or
direction-changing characters, no line breaks, not longer than their place.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from supervisor.core.model import Awake, AwakeMode, Reason, Reconnect, Scope, State
from tray.snapshot import Approval, Device, Session, Snapshot

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

ALLOW_ONCE = "Allow once"
DENY = "Deny"
SHOW = "Show"
SHOW_ALL = "Show all of it…"
SEND_PROMPT = "Send prompt…"
INTERRUPT = "Interrupt"
PAUSE = "Pause"
CONTINUE = "Continue"
STOP_SESSION = "Stop"
STOP_SURE = "Yes, end this session"
TRY_NOW = "Try now"
WAIT = "Try when it can"
STOP_TRYING = "Stop trying"
RESUME_IT = "Resume"
RESUME_ALL = "Resume all"

# To the terminal, and in notices.

NO_TRAY = (
    "This desktop shows no tray icons: Wakeline goes on without one. "
    "(`wakeline status` and `wakeline phone` work; GNOME needs the AppIndicator extension.)"
)
#: The same in a popup, for whom no terminal sees.
NO_TRAY_TITLE = "Wakeline has no icon here"
NO_TRAY_POPUP = "This desktop shows no tray icons. On GNOME, switch the AppIndicator extension on."
ALREADY = "The Wakeline icon is already in the tray."
NO_WINDOWS = "Windows need tkinter, which this Python lacks (on Debian: apt install python3-tk)."
NO_SCREEN = "There is no screen to open a window on."
PHONE_HINT = "`wakeline phone` does the same in a terminal."
SHOW_HINT = "`wakeline show ID` does the same in a terminal."
PROMPT_HINT = "`wakeline send ID TEXT` does the same in a terminal."

# The window in which a prompt is written.

PROMPT_TITLE = "Wakeline: send a prompt"
PROMPT_SEND = "Send"
PROMPT_IDLE = "When the agent is idle"
PROMPT_EMPTY = "There is nothing to send yet."
PROMPT_GONE = "This session takes no prompt now."
PROMPT_SENDING = "Sending…"
PROMPT_SENT = "The agent has it."
PROMPT_WAITS = "It waits for its turn."

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
PAIR_VIEW_ONLY = "Type, approve, start and end sessions. Without this it may only look."
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
ASKS = "It asks"
READ_ON = "Read to the end to allow it"
ANSWERED = "Answered"
AT_THE_DESK = "Answer it where the agent runs."
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
#: Characters that every desktop shows of a popup and of a line of a menu, on one or two lines.
WHOLE = 100


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
    awake = snapshot.awake
    held = "This machine is kept awake" if awake.held else _capital(plain(awake.problem, 90))
    held = f"\n{held}" if held else ""
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
        note = plain(attempt.note, 70) or ("trying" if attempt.phase == "trying" else "")
        return f"Attempt {attempt.attempt}: {reason}" + (f" ({note})" if note else "")
    return (
        f"Attempt {attempt.attempt} at {when(attempt.next_try_at, now)}"
        f" ({countdown(attempt.next_try_at - now)}): {reason}"
    )


def countdown(seconds: float) -> str:
    """How long it is until then, as exactly as it is looked at."""
    if seconds <= 0:
        return "now"
    if seconds < 100:
        return f"in {max(5, round(seconds / 5) * 5)} s"
    return f"in {round(seconds / 60)} min" if seconds < 5400 else f"in {seconds / 3600:.1f} h"


def asks(session: Session, asked: Approval) -> str:
    """``! Fix the build asks: Bash: make``, in one line of the menu."""
    name = plain(session.title, 24) or plain(_last_part(session.cwd), 24) or session.id[:8]
    return f"! {name}: {plain(_question(asked), 48)}"


def asked(asked: Approval) -> str:
    """What is asked; a line that ends in "…" is not all of it."""
    return plain(_question(asked), WHOLE)


def _question(asked: Approval) -> str:
    return f"{asked.tool}: {asked.text}" if asked.tool and asked.text else asked.summary


def shown_whole(text: str) -> bool:
    """Whether one line of ours shows exactly this: nothing hidden, joined or cut off."""
    return plain(text, WHOLE) == text


def revealed(text: str, limit: int = 200_000) -> str:
    """*text* with its lines, and with every character that hides written out as its number."""
    kept = []
    for character in text[:limit]:
        hides = unicodedata.category(character) in HIDDEN and character not in "\n\t"
        kept.append(f"[U+{ord(character):04X}]" if hides else character)
    return "".join(kept) + ("\n…" if len(text) > limit else "")


def whole_card(asked: Approval) -> str:
    """Everything that a question says, as it is shown where it may be allowed."""
    what = f"{asked.tool}:" if asked.tool else asked.summary
    parts = [what, asked.text, asked.diff, f"({asked.reason})" if asked.reason else None]
    return "\n".join(revealed(part) for part in parts if part)


def place(session: Session | None) -> str:
    """Which agent in which folder."""
    if session is None:
        return ""
    return " · ".join(part for part in (plain(session.agent, 20), plain(_last_part(session.cwd), 40)) if part)


def were_lost(count: int) -> str:
    """That sessions can be brought back."""
    return "1 session was lost" if count == 1 else f"{count} sessions were lost"


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
        return _capital(plain(awake.problem, 90))
    if awake.mode is AwakeMode.OFF:
        return "Not held: you switched it off"
    return "May sleep: nothing is working" if not awake.wanted else "Not held yet"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


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
