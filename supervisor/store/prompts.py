"""Prompts on their way, and what has become of those of the last day."""

import time
from typing import Any, Final

from supervisor.core.model import Run
from supervisor.core.steering import DONE, Prompt, PromptState
from supervisor.store.database import Database

_COLUMNS: Final = (
    "id, session_id, agent, text, when_, by, at, state, moved_at, note, job_pid, job_since_boot, due_at, met"
)
#: Seconds for which what is done is told.
_TOLD_FOR: Final = 86_400.0
#: When it came into its state; before that was known, when it was given.
_MOVED: Final = "coalesce(moved_at, at)"
_STATES: Final = {state.value: state for state in PromptState}
_DONE: Final = ", ".join(f"'{state.value}'" for state in sorted(DONE))


def keep(database: Database, prompt: Prompt) -> None:
    """Keep a prompt, or the new state of one; on disk when this returns."""
    database.change(
        f"INSERT INTO prompt ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, text = excluded.text,"
        " when_ = excluded.when_, state = excluded.state, moved_at = excluded.moved_at, note = excluded.note,"
        " job_pid = excluded.job_pid, job_since_boot = excluded.job_since_boot, due_at = excluded.due_at,"
        " met = excluded.met",
        prompt.id,
        prompt.session_id,
        prompt.agent,
        prompt.text,
        prompt.when,
        prompt.by,
        prompt.at,
        prompt.state.value,
        prompt.moved_at,
        prompt.note,
        prompt.job.pid if prompt.job else None,
        database.since_boot(prompt.job.started_at) if prompt.job else None,
        prompt.due_at,
        int(prompt.met),
    )


def find(database: Database, prompt_id: str) -> Prompt | None:
    """One prompt, done or not."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM prompt WHERE id = ?", prompt_id)
    return _prompt(database, rows[0]) if rows else None


def load(database: Database) -> list[Prompt]:
    """All that are not done, and those that were done within a day; the oldest first."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM prompt WHERE state NOT IN ({_DONE}) OR {_MOVED} > ? ORDER BY at, rowid",
        time.time() - _TOLD_FOR,
    )
    return [prompt for row in rows if (prompt := _prompt(database, row))]


def forget(database: Database, before: float) -> None:
    """Forget what was done before that time; what is not done stays, however old."""
    database.change_soon(f"DELETE FROM prompt WHERE state IN ({_DONE}) AND {_MOVED} < ?", before)


def _prompt(database: Database, row: tuple[Any, ...]) -> Prompt | None:
    """``None`` where a later version has written what we do not know."""
    prompt_id, session_id, agent, text, when, by, at, state, moved_at, note, pid, began, due_at, met = row
    if state not in _STATES:
        return None
    return Prompt(
        id=prompt_id,
        session_id=session_id,
        agent=agent,
        text=text,
        when=when,
        by=by,
        at=at,
        state=_STATES[state],
        moved_at=moved_at,
        note=note,
        job=Run(pid, database.started_at(began)) if pid is not None else None,
        due_at=due_at,
        met=bool(met),
    )
