"""The lines of the menu by which a session is answered, steered and brought back. Pure."""

from collections.abc import Sequence

from supervisor.core.model import OVER, State
from tray import words
from tray.lines import (
    CopyResume,
    Decide,
    Entry,
    Item,
    Order,
    Reconnect,
    Recover,
    SendPrompt,
    Separator,
    ShowDetails,
    line,
)
from tray.snapshot import Approval, Session

#: Questions at the top of the menu; the others are in their sessions.
QUESTIONS = 3
LOST = 10


def whole(asked: Approval) -> str | None:
    """What is asked, if one line shows all of it: only that may be allowed where it is not scrolled."""
    if not asked.answerable or asked.questions or asked.diff or not asked.tool or not asked.text:
        return None
    text = f"{asked.tool}: {asked.text}"
    return text if words.shown_whole(text) else None


def questions(sessions: Sequence[Session]) -> tuple[Entry, ...]:
    """What agents ask now, one line each."""
    asked = [(one, question) for one in sessions for question in one.approvals if question.digest]
    return tuple(_question(session, one) for session, one in asked[:QUESTIONS])


def _question(session: Session, asked: Approval) -> Item:
    # The digest is part of the key: what another question says never comes to stand above this answer.
    return Item(
        key=f"question {asked.id} {asked.digest}",
        label=words.asks(session, asked),
        children=(
            line("what", words.asked(asked)),
            line("who", words.title(session)),
            Separator("1"),
            *_answers(session, asked),
        ),
    )


def _answers(session: Session, asked: Approval) -> tuple[Entry, ...]:
    show = Item(key="show", label=words.SHOW_ALL, action=ShowDetails(session.id))
    if whole(asked) is None:
        return (show,)
    return (
        Item(key="allow", label=words.ALLOW_ONCE, action=_decide(session, asked, allow=True)),
        Item(key="deny", label=words.DENY, action=_decide(session, asked, allow=False)),
        show,
    )


def _decide(session: Session, asked: Approval, *, allow: bool) -> Decide:
    return Decide(asked.id, asked.digest, session.id, allow)


def orders(session: Session) -> tuple[Entry, ...]:
    """What can be done to it now; nothing that would be refused."""
    found: list[Entry] = []
    if session.state in {State.CUT_OFF, State.LOST} and session.reconnect:
        found += _bring_back(session)
    if "prompt" in session.can:
        found.append(Item(key="prompt", label=words.SEND_PROMPT, action=SendPrompt(session.id)))
    for what, label in (
        ("interrupt", words.INTERRUPT),
        ("pause", words.PAUSE),
        ("continue", words.CONTINUE),
    ):
        if what in session.can:
            found.append(Item(key=what, label=label, action=Order(session.id, what)))
    if "stop" in session.can:
        sure = Item(key="sure", label=words.STOP_SURE, action=Order(session.id, "stop"))
        found.append(Item(key="end", label=words.STOP_SESSION, children=(sure,)))
    return tuple(found)


def _bring_back(session: Session) -> list[Entry]:
    assert session.reconnect is not None
    if session.reconnect.phase == "trying":
        return []
    now = Item(key="now", label=words.TRY_NOW, action=Reconnect(session.id, "now"))
    if session.reconnect.phase == "asking":
        return [now, Item(key="wait", label=words.WAIT, action=Reconnect(session.id, "wait"))]
    if session.reconnect.phase != "waiting":
        return [now]
    return [now, Item(key="no more", label=words.STOP_TRYING, action=Reconnect(session.id, "stop"))]


def lost(sessions: Sequence[Session], now: float) -> tuple[Entry, ...]:
    """What was lost in a crash or reboot, and how it comes back."""
    found = [one for one in sessions if one.state is State.LOST and one.parent_id is None]
    if not found:
        return ()
    found.sort(key=lambda one: (-(one.since or 0.0), one.id))
    every = Item(key="every", label=words.RESUME_ALL, action=Recover())
    return (
        Item(
            key="lost",
            label=words.were_lost(len(found)),
            children=(
                *((every, Separator("1")) if len(found) > 1 else ()),
                *(_lost(one, now) for one in found[:LOST]),
                *([line("more", words.more(len(found) - LOST))] if len(found) > LOST else []),
            ),
        ),
    )


def _lost(session: Session, now: float) -> Item:
    assert session.state in OVER
    why = [line("why", words.plain(session.failure, 70))] if session.failure else []
    resume = Item(key="resume", label=words.RESUME_IT, action=Recover((session.id,)))
    return Item(
        key=f"lost {session.id}",
        label=words.title(session),
        children=(
            line("state", words.state(session, now)),
            *why,
            line("folder", words.folder(session)),
            Separator("1"),
            *([resume] if "resume" in session.can else []),
            copy(session),
            Item(key="details", label=words.DETAILS, action=ShowDetails(session.id)),
        ),
    )


def copy(session: Session) -> Item:
    """The line that copies its resume command."""
    if not session.resume_command:
        return Item(key="copy", label=words.NO_COMMAND, enabled=False)
    return Item(key="copy", label=words.COPY, action=CopyResume(session.resume_command, session.id))
