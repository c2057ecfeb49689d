"""Claude Code itself, in panes of tmux, GNU screen and kitty, typed into from outside."""

import json
import re
import shlex
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from supervisor.agents import claude
from supervisor.agents.claude.transcript import Reading
from supervisor.core.errors import Refused
from supervisor.core.model import EntryKind, Record, Role, Sign
from supervisor.terminal import adopted
from tests.lab import homes
from tests.lab.fixtures import do_without
from tests.lab.panes import PACKAGES, PLACES, Inside, Place, missing
from tests.lab.processes import Below
from tests.lab.servers import Server
from tests.lab.waiting import until

pytestmark = pytest.mark.usefixtures("needs_claude")

HARD = "Tell \"me\" 'about' $(touch canary) `touch canary` $HOME \\ \\n ^C %n #{pane_id} ! ü 🎉 and end"
LINES = "Tell me\n\n  about the weather\n; touch canary ü 🎉 and end"
#: What Claude Code puts around a paste that it shows as "[Pasted text]".
WRAPPED = re.compile(r'\n\n<pasted_content id="(\w+)">\n(.*)\n</pasted_content id="\1">\n', re.DOTALL)


@dataclass(frozen=True)
class Desk:
    """Claude Code in a pane, and what it has written down."""

    place: Place
    agent: Inside

    @property
    def shown(self) -> str:
        """What the pane shows."""
        return adopted.screen_text(self.agent.pane) or ""

    def prompt(self, text: str) -> None:
        """As a phone gives a prompt: a paste, and Enter when it was taken in."""
        adopted.paste(self.agent.pane, text, expects=self.agent.run, takes_pastes=True)
        until(lambda: text[-7:] in self.shown or "[Pasted" in self.shown)
        adopted.keys(self.agent.pane, b"\r", expects=self.agent.run)

    def records(self) -> Sequence[Record]:
        """The conversation, from its beginning."""
        files = (self.place.folder / ".claude" / "projects").glob("*/*.jsonl")
        reading = Reading()
        lines = (line for file in files for line in file.read_bytes().rpartition(b"\n")[0].splitlines())
        return [reading(json.loads(line)) for line in lines]

    def said(self, role: Role) -> Sequence[str]:
        """Their words."""
        entries = (entry for record in self.records() for entry in record.entries)
        texts = (entry.text for entry in entries if entry.role is role and entry.kind is EntryKind.TEXT)
        return [WRAPPED.sub(r"\2", text) for text in texts]

    def sees(self, sign: Sign) -> bool:
        """Whether the agent says so of itself."""
        return any(each.sign is sign for each in claude.look(self.place.folder / ".claude", Below(1)))


@pytest.fixture(params=list(PACKAGES))
def desk(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, fake_anthropic: Server
) -> Iterator[Desk]:
    """Started by a shell in a pane; at its prompt."""
    if lacking := missing(request.param):
        do_without(lacking)
    # A busy machine is slow, not wrong.
    monkeypatch.setattr("supervisor.terminal.adopted.asking.SECONDS", 20.0)
    with PLACES[request.param]() as place:
        for name, value in place.for_us().items():
            monkeypatch.setenv(name, value)
        launch = homes.claude(place.folder, place.folder / "project", fake_anthropic.url)
        told = {name: value for name, value in launch.env.items() if name != "TERM"}
        variables = (f"export {name}={shlex.quote(value)}" for name, value in told.items())
        command = shlex.join([*launch.argv, "--permission-mode", "manual"])
        rules = place.folder / "rc"
        begin = f"cd {shlex.quote(str(launch.cwd))}", f"PROMPT_COMMAND='PROMPT_COMMAND=; {command}'"
        rules.write_text("\n".join((*variables, *begin, "")))
        place.open(["bash", "--rcfile", str(rules), "-i"])
        desk = Desk(place, Inside(until(lambda: _at_its_prompt(place)) or 0))
        until(lambda: "manual mode on" in desk.shown)
        yield desk


def _at_its_prompt(place: Place) -> int | None:
    seen = claude.look(place.folder / ".claude", Below(1))
    return next((each.run.pid for each in seen if each.alive and each.sign is Sign.IDLE), None)


def test_a_prompt_from_outside_is_answered(desk: Desk) -> None:
    """Word for word, in one line and in several; what looks like a command is none."""
    desk.prompt(HARD)
    until(lambda: desk.said(Role.ASSISTANT))
    until(lambda: desk.sees(Sign.IDLE))
    desk.prompt(LINES)
    until(lambda: len(desk.said(Role.ASSISTANT)) == 2)

    assert desk.said(Role.USER) == [HARD, LINES]
    assert not list(desk.place.folder.rglob("canary"))


def test_escape_from_outside_interrupts(desk: Desk) -> None:
    """As at the desk."""
    desk.prompt("SCENARIO:slow:100:200")
    until(lambda: desk.sees(Sign.WORKING))
    until(lambda: "charlie" in desk.shown)

    adopted.keys(desk.agent.pane, b"\x1b", expects=desk.agent.run)

    until(lambda: any(record.sign is Sign.INTERRUPTED for record in desk.records()))
    until(lambda: desk.sees(Sign.IDLE))


def test_the_shell_behind_it_gets_nothing(desk: Desk) -> None:
    """Suspended, ended: the prompt of the shell stays empty."""
    pane, run = desk.agent.pane, desk.agent.run
    desk.agent.signal(signal.SIGSTOP)
    until(lambda: "Stopped" in desk.shown)

    with pytest.raises(Refused, match="not in front"):
        adopted.paste(pane, "touch canary", expects=run, takes_pastes=True)
    desk.agent.signal(signal.SIGKILL)
    until(lambda: not psutil.pid_exists(run.pid))
    with pytest.raises(Refused, match="not in front"):
        adopted.keys(pane, b"touch canary\r", expects=run)

    assert not list(Path(desk.place.folder).rglob("canary"))


def test_a_very_long_prompt_arrives_whole(desk: Desk) -> None:
    """64 KiB in some thousand lines."""
    text = "".join(f"{number:06} words\n" for number in range(5040)) + "16 letters: end."

    desk.prompt(text)
    until(lambda: desk.said(Role.ASSISTANT))

    assert len(text.encode()) == 64 * 1024
    assert desk.said(Role.USER) == [text]
