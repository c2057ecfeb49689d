"""Claude Code itself, steered by its hook and its terminal, against a fake model server."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from supervisor import programs
from supervisor.agents import claude
from supervisor.core.model import Session, Sighting, Sign
from supervisor.core.steering import Approval, Decision, Launch, Verdict
from tests.lab import homes
from tests.lab.processes import Below
from tests.lab.route import Asked, Route
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("needs_claude")]

PROCESSES = Below()
ALLOW = Decision(verdict=Verdict.ALLOW)
DIALOG = "Do you want to proceed?"
FRUITS = {
    "question": "Which fruits?",
    "header": "Fruits",
    "options": [{"label": name, "description": "x"} for name in ("Apple", "Pear, green", "Fig")],
    "multiSelect": True,
}
COLOUR = {
    "question": "Which colour?",
    "header": "Colour",
    "options": [{"label": name, "description": "x"} for name in ("Red", "Blue")],
    "multiSelect": False,
}

InTerminal = Callable[[homes.Launch], Terminal]


class Desk:
    """Claude Code in a terminal, started as we start it, with a supervisor's door for its hooks."""

    def __init__(self, home: Path, launch: homes.Launch, start: InTerminal, route: Route) -> None:
        """Nothing runs yet."""
        self.home = home
        self.project = launch.cwd
        self.launch = launch
        self.route = route
        self._start = start

    @property
    def settings(self) -> Path:
        """The user's settings."""
        return claude.steering.hook_file(self.home / ".claude")

    def prepared(self, *arguments: str) -> homes.Launch:
        """What is started when a person starts it with these arguments."""
        command = Launch(
            argv=(*self.launch.argv, *arguments), environment=self.launch.env, cwd=str(self.project)
        )
        done = claude.steering.prepare(command, programs.hook_command(self.route.place))
        return replace(self.launch, argv=done.argv, env=done.environment)

    def begin(self, *arguments: str, mode: str = "manual") -> Terminal:
        """Start it and wait until it takes prompts."""
        return self.run(self.prepared("--permission-mode", mode, *arguments), mode)

    def run(self, launch: homes.Launch, mode: str = "manual") -> Terminal:
        """Start exactly this and wait until it takes prompts."""
        terminal = self._start(launch)
        self.seen(Sign.IDLE, terminal)
        terminal.wait_for(f"{mode} mode on")
        terminal.settle()
        return terminal

    def seen(self, sign: Sign, of: Terminal) -> Sighting:
        """Wait until its session is seen with this sign."""

        def right() -> list[Sighting]:
            sightings = claude.look(self.home / ".claude", PROCESSES)
            return [one for one in sightings if one.alive and one.sign is sign and one.run.pid == of.pid]

        return until(right, saying=f"the session is {sign}")[0]

    def lines(self) -> list[dict[str, Any]]:
        """Its one conversation, line by line."""
        found = list(claude.transcripts(self.home / ".claude"))
        if not found:
            return []
        whole = Path(found[0].where).read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def results(self) -> list[str]:
        """What the model was told of its tools, one after the other."""
        blocks = [block for line in self.lines() if line["type"] == "user" for block in _blocks(line)]
        return [_text(block.get("content")) for block in blocks if block.get("type") == "tool_result"]

    def prompts(self) -> list[str]:
        """What people said to it."""
        said = [line["message"]["content"] for line in self.lines() if line["type"] == "user"]
        return [text for text in said if isinstance(text, str)]


def _blocks(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = line["message"]["content"]
    return content if isinstance(content, list) else []


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)


@pytest.fixture
def route() -> Iterator[Route]:
    """A supervisor's door. A short path: names of sockets have a limit."""
    with (
        tempfile.TemporaryDirectory(prefix="it's a") as folder,
        Route(Path(folder) / "api.sock") as listening,
    ):
        yield listening


@pytest.fixture
def desk(tmp_path: Path, fake_anthropic: Server, in_terminal: InTerminal, route: Route) -> Desk:
    """A clean home and project."""
    home = tmp_path / "home"
    return Desk(home, homes.claude(home, tmp_path / "project", fake_anthropic.url), in_terminal, route)


def question(asked: Asked) -> Approval:
    """What a person is asked."""
    found = claude.steering.asked(asked.document, time.time())
    assert found is not None
    return found


def answer(asked: Asked, decision: Decision) -> None:
    """Answer as the supervisor does."""
    asked.answer(claude.steering.decided(question(asked), asked.document, decision))


def tools(*uses: tuple[str, Mapping[str, Any]]) -> str:
    """A prompt after which the model uses these tools at once."""
    listed = [{"name": name, "input": arguments} for name, arguments in uses]
    return f"SCENARIO:script {json.dumps([{'text': 'Now.', 'tools': listed}])}"


def bash(*commands: str) -> str:
    """A prompt after which the model wants to run these."""
    return tools(*(("Bash", {"command": command, "description": f"Runs {command}"}) for command in commands))


def sub_agent(command: str) -> tuple[str, Mapping[str, Any]]:
    """A sub-agent that wants to run something."""
    task = {"description": "sub", "prompt": f"SCENARIO:bash {command}", "subagent_type": "general-purpose"}
    return "Agent", task


# -- answers from afar -----------------------------------------------------------------------------


def test_a_command_that_is_allowed_from_afar_runs_once(desk: Desk) -> None:
    """The dialog in the terminal is gone then, and nobody has touched a key."""
    terminal = desk.begin()
    terminal.prompt(bash("echo ran >> made.txt"))
    [asked] = desk.route.wait()
    terminal.wait_for(DIALOG)
    waiting = desk.seen(Sign.ASKING, terminal)
    shown = question(asked)

    answer(asked, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert (shown.text, shown.reason) == ("echo ran >> made.txt", "Runs echo ran >> made.txt")
    assert (shown.session_id, shown.cwd) == (waiting.session_id, str(desk.project))
    assert asked.document["agent_pid"] == terminal.pid
    assert (desk.project / "made.txt").read_text() == "ran\n"
    assert len(desk.route.asked) == 1


def test_a_no_reaches_the_model_with_its_reason(desk: Desk) -> None:
    """It goes on with that."""
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = desk.route.wait()

    answer(asked, Decision(verdict=Verdict.DENY, reason="Use the other folder."))
    terminal.wait_for("Done.")

    assert until(desk.results) == ["Use the other folder."]
    assert not (desk.project / "made.txt").exists()


def test_an_edit_is_shown_and_made(desk: Desk) -> None:
    """As a diff of what will be."""
    (desk.project / "a.txt").write_text("one\ntwo\n")
    terminal = desk.begin()
    path = str(desk.project / "a.txt")
    edit = {"file_path": path, "old_string": "two", "new_string": "2"}
    steps = [{"tool": "Read", "input": {"file_path": path}}, {"tool": "Edit", "input": edit}]
    terminal.prompt(f"SCENARIO:script {json.dumps(steps)}")
    [asked] = desk.route.wait()

    shown = question(asked)
    answer(asked, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert (shown.diff or "").split("\n")[2:] == ["@@ -1 +1 @@", "-two", "+2"]
    assert (desk.project / "a.txt").read_text() == "one\n2\n"


def test_questions_are_answered_from_afar(desk: Desk) -> None:
    """Labels, several of them, and own words: the program takes them as its own."""
    terminal = desk.begin()
    terminal.prompt(tools(("AskUserQuestion", {"questions": [COLOUR, FRUITS]})))
    [asked] = desk.route.wait()
    answers = {"Which colour?": ["Blue"], "Which fruits?": ["Apple", "Pear, green"]}

    answer(asked, Decision(verdict=Verdict.ANSWER, answers=answers))
    terminal.wait_for("Done.")

    [result] = until(desk.results)
    assert '"Which colour?"="Blue", "Which fruits?"="Apple, "Pear, green""' in result
    assert result.startswith("Your questions have been answered")


def test_a_question_is_answered_in_own_words(desk: Desk) -> None:
    """Which were not among the choices."""
    terminal = desk.begin()
    terminal.prompt(tools(("AskUserQuestion", {"questions": [COLOUR]})))
    [asked] = desk.route.wait()

    answer(asked, Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["as the sea, by night"]}))
    terminal.wait_for("Done.")

    assert '"Which colour?"="as the sea, by night"' in until(desk.results)[0]


def test_a_plan_is_allowed_from_afar(desk: Desk) -> None:
    """The program leaves its mode for plans."""
    terminal = desk.begin(mode="plan")
    terminal.prompt("hello")
    terminal.wait_for("You said: hello")
    desk.seen(Sign.IDLE, terminal)
    place = next(text for line in desk.lines() if (text := _plan_file(json.dumps(line))))
    homes.write(Path(place), "# The plan\n")
    terminal.prompt(tools(("ExitPlanMode", {})))
    [asked] = desk.route.wait()

    shown = question(asked)
    answer(asked, ALLOW)
    terminal.wait_for("manual mode on")

    assert shown.text == "# The plan\n"
    assert "User has approved your plan" in until(desk.results)[0]


def _plan_file(line: str) -> str | None:
    return next(
        (
            word
            for word in line.replace("\\", " ").replace('"', " ").split()
            if word.endswith(".md") and "/plans/" in word
        ),
        None,
    )


# -- somebody at the terminal ----------------------------------------------------------------------


def test_who_answers_at_the_keyboard_has_answered(desk: Desk) -> None:
    """What comes from afar after that has no effect, then or later."""
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt", "touch more.txt"))
    [asked] = desk.route.wait()
    terminal.wait_for(DIALOG)
    terminal.settle()

    terminal.press("1")
    _, next_one = desk.route.wait(2)
    answer(asked, Decision(verdict=Verdict.DENY, reason="too late"))
    terminal.wait_for("touch more.txt")
    answer(next_one, ALLOW)
    until(lambda: len(desk.results()) == 2)

    assert (desk.project / "made.txt").exists()
    assert (desk.project / "more.txt").exists()
    assert "too late" not in "".join(desk.results())


def test_the_registry_tells_that_a_dialog_is_a_later_one(desk: Desk) -> None:
    """So a question that was answered at the keyboard is known to be over when the next is asked."""
    terminal = desk.begin()
    terminal.prompt(bash("sleep 4; touch made.txt", "touch more.txt"))
    desk.route.wait()
    first = desk.seen(Sign.ASKING, terminal)
    terminal.wait_for(DIALOG)
    terminal.settle()

    terminal.press("1")
    desk.seen(Sign.WORKING, terminal)
    desk.route.wait(2)
    second = desk.seen(Sign.ASKING, terminal)

    assert first.at is not None
    assert second.at is not None
    assert second.at > first.at + 3


def test_a_no_at_the_keyboard_ends_the_hook(desk: Desk) -> None:
    """Its connection closes: nobody has to guess that the question is over."""
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = desk.route.wait()
    terminal.wait_for(DIALOG)

    terminal.press("\x1b")

    until(lambda: asked.gone)
    desk.seen(Sign.IDLE, terminal)
    assert len(desk.route.asked) == 1


def test_when_the_agent_is_killed_its_hook_goes_too(desk: Desk) -> None:
    """Nothing is left that waits."""
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = desk.route.wait()

    terminal.signal(signal.SIGKILL)

    until(lambda: asked.gone)
    assert len(desk.route.asked) == 1


def test_of_parallel_questions_each_has_its_own_answer(desk: Desk, tmp_path: Path) -> None:
    """Files are read at once: both are asked about, and the later one may be answered first."""
    for name in ("a", "b"):
        homes.write(tmp_path / "out" / name, f"this is {name}")
    terminal = desk.begin()
    terminal.prompt(tools(*(("Read", {"file_path": str(tmp_path / "out" / name)}) for name in ("a", "b"))))
    both = {question(asked).summary[-1]: asked for asked in desk.route.wait(2)}

    answer(both["b"], ALLOW)
    until(lambda: any("this is b" in result for result in desk.results()))
    answer(both["a"], Decision(verdict=Verdict.DENY, reason="not that one"))
    until(lambda: "not that one" in desk.results())

    assert set(both) == {"a", "b"}
    assert not any("this is a" in result for result in desk.results())


# -- sub-agents ------------------------------------------------------------------------------------


def test_a_sub_agents_question_is_asked_here_until_we_let_go(desk: Desk) -> None:
    """Only when its hook has ended a dialog is shown: who is at the desk must not wait for us."""
    terminal = desk.begin()
    terminal.prompt(tools(sub_agent("touch made.txt")))
    [asked] = desk.route.wait()
    hidden = claude.steering.hides_dialog(asked.document)
    terminal.wait_for("Waiting for 1 background agent")
    shown_before = DIALOG in terminal.text

    asked.answer()
    desk.seen(Sign.ASKING, terminal)
    terminal.wait_for("Yes, and")

    assert hidden
    assert not shown_before
    assert question(asked).summary == "Bash (general-purpose)"


def test_two_sub_agents_ask_at_once_and_are_answered(desk: Desk) -> None:
    """Each by its own hook."""
    terminal = desk.begin()
    terminal.prompt(tools(sub_agent("touch a.txt"), sub_agent("touch b.txt")))
    both = desk.route.wait(2)

    for asked in both:
        answer(asked, ALLOW)

    until(lambda: (desk.project / "a.txt").exists() and (desk.project / "b.txt").exists())
    assert {question(asked).text for asked in both} == {"touch a.txt", "touch b.txt"}


# -- no supervisor ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_without_a_supervisor_the_terminal_is_as_ever(desk: Desk, how: str) -> None:
    """The dialog is there and works; nothing tells of a hook."""
    if how == "stopped":
        desk.route.stop()
    else:
        desk.route.die()
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    terminal.wait_for(DIALOG)
    terminal.settle()
    mark = terminal.mark()

    terminal.press("1")
    terminal.wait_for("Done.", since=mark)

    assert (desk.project / "made.txt").exists()
    assert "hook error" not in terminal.text
    assert "hook failed" not in terminal.text
    attached = [line["attachment"]["type"] for line in desk.lines() if line["type"] == "attachment"]
    assert not [kind for kind in attached if kind.startswith("hook")]


def test_a_supervisor_that_dies_and_comes_back_still_gets_the_answer_through(desk: Desk) -> None:
    """The dialog stands all the time, and the question is the same one."""
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    [first] = desk.route.wait()
    terminal.wait_for(DIALOG)

    desk.route.die()
    desk.route.start()
    _, second = desk.route.wait(2)
    still_asking = desk.seen(Sign.ASKING, terminal)
    answer(second, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert question(first).id == question(second).id
    assert question(first).digest == question(second).digest
    assert still_asking.session_id == question(second).session_id
    assert (desk.project / "made.txt").exists()


def test_a_sub_agents_question_comes_to_the_terminal_when_the_supervisor_dies(desk: Desk) -> None:
    """Within seconds."""
    terminal = desk.begin()
    terminal.prompt(tools(sub_agent("touch made.txt")))
    desk.route.wait()

    desk.route.die()

    desk.seen(Sign.ASKING, terminal)
    terminal.wait_for("Yes, and")


# -- settings --------------------------------------------------------------------------------------


def test_our_hook_in_the_users_settings_asks_too(desk: Desk) -> None:
    """For sessions that were not started by us; the user's own hooks run as before."""
    beep = {"hooks": [{"type": "command", "command": "touch beeped.txt"}]}
    theirs = json.dumps({"hooks": {"PermissionRequest": [beep]}}, indent=2)
    hook = programs.hook_command(desk.route.place)
    homes.write(desk.settings, claude.steering.with_hooks(theirs, hook, "2.1.329"))
    terminal = desk.run(desk.launch.plus("--permission-mode", "manual"))
    terminal.prompt(bash("touch made.txt"))
    [asked] = desk.route.wait()

    answer(asked, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert (desk.project / "made.txt").exists()
    assert (desk.project / "beeped.txt").exists()


def test_a_hook_that_stands_in_two_places_asks_once(desk: Desk) -> None:
    """In the user's settings and on the command line."""
    hook = programs.hook_command(desk.route.place)
    homes.write(desk.settings, claude.steering.with_hooks("", hook, "2.1.329"))
    terminal = desk.begin()
    terminal.prompt(bash("touch made.txt"))
    [asked] = desk.route.wait()

    answer(asked, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert len(desk.route.asked) == 1


def test_settings_on_the_command_line_are_kept(desk: Desk) -> None:
    """Those of the user work beside ours."""
    theirs = {"permissions": {"allow": ["Bash(touch made.txt)"]}, "env": {"MINE": "here"}}
    terminal = desk.begin("--settings", json.dumps(theirs))
    terminal.prompt(bash("touch made.txt", 'echo "$MINE" > more.txt'))
    [asked] = desk.route.wait()

    answer(asked, ALLOW)
    desk.seen(Sign.IDLE, terminal)

    assert question(asked).text == 'echo "$MINE" > more.txt'
    assert (desk.project / "made.txt").exists()
    assert (desk.project / "more.txt").read_text() == "here\n"


# -- coming back -----------------------------------------------------------------------------------


def test_a_session_that_comes_back_is_as_it_was_started(desk: Desk) -> None:
    """In its mode, and asking us again."""
    launch = desk.prepared("--permission-mode", "plan", "hello")
    terminal = desk.run(launch, "plan")
    terminal.wait_for("You said: hello")
    before = desk.seen(Sign.IDLE, terminal)
    terminal.signal(signal.SIGKILL)
    terminal.wait()
    session_id = before.session_id or ""
    session = Session(
        id=session_id,
        agent="claude",
        cwd=before.facts.cwd,
        resume=claude.resume(session_id, before.facts.cwd),
    )

    back = claude.steering.relaunch(session, launch.argv)
    assert back is not None
    again = desk.run(desk.prepared(*back.argv[1:]), "plan")
    again.prompt(tools(("Write", {"file_path": str(desk.project / "x"), "content": "x"})))
    [asked] = desk.route.wait()

    assert claude.steering.writes_to(back.argv) == session_id
    assert question(asked).session_id == session_id
    assert desk.seen(Sign.ASKING, again).session_id == session_id


# -- words -----------------------------------------------------------------------------------------


def give(terminal: Terminal, text: str) -> None:
    """Type a prompt as the supervisor does."""
    pieces = claude.steering.pastes(claude.steering.as_text(text))
    terminal.press("".join(f"\x1b[200~{piece}\x1b[201~" for piece in pieces))
    terminal.settle(claude.steering.typing.settle)
    terminal.press("\r")


def test_words_are_words_whatever_they_begin_with(desk: Desk) -> None:
    """No order to the program, no command for the shell, no farewell."""
    (desk.project / "notes.txt").write_text("a note")
    terminal = desk.begin()
    texts = (
        "/clear",
        " /exit now",
        "!touch made.txt",
        "#1 is done",
        "@notes.txt says",
        "exit",
        ":q",
        "/etc/x is",
        "see @not",
    )

    for number, text in enumerate(texts, 1):
        give(terminal, text)
        until(lambda number=number: len(desk.prompts()) == number)  # type: ignore[misc]
        desk.seen(Sign.IDLE, terminal)

    said = [prompt.strip().removeprefix("\\") for prompt in desk.prompts()]
    assert said == [text.strip() for text in texts]
    assert not (desk.project / "made.txt").exists()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"line {number}" for number in range(40)),
        "a word " * 4000 + "end",
        "ü€😀 " * 700 + "end",
        "    indented\n\n\ttab and `code`\n" * 8 + "end",
    ],
)
def test_a_long_text_arrives_as_if_it_had_been_typed(desk: Desk, text: str) -> None:
    """The model is not told that somebody else wrote it."""
    terminal = desk.begin()

    give(terminal, text)
    [said] = until(desk.prompts)

    assert said == text.replace("\t", "    ")


def test_the_longest_text_arrives_whole(desk: Desk) -> None:
    """All 64 KiB of it, in many lines; this one is marked as pasted."""
    lines = [f"{number:06d} abcdefghijklmnopqrstuvwxyz" for number in range(1900)]
    terminal = desk.begin()

    give(terminal, "\n".join(lines))
    [said] = until(desk.prompts)

    assert said.strip().splitlines()[1:-1] == lines


def test_words_that_come_while_it_works_are_kept(desk: Desk) -> None:
    """They are its next turn, or worked into this one."""
    terminal = desk.begin()
    terminal.prompt("SCENARIO:slow:100:40")
    desk.seen(Sign.WORKING, terminal)

    give(terminal, "and then this")

    terminal.wait_for("You said: and then this")
    assert desk.prompts()[-1] == "and then this"


def test_escape_ends_a_turn(desk: Desk) -> None:
    """One press of the agent's own key."""
    terminal = desk.begin()
    terminal.prompt("SCENARIO:slow:100:400")
    desk.seen(Sign.WORKING, terminal)
    terminal.wait_for("charlie")

    terminal.press(claude.steering.typing.interrupt.decode())

    desk.seen(Sign.IDLE, terminal)
