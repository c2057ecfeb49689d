"""OpenCode itself, in a terminal of ours, steered by its own server."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from supervisor.agents import opencode
from supervisor.agents.opencode.export import documents
from supervisor.core.errors import Failed, Refused
from supervisor.core.model import Resume, Session, Sighting, Sign
from supervisor.core.steering import Approval, Decision, Verdict
from tests.lab import servers
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.supervisor.agents.opencode.bench import DESK, PATIENCE, Bench, Listener, Start

pytestmark = pytest.mark.usefixtures("needs_opencode")

ALLOW, DENY = Decision(verdict=Verdict.ALLOW), Decision(verdict=Verdict.DENY)


@pytest.fixture
def bench(tmp_path: Path, fake_openai: servers.Server, in_terminal: Start) -> Bench:
    """OpenCode in a clean home."""
    return Bench(tmp_path, fake_openai, in_terminal)


@pytest.fixture
def listener(bench: Bench) -> Iterator[Listener]:
    """Our channel to it."""
    with bench.listening() as listener:
        yield listener


def _begun(bench: Bench, listener: Listener, *arguments: str) -> tuple[Terminal, Session]:
    """A terminal of ours with a session that rests and can be reached."""
    terminal = bench.ours(*arguments)
    terminal.prompt("hello")
    # A session is at rest, too, before its first turn has begun.
    terminal.wait_for("Echo: hello")
    bench.wait(lambda seen: seen.run.pid == terminal.pid and seen.session_id and seen.sign is Sign.IDLE)
    return terminal, listener.reached(terminal)


def _asked(listener: Listener, count: int = 1) -> list[Approval]:
    """What is asked and open, when it is so many."""

    def open_now() -> list[Approval]:
        found = [one for name, one in listener.ear.asked.items() if name not in listener.ear.over]
        return found if len(found) == count else []

    return listener.until(open_now)


def _turns(listener: Listener, session: Session) -> list[Sign]:
    return [sign for name, sign, _ in listener.ear.turns if name == session.id]


def test_a_prompt_arrives_once_however_often_it_is_sent(bench: Bench, listener: Listener) -> None:
    """A prompt shows in the terminal and in the transcript, once, also when it is sent again and again."""
    terminal, session = _begun(bench, listener)
    mark = terminal.mark()

    told = [
        listener.prompt(session, "first words %%slow:2%%"),
        listener.prompt(session, "first words %%slow:2%%"),
    ]
    listener.until(lambda: _turns(listener, session)[-2:] == [Sign.WORKING, Sign.IDLE])
    told += [
        listener.prompt(session, "second words", name="2"),
        listener.prompt(session, "first words %%slow:2%%"),
    ]
    terminal.wait_for("Echo: second words", PATIENCE, mark)
    listener.until(lambda: _turns(listener, session)[-2:] == [Sign.WORKING, Sign.IDLE])

    assert told == [True] * 4
    said = bench.said(session.id)
    assert said.count("first words %%slow:2%%") == said.count("second words") == 1
    assert len(said) == 6


def test_another_supervisor_does_not_send_a_prompt_again(bench: Bench) -> None:
    """Who died after a prompt was sent, and sends it again under the same id, sends nothing twice."""
    with bench.listening() as first:
        _, session = _begun(bench, first)
        first.prompt(session, "only once", at=1.0)

    with bench.listening() as second:
        second.until(lambda: _reaches(bench, second, session))
        told = second.prompt(session, "only once", at=2_000_000_000.0)
        second.prompt(session, "something else", name="2")
        second.until(lambda: "Echo: something else" in bench.said(session.id))

    assert told
    assert bench.said(session.id).count("only once") == 1


def _reaches(bench: Bench, listener: Listener, session: Session) -> bool:
    return any(seen.session_id == session.id and listener.line.reaches(seen) for seen in bench.look())


def test_what_is_allowed_from_here_is_done_and_what_is_denied_is_not(
    bench: Bench, listener: Listener
) -> None:
    """A question is told with its whole command; allowed it runs, denied it does not."""
    bench.ask_before("bash")
    terminal, session = _begun(bench, listener)

    listener.prompt(session, "do %%tool:touch one && echo done%%", name="a")
    (first,) = _asked(listener)
    seen = bench.wait(lambda seen: seen.session_id == session.id and seen.sign is Sign.ASKING)
    allowed = listener.do(listener.line.answer(first, ALLOW))
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])
    listener.prompt(session, "do %%tool:touch two%%", name="b")
    (second,) = _asked(listener)
    listener.do(listener.line.answer(second, DENY))
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])
    listener.prompt(session, "do %%tool:touch three%%", name="c")
    (third,) = _asked(listener)
    listener.do(listener.line.answer(third, Decision(verdict=Verdict.DENY, reason="Not today")))
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])

    assert (first.tool, first.text, first.cwd) == ("bash", "touch one && echo done", session.cwd)
    assert abs(first.at - time.time()) < PATIENCE
    assert first.answerable
    assert seen.waiting_for == first.summary == "bash: touch one, echo done"
    assert allowed
    assert sorted(path.name for path in bench.launch.cwd.iterdir()) == ["one"]
    assert any("Not today" in said for said in bench.said(session.id))
    terminal.wait_for("Finished tool (touch three)", PATIENCE)
    with pytest.raises(Refused):
        listener.do(listener.line.answer(first, ALLOW))


def test_what_is_answered_at_the_desk_is_over_here_within_a_second(bench: Bench, listener: Listener) -> None:
    """Who answers at the keyboard withdraws the question from all other screens."""
    bench.ask_before("bash")
    terminal, session = _begun(bench, listener)
    listener.prompt(session, "do %%tool:touch made%%")
    (asked,) = _asked(listener)
    terminal.wait_for("Allow once", PATIENCE)
    terminal.settle()

    terminal.press("\r")
    until(lambda: asked.id in listener.ear.over, 1.0)

    until(lambda: (bench.launch.cwd / "made").exists(), PATIENCE)
    with pytest.raises(Refused):
        listener.do(listener.line.answer(asked, DENY))
    assert bench.wait(lambda seen: seen.sign is Sign.IDLE)


def test_several_questions_wait_at_once(bench: Bench, listener: Listener) -> None:
    """Two sessions of one process, and two processes, each ask; each answer goes to its own question."""
    bench.ask_before("bash")
    terminal, one = _begun(bench, listener)
    other_terminal, three = _begun(bench, listener)
    terminal.prompt("do %%tool:touch one%%")
    _asked(listener)
    terminal.press("\x18n")
    terminal.settle()
    terminal.prompt("do %%tool:touch two%%")
    _asked(listener, 2)
    listener.prompt(three, "do %%tool:touch three%%")

    asked = {approval.text: approval for approval in _asked(listener, 3)}
    listener.do(listener.line.answer(asked["touch two"], ALLOW))
    listener.do(listener.line.answer(asked["touch three"], DENY))
    listener.do(listener.line.answer(asked["touch one"], ALLOW))
    until(lambda: {"one", "two"} <= {path.name for path in bench.launch.cwd.iterdir()}, PATIENCE)

    assert asked["touch one"].session_id == one.id
    assert asked["touch three"].session_id == three.id
    assert len({approval.session_id for approval in asked.values()}) == 3
    assert not (bench.launch.cwd / "three").exists()
    assert other_terminal.pid != terminal.pid


def test_what_waits_already_is_told_to_who_comes_later(bench: Bench) -> None:
    """A supervisor that starts while questions wait hears all of them, and can answer."""
    bench.ask_before("bash")
    terminal = bench.ours()
    terminal.prompt("do %%tool:touch made%%")
    terminal.wait_for("Allow once", PATIENCE)

    with bench.listening() as listener:
        (asked,) = _asked(listener)
        listener.do(listener.line.answer(asked, ALLOW))
        until(lambda: (bench.launch.cwd / "made").exists(), PATIENCE)

    assert asked.text == "touch made"
    assert listener.ear.turns[0][1] in {Sign.ASKING, Sign.WORKING}


def test_an_edit_is_asked_with_its_difference(bench: Bench, listener: Listener) -> None:
    """What would be changed in a file is told as a unified diff."""
    bench.ask_before("edit")
    (bench.launch.cwd / "poem").write_text("one\ntwo\n")
    _, session = _begun(bench, listener)
    path = bench.launch.cwd / "poem"
    change = f'{{"filePath": "{path}", "oldString": "two", "newString": "zwei"}}'

    listener.prompt(session, f"do %%call:edit {change}%%")
    (asked,) = _asked(listener)
    listener.do(listener.line.answer(asked, ALLOW))
    until(lambda: path.read_text() == "one\nzwei\n", PATIENCE)

    assert asked.diff is not None
    assert "-two\n+zwei\n" in asked.diff
    assert (asked.tool, asked.text) == ("edit", str(path))


def test_answers_to_the_models_own_questions_reach_it(bench: Bench, listener: Listener) -> None:
    """A question with choices is told with them; what is chosen is what the model reads."""
    _, session = _begun(bench, listener)
    choices = '[{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]'
    days = '[{"label": "Mo", "description": ""}, {"label": "Tu", "description": ""}]'
    questions = (
        f'[{{"question": "Which colour?", "header": "Colour", "options": {choices}}},'
        f' {{"question": "Which days?", "header": "Days", "options": {days}, "multiple": true}}]'
    )

    listener.prompt(session, f'do %%call:question {{"questions": {questions}}}%%')
    (asked,) = _asked(listener)
    answers = {"Which colour?": ["Green"], "Which days?": ["Mo", "Tu"]}
    listener.do(listener.line.answer(asked, Decision(verdict=Verdict.ANSWER, answers=answers)))
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])

    assert [(one.text, one.many, one.free) for one in asked.questions] == [
        ("Which colour?", False, True),
        ("Which days?", True, True),
    ]
    assert [choice.label for choice in asked.questions[0].choices] == ["Red", "Blue"]
    assert any('"Which colour?"="Green"' in said for said in bench.said(session.id))
    assert any('"Which days?"="Mo, Tu"' in said for said in bench.said(session.id))


def test_the_models_questions_can_be_turned_down(bench: Bench, listener: Listener) -> None:
    """Who denies a question with choices dismisses it, and the turn ends."""
    _, session = _begun(bench, listener)
    options = '[{"label": "Red", "description": "warm"}]'
    question = f'{{"question": "Which colour?", "header": "Colour", "options": {options}}}'

    listener.prompt(session, f'do %%call:question {{"questions": [{question}]}}%%')
    (asked,) = _asked(listener)
    listener.do(listener.line.answer(asked, DENY))

    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])
    assert any("dismissed" in said for said in bench.said(session.id))


def test_what_a_sub_agent_asks_is_asked_by_its_session(bench: Bench, listener: Listener) -> None:
    """The question of a sub-agent stands at the session that a person sees, and is answered there."""
    bench.ask_before("bash")
    _, session = _begun(bench, listener)
    task = '{"description": "look", "prompt": "do @@tool:touch made@@", "subagent_type": "general"}'

    listener.prompt(session, f"do %%call:task {task}%%")
    (asked,) = _asked(listener)
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.ASKING])
    listener.do(listener.line.answer(asked, ALLOW))
    until(lambda: (bench.launch.cwd / "made").exists(), PATIENCE)

    assert (asked.session_id, asked.text) == (session.id, "touch made")
    listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])


def test_a_turn_is_interrupted_with_all_that_it_asks(bench: Bench, listener: Listener) -> None:
    """An interruption ends an answer, and a question too: nothing of it stays on the screen."""
    bench.ask_before("bash")
    terminal, session = _begun(bench, listener)
    listener.prompt(session, "tell me %%slow:60%%", name="a")
    terminal.wait_for("word1", PATIENCE)

    interrupted = listener.do(listener.line.interrupt(session))
    listener.until(lambda: _turns(listener, session)[-1] in {Sign.INTERRUPTED, Sign.IDLE})
    listener.prompt(session, "do %%tool:touch made%%", name="b")
    (asked,) = _asked(listener)
    interrupted_again = listener.do(listener.line.interrupt(session))
    until(lambda: asked.id in listener.ear.over, PATIENCE)
    listener.until(lambda: _turns(listener, session)[-1] in {Sign.INTERRUPTED, Sign.IDLE})
    mark = terminal.mark()
    terminal.settle()
    terminal.prompt("go on")
    terminal.wait_for("Echo: go on", PATIENCE, mark)

    assert interrupted
    assert interrupted_again
    assert not (bench.launch.cwd / "made").exists()


def test_the_keys_interrupt_as_well(bench: Bench, listener: Listener) -> None:
    """Where there is no server, the keys of the typing table end the turn, and the next prompt is taken."""
    terminal = bench.terminal()
    typing = opencode.steering.typing
    terminal.prompt("tell me %%slow:60%%")
    terminal.wait_for("word1", PATIENCE)

    for _ in range(typing.interrupt_presses):
        terminal.press(typing.interrupt.decode())
        terminal.settle(0.1, 0.2)
    stopped = bench.wait(lambda seen: seen.sign is Sign.INTERRUPTED)

    assert not listener.line.reaches(stopped)
    mark = terminal.mark()
    terminal.prompt("go on")
    terminal.wait_for("Echo: go on", PATIENCE, mark)


WORDS = ("/compact", "/exit", "!ls", "look at @poem", "what is\n/help", "@", "see /", "a\nb\nc\nd\ne\nf")


def test_words_are_words_whatever_they_begin_with(bench: Bench) -> None:
    """What begins or ends like a command, a file or a list reaches the model as it was written."""
    (bench.launch.cwd / "poem").write_text("one")
    terminal = bench.terminal()

    for count, text in enumerate(WORDS, start=1):
        terminal.prompt(opencode.steering.as_text(text) or "")
        bench.wait(partial(_rests_after, bench, count))

    (seen,) = bench.look()
    said = bench.said(seen.session_id or "")
    assert [text for text in said if not text.startswith("Echo")] == list(WORDS)


def _rests_after(bench: Bench, prompts: int, seen: Sighting) -> bool:
    if seen.session_id is None or seen.sign is not Sign.IDLE:
        return False
    return len(bench.said(seen.session_id)) == 2 * prompts


def test_what_is_typed_while_it_works_waits_for_its_turn(bench: Bench) -> None:
    """A prompt that is typed during an answer is taken after it."""
    assert opencode.steering.typing.takes_while_working
    terminal = bench.terminal()
    terminal.prompt("first %%slow:3%%")
    terminal.wait_for("word1", PATIENCE)

    terminal.prompt("second")
    terminal.wait_for("Echo: second", PATIENCE)

    idle = bench.wait(lambda seen: seen.session_id and seen.sign is Sign.IDLE)
    said = bench.said(idle.session_id or "")
    assert [text.split()[0] for text in said if text.startswith(("first", "second"))] == ["first", "second"]


def test_a_killed_process_takes_its_questions_along(bench: Bench, listener: Listener) -> None:
    """When a process is killed, its questions are over, and nothing is sent into the void."""
    bench.ask_before("bash")
    terminal, session = _begun(bench, listener)
    listener.prompt(session, "do %%tool:touch made%%")
    (asked,) = _asked(listener)

    terminal.signal(signal.SIGKILL)
    terminal.wait()
    until(lambda: asked.id in listener.ear.over, PATIENCE)

    listener.until(lambda: not bench.look())
    assert not listener.prompt(session, "anybody?", name="2")
    assert not listener.do(listener.line.answer(asked, ALLOW))
    assert not listener.do(listener.line.interrupt(session))


def test_a_stopped_process_does_not_hold_us_up(bench: Bench, listener: Listener) -> None:
    """A stopped process takes no prompt; when it goes on it is heard again, and has the prompt once."""
    terminal, session = _begun(bench, listener)
    terminal.signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises(Failed):
            listener.prompt(session, "are you there?")
        waited = time.monotonic() - begun
    finally:
        terminal.signal(signal.SIGCONT)

    listener.until(lambda: _reaches(bench, listener, session))
    assert listener.prompt(session, "are you there?")
    listener.until(lambda: "Echo: are you there?" in bench.said(session.id))
    assert waited < 15.0
    assert bench.said(session.id).count("are you there?") == 1


def test_a_session_without_a_server_is_seen_and_not_reached(bench: Bench, listener: Listener) -> None:
    """Whoever started OpenCode without a port keeps it as it is: it is typed at."""
    terminal = bench.terminal()
    terminal.prompt("hello")
    seen = bench.wait(
        lambda seen: seen.run.pid == terminal.pid and seen.sign is Sign.IDLE and seen.session_id
    )

    assert not listener.line.reaches(seen)
    assert listener.ear.turns == []


def test_a_port_that_its_user_chose_is_heard_too(bench: Bench, listener: Listener) -> None:
    """A server without a password, at a port of the user's, is listened to and takes prompts."""
    terminal = bench.terminal("--port", "0")
    terminal.prompt("hello")
    bench.wait(lambda seen: seen.run.pid == terminal.pid and seen.sign is Sign.IDLE and seen.session_id)
    session = listener.reached(terminal)

    assert listener.prompt(session, "more words")
    terminal.wait_for("Echo: more words", PATIENCE)


def test_the_server_of_our_terminal_lets_nobody_else_in(bench: Bench) -> None:
    """Without the password that stands in its environment alone, the server says nothing."""
    terminal = bench.ours()

    ((address, port),) = bench.processes.listening(terminal.pid)
    asked = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", f"http://{address}:{port}/session"]
    status = subprocess.run(asked, capture_output=True, text=True, check=True).stdout

    assert (address, status) == ("127.0.0.1", "401")
    assert len(bench.processes.environment(terminal.pid)["OPENCODE_SERVER_PASSWORD"]) >= 40


def test_a_prompt_is_answered_by_who_answered_before(bench: Bench, listener: Listener) -> None:
    """A prompt from elsewhere does not change the agent: who plans goes on planning."""
    _, session = _begun(bench, listener, "--agent", "plan")

    listener.prompt(session, "what next?")
    listener.until(lambda: "Echo: what next?" in bench.said(session.id))

    with opencode.store.opened(bench.home / opencode.store.FILE) as connection:
        agents = opencode.store.rows(
            connection, "SELECT DISTINCT json_extract(data, '$.agent') AS agent FROM message"
        )
    assert [found["agent"] for found in agents] == ["plan"]


def test_a_command_of_the_desk_is_typed(bench: Bench, listener: Listener) -> None:
    """What the person at the machine sends with a slash is for the program: it is left to be typed."""
    _, session = _begun(bench, listener)
    held = Session(id=session.id, agent="opencode", run=session.run, cwd=session.cwd, terminal="t")

    assert not listener.prompt(held, "/compact", by=DESK)
    assert listener.prompt(held, "/compact", by="device", name="2")
    listener.until(lambda: "/compact" in bench.said(session.id))


def test_two_terminals_at_once_are_told_apart_by_what_they_say(bench: Bench, listener: Listener) -> None:
    """Two processes that began at the same moment in one folder: each has its own session and prompts."""
    bench.ours().press("\x03")
    one, two = bench.ours(), bench.ours()
    one.prompt("first words")
    two.prompt("second words")

    first, second = listener.reached(one), listener.reached(two)
    listener.prompt(first, "for the first")
    listener.prompt(second, "for the second")

    one.wait_for("Echo: for the first", PATIENCE)
    two.wait_for("Echo: for the second", PATIENCE)
    assert bench.said(first.id)[0] == "first words"
    assert bench.said(second.id)[0] == "second words"


# -- the trash, and coming back -------------------------------------------------------------------


def _run(bench: Bench, way: Resume, *more: str) -> None:
    """Run a command of OpenCode's as the supervisor would."""
    argv = [bench.launch.argv[0] if way.argv[0] == "opencode" else way.argv[0], *way.argv[1:], *more]
    done = subprocess.run(
        argv,
        cwd=way.cwd,
        env=dict(bench.launch.env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_session_comes_back_out_of_the_trash(bench: Bench, tmp_path: Path) -> None:
    """Exported, deleted by OpenCode, imported by OpenCode: it reads as before and can be resumed."""
    with bench.listening() as listener:
        terminal, session = _begun(bench, listener)
        task = '{"description": "look", "prompt": "what?", "subagent_type": "general"}'
        listener.prompt(session, f"do %%call:task {task}%%")
        listener.until(lambda: any(said.startswith("Finished call") for said in bench.said(session.id)))
        listener.until(lambda: _turns(listener, session)[-1:] == [Sign.IDLE])
    terminal.press("\x03")
    terminal.wait()
    before, count = bench.said(session.id), len(list(opencode.transcripts(bench.home)))

    remains = opencode.steering.remains(bench.home, session.id)
    delete = opencode.steering.discarded_by(session)
    assert remains is not None
    assert remains.export is not None
    assert delete is not None
    assert opencode.steering.remains(bench.home, session.id) == remains
    _run(bench, delete)
    assert list(opencode.transcripts(bench.home)) == []
    for number, (document, way) in enumerate(opencode.steering.restored_by(remains.export)):
        (tmp_path / f"{number}.json").write_bytes(document)
        _run(bench, way, str(tmp_path / f"{number}.json"))

    assert count == 2
    found = {each.session_id: each.parent_id for each in opencode.transcripts(bench.home)}
    assert sorted(map(str, found.values())) == sorted(["None", session.id])
    assert bench.said(session.id) == before
    again = opencode.resume(session.id, session.cwd)
    assert again is not None
    resumed = bench.ours(*again.argv[1:])
    resumed.prompt("go on")
    resumed.wait_for("Echo: go on", PATIENCE)
    assert bench.said(session.id)[: len(before)] == before


def test_our_document_is_what_opencode_exports(bench: Bench) -> None:
    """What is put into the trash is what OpenCode itself would have written, to the last field."""
    terminal = bench.terminal()
    terminal.prompt("do %%tool:echo hi%%")
    idle = bench.wait(lambda seen: seen.session_id and seen.sign is Sign.IDLE)
    terminal.press("\x03")
    terminal.wait()
    session_id = idle.session_id or ""
    argv = [*bench.launch.argv, "export", session_id]
    done = subprocess.run(
        argv, cwd=bench.launch.cwd, env=dict(bench.launch.env), capture_output=True, check=True
    )

    (ours,) = documents(bench.home / opencode.store.FILE, session_id)

    assert ours == json.loads(done.stdout)


def test_a_session_is_brought_back_as_it_was_started(bench: Bench, listener: Listener) -> None:
    """Relaunched in its own folder with its options, it has its conversation and a server again."""
    terminal, session = _begun(bench, listener, "--agent", "plan")
    argv = bench.processes.find(terminal.pid)
    assert argv is not None
    terminal.press("\x03")
    terminal.wait()

    way = opencode.steering.relaunch(session, argv.argv)
    assert way is not None
    assert way == Resume(argv=(bench.launch.argv[0], "--agent", "plan", "-s", session.id), cwd=session.cwd)
    again = bench.ours(*way.argv[1:])

    reached = listener.reached(again)
    assert reached.id == session.id
    assert listener.prompt(reached, "go on")
    again.wait_for("Echo: go on", PATIENCE)
