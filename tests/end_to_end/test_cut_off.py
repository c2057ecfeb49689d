"""The real agents, cut off half-way through a task in every way: the task is finished, each step once."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tests.end_to_end.cut_off import cut_off
from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import cutting, fixtures, homes
from tests.lab.gate import gate
from tests.lab.servers import Server, serve
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

#: What stays within a few seconds with the agent's own patience cut short; ``tests.bench.recover`` has
#: them all. OpenCode's cannot be cut: a minute and more for all that is no answer.
CASES = [
    *(("claude", reason) for reason in ("refused", "reset", "unheard", "429", "500", "529", "delayed")),
    *(("codex", reason) for reason in ("refused", "reset", "silent", "429", "500", "529", "delayed")),
    *(("opencode", reason) for reason in ("refused", "500")),
]
QUICK = {"WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "1", "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "3"}


@dataclass(frozen=True, slots=True)
class Ground:
    """A supervisor and a fake model, for all that happens to one agent."""

    wakeline: Wakeline
    fake: Server


@pytest.fixture(scope="module")
def grounds() -> Iterator[dict[str, Ground]]:
    """One for each agent, made when it is first wanted."""
    with ExitStack() as opened:

        class Grounds(dict[str, Ground]):
            def __missing__(self, agent: str) -> Ground:
                fixtures.needs(agent)
                fake = opened.enter_context(serve("anthropic" if agent == "claude" else "openai"))
                self[agent] = Ground(opened.enter_context(wakeline_in(**QUICK)), fake)
                return self[agent]

        yield Grounds()


@pytest.mark.parametrize(("agent", "name"), CASES, ids=lambda word: str(word))
def test_a_task_is_finished_after_the_model_was_gone(
    grounds: dict[str, Ground], in_terminal: InTerminal, agent: str, name: str
) -> None:
    """Each step stands in the file once; it was told to go on, or nothing where the agent healed itself.

    A model that answers a probe and nothing else may be asked in vain; once it is there, one word does.
    """
    reason, ground = cutting.REASONS[name], grounds[agent]
    with (
        gate(ground.fake.url) as way,
        cut_off(ground.wakeline, agent, way, f"{agent}-{name}", in_terminal) as story,
    ):
        story.begin()

        story.fail(reason)
        if not reason.heals:
            story.cut_off_by(reason)
        back = way.open() if not reason.heals else 0.0

        story.finished()
        assert story.told() == [] if reason.heals else story.continued(back)


@pytest.mark.parametrize("agent", ["codex", "opencode"])
def test_a_wrong_key_is_told_to_whoever_uses_it(
    grounds: dict[str, Ground], in_terminal: InTerminal, agent: str
) -> None:
    """Nothing is tried, nothing is typed: the session says that only a person can help."""
    reason, ground = cutting.REASONS["401"], grounds[agent]
    with (
        gate(ground.fake.url) as way,
        cut_off(ground.wakeline, agent, way, f"{agent}-401", in_terminal) as story,
    ):
        story.begin()

        story.fail(reason)

        assert story.cut_off_by(reason)["phase"] == "stopped"
        assert story.told() == []


@pytest.mark.parametrize(("agent", "name"), [("codex", "unheard"), ("claude", "silent")])
def test_a_model_in_which_nothing_moves_is_asked_again(
    in_terminal: InTerminal, agent: str, name: str
) -> None:
    """Codex waits for ever, Claude Code for an hour: the turn is interrupted and continued.

    What Claude Code had not answered yet it puts back into its line; it is not added to what is said next.
    """
    fixtures.needs(agent)
    reason = cutting.REASONS[name]
    patience = {"WAKELINE_RECONNECT_SILENT_AFTER_SECONDS": "6", **QUICK}
    with (
        serve("anthropic" if agent == "claude" else "openai") as fake,
        wakeline_in(**patience) as wakeline,
        gate(fake.url) as way,
        cut_off(wakeline, agent, way, name, in_terminal) as story,
    ):
        story.begin()

        story.fail(reason)
        story.cut_off_by(reason)
        back = way.open()

        story.finished()
        assert story.continued(back)


def test_what_is_sent_after_an_interrupt_stands_alone(
    in_terminal: InTerminal, fake_anthropic: Server, needs_claude: None
) -> None:
    """A prompt that was interrupted before any answer is put back by Claude Code, and thrown away there."""
    del needs_claude
    asked = "a question\nin two lines"
    with wakeline_in(WAKELINE_RECONNECT_HOSTED="off") as wakeline, gate(fake_anthropic.url) as way:
        held = Held(wakeline, homes.claude(home_of(wakeline), project_of(wakeline), way.url), in_terminal)
        own_id = held.session(state="idle", kind="hosted")["id"]
        way.fail("unheard")
        wakeline.run("send", own_id, asked)
        until(lambda: held.said("user") == [asked])
        held.session(state="working")

        wakeline.run("interrupt", own_id)
        way.open()
        wakeline.run("send", own_id, "another question", "--when", "idle")

        until(lambda: held.said("user") == [asked, "another question"])
