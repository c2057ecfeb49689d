"""What is started, brought back, typed and put away."""

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection

import pytest

from supervisor.agents.opencode import steering
from supervisor.core.errors import Failed
from supervisor.core.model import Resume, Run, Session
from supervisor.core.steering import Launch
from tests.fakes.processes import FewProcesses
from tests.supervisor.agents.opencode.talking import FOLDER, process

SESSION = "ses_e02dc9a07ffexCccv43pS8cPw8"
DOOR = ("--hostname", "127.0.0.1", "--port", "0")
PASSWORD = "OPENCODE_SERVER_PASSWORD"

Recorded = Callable[[str], Connection]


def _prepared(*argv: str, **environment: str) -> Launch:
    return steering.prepare(Launch(argv=argv, environment=environment, cwd=FOLDER), ("hook",))


def _session(*, session_id: str = SESSION, cwd: str | None = FOLDER) -> Session:
    resume = Resume(argv=("opencode", "-s", session_id), cwd=cwd)
    return Session(id=session_id, agent="opencode", cwd=cwd, resume=resume, run=process().run, argv=())


@pytest.mark.parametrize(
    "arguments",
    [(), ("-s", SESSION), ("--continue",), ("a/folder", "--agent", "plan"), ("--prompt", "serve")],
)
def test_a_terminal_gets_a_server_that_only_we_can_use(arguments: tuple[str, ...]) -> None:
    """A free port on this machine, and a password that nobody can guess, in the environment alone."""
    one, two = (_prepared("/opt/opencode", *arguments, HOME="/home/user") for _ in range(2))

    assert one.argv == two.argv == ("/opt/opencode", *DOOR, *arguments)
    assert set(one.environment) == {"HOME", PASSWORD}
    assert len(one.environment[PASSWORD]) >= 40
    assert one.environment[PASSWORD] != two.environment[PASSWORD]
    assert one.environment[PASSWORD] not in one.argv


@pytest.mark.parametrize(
    "argv",
    [
        ("opencode", "--port", "4096"),
        ("opencode", "--port=0"),
        ("opencode", "--hostname", "0.0.0.0"),
        ("opencode", "--mdns"),
        ("opencode", "--mini"),
        ("opencode", "run", "hello"),
        ("opencode", "serve"),
        ("opencode", "attach", "http://localhost:4096"),
        ("opencode", "export", SESSION),
        ("opencode", "session", "delete", SESSION),
        ("opencode", "--help"),
        ("opencode", "--version"),
        ("vim", "opencode"),
        ("node", "opencode"),
        (),
    ],
)
def test_what_has_a_server_or_no_session_is_started_as_it_is(argv: tuple[str, ...]) -> None:
    """Whoever chose a port, and every other command, is left as it is, with its environment."""
    prepared = _prepared(*argv, HOME="/home/user")

    assert (prepared.argv, dict(prepared.environment)) == (argv, {"HOME": "/home/user"})


def test_a_password_that_is_set_stays() -> None:
    """The user's own password is kept; an empty one, which lets everybody in, is none."""
    assert _prepared("opencode", **{PASSWORD: "mine"}).environment[PASSWORD] == "mine"
    assert len(_prepared("opencode", **{PASSWORD: ""}).environment[PASSWORD]) >= 40


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("opencode", "-s", SESSION), SESSION),
        (("opencode", *DOOR, f"--session={SESSION}"), SESSION),
        (("opencode", "run", "-s", SESSION, "go on"), SESSION),
        (("opencode", "run", "--attach", "http://localhost:4096", "-s", SESSION, "go on"), None),
        (("opencode", "attach", "http://localhost:4096", "-s", SESSION), None),
        (("opencode", "-s", SESSION, "--fork"), None),
        (("opencode", "export", SESSION), None),
        (("opencode", "--prompt", "-s", SESSION), None),
        (("opencode", "-s", "latest"), None),
        (("opencode",), None),
        (("vim", "-s", SESSION), None),
        ((), None),
    ],
)
def test_the_session_that_a_command_writes_to_is_known(argv: tuple[str, ...], expected: str | None) -> None:
    """Two processes must never write to one session; a fork and a client of a server do not."""
    assert steering.writes_to(argv) == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("opencode",), ()),
        (("opencode", *DOOR), ()),
        (("opencode", *DOOR, "--agent", "plan", "-s", SESSION), ("--agent", "plan")),
        (("opencode", "--port", "5000", "--auto"), ("--port", "5000", "--auto")),
        (("opencode", *DOOR[:2], "-m", "a/b"), (*DOOR[:2], "-m", "a/b")),
        (("opencode", "run", "--auto", "--format", "json", "do this"), ("--auto",)),
        (("opencode", "serve", "--port", "5000"), ()),
        (("opencode", *DOOR, "a/folder", "--prompt", "go", "--pure"), ("--pure",)),
    ],
)
def test_a_session_comes_back_as_it_was_started(argv: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """In its own folder, with its options; our own server is not among them, and is given anew."""
    way = steering.relaunch(_session(), argv)

    assert way == Resume(argv=("opencode", *expected, "-s", SESSION), cwd=FOLDER)


def test_the_very_program_is_started_again(tmp_path: Path) -> None:
    """A program that is known by its full name and is there is the one; else the one that is found."""
    program = tmp_path / "opencode"
    program.touch()

    there = steering.relaunch(_session(), (str(program), "--auto"))
    gone = steering.relaunch(_session(), (str(tmp_path / "gone" / "opencode"), "--auto"))

    assert there is not None
    assert gone is not None
    assert (there.argv[0], gone.argv[0]) == (str(program), "opencode")


def test_without_a_known_command_the_usual_one_is_taken() -> None:
    """A session whose command is not known, or was another program's, comes back as usual."""
    for argv in ((), ("node", "opencode", "--auto")):
        assert steering.relaunch(_session(), argv) == Resume(argv=("opencode", "-s", SESSION), cwd=FOLDER)


@pytest.mark.parametrize("changed", [{"cwd": None}, {"session_id": "../x"}, {"session_id": "opencode-1-2"}])
def test_what_cannot_come_back_does_not(changed: dict[str, str | None]) -> None:
    """Without its folder, or an id of OpenCode's, there is no command."""
    assert steering.relaunch(_session(**changed), ("opencode", "--auto")) is None  # type: ignore[arg-type]  # a table of both


def test_the_end_of_a_server_ends_more_than_one_session() -> None:
    """A terminal's process ends its session; a server's is nobody's alone."""
    for arguments, expected in (((), process().run), (("serve",), None), (("acp",), None)):
        processes = FewProcesses(processes=[process(*arguments)])
        assert steering.ends_by(_session(), processes) == expected
    assert steering.ends_by(_session(), FewProcesses()) == Run(process().run.pid, process().run.started_at)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("hello", "hello"),
        ("/compact", " /compact "),
        ("!ls", " !ls"),
        ("#tag", "#tag"),
        ("read @poem please", "read @poem please"),
        ("read @poem", "read @poem "),
        ("first\n/help", "first\n/help "),
        ("first\n!ls", "first\n!ls"),
        ("exit now", "exit now"),
        ("exit", None),
        (" quit\n", None),
        (":q", None),
        ("", ""),
    ],
)
def test_words_are_typed_as_words(text: str, typed: str | None) -> None:
    """A blank keeps commands, files and lists from being taken for what they are not; goodbyes end it."""
    assert steering.as_text(text) == typed


def test_what_is_stored_can_be_put_away_and_brought_back(home: Path, recorded: Recorded) -> None:
    """What is exported says by itself how it comes back; OpenCode's own command deletes it."""
    recorded("tools-denied-interrupted-failed")

    remains = steering.remains(home, SESSION)

    assert remains is not None
    assert (remains.agent, remains.session_id, remains.root, remains.paths) == (
        "opencode",
        SESSION,
        str(home),
        (),
    )
    assert remains.export is not None
    ((document, way),) = steering.restored_by(remains.export)
    assert way == Resume(argv=("opencode", "import"), cwd=FOLDER)
    assert SESSION.encode() in document
    delete = steering.discarded_by(_session())
    assert delete == Resume(argv=("opencode", "session", "delete", SESSION), cwd=FOLDER)


def test_what_is_not_there_leaves_nothing(home: Path, recorded: Recorded) -> None:
    """A session that is not stored has no remains, and no command is made of an id that is none."""
    recorded("tools-denied-interrupted-failed")

    assert steering.remains(home, "ses_e02dc9a07ffexCccv43pS8cPw9") is None
    assert steering.discarded_by(_session(session_id="--help")) is None
    with pytest.raises(Failed):
        steering.restored_by(b'[{"info": 1}]')
