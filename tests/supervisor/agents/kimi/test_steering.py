"""How Kimi Code is steered."""

from pathlib import Path

from supervisor.agents import kimi
from supervisor.agents.base import Concern
from supervisor.core.model import Resume, Session
from supervisor.core.steering import Launch
from tests.supervisor.agents.kimi.stored import ONE, store

CONFIG = """
[providers.fake]
base_url = "http://127.0.0.1:1/v1/"
[models."fake/fake-model"]
provider = "fake"
"""


def test_its_own_command_resumes_it() -> None:
    """Where it ran; whom it writes to is known before it starts."""
    way = kimi.resume(ONE, "/home/me/project")

    assert way == Resume(argv=("kimi", "--session", ONE), cwd="/home/me/project")
    assert kimi.resume(ONE, None) is None
    assert kimi.steering.writes_to(way.argv) == ONE
    assert kimi.steering.writes_to(("kimi",)) is None


def test_a_session_that_is_resumed_is_noted_beside_it() -> None:
    """It hides its options; a new one has nothing to note."""
    resumed = Launch(argv=("kimi", "-r", ONE), environment={"A": "b"}, cwd="/")
    fresh = Launch(argv=("kimi",), environment={"A": "b"}, cwd="/")

    assert kimi.steering.prepare(resumed, ()).environment == {"A": "b", "WAKELINE_KIMI_SESSION": ONE}
    assert kimi.steering.prepare(fresh, ()) == fresh


def test_its_api_is_that_of_the_models_provider(tmp_path: Path) -> None:
    """By its settings, else by its environment, else its own."""
    session = Session(id=ONE, agent="kimi", model="fake/fake-model")
    places = [kimi.steering.endpoint(tmp_path, {}, session)]
    places.append(kimi.steering.endpoint(tmp_path, {"KIMI_CODE_BASE_URL": "http://127.0.0.1:2"}, session))
    (tmp_path / "config.toml").write_text(CONFIG)
    places.append(kimi.steering.endpoint(tmp_path, {}, session))

    assert places == [
        "https://api.kimi.com/coding/v1/models",
        "http://127.0.0.1:2/models",
        "http://127.0.0.1:1/v1/models",
    ]


def test_each_changed_file_means_something(tmp_path: Path) -> None:
    """A session describes itself anew, or its records grow; its sub-agents are its own affair."""
    folder = store(tmp_path, ONE)

    assert kimi.concern(tmp_path, folder / "state.json") == (Concern.LIVE, ONE)
    assert kimi.concern(tmp_path, folder / "agents" / "main" / "wire.jsonl") == (Concern.TRANSCRIPT, ONE)
    assert kimi.concern(tmp_path, tmp_path / "workspaces.json") == (Concern.LIVE, None)
    assert kimi.concern(tmp_path, folder / "agents" / "x" / "wire.jsonl") == (Concern.NOTHING, None)


def test_what_goes_into_the_trash_is_its_folder(tmp_path: Path) -> None:
    """And a command to it is not words to the model."""
    store(tmp_path, ONE)

    remains = kimi.steering.remains(tmp_path, ONE)

    assert remains is not None
    assert remains.paths == (f"sessions/wd_project_340644f14f46/{ONE}",)
    assert kimi.steering.as_text("/new") is None
