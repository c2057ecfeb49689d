"""A notice becomes a popup of this desktop: plain data, and what its buttons mean. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tray import steering, words
from tray.lines import Action, CopyResume, Decide, Reconnect, ShowDetails
from tray.snapshot import Approval, Notice, Session, Snapshot

#: What was told longer ago is no news to somebody who has just come.
NEWS_SECONDS = 120.0
#: Characters of a title and of a text; the supervisor's own are shorter.
TITLE, TEXT = 64, 400


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that can be done at once."""

    label: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Popup:
    """What is shown for a notice, and what a click on it means."""

    id: str
    title: str
    text: str
    click: Action
    buttons: tuple[Button, ...] = ()
    #: Stays until somebody has seen it.
    urgent: bool = False
    #: Changes what is there; does not come up anew.
    silent: bool = False


def popup(notice: Notice, snapshot: Snapshot) -> Popup:
    """What is to be shown for it."""
    session = next((one for one in snapshot.sessions if one.id == notice.session_id), None)
    asked = _asked(notice, session)
    text = words.plain(notice.text, TEXT)
    if asked and (all_of_it := steering.whole(asked)):
        # Not the notice's own text: what is allowed must be what stands there, to the letter.
        text = f"{all_of_it}\n{words.place(session)}"
    return Popup(
        id=notice.id,
        title=words.plain(notice.title, TITLE),
        text=text,
        click=ShowDetails(notice.session_id),
        buttons=(*_buttons(notice, session, asked), Button(words.SHOW, ShowDetails(notice.session_id)))[:3],
        urgent=notice.urgent,
        silent=notice.silent,
    )


def _asked(notice: Notice, session: Session | None) -> Approval | None:
    """The question, where all of it may be told and answered here."""
    if notice.level != "full" or session is None:
        return None
    return next((one for one in session.approvals if one.id == notice.approval_id and one.digest), None)


def _buttons(notice: Notice, session: Session | None, asked: Approval | None) -> tuple[Button, ...]:
    if session is None:
        return ()
    if asked and steering.whole(asked):
        return (
            Button(words.ALLOW_ONCE, Decide(asked.id, asked.digest, session.id, allow=True)),
            Button(words.DENY, Decide(asked.id, asked.digest, session.id, allow=False)),
        )
    if notice.kind == "cut_off":
        return (Button(words.TRY_NOW, Reconnect(session.id, "now")),)
    if notice.kind == "lost" and session.resume_command:
        return (Button(words.COPY, CopyResume(session.resume_command, session.id)),)
    return ()


def worth_showing(notices: Sequence[Notice], seen: frozenset[str], now: float) -> list[Notice]:
    """Of all that is open, what somebody who has just come should see: never anything twice."""
    # Whoever has not seen it is told, also if it has changed silently since.
    return [
        replace(one, silent=False)
        for one in notices
        if one.rang and one.id not in seen and (one.urgent or now - one.at < NEWS_SECONDS)
    ]
