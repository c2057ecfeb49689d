"""Codex's files and processes: whose sessions live, which were left behind, and where their words are."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from supervisor.agents import codex
from supervisor.agents.base import Agent, Concern, History, Reader, Watched
from supervisor.core.model import Facts, Page, Process, Record, Resume, Run, Sighting
from tests.fakes.processes import FewProcesses

RECORDED = Path(__file__).parents[3] / "data" / "codex"
ONE, TWO, THREE = (f"01a1fc71-d152-7061-9fe7-00000000000{number}" for number in (1, 2, 3))
BEGINNING = 1_795_000_000.0


def as_agent() -> Agent:
    """The module fits the contract: the type checker proves it."""
    return codex


def process(pid: int, *argv: str, cwd: str | None = "/home/me/alpha", after: float = 0.0) -> Process:
    """A process that started *after* seconds after the beginning."""
    return Process(run=Run(pid, BEGINNING + after), parent_pid=1, argv=argv, cwd=cwd)


def rollout(home: Path, session_id: str, recorded: str, day: str | None = None) -> Path:
    """Put a recorded rollout where Codex would have written it."""
    born = datetime.fromtimestamp(int(session_id.replace("-", "")[:12], 16) / 1000).astimezone()
    folder = home / "sessions" / (day or f"{born:%Y/%m/%d}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"rollout-{born:%Y-%m-%dT%H-%M-%S}-{session_id}.jsonl"
    shutil.copy(RECORDED / f"rollout-{recorded}.jsonl", path)
    return path


def lock(home: Path, session_id: str, after: float = 1.0) -> Path:
    """A lock file as Codex leaves it in its folder."""
    folder = home / "thread-writer-locks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".coordination.lock").touch()
    path = folder / f"{session_id}.lock"
    path.touch()
    os.utime(path, (BEGINNING + after, BEGINNING + after))
    return path


def index(home: Path, *statements: str) -> None:
    """Codex's index with these rows."""
    with closing(sqlite3.connect(home / "state_5.sqlite")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT, name TEXT)")
        database.execute("CREATE TABLE thread_spawn_edges (parent_thread_id, child_thread_id, status)")
        for statement in statements:
            database.execute(statement)
        database.commit()


def look(home: Path, processes: FewProcesses) -> list[Sighting]:
    """Who is alive."""
    return list(codex.look(home, processes))


def test_the_home_is_the_one_that_codex_would_take() -> None:
    """CODEX_HOME counts where it is set to something."""
    user_home = Path("/home/me")

    assert codex.home({"CODEX_HOME": "/data/codex"}, user_home) == Path("/data/codex")
    assert codex.home({"CODEX_HOME": ""}, user_home) == Path("/home/me/.codex")
    assert as_agent().name == "codex"


def test_who_holds_the_lock_serves_the_session(tmp_path: Path) -> None:
    """A session is alive while a process holds its lock, and is known by the head of its rollout."""
    words = rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)
    processes = FewProcesses([process(7, "/opt/codex")], {held: 7})

    found = look(tmp_path, processes)

    assert found == [
        Sighting(
            agent="codex",
            session_id=ONE,
            run=Run(7, BEGINNING),
            alive=True,
            facts=Facts(agent_version="0.169.0", cwd="/home/user/projects/alpha", git_branch="master"),
            transcript=str(words),
        )
    ]


def test_a_daemon_serves_all_its_sessions(tmp_path: Path) -> None:
    """The shared daemon holds the locks of all terminals, so all its sessions have one process."""
    locks = {lock(tmp_path, ONE): 7, lock(tmp_path, TWO): 7}
    daemon = process(7, "/opt/codex", "app-server", "--listen", "unix://", cwd="/")
    terminal = process(8, "codex", after=0.5)
    processes = FewProcesses([daemon, terminal], locks, {8: {"CODEX_HOME": str(tmp_path)}})

    found = look(tmp_path, processes)

    assert [(seen.session_id, seen.run.pid, seen.facts.cwd) for seen in found] == [
        (ONE, 7, None),
        (TWO, 7, None),
    ]


def test_what_the_daemon_serves_is_shown_by_terminals(tmp_path: Path) -> None:
    """By those that are known; who serves himself has a terminal of his own."""
    locks = {lock(tmp_path, ONE): 7, lock(tmp_path, TWO): 9}
    daemon = process(7, "/opt/codex", "app-server", "--listen", "unix://", cwd="/")
    terminal, own = process(8, "codex", "resume", ONE), process(9, "codex", "--no-daemon")
    environment = {"CODEX_HOME": str(tmp_path)}
    processes = FewProcesses([daemon, terminal, own], locks, {8: environment, 9: environment})

    found = look(tmp_path, processes)

    assert [(seen.session_id, seen.screens) for seen in found] == [(ONE, (terminal.run,)), (TWO, None)]


def test_a_session_without_a_word_is_awaited_where_it_will_be_written(tmp_path: Path) -> None:
    """Before its first prompt a session has no rollout, but its id tells how that will be called."""
    held = lock(tmp_path, ONE)

    found = look(tmp_path, FewProcesses([process(7, "codex")], {held: 7}))

    written = rollout(tmp_path, ONE, "0.169-tool-call")
    assert [seen.transcript for seen in found] == [str(written)]
    assert found[0].facts == Facts(cwd="/home/me/alpha")


def test_a_lock_that_nobody_holds_was_left_behind(tmp_path: Path) -> None:
    """Killed processes leave their lock files; who leaves in peace takes it away."""
    words = rollout(tmp_path, ONE, "0.169-tool-call")
    os.utime(words, (BEGINNING + 9, BEGINNING + 9))
    lock(tmp_path, ONE)
    rollout(tmp_path, TWO, "0.169-interrupted")

    found = look(tmp_path, FewProcesses())

    assert [(seen.session_id, seen.alive, seen.at, seen.run) for seen in found] == [
        (ONE, False, BEGINNING + 9, Run(0, BEGINNING + 1))
    ]


def test_a_session_left_without_a_word_is_not_worth_recovering(tmp_path: Path) -> None:
    """Nothing was said in it, and Codex could not resume it."""
    lock(tmp_path, ONE)

    assert look(tmp_path, FewProcesses()) == []


def test_a_holder_out_of_view_is_neither_alive_nor_dead(tmp_path: Path) -> None:
    """A lock that a process of somebody else holds was not left behind."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)

    assert look(tmp_path, FewProcesses(locks={held: 4711})) == []


def test_title_and_name_come_from_the_index(tmp_path: Path) -> None:
    """What Codex calls a session, and what its user renamed it to."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)
    index(tmp_path, f"INSERT INTO threads VALUES ('{ONE}', 'Mend the roof\nplease', 'roof')")

    (seen,) = look(tmp_path, FewProcesses([process(7, "codex")], {held: 7}))

    assert (seen.facts.title, seen.name) == ("Mend the roof", "roof")


def test_a_broken_index_only_costs_the_title(tmp_path: Path) -> None:
    """The session is there all the same."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)
    (tmp_path / "state_9.sqlite").write_bytes(b"no database at all" * 100)

    (seen,) = look(tmp_path, FewProcesses([process(7, "codex")], {held: 7}))

    assert seen.facts.title is None


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    """The agent's folder is the same before and after: SQLite makes no files beside the index."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)
    index(tmp_path, f"INSERT INTO threads VALUES ('{ONE}', 'Mend the roof', NULL)")
    before = sorted(tmp_path.rglob("*"))

    (seen,) = look(tmp_path, FewProcesses([process(7, "codex")], {held: 7}))

    assert seen.facts.title == "Mend the roof"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_sub_agent_is_seen_with_its_parent(tmp_path: Path) -> None:
    """It has a lock of its own, held by the process of the session that it works for."""
    rollout(tmp_path, TWO, "0.169-of-a-sub-agent")
    held = lock(tmp_path, TWO)

    (seen,) = look(tmp_path, FewProcesses([process(7, "codex")], {held: 7}))

    assert seen.parent_id == "01a1fd20-aec5-7eb3-bd93-583925cc941f"


def test_a_terminal_before_its_first_session_is_seen(tmp_path: Path) -> None:
    """While it asks whether to trust a folder, it has no session; other programs are none of ours."""
    elsewhere = {"HOME": str(tmp_path / "other")}
    environments = {pid: {"HOME": str(tmp_path)} for pid in (1, 2, 3, 4, 6)} | {5: elsewhere}
    home = tmp_path / ".codex"
    running = [
        process(1, "/opt/codex", "--no-daemon"),
        process(2, "node", "/opt/codex"),
        process(3, "codex", "app-server", "daemon", "pid-update-loop"),
        process(4, "codex", "exec", "hello"),
        process(5, "codex"),
        process(6, "vim", "codex"),
    ]

    found = look(home, FewProcesses(running, {}, environments))

    assert [(seen.session_id, seen.run.pid, seen.alive) for seen in found] == [(None, 1, True)]


def test_a_terminal_that_lost_its_daemon_is_not_a_second_session(tmp_path: Path) -> None:
    """Its session is left behind; the terminal that still waits for the daemon is no new one."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    lock(tmp_path, ONE, after=2.0)
    processes = FewProcesses([process(8, "codex")], {}, {8: {"CODEX_HOME": str(tmp_path)}})

    found = look(tmp_path, processes)

    assert [(seen.session_id, seen.alive) for seen in found] == [(ONE, False)]


def born(seconds: float) -> str:
    """An id of a session that began *seconds* after the beginning."""
    digits = f"{int((BEGINNING + seconds) * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("began", "rival", "found"),
    [(5.0, False, True), (-5.0, False, False), (5.0, True, False)],
    ids=["since its start", "before its start", "two in one folder"],
)
def test_a_codex_without_locks_is_known_by_folder_and_time(
    began: float, rival: bool, found: bool, tmp_path: Path
) -> None:
    """Older versions hold no locks: their session is told only if it cannot be another one's."""
    session_id = born(began)
    rollout(tmp_path, session_id, "0.125.0-normal")
    folder = "/home/user/projects/alpha"
    running = [
        process(7, "codex", cwd=folder),
        process(8, "codex", "exec", "x", cwd=folder if rival else "/"),
    ]

    seen = look(tmp_path, FewProcesses(running, {}, {7: {"CODEX_HOME": str(tmp_path)}}))

    assert [each.session_id for each in seen] == [session_id if found else None]


def test_folders_are_watched_even_before_they_are_there(tmp_path: Path) -> None:
    """Days are three folders deep; locks and the daemon's socket have folders of their own."""
    assert codex.watched(tmp_path) == (
        Watched(tmp_path / "sessions", depth=3),
        Watched(tmp_path / "thread-writer-locks"),
        Watched(tmp_path / "app-server-control"),
    )


@pytest.mark.parametrize(
    ("changed", "concern"),
    [
        (f"thread-writer-locks/{ONE}.lock", (Concern.LIVE, ONE)),
        ("thread-writer-locks/.coordination.lock", (Concern.NOTHING, None)),
        ("app-server-control/app-server-control.sock", (Concern.LIVE, None)),
        ("app-server-control/app-server-startup.lock", (Concern.NOTHING, None)),
        (f"sessions/2026/11/21/rollout-2026-11-21T04-51-20-{ONE}.jsonl", (Concern.TRANSCRIPT, ONE)),
        (f"elsewhere/rollout-2026-11-21T04-51-20-{ONE}.jsonl", (Concern.NOTHING, None)),
        ("sessions/2026/11/21/notes.txt", (Concern.NOTHING, None)),
    ],
)
def test_a_change_concerns_what_its_name_says(
    changed: str, concern: tuple[Concern, str | None], tmp_path: Path
) -> None:
    """Locks and the socket tell who lives, a rollout that one conversation grew, all else nothing."""
    assert codex.concern(tmp_path, tmp_path / changed) == concern


def test_conversations_are_listed_by_the_newest_day(tmp_path: Path) -> None:
    """Days are gone through backwards, and whatever else lies there is passed over."""
    for day in ("2025/12/31", "2026/01/02", "2026/01/10"):
        rollout(tmp_path, ONE, "0.65.0-normal", day)
    (tmp_path / "sessions" / "2026" / "notes").mkdir()
    (tmp_path / "sessions" / "2026" / "01" / "10" / "rollout-x.jsonl").touch()
    (tmp_path / "sessions" / "2026" / "01" / "02" / f"rollout-x-{TWO}.jsonl").symlink_to("/etc/passwd")

    days = [Path(each.where).parent.relative_to(tmp_path).as_posix() for each in codex.transcripts(tmp_path)]

    assert days == ["sessions/2026/01/10", "sessions/2026/01/02", "sessions/2025/12/31"]


def test_listing_opens_no_conversation(tmp_path: Path) -> None:
    """Size and time come from the directory; sub-agents are told by the index."""
    words = rollout(tmp_path, TWO, "0.169-of-a-sub-agent")
    words.chmod(0)
    os.utime(words, (BEGINNING, BEGINNING))
    index(tmp_path, f"INSERT INTO thread_spawn_edges VALUES ('{ONE}', '{TWO}', 'open')")

    (found,) = codex.transcripts(tmp_path)

    assert (found.session_id, found.parent_id, found.changed_at) == (TWO, ONE, BEGINNING)
    assert found.size == (RECORDED / "rollout-0.169-of-a-sub-agent.jsonl").stat().st_size


def test_a_conversation_is_found_on_any_day(tmp_path: Path) -> None:
    """On its birthday by its id; one that was put elsewhere by hand is found, too."""
    usual = rollout(tmp_path, ONE, "0.169-tool-call")
    moved = rollout(tmp_path, TWO, "0.169-of-a-sub-agent", "2024/02/29")

    one, two = codex.find(tmp_path, ONE), codex.find(tmp_path, TWO)

    assert one is not None
    assert one.where == str(usual)
    assert two is not None
    assert (two.where, two.parent_id) == (str(moved), "01a1fd20-aec5-7eb3-bd93-583925cc941f")


@pytest.mark.parametrize("session_id", ["", "../../etc/passwd", ONE + "\n", ONE.upper(), "*", THREE])
def test_an_id_that_is_none_finds_nothing(session_id: str, tmp_path: Path) -> None:
    """Ids from outside are checked before they are used, and unknown ones are simply unknown."""
    rollout(tmp_path, ONE, "0.169-tool-call")

    assert codex.find(tmp_path, session_id) is None


def test_a_missing_home_is_an_empty_one(tmp_path: Path) -> None:
    """Who never used Codex has nothing."""
    home = tmp_path / "never"

    assert list(codex.transcripts(home)) == []
    assert look(home, FewProcesses()) == []
    assert codex.find(home, ONE) is None


def test_a_session_is_resumed_by_codex_itself_in_its_folder() -> None:
    """Nothing that is not an id gets into a command."""
    assert codex.resume(ONE, "/home/me") == Resume(argv=("codex", "resume", ONE), cwd="/home/me")
    assert codex.resume("--help", "/home/me") is None


class Nothing:
    """A history of nothing: it only keeps how its reader is made."""

    def __init__(self, path: Path, reader: Callable[[], Reader]) -> None:
        """Remember what was handed over."""
        self.path, self.reader = path, reader

    def recent(self) -> Record:
        """Read the first line, as every history does."""
        import json

        with self.path.open() as file:
            return self.reader()(json.loads(file.readline()))

    def more(self) -> Sequence[Record]:
        """No news."""
        return ()

    def is_behind(self) -> bool:
        """Never."""
        return False

    def replaced(self) -> bool:
        """Never."""
        return False

    def page(self, before: int | None, limit: int) -> Page:
        """Empty."""
        return Page(entries=(), before=before if limit < 0 else None)

    def close(self) -> None:
        """Nothing is open."""


def opened(home: Path, session_id: str) -> History:
    """The history of a session."""
    found = codex.find(home, session_id)
    assert found is not None
    return codex.open(found, Nothing)


def test_a_conversation_without_an_index_is_called_after_its_first_prompt(tmp_path: Path) -> None:
    """A rollout that was moved here is not in the index; its own words name it."""
    rollout(tmp_path, ONE, "0.169-normal-then-resumed-in-other-cwd")

    record = opened(tmp_path, ONE).recent()

    assert record.facts is not None
    assert record.facts.title == "hello one"


def test_a_conversation_in_the_index_is_called_as_there(tmp_path: Path) -> None:
    """Codex's own title counts."""
    rollout(tmp_path, ONE, "0.169-tool-call")
    index(tmp_path, f"INSERT INTO threads VALUES ('{ONE}', 'Mend the roof', NULL)")

    record = opened(tmp_path, ONE).recent()

    assert record.facts is not None
    assert record.facts.title == "Mend the roof"


def test_a_damaged_rollout_names_nothing(tmp_path: Path) -> None:
    """A head that is torn or no object is no head, and nothing raises."""
    words = rollout(tmp_path, ONE, "0.169-tool-call")
    held = lock(tmp_path, ONE)
    processes = FewProcesses([process(7, "codex")], {held: 7})

    for damage in (
        b"",
        b'{"type":"session_meta"',
        b"[1]\n",
        b'{"type":"session_meta","payload":7}\n',
        b"\xff\n",
    ):
        words.write_bytes(damage)

        (seen,) = look(tmp_path, processes)

        assert (seen.session_id, seen.facts.agent_version) == (ONE, None)
        assert codex.find(tmp_path, ONE) is not None
